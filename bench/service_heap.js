// A service's own heap, written by Node itself: node bench/service_heap.js USERS FILE
//
// Users with profiles and sets, sessions with Maps and listeners, orders with items and promises, two indices
// over them, a cache, a WeakMap, timers and a server that listens. 1,000 users are about 4 MB of snapshot.
'use strict';
const EventEmitter = require('node:events');
const http = require('node:http');
const v8 = require('node:v8');

const [count, file] = [Number(process.argv[2]), process.argv[3]];
if (!(count > 0) || !file) {
  console.error('usage: node service_heap.js USERS FILE');
  process.exit(2);
}

class User {
  constructor(i) {
    this.id = i;
    this.name = `user ${i}`;
    this.email = `u${i}@example.com`;
    this.created = new Date(1.7e12 + i);
    this.roles = i % 7 ? ['reader'] : ['reader', 'admin'];
    this.sessions = [];
    this.profile = {
      city: `c${i % 1000}`,
      tags: new Set(['a', 'b', i % 13]),
      settings: { theme: i % 2 ? 'dark' : 'light', lang: 'en', limits: { max: i, min: 0 } },
    };
  }
}

class Session {
  constructor(user, i) {
    this.user = user;
    this.token = `token-${(i * 2654435761 % 2 ** 32).toString(36)}`;
    this.seen = i * 1.5;
    this.data = new Map([['cart', []], ['n', i]]);
    this.emitter = new EventEmitter();
    this.emitter.on('end', () => {
      user.sessions.length = 0;
      this.done = true;
    });
    user.sessions.push(this);
  }
}

class Order {
  constructor(user, i) {
    this.user = user;
    this.number = i;
    this.items = [0, 1, 2].map((k) => ({
      sku: `s${(i * 3 + k) % 5000}`,
      quantity: k,
      price: i * 0.37 + k,
      meta: { weight: k * 1.1, note: `n${i}` },
    }));
    this.state = 'new';
    this.promise = new Promise((resolve) => {
      this.resolve = resolve;
    });
    this.promise.then(() => {
      this.state = 'done';
    });
  }
}

const users = new Map();
const cache = new Map();
const orders = [];
const byMail = Object.create(null);
const extras = new WeakMap();
for (let i = 0; i < count; ++i) {
  const user = new User(i);
  users.set(i, user);
  byMail[user.email] = user;
  const session = new Session(user, i);
  cache.set(session.token, { session, at: i, hits: [i, i + 1] });
  orders.push(new Order(user, i));
  if (i % 10 === 0) extras.set(user, { extra: i });
  if (i % 1000 === 0) setTimeout(() => user.id, 1e9).unref();
}
const server = http.createServer((request, response) => response.end(`${users.size} ${orders.length} ${byMail}`));
server.listen(0, '127.0.0.1', () => {
  v8.writeHeapSnapshot(file);
  process.exit(0);
});
