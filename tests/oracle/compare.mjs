// Compares Leaktrail's numbers with those of Chrome DevTools' own engine, node by node and row by row.
//
//   node compare.mjs ENGINE_FOLDER LEAKTRAIL_DUMP FILE…
//   node compare.mjs ENGINE_FOLDER LEAKTRAIL_DUMP --list=LIST
//
// The files are snapshots of one process in order (.zst and .gz are unpacked first); with a list,
// those of each of its lines. Every node's
// id, type, sizes, distance, dominator and class key; every edge's essential bit; all class rows,
// statistics, interfaces, duplicate strings; texts and retainers of sampled nodes; and the comparison
// of each pair of files must be equal. Prints one line a file or pair.
//
// DevTools keeps self sizes in 32 bits. Where the sum of a heap needs more, sizes are compared modulo
// 2^32.
//
// Exit code 0: no difference; 1: some; 77: the engine is not there.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {execFileSync} from 'node:child_process';
import {findEngine, loadEngine} from './engine.mjs';

const kExitSkipped = 77;
const kWrap = 2 ** 32;
const kUnreachable = 200_000_000;  // what the retainers view shows for a node without distance
const kNoDistance = -5;
const kMaxRetainerRows = 3000;  // as in leaktrail_dump.cc
const kShownDifferences = 5;
const kShownCharacters = 300;

const show = value => String(JSON.stringify(value)).slice(0, kShownCharacters);

// Counts differences by subject and keeps the first few of each to show.
class Differences {
  #bySubject = new Map();
  #comparisons = 0;

