'use strict';
// The commonest leak of all, in the application's own code: a Map that gets one entry for every visitor
// and loses none. The `end` that would delete it is never called.

const http = require('http');

class Session {
  constructor(number) {
    this.number = number;
    this.visited = [`/welcome/${number}`];
    this.preferences = { theme: 'light', language: 'en', visits: 1 };
  }
}

class SessionStore {
  constructor() {
    this.by_number = new Map();
    this.next_number = 1;
  }

  begin() {
    const session = new Session(this.next_number++);
    this.by_number.set(session.number, session);
    return session;
  }

  end(session) {
    this.by_number.delete(session.number);
  }
}

const store = new SessionStore();

const server = http.createServer((request, response) => {
  const session = store.begin();
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify({ number: session.number, theme: session.preferences.theme }));
});

server.listen(Number(process.env.PORT || 0), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
