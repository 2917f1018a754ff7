// libFuzzer's entry points. Run by hand, see README.md; the corpus is replayed in every test run.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "tests/fuzz/check_snapshot.h"
#include "tests/fuzz/snapshot_mutator.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  leaktrail::testing::CheckSnapshot({reinterpret_cast<const char*>(data), size});
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  // Bytes without a thought find what the mutator does not think of.
  if (seed % 8 == 0) return LLVMFuzzerMutate(data, size, max_size);
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string changed = leaktrail::testing::MutateSnapshot(text, seed);
  if (changed.empty() || changed.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::memcpy(data, changed.data(), changed.size());
  return changed.size();
}
