#include "base/array.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace leaktrail {
namespace {
constexpr size_t kMapThreshold = size_t{1} << 20;
}

void* AllocatePages(size_t bytes) {
  if (bytes == 0) return nullptr;
#ifdef __linux__
  if (bytes >= kMapThreshold) {
    void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return nullptr;
    madvise(p, bytes, MADV_HUGEPAGE);
    return p;
  }
#endif
  return std::calloc(1, bytes);
}

void FreePages(void* p, size_t bytes) {
#ifdef __linux__
  if (bytes >= kMapThreshold) {
    munmap(p, bytes);
    return;
  }
#endif
  std::free(p);
}

void* ResizePages(void* p, size_t old_bytes, size_t new_bytes) {
#ifdef __linux__
  if (old_bytes >= kMapThreshold && new_bytes >= kMapThreshold) {
    void* q = mremap(p, old_bytes, new_bytes, MREMAP_MAYMOVE);
    if (q == MAP_FAILED) return nullptr;
    // The last page kept may hold bytes from before a shrink; pages after it are new.
    if (new_bytes > old_bytes) {
      const size_t page_end = std::min(new_bytes, (old_bytes + 4095) / 4096 * 4096);
      std::memset(static_cast<char*>(q) + old_bytes, 0, page_end - old_bytes);
    }
    return q;
  }
#endif
  void* q = AllocatePages(new_bytes);
  if (q == nullptr) return nullptr;
  if (p != nullptr) {
    std::memcpy(q, p, std::min(old_bytes, new_bytes));
    FreePages(p, old_bytes);
  }
  return q;
}

}  // namespace leaktrail
