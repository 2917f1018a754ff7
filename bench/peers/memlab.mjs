// MemLab opens a heap snapshot and computes dominators and retained sizes (its getFullHeapFromFile does
// both); the classes are then counted by type and name, since MemLab has no class table of its own.
//
//   node memlab.mjs FILE             prints one line of JSON, the last one
import {createRequire} from 'node:module';

const {getFullHeapFromFile} = createRequire(import.meta.url)('@memlab/heap-analysis');

try {
  const heap = await getFullHeapFromFile(process.argv[2]);
  const classes = new Map();
  let nodeCount = 0;
  let totalSize = 0;
  heap.nodes.forEach(node => {
    ++nodeCount;
    totalSize += node.self_size;
    const key = node.type === 'object' || node.type === 'native' ? node.name : `(${node.type})`;
    const row = classes.get(key);
    if (row) {
      row.count++;
      row.self += node.self_size;
    } else {
      classes.set(key, {count: 1, self: node.self_size});
    }
  });
  let rootSize = 0;
  heap.nodes.forEach(node => {
    if (node.id === 1) rootSize = node.retainedSize;
  });
  console.log(JSON.stringify({node_count: nodeCount, total_size: totalSize, class_count: classes.size, root_retained_size: rootSize}));
  process.exit(0);
} catch (error) {
  console.error(String(error?.message ?? error));
  process.exit(1);
}
