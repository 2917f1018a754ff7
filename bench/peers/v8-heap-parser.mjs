// @vscode/v8-heap-parser, Rust compiled to WebAssembly: opens a heap snapshot and groups its nodes by
// class with retained sizes.
//
//   node v8-heap-parser.mjs FILE     prints one line of JSON
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';

const {decode_bytes: decodeBytes, init_panic_hook: showPanics} =
    createRequire(import.meta.url)('@vscode/v8-heap-parser');

showPanics();
try {
  const graph = decodeBytes(readFileSync(process.argv[2]));
  const classes = graph.get_class_groups(0, 0xffffffff, false);
  let nodeCount = 0;
  let totalSize = 0n;
  for (const row of classes) {
    nodeCount += row.children_len;
    totalSize += row.self_size;
  }
  console.log(JSON.stringify({node_count: nodeCount, total_size: Number(totalSize), class_count: classes.length}));
} catch (error) {
  console.error(String(error?.message ?? error));
  process.exit(1);
}
