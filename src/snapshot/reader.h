// Reads a .heapsnapshot into a HeapGraph.
//
// Input: a file, or bytes that arrive in order (a pipe, an inspector session); plain, gzip or zstd,
// told by the first bytes. Every Node from 8 to 26, and other producers that keep the format;
// docs/format.md says what is accepted.
//
// Failure: truncated, damaged or lying input gives one Error with the byte offset (in the
// uncompressed text). With `tolerant`, all that is whole before the damage is returned instead,
// with a "damaged" diagnostic first. Nothing is allocated that the bytes read so far do not
// justify. The result is the same for any number of threads.
// Cost: one pass over the bytes, shared by the threads; peak memory is the graph's own size.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/input.h"
#include "base/progress.h"
#include "base/result.h"
#include "heap/graph.h"

namespace leaktrail {

struct ReadOptions {
  unsigned threads = 0;  // 0: as many as the machine has
  // What a thread takes at a time; 0: what is fastest. Tests cut every number and string in two.
  uint32_t chunk_bytes = 0;
  bool tolerant = false;
  ProgressSink* progress = nullptr;
  const CancelToken* cancel = nullptr;
};

// `path` may be "-" for standard input.
Result<HeapGraph> ReadSnapshotFile(const std::string& path, const ReadOptions& options);
Result<HeapGraph> ReadSnapshotStream(ByteStream stream, const ReadOptions& options);
// The bytes must outlive the graph.
Result<HeapGraph> ReadSnapshotBytes(std::span<const char> bytes, const ReadOptions& options);

}  // namespace leaktrail