  expect(subject, place, ours, theirs) {
    ++this.#comparisons;
    if (Object.is(ours, theirs) || ours === theirs) return;
    const list = this.#bySubject.get(subject) ?? [];
    if (!list.length) this.#bySubject.set(subject, list);
    list.push({place, ours, theirs});
  }
  get count() { return [...this.#bySubject.values()].reduce((sum, list) => sum + list.length, 0); }
  get comparisons() { return this.#comparisons; }
  print() {
    for (const [subject, list] of this.#bySubject) {
      console.log(`  ${subject}: ${list.length} different`);
      for (const {place, ours, theirs} of list.slice(0, kShownDifferences)) {
        console.log(`    ${show(place)}: Leaktrail ${show(ours)}, DevTools ${show(theirs)}`);
      }
    }
  }
}

function readColumns(file) {
  const bytes = fs.readFileSync(file);
  const headerLength = bytes.readUInt32LE(8);
  const header = JSON.parse(bytes.toString('utf8', 12, 12 + headerLength));
  const view = {
    Uint8: Uint8Array, Uint32: Uint32Array, Int32: Int32Array, Float64: Float64Array, bits: Uint8Array,
  };
  const start = 12 + headerLength;
  const columns = {};
  for (const {name, type, offset} of header.columns) {
    const Type = view[type];
    const count = type === 'bits' ? Math.ceil(header.edgeCount / 8) : header.nodeCount;
    const from = start + offset;
    columns[name] = new Type(bytes.buffer.slice(
      bytes.byteOffset + from, bytes.byteOffset + from + count * Type.BYTES_PER_ELEMENT));
  }
  return {...header, columns};
}

// Runs `compare` on two sizes, exactly or modulo 2^32.
function sizesOf(total) {
  return total < kWrap ? size => size : size => size % kWrap;
}

function compareNodes(ours, devtools, differences) {
  const {snapshot, essentialEdges, rawSelfSizes} = devtools;
  const {columns} = ours;
  differences.expect('counts', 'nodes', ours.nodeCount, snapshot.nodeCount);
  differences.expect('counts', 'edges', ours.edgeCount,
    snapshot.containmentEdges.length / snapshot.edgeFieldsCount);
  if (differences.count) return;
  const size = sizesOf(columns.retainedSize[0] ?? 0);
  const node = snapshot.createNode(0);
  for (let i = 0; i < ours.nodeCount; ++i) {
    node.nodeIndex = i * snapshot.nodeFieldCount;
    const place = {node: i, id: columns.id[i]};
    const type = ours.nodeTypes[columns.type[i]];
    const theirType = String(snapshot.nodeTypes[node.rawType()]);
    if (type !== 'undefined') differences.expect('type', place, type, theirType);
    const key = node.classKeyInternal();
    differences.expect('id', place, columns.id[i], node.id());
    differences.expect('self size', place, columns.rawSelfSize[i] % kWrap, rawSelfSizes[i]);
    differences.expect('shallow size', place, columns.selfSize[i] % kWrap, node.selfSize());
    differences.expect('retained size', place, size(columns.retainedSize[i]),
      size(snapshot.retainedSizes[i]));
    differences.expect('distance', place, columns.distance[i], snapshot.nodeDistances[i]);
    differences.expect('dominator', place, columns.dominator[i], snapshot.dominatorsTree[i]);
    differences.expect('class key', place, ours.classKeys[columns.classId[i]],
      typeof key === 'number' ? ',' + snapshot.strings[key] : key);
  }
  const bit = (bits, e) => bits[e >> 3] >> (e & 7) & 1;
  for (let e = 0; e < ours.edgeCount; ++e) {
    differences.expect('essential edge', {edge: e}, bit(columns.essentialEdges, e),
      bit(essentialEdges, e));
  }
}

// Rows of two tables, joined by key; each field must be equal.
function compareRows(subject, ours, theirs, fields, differences) {
  const left = new Map(ours.map(row => [row.key, row]));
  differences.expect(subject, 'number of rows', ours.length, theirs.length);
  differences.expect(subject, 'keys given once', left.size, ours.length);
  for (const row of theirs) {
    const mine = left.get(row.key);
    for (const [field, same] of Object.entries(fields)) {
      differences.expect(subject, {key: row.key, field}, mine && same(mine[field]), same(row[field]));
    }
  }
}

function compareTables(tables, {snapshot}, differences) {
  const {total, native, v8heap} = snapshot.getStatistics();
  const size = sizesOf(tables.statistics.total);
  const exact = value => value;
  const theirStatistics = {
    total, nativeTotal: native.total, typedArrays: native.typedArrays, code: v8heap.code,
    jsArrays: v8heap.jsArrays, strings: v8heap.strings, system: v8heap.system,
  };
  for (const [name, value] of Object.entries(theirStatistics)) {
    differences.expect('statistics', name, size(tables.statistics[name]), size(value));
  }
  const interfaces = JSON.parse(snapshot.interfaceDefinitions());
  differences.expect('interfaces', 'list', JSON.stringify(tables.interfaces),
    JSON.stringify(interfaces.map(({name, properties}) => ({name, properties}))));
  const classes = Object.entries(snapshot.aggregatesWithFilter({})).map(([key, row]) => ({
    key, count: row.count, distance: row.distance, shallow: row.self, retained: row.maxRet,
  }));
  compareRows('class', tables.classes, classes,
    {count: exact, distance: exact, shallow: size, retained: size}, differences);
}

function compareSampledNodes(tables, {snapshot}, differences) {
  const node = snapshot.createNode(0);
  for (const {ordinal, text, retainers} of tables.nodes) {
    const nodeIndex = ordinal * snapshot.nodeFieldCount;
    node.nodeIndex = nodeIndex;
    differences.expect('node text', {node: ordinal}, text, node.name());
    const provider = snapshot.createRetainingEdgesProvider(nodeIndex);
    provider.sortAndRewind({
      fieldName1: '!edgeDistance', ascending1: true, fieldName2: 'name', ascending2: true,
    });
    const rows = provider.isEmpty() ? [] : provider.serializeItemsRange(0, 1e9).items;
    const theirs = rows.slice(0, retainers.length).map(({edgeIndex, node: from}) =>
      [edgeIndex / snapshot.edgeFieldsCount, from.nodeIndex / snapshot.nodeFieldCount,
        from.distance === kUnreachable ? kNoDistance : from.distance]);
    const place = {node: ordinal, id: node.id()};
    const different = retainers.findIndex((row, k) => String(row) !== String(theirs[k]));
    differences.expect('retainers', {...place, row: different}, String(retainers[different]),
      String(theirs[different]));
    const cut = retainers.length >= kMaxRetainerRows;
    if (!cut) differences.expect('retainers', place, retainers.length, rows.length);
  }
}

function compareDuplicateStrings(tables, {snapshot}, differences) {
  const size = sizesOf(tables.statistics.total);
  const theirs = snapshot.getDuplicateStrings().filter(group => !group.truncated);
  compareRows('duplicate strings',
    tables.duplicateStrings.map(([key, count, bytes]) => ({key, count, bytes})),
    theirs.map(({value, count, totalSelfSize}) => ({key: value, count, bytes: totalSelfSize})),
    {count: value => value, bytes: size}, differences);
}

function compareDiff(rows, base, current, baseNumber, differences) {
  const ofBase = structuredClone(
    base.snapshot.aggregatesForDiff(current.snapshot.interfaceDefinitions()));
  const theirs = current.snapshot.calculateSnapshotDiff(baseNumber, ofBase);
  const exact = value => value;
  compareRows('comparison', rows, Object.entries(theirs).map(([key, row]) => ({key, ...row})),
    {addedCount: exact, removedCount: exact, addedSize: size => size % kWrap,
      removedSize: size => size % kWrap}, differences);
}

function unpack(file, folder, number) {
  const command = {'.zst': 'zstdcat', '.gz': 'zcat'}[path.extname(file)];
  if (!command) return file;
  const plain = path.join(folder, `${number}.heapsnapshot`);
  const out = fs.openSync(plain, 'w');
  execFileSync(command, [file], {stdio: ['ignore', out, 'inherit']});
  fs.closeSync(out);
  return plain;
}

// DevTools gives up when a search meets more nodes than there are, as it does when the root names a
// user root twice and all nodes are reached.
function refuse(error) {
  if (!/^BFS failed/.test(error.message)) throw error;
}

// Snapshots of one process, in order. `report` gets the differences of each file and pair.
async function compareGroup(openSnapshot, dump, packed, report) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leaktrail-oracle-'));
  try {
    const files = packed.map((file, k) => unpack(file, folder, k));
    execFileSync(dump, [folder, ...files], {stdio: 'inherit'});
    const readJson = name => JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8'));
    const opened = [];
    for (const [k, file] of files.entries()) {
      const current = await openSnapshot(file).catch(refuse);
      if (!current) return report(path.basename(packed[k]) + ': DevTools refuses it', new Differences());
      opened.push(current);
      const differences = new Differences();
      compareNodes(readColumns(path.join(folder, `${k}.bin`)), current, differences);
      const tables = readJson(`${k}.json`);
      compareTables(tables, current, differences);
      compareSampledNodes(tables, current, differences);
      compareDuplicateStrings(tables, current, differences);
      report(path.basename(packed[k]), differences);
      for (let i = 0; i < k; ++i) {
        const {rows, comparable} = readJson(`${i}-${k}.diff.json`);
        const ofPair = new Differences();
        compareDiff(rows, opened[i], current, i, ofPair);
        report(`  ${i + 1} to ${k + 1} (ids ${comparable ? '' : 'not '}comparable)`, ofPair);
      }
    }
  } finally {
    fs.rmSync(folder, {recursive: true});
  }
}

async function main([engineFolder, dump, ...files]) {
  if (!findEngine(engineFolder)) {
    console.log(`SKIPPED: no DevTools engine in ${engineFolder} (npm could not install it)`);
    return kExitSkipped;
  }
  const list = /^--list=(.*)/.exec(files[0])?.[1];
  const groups = list ?
    fs.readFileSync(list, 'utf8').trim().split('\n').map(line => line.split(' ')) : [files];
  const openSnapshot = await loadEngine(engineFolder);
  let comparisons = 0;
  let failed = false;
  for (const group of groups) {
    await compareGroup(openSnapshot, dump, group, (name, differences) => {
      comparisons += differences.comparisons;
      failed ||= differences.count > 0;
      // Of a long list only what is wrong.
      if (list && differences.count === 0 && differences.comparisons > 0) return;
      console.log(`${name}: ${differences.comparisons} comparisons, ${differences.count} different`);
      differences.print();
    });
  }
  console.log(`${comparisons} comparisons in all`);
  return failed || comparisons === 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
