// Puts a steady traffic on a small HTTP service and says how it answered.
//
//   node traffic.mjs [--seconds N] [--connections N] [--pause MS] URL
//
// Each connection asks, waits for the answer and pauses. Ends after N seconds (default 120), or on SIGTERM
// or SIGINT, and prints one line: requests, failures, and the longest that anybody waited. Ends with 1 if a
// request failed. Only 127.0.0.1 is ever asked.

import http from 'http';

const options = { seconds: 120, connections: 4, pause: 5 };
let address = '';
const words = process.argv.slice(2);
while (words.length > 0) {
  const word = words.shift();
  const name = word.replace(/^--/, '');
  if (!word.startsWith('--')) {
    address = word;
  } else if (name in options && /^[0-9]{1,5}$/.test(words[0] || '')) {
    options[name] = Number(words.shift());
  } else {
    address = '';
    break;
  }
}
if (!/^http:\/\/127\.0\.0\.1:[0-9]+\//.test(address)) {
  console.error('usage: node traffic.mjs [--seconds N] [--connections N] [--pause MS] http://127.0.0.1:PORT/');
  process.exit(2);
}

const agent = new http.Agent({ keepAlive: true, maxSockets: options.connections });
const end = Date.now() + options.seconds * 1000;
let stopped = false;
let answered = 0;
let failed = 0;
let longest_ms = 0;
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { stopped = true; });

function Ask() {
  return new Promise((resolve) => {
    const begin = process.hrtime();
    const request = http.get(address, { agent }, (response) => {
      response.resume();
      response.on('end', () => {
        const [seconds, nanoseconds] = process.hrtime(begin);
        longest_ms = Math.max(longest_ms, seconds * 1e3 + nanoseconds / 1e6);
        if (response.statusCode < 400) ++answered; else ++failed;
        resolve();
      });
    });
    request.on('error', () => { ++failed; resolve(); });
  });
}

async function Connection() {
  while (!stopped && Date.now() < end) {
    await Ask();
    await new Promise((resolve) => setTimeout(resolve, options.pause));
  }
}

Promise.all(Array.from({ length: options.connections }, Connection)).then(() => {
  agent.destroy();
  const requests = answered.toLocaleString('en-US');
  console.log(`${requests} requests answered, ${failed} failed; the longest wait was ${longest_ms.toFixed(0)} ms`);
  process.exit(failed > 0 ? 1 : 0);
});
