// What Chrome DevTools does when it loads a heap snapshot and shows its Summary, without the browser:
// the engine out of the npm package chrome-devtools-frontend, on two threads as in DevTools.
//
//   node devtools.mjs --bundle       makes the bundle (once, not measured)
//   node devtools.mjs FILE           prints one line of JSON
import {createReadStream, existsSync} from 'node:fs';
import {mkdir} from 'node:fs/promises';
import {dirname, join, relative, resolve} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {isMainThread, MessageChannel, Worker, workerData} from 'node:worker_threads';

const self = fileURLToPath(import.meta.url);
const bundle = join(dirname(self), 'node_modules', '.cache', 'devtools-engine.mjs');

// The engine expects a newer JavaScript than Node 20 has.
Promise.withResolvers ??= () => {
  let resolve, reject;
  const promise = new Promise((onResolve, onReject) => { resolve = onResolve; reject = onReject; });
  return {promise, resolve, reject};
};

// The package ships TypeScript. The engine takes one function each from modules that would pull in half
// of the front end (and generated files that are not shipped), so those modules are cut down to it.
const cutModules = new Map([
  ['core/i18n/i18n.js', 'export const i18n = {serializeUIString: (string, values = {}) => JSON.stringify({string, values})};'],
  ['core/text_utils/text_utils.js', 'export * as TextUtils from "./TextUtils.js";'],
  ['core/text_utils/ContentData.js', 'export class ContentData {}'],
  ['core/text_utils/ContentProvider.js', 'export class SearchMatch {}'],
  ['models/heap_snapshot/heap_snapshot.js', 'export * as HeapSnapshotModel from "./HeapSnapshotModel.js";'],
]);

async function makeBundle() {
  const {build} = await import('esbuild');
  const frontEnd = join(dirname(self), 'node_modules', 'chrome-devtools-frontend', 'front_end');
  const resolveToTypeScript = {
    name: 'resolve-to-typescript',
    setup(esbuild) {
      esbuild.onResolve({filter: /^\..*\.js$/}, ({path, resolveDir}) => {
        const target = resolve(resolveDir, path);
        const inFrontEnd = relative(frontEnd, target);
        if (cutModules.has(inFrontEnd)) return {path: inFrontEnd, namespace: 'cut'};
        const typeScript = target.slice(0, -2) + 'ts';
        return existsSync(typeScript) ? {path: typeScript} : null;
      });
      esbuild.onLoad({filter: /./, namespace: 'cut'}, ({path}) => ({
        contents: cutModules.get(path),
        resolveDir: join(frontEnd, dirname(path)),
        loader: 'js',
      }));
    },
  };
  await mkdir(dirname(bundle), {recursive: true});
  await build({
    stdin: {
      contents: `export {HeapSnapshotLoader} from './HeapSnapshotLoader.js';
                 export {SecondaryInitManager} from './HeapSnapshot.js';`,
      resolveDir: join(frontEnd, 'entrypoints', 'heap_snapshot_worker'),
      loader: 'ts',
    },
    plugins: [resolveToTypeScript],
    outfile: bundle, bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'error',
  });
}

async function summarize(file) {
  const {HeapSnapshotLoader} = await import(pathToFileURL(bundle).href);
  const start = performance.now();
  const {port1, port2} = new MessageChannel();
  const second = new Worker(self, {
    workerData: {port: port2}, transferList: [port2],
    resourceLimits: {maxOldGenerationSizeMb: 16000},
  });
  const secondFailed = new Promise((_, reject) => second.once('error', reject));
  const loader = new HeapSnapshotLoader({sendEvent() {}});
  const parsed = Promise.race([loader.parsingComplete, secondFailed]);
  parsed.catch(() => {});
  let failure;
  loader.parsingComplete.catch(error => { failure = error; });

  // The file reader of DevTools hands on text in chunks of ten million bytes.
  const decoder = new TextDecoder();
  for await (const chunk of createReadStream(file, {highWaterMark: 10_000_000})) {
    if (failure) throw failure;
    loader.write(decoder.decode(chunk, {stream: true}));
  }
  loader.close();
  await parsed;
  const snapshot = await Promise.race([loader.buildSnapshot(port1), secondFailed]);
  const classes = Object.values(snapshot.aggregatesWithFilter({}));
  const wall = performance.now() - start;
  port1.close();
  await second.terminate();
  classes.sort((a, b) => b.maxRet - a.maxRet || (a.name < b.name ? -1 : 1));
  console.log(JSON.stringify({
    node_count: snapshot.nodeCount,
    total_size: snapshot.totalSize,
    class_count: classes.length,
    classes: classes.slice(0, 50).map(c => [c.name, c.count, c.self, c.maxRet]),
    engine_ms: Math.round(wall),
  }));
}

if (!isMainThread) {
  const {SecondaryInitManager} = await import(pathToFileURL(bundle).href);
  new SecondaryInitManager(workerData.port);
} else if (process.argv[2] === '--bundle') {
  await makeBundle();
} else {
  await summarize(process.argv[2]).catch(error => {
    console.error(String(error?.message ?? error));
    process.exit(1);
  });
}
