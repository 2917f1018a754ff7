'use strict';
// A service whose heap has one shape: node heap_shapes.js SHAPE [COUNT]. Prints a line when it is collected.
const [shape, count] = [process.argv[2], Number(process.argv[3] || 200_000)];

class Instance {
  constructor(i) {
    Object.assign(this, { number: i, nothing: null, self: this, half: i * 1.5 });
  }
}
const many = (n, make) => Array.from({ length: n }, (_, i) => make(i));
const text = (words) => Buffer.from(words).toString();
const one = {};
class TreeNode { constructor(v, l, r) { this.v = v; this.l = l; this.r = r; } }
const tree = (d) => new TreeNode(d, d ? tree(d - 1) : null, d ? tree(d - 1) : null);
class Row { #secret = 1; constructor(i) { this.id = i; this.created = i * 1000.5; this.parent = null; this.children = []; this.title = 'row ' + (i % 1000); this.deleted = false; } }
const SHAPES = {
  objects: () => many(count, (i) => ({ id: i, name: 'n', tags: [1, 2], date: new Date(i), map: new Map() })),
  strings: () => many(count, (i) => text(`user-${i}-${Math.random()}${'x'.repeat(60)}`)),
  buffers: () => many(count / 20, () => Buffer.alloc(10_000)),
  'map-by-strings': () => new Map(many(count * 2, (i) => [`key${i}`, { value: i }])),
  'object-of-keys': () => Object.fromEntries(many(count * 2, (i) => [`k${i * 7}`, { value: i }])),
  closures: () => many(count, (i) => { const held = { i }; return () => held; }),
  numbers: () => many(count / 100, () => many(200, (k) => k * 1.5)),
  'long-strings': () => many(count / 50, (i) => text(`é${i}`.repeat(1000))),
  'arrays-of-one': () => many(count / 20, () => new Array(100).fill(one)),
  instances: () => many(count * 2, (i) => new Instance(i)),
  json: () => many(count / 10, (i) => JSON.parse(JSON.stringify({
    id: i, user: { name: `u${i}`, mail: `m${i}@x.org`, roles: ['a', 'b'], address: { street: `s${i}`, zip: i } },
    items: [{ sku: `a${i}`, count: 1 }, { sku: `b${i}`, count: 2.5 }], created: `2020-01-01T00:00:00Z${i}`,
  }))),
  promises: () => many(count / 2, (i) => { const p = new Promise(() => {}); p.then(() => i); return p; }),
  timers: () => many(count / 4, (i) => setInterval(() => i, 1e8)),
  emitters: () => many(count / 4, (i) => new (require('events'))().on('x', () => i).on('y', () => i)),
  sets: () => many(count / 8, (i) => new Set(many(8, (k) => k + i))),
  mixed: () => many(count / 8, (i) => ({ id: i, name: `name${i}`, tags: [i, i + 1, { z: i }], map: new Map([[i, `v${i}`]]) })),
  tree: () => tree(17),
  list: () => { let h = null; for (let i = 0; i < count * 2; i++) h = { next: h, i }; return h; },
  sessions: () => new Map(many(count / 4, (i) => [`sid-${i}`, { id: i, user: { name: `u${i}`, roles: ['a', 'b'] }, seen: new Date(), cart: many(5, (k) => ({ sku: k, n: i })) }])),
  typed: () => many(count / 10, (i) => new Float64Array(20)),
  'weak-refs': () => many(count / 2, (i) => new WeakRef({ i })),
  'map-by-numbers': () => new Map(many(count * 2, (i) => [i * 7, { v: i }])),
  errors: () => many(count / 20, (i) => new Error('broken ' + i)),
  symbols: () => many(count / 2, (i) => ({ [Symbol.for('k' + (i % 50))]: i, d: i / 3 })),
  'cache-of-html': () => many(count / 40, (i) => text('<li>' + i + '</li>'.repeat(40))),
  generators: () => many(count / 4, function (i) { return (function* () { yield i; yield i + 1; })(); }),
  matrix: () => many(count / 100, (i) => many(200, (k) => k * 1.1)),
  'nested-json': () => JSON.parse('[' + many(count / 10, (i) => JSON.stringify({ a: { b: { c: [i, 'v' + i, null], d: i * 1.5 }, e: 'w' + (i % 100) } })).join(',') + ']'),
  // To these nothing was fitted (docs/performance.md).
  rows: () => { let last = null; return many(count, (i) => { const r = new Row(i); r.parent = last; if (last) last.children.push(r); last = i % 10 ? last : r; return r; }); },
  'map-of-arrays': () => new Map(many(count / 8, (i) => ['u' + i, [i, 'a', { at: i }, [1, 2.5]]])),
  'map-of-maps': () => new Map(many(count / 40, (i) => [i, new Map(many(10, (k) => [k, { i, k }]))])),
  urls: () => many(count / 20, (i) => new URL('http://host' + i + '.example/path?q=' + i)),
  aborts: () => many(count / 40, () => { const a = new AbortController(); a.signal.addEventListener('abort', () => a); return a; }),
  regexes: () => many(count / 10, (i) => new RegExp('^x' + i + '[a-z]+$')),
  bigints: () => many(count, (i) => BigInt(i) * 12345678901234567890n),
  'cons-strings': () => many(count / 2, (i) => 'prefix-long-enough-' + i + '-suffix-long-enough'),
  'sliced-strings': () => { const whole = text('abcdefghij'.repeat(count)); return many(count, (i) => whole.slice(i * 10, i * 10 + 20)); },
  'pending-async': () => many(count / 8, async (i) => { const held = { i }; await new Promise(() => {}); return held; }),
  proxies: () => many(count / 2, (i) => new Proxy({ i }, {})),
  'small-dictionaries': () => many(count / 10, (i) => { const o = { a: i, b: 1, c: 2 }; delete o.a; o['k' + (i % 300)] = i; return o; }),
  bound: () => many(count, (i) => Math.max.bind(null, i)),
  'weak-map': () => { const keys = many(count / 2, (i) => ({ i })); const w = new WeakMap(keys.map((k) => [k, { of: k }])); return { keys, w }; },
  requests: () => many(count / 80, (i) => { const r = new (require('http').IncomingMessage)(null); r.headers = { host: 'h' + i, 'user-agent': 'x', accept: '*/*' }; r.url = '/' + i; return r; }),
  cells: () => many(count / 200, (r) => many(50, (c) => ({ r, c, v: r * c, s: 'v' + (r * c) }))),
  'sparse-array': () => { const a = []; for (let i = 0; i < count; i += 1) a[i * 37] = { i }; return a; },
  dates: () => many(count * 2, (i) => new Date(i * 1e6)),
};
if (!SHAPES[shape]) throw new Error(`no shape '${shape}'; there are ${Object.keys(SHAPES).join(' ')}`);
global.held = SHAPES[shape]();
setTimeout(() => {
  require('v8').setFlagsFromString('--expose-gc');
  const collect = require('vm').runInNewContext('gc');
  collect();
  collect();
  console.log('ready');
}, 100);
require('http').createServer((request, response) => response.end('x')).listen(0, '127.0.0.1');
