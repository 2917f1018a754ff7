// Chrome DevTools' heap snapshot engine under plain Node.
//
//   node engine.mjs FOLDER     bundles the engine in FOLDER/node_modules into FOLDER/engine.bundle.mjs
//
// The npm package chrome-devtools-frontend has the TypeScript sources. The engine's own files are
// taken as they are; modules it imports from the rest of DevTools are replaced where they would pull
// in the user interface.
import fs from 'node:fs';
import path from 'node:path';
import {createRequire} from 'node:module';
import {MessageChannel} from 'node:worker_threads';
import {fileURLToPath, pathToFileURL} from 'node:url';

const kBundleName = 'engine.bundle.mjs';
// DevTools reads files in pieces of this size; where a piece ends can matter to a parser.
const kPieceBytes = 10_000_000;

// By path below front_end/, without extension.
const kReplacements = {
  'core/i18n/i18n': 'export const i18n = {serializeUIString: text => String(text)};',
  'core/text_utils/text_utils': 'export * as TextUtils from "./TextUtils.js";',
  'core/text_utils/ContentData': 'export class ContentData {}',
  'core/text_utils/ContentProvider': 'export class SearchMatch {}',
  'models/heap_snapshot/heap_snapshot':
    'export * as HeapSnapshotModel from "./HeapSnapshotModel.js";',
};

export async function bundleEngine(folder) {
  const {build} = createRequire(path.join(folder, 'package.json'))('esbuild');
  const frontEnd = path.join(folder, 'node_modules/chrome-devtools-frontend/front_end');
  const fromFrontEnd = {
    name: 'from-front-end',
    setup(hooks) {
      hooks.onResolve({filter: /^\..*\.js$/}, ({resolveDir, path: wanted}) => {
        const stem = path.resolve(resolveDir, wanted).slice(0, -'.js'.length);
        const name = path.relative(frontEnd, stem);
        if (name in kReplacements) return {path: name, namespace: 'replaced'};
        return {path: stem + '.ts'};
      });
      hooks.onLoad({filter: /.*/, namespace: 'replaced'}, ({path: name}) => ({
        contents: kReplacements[name],
        resolveDir: path.join(frontEnd, path.dirname(name)),
      }));
    },
  };
  await build({
    stdin: {
      contents: 'export {JSHeapSnapshot, SecondaryInitManager} from "./HeapSnapshot.js";' +
        'export {HeapSnapshotLoader} from "./HeapSnapshotLoader.js";',
      resolveDir: path.join(frontEnd, 'entrypoints/heap_snapshot_worker'),
    },
    outfile: path.join(folder, kBundleName),
    plugins: [fromFrontEnd],
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
  });
}

export function findEngine(folder) {
  const file = path.join(folder, kBundleName);
  return fs.existsSync(file) ? file : undefined;
}

// A function that opens a snapshot file: {snapshot, essentialEdges, rawSelfSizes}. The last two are
// what the engine does not keep: its second thread gets the one, moved sizes overwrite the other.
export async function loadEngine(folder) {
  Promise.withResolvers ??= function() {  // Node 22 has it
    const deferred = {};
    deferred.promise = new Promise((resolve, reject) => Object.assign(deferred, {resolve, reject}));
    return deferred;
  };
  const {JSHeapSnapshot, SecondaryInitManager, HeapSnapshotLoader} =
    await import(pathToFileURL(path.join(folder, kBundleName)).href);

  const kept = new WeakMap();
  const {initEssentialEdges, calculateShallowSizes} = JSHeapSnapshot.prototype;
  JSHeapSnapshot.prototype.initEssentialEdges = function() {
    const bits = initEssentialEdges.call(this);
    kept.set(this, {essentialEdges: new Uint8Array(bits.buffer.slice(0))});
    return bits;
  };
  JSHeapSnapshot.prototype.calculateShallowSizes = function() {
    kept.get(this).rawSelfSizes = Float64Array.from({length: this.nodeCount}, (_, i) =>
      this.nodes.getValue(i * this.nodeFieldCount + this.nodeSelfSizeOffset));
    return calculateShallowSizes.call(this);
  };

  return async function openSnapshot(file) {
    const loader = new HeapSnapshotLoader({sendEvent() {}});
    const decoder = new TextDecoder();
    for await (const piece of fs.createReadStream(file, {highWaterMark: kPieceBytes})) {
      loader.write(decoder.decode(piece, {stream: true}));
    }
    loader.close();
    const {warn} = console;
    console.warn = () => {};  // "N nodes are unreachable"
    const {port1, port2} = new MessageChannel();
    try {
      new SecondaryInitManager(port2);
      const snapshot = await loader.buildSnapshot(port1);
      return {snapshot, ...kept.get(snapshot)};
    } finally {
      port1.close();
      port2.close();
      console.warn = warn;
    }
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleEngine(path.resolve(process.argv[2]));
