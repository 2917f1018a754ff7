#include "base/array.h"

#include <cstdlib>

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

}  // namespace leaktrail
