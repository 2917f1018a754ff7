'use strict';
// Looks like a leak and is none: a cache that takes an entry for every request and drops the oldest one
// once it is full. New objects are alive in every snapshot, and their number stays the same.

const http = require('http');

const kMaxEntries = 400;

class Rendering {
  constructor(number) {
    this.number = number;
    this.lines = [`<h1>Page ${number}</h1>`, `<p>${number * number} words</p>`];
  }
}

class BoundedCache {
  constructor(max_entries) {
    this.max_entries = max_entries;
    this.entries = new Map();
  }

  put(rendering) {
    this.entries.set(rendering.number, rendering);
    if (this.entries.size > this.max_entries) {
      const [oldest] = this.entries.keys();
      this.entries.delete(oldest);
    }
  }
}

const cache = new BoundedCache(kMaxEntries);
let page_count = 0;

const server = http.createServer((request, response) => {
  const rendering = new Rendering(++page_count);
  cache.put(rendering);
  response.setHeader('Content-Type', 'text/html');
  response.end(rendering.lines.join('\n'));
});

server.listen(Number(process.env.PORT || 0), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
