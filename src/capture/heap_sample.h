// How many objects a running process's heap holds, without asking it: a sample of its pages, read
// from outside.
//
//   maps, pagemap ─▶ chunks of 256 KB that are there ─▶ 96 at random of the old generation, read
//                        │                                 │ words that point to a Map of V8
//                        │ the first page of each          ▼
//                        └─▶ large arrays           objects, pointers, strings per live byte
//
// How an object is recognised. Every object of V8 begins with a pointer to its Map, every Map with
// a pointer to the map of maps, and that one points to itself; seen so on Node 12, 14, 18, 20, 22
// and 24. A word that points to such a thing begins an object, or is one of
// the few other pointers to a Map. The map of free space is known by what follows it: a size, and
// behind so many bytes the next object or the chunk's end; what is free is passed over, since dead
// objects still stand in it. Strings have an instance type below 0x40, at byte 12 of their Map,
// and a length at byte 12 of their own; without the bit 0x20 they are internalized. What an object
// does not use (yet) is filled with Maps of one word, which are no objects.
//
// Measured against the snapshots themselves: docs/performance.md.
//
// Cost: nothing for the target (its memory is read by process_vm_readv, not one instruction of it
// runs); about 0.2 s and 40 MB of ours, and 8 KB more for every 256 KB of a large heap.
// Needs the right to trace the process (same user and /proc/sys/kernel/yama/ptrace_scope 0, or
// root). x64 without pointer compression, as Node is built.
// Threads: from any. The target goes on meanwhile, so the sample is not of one moment.
#pragma once

#include <cstdint>
#include <optional>

#include "capture/processes.h"

namespace leaktrail {

struct HeapSample {
  double live_bytes = 0;  // of the chunks looked at: what is not free
  // In those bytes.
  double objects = 0;
  double pointers = 0;        // to objects that can be written, so no `undefined` and the like
  double array_pointers = 0;  // of these, in arrays of 16 and more
  double strings = 0;  // whose text a snapshot has: not those that are put together of others
  double internalized_strings = 0;  // of these
  double string_text_bytes = 0;     // as a snapshot writes them: 1,024 characters of each at most
  // In the whole heap.
  double large_array_pointers = 0;
  double large_table_pointers = 0;  // of Maps, Sets and objects with many properties
  double large_weak_pointers = 0;   // of WeakMaps and WeakSets
  double longest_array_pointers = 0;
  double longest_array_length = 0;
  uint32_t chunks = 0;  // looked at
};

// Nothing if the process may not be read or has no heap that is understood.
std::optional<HeapSample> SampleHeap(ProcessId pid);

}  // namespace leaktrail
