#include "analysis/names.h"

#include "base/parallel.h"

namespace leaktrail {

NameHashes::NameHashes(const HeapGraph& graph, unsigned threads) : hashes_(graph.strings().size()) {
  constexpr size_t kBlock = 1 << 16;
  ParallelBlocks(threads, hashes_.size(), kBlock, [&](size_t first, size_t last) {
    graph.strings().ForEach(static_cast<uint32_t>(first), static_cast<uint32_t>(last),
                            [&](StringIndex i, std::string_view raw) {
                              if (i.value() < hashes_.size()) hashes_[i.value()] = HashName(raw);
                            });
  });
}

}  // namespace leaktrail
