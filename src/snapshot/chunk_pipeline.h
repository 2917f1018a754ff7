// Reads one large array of the file with all threads.
//
// The bytes from the source's position are cut into chunks. A thread takes the next chunk, scans it
// (how many items end in it, where the array ends), waits for the count of all chunks before it,
// and then knows the index of its first item: so it can put its items where they belong while the
// next thread does the same with the next chunk. Every byte comes from memory once; the second look
// at a chunk finds it in the cache.
//
//   chunk 0:  take scan ▏work ………………▏
//   chunk 1:     take scan ▏wait▏work ………………▏
//
// An item belongs to the chunk in which it ends. What the count means is the section's business
// (numbers, or quotes); its lowest bit is given to the choice between two possible stops, since
// whether a byte is inside a string depends on the parity of the quotes before it.
//
// Threads: Run starts and joins its own; callbacks are called from all of them at once.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/progress.h"
#include "base/result.h"
#include "snapshot/blocks.h"
#include "snapshot/byte_source.h"

namespace leaktrail {

struct Chunk {
  uint64_t offset = 0;         // in the input
  const char* data = nullptr;  // data[-kBlockBytes, size + kBlockBytes) may be read; the bytes
                               // before the array are '['
  size_t size = 0;
  bool starts_escaped = false;  // an odd number of backslashes stands before data[0]
};

inline constexpr size_t kNoStop = ~size_t{0};

struct ChunkScan {
  uint64_t count = 0;  // items that end in the chunk
  // If the count before the chunk is even ([0]) or odd ([1]): where the array, or what can be
  // understood of it, ends, and how many items end before that.
  size_t stop_at[2] = {kNoStop, kNoStop};
  uint64_t count_at_stop[2] = {0, 0};
};

struct ChunkTask {
  Chunk chunk;           // size is cut at the stop
  uint64_t first = 0;    // items before the chunk
  uint64_t count = 0;    // items that end in it
  bool stopped = false;  // chunk.data[chunk.size] is the byte that stopped the section
};

struct SectionEnd {
  uint64_t offset = 0;  // of the byte that stopped the scan, or of the end of the input
  uint64_t count = 0;
  int stop_byte = -1;                // -1: the input ended
  std::optional<Error> input_error;  // it ended because it could not be read further
};

class ChunkPipeline {
 public:
  static constexpr size_t kChunkBytes = size_t{1} << 18;

  unsigned threads = 1;
  size_t chunk_bytes = kChunkBytes;
  ProgressSink* progress = nullptr;
  const CancelToken* cancel = nullptr;

  // Must not depend on other chunks.
  std::function<ChunkScan(const Chunk&)> scan;
  // Called in order, one at a time, while no `work` runs: makes room for `count` items in all.
  // False stops the section after the chunk before (it is then the caller who knows why).
  std::function<bool(uint64_t count)> reserve;
  // How many items there is room for without asking `reserve`.
  std::function<uint64_t()> capacity;
  // In order, one at a time: the chunk's bytes, for who keeps them (streams only).
  std::function<bool(const char* data, size_t size)> keep;
  std::function<void(const ChunkTask&)> work;

  // Ends with the source at SectionEnd::offset.
  Result<SectionEnd> Run(ByteSource& source);
};

}  // namespace leaktrail
