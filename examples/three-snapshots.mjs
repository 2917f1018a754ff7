// Drives a small HTTP service and takes heap snapshots of it, one after each round of requests.
//
//   node three-snapshots.mjs --out DIR [--warmup N] [--requests N] [--snapshots N] -- node app.js
//
// The service is started with Node's own --heapsnapshot-signal, so its code stays as it is, and one
// process writes all files, so that node ids name the same object in each. V8 collects garbage before
// it walks the heap. Only 127.0.0.1 is ever asked. On the way out, on failure and on Ctrl-C too, the
// service is ended by its pid.
//
// Plain enough for Node 12.17: no top-level await, no optional chaining.

import { spawn } from 'child_process';
import fs from 'fs';
import http from 'http';
import path from 'path';

const kConnections = 8;
const kStartTimeoutMs = 60000;
const kRequestTimeoutMs = 10000;
const kSnapshotTimeoutMs = 120000;
const kStopTimeoutMs = 3000;
const kPollMs = 25;

const kExitUsage = 2;
const kExitEnvironment = 4;
const kExitInterrupted = 130;

class UsageError extends Error {}

function ParseArguments(argv) {
  const options = { out: '', warmup: 1000, requests: 2000, snapshots: 3, command: [] };
  for (let i = 0; i < argv.length; ++i) {
    const flag = argv[i];
    if (flag === '--') {
      options.command = argv.slice(i + 1);
      break;
    }
    const name = flag.replace(/^--/, '');
    if (!flag.startsWith('--') || name === 'command' || !(name in options)) {
      throw new UsageError(`unknown argument ${flag}`);
    }
    const value = argv[++i];
    if (value === undefined) throw new UsageError(`${flag} needs a value`);
    if (name === 'out') {
      options.out = path.resolve(value);
    } else if (/^[1-9][0-9]{0,5}$/.test(value)) {
      options[name] = Number(value);
    } else {
      throw new UsageError(`${flag} takes a number from 1 to 999999, not ${value}`);
    }
  }
  if (!options.out) throw new UsageError('--out DIR is missing');
  if (options.command[0] !== 'node' || options.command.length < 2) {
    throw new UsageError('after -- comes the service to start: node app.js');
  }
  return options;
}

const Sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function Within(promise, ms, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms / 1000} s`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// A service under test: its process, its address, and the promise of its end.
class Service {
  constructor(command, out) {
    // Signal-triggered snapshots land in the working folder, so that is the output folder; the script
    // is named by its full path.
    const [script, ...rest] = command.slice(1);
    this.folder = out;
    const args = ['--heapsnapshot-signal=SIGUSR2', path.resolve(script), ...rest];
    this.child = spawn(process.execPath, args, {
      cwd: out,
      env: Object.assign({}, process.env, { PORT: '0' }),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.ended = new Promise((resolve) => {
      this.child.once('error', resolve);
      this.child.once('exit', (code, signal) => resolve(new Error(`it ended with ${signal || code}`)));
    });
  }

  Address() {
    const found = new Promise((resolve) => {
      let text = '';
      this.child.stdout.on('data', (chunk) => {
        if (text === null) return;
        text += chunk;
        const match = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(text);
        if (!match) return;
        text = null;
        resolve(Number(match[1]));
      });
    });
    return Within(found, kStartTimeoutMs, 'starting the service');
  }

  // SIGTERM, and SIGKILL for a service that does not listen to it.
  async Stop() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGTERM');
    await Promise.race([this.ended, Sleep(kStopTimeoutMs)]);
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

function Request(agent, port, timeout_ms = kRequestTimeoutMs) {
  return new Promise((resolve, reject) => {
    const request = http.get({ agent, host: '127.0.0.1', port, path: '/' }, (response) => {
      response.resume();
      response.once('end', () => {
        if (response.statusCode === 200) return resolve();
        reject(new Error(`the service answered with status ${response.statusCode}`));
      });
    });
    request.setTimeout(timeout_ms, () => request.destroy(new Error('a request timed out')));
    request.once('error', (error) => {
      // A connection that was idle too long, during a snapshot say, and that the service closed as we asked.
      if (!request.reusedSocket || error.code !== 'ECONNRESET') return reject(error);
      Request(agent, port, timeout_ms).then(resolve, reject);
    });
  });
}

// `count` requests, `kConnections` at a time. The connections stay open from round to round, so that
// they are not what grows.
async function Drive(agent, port, count) {
  let left = count;
  const worker = async () => {
    while (left-- > 0) await Request(agent, port);
  };
  await Promise.all(Array.from({ length: kConnections }, worker));
}

const ListSnapshots = (folder) => fs.readdirSync(folder).filter((name) => /^Heap\..*\.heapsnapshot$/.test(name));

// Node writes the file on its main thread: once the file is there, the next answer comes when it is whole.
async function TakeSnapshot(service, agent, port, name) {
  service.child.kill('SIGUSR2');
  const deadline = Date.now() + kSnapshotTimeoutMs;
  while (ListSnapshots(service.folder).length === 0) {
    if (Date.now() > deadline) throw new Error('Node did not begin to write a snapshot');
    await Sleep(kPollMs);
  }
  await Request(agent, port, kSnapshotTimeoutMs);
  const [written] = ListSnapshots(service.folder);
  const file = path.join(service.folder, name);
  fs.renameSync(path.join(service.folder, written), file);
  return file;
}

const Say = (text) => process.stderr.write(`${text}\n`);

async function Run(options, service) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: kConnections });
  try {
    const port = await service.Address();
    Say(`service with pid ${service.child.pid} listens on http://127.0.0.1:${port}`);
    for (let i = 1; i <= options.snapshots; ++i) {
      const count = i === 1 ? options.warmup : options.requests;
      await Drive(agent, port, count);
      const file = await TakeSnapshot(service, agent, port, `${i}.heapsnapshot`);
      const megabytes = (fs.statSync(file).size / 1e6).toFixed(1);
      Say(`${count} requests${i === 1 ? ' to warm up' : ''}, then snapshot ${i}: ${megabytes} MB`);
      process.stdout.write(`${file}\n`);
    }
  } finally {
    agent.destroy();
  }
}

async function Main() {
  const options = ParseArguments(process.argv.slice(2));
  process.umask(0o077);
  fs.mkdirSync(options.out, { recursive: true, mode: 0o700 });
  if (ListSnapshots(options.out).length !== 0) {
    throw new UsageError(`${options.out} already has snapshots written by Node; name an empty folder`);
  }
  const service = new Service(options.command, options.out);
  process.once('exit', () => service.child.kill('SIGKILL'));
  const interrupted = new Promise((_, reject) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(name, () => reject(Object.assign(new Error('interrupted'), { code: kExitInterrupted })));
    }
  });
  try {
    const ended = service.ended.then((why) => {
      throw new Error(`the service stopped before its snapshots were taken: ${why.message}`);
    });
    await Promise.race([Run(options, service), ended, interrupted]);
  } finally {
    await service.Stop();
  }
}

Main().then(
  () => process.exit(0),
  (error) => {
    Say(`three-snapshots: ${error.message}`);
    if (error instanceof UsageError) process.exit(kExitUsage);
    process.exit(error.code === kExitInterrupted ? kExitInterrupted : kExitEnvironment);
  },
);
