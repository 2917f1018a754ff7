#include "base/array.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <mutex>
#include <new>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace leaktrail {
namespace {
constexpr size_t kMapThreshold = size_t{1} << 20;

#ifdef __linux__
constexpr size_t kPage = 4096;
constexpr size_t kHugePage = size_t{2} << 20;
size_t WholePages(size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

// As mremap that may move. A huge page stays whole only if it moves by a multiple of its size; the
// kernel moves by any number of pages, and what it makes small stays small.
void* Remap(void* p, size_t old_size, size_t size) {
  if (size <= old_size) return mremap(p, old_size, size, 0);
  if (old_size < kHugePage) return mremap(p, old_size, size, MREMAP_MAYMOVE);
  if (void* const in_place = mremap(p, old_size, size, 0); in_place != MAP_FAILED) return in_place;
  const size_t room = size + kHugePage;
  void* const reserved = mmap(nullptr, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (reserved == MAP_FAILED) return MAP_FAILED;
  const auto begin = reinterpret_cast<uintptr_t>(reserved);
  const size_t before = (reinterpret_cast<uintptr_t>(p) - begin) % kHugePage;
  char* const to = static_cast<char*>(reserved) + before;
  void* const moved = mremap(p, old_size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to);
  if (moved == MAP_FAILED) {
    munmap(reserved, room);
    return MAP_FAILED;
  }
  if (before > 0) munmap(reserved, before);
  if (before < kHugePage) munmap(to + size, kHugePage - before);
  return moved;
}

// Maps that are not in use. The smallest that is large enough is taken, and what is left of it
// stays; but a large one is not cut up for small arrays. Else the largest is made larger.
//
// Pieces are never put together again, so with arrays of ever other sizes there would be ever more
// of them. Hence maps in use and free ones are together never more than what was once in use at
// the same time: what is kept adds nothing to the peak. The smallest go first.
class FreeMaps {
 public:
  // nullptr if there is none. The first `used` bytes are not zero; pages after them are new.
  void* Take(size_t bytes, size_t& used) {
    const std::lock_guard<std::mutex> lock(mutex_);
    char* const p = TakePiece(WholePages(bytes), used);
    if (p != nullptr) Use(WholePages(bytes));
    return p;
  }
  void Give(void* p, size_t bytes) noexcept {
    const size_t size = WholePages(bytes);
    const std::lock_guard<std::mutex> lock(mutex_);
    in_use_ -= size;
    try {
      by_size_.emplace(size, static_cast<char*>(p));
      free_ += size;
    } catch (const std::bad_alloc&) {
      munmap(p, size);
    }
    Trim();
  }
  // A map in use has another size now; one of 0 bytes is none.
  void NoteResize(size_t old_bytes, size_t new_bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    in_use_ -= WholePages(old_bytes);
    Use(WholePages(new_bytes));
  }

 private:
  char* TakePiece(size_t size, size_t& used) {
    used = size;
    const auto it = by_size_.lower_bound(size);
    if (it == by_size_.end()) return TakeAndGrow(size, used);
    if (it->first / 8 > size) return nullptr;
    char* const p = it->second;
    auto node = by_size_.extract(it);
    free_ -= node.key();
    node.key() -= size;
    node.mapped() += size;
    if (node.key() >= kMapThreshold) {
      free_ += node.key();
      by_size_.insert(std::move(node));
    } else if (node.key() > 0) {
      munmap(node.mapped(), node.key());
    }
    return p;
  }
  char* TakeAndGrow(size_t size, size_t& used) {
    if (by_size_.empty()) return nullptr;
    const auto it = std::prev(by_size_.end());
    void* const p = Remap(it->second, it->first, size);
    if (p == MAP_FAILED) return nullptr;
    used = it->first;
    free_ -= it->first;
    by_size_.erase(it);
    return static_cast<char*>(p);
  }
  void Use(size_t size) {
    in_use_ += size;
    most_in_use_ = std::max(most_in_use_, in_use_);
    Trim();
  }
  void Trim() noexcept {
    while (!by_size_.empty() && in_use_ + free_ > most_in_use_) {
      const auto smallest = by_size_.begin();
      munmap(smallest->second, smallest->first);
      free_ -= smallest->first;
      by_size_.erase(smallest);
    }
  }

  std::mutex mutex_;
  std::multimap<size_t, char*> by_size_;
  size_t free_ = 0;    // bytes of by_size_
  size_t in_use_ = 0;  // bytes of the maps that arrays have
  size_t most_in_use_ = 0;
};

FreeMaps& TheFreeMaps() {
  static FreeMaps* const maps = new FreeMaps;  // outlives every array
  return *maps;
}
#endif

}  // namespace

void* AllocatePages(size_t bytes) {
  if (bytes == 0) return nullptr;
#ifdef __linux__
  if (bytes >= kMapThreshold) {
    size_t used = 0;
    if (void* const taken = TheFreeMaps().Take(bytes, used)) {
      std::memset(taken, 0, std::min(used, bytes));
      return taken;
    }
    void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return nullptr;
    TheFreeMaps().NoteResize(0, bytes);
    madvise(p, bytes, MADV_HUGEPAGE);
    return p;
  }
#endif
  return std::calloc(1, bytes);
}

void FreePages(void* p, size_t bytes) {
#ifdef __linux__
  if (bytes >= kMapThreshold) {
    TheFreeMaps().Give(p, bytes);
    return;
  }
#endif
  std::free(p);
}

void* ResizePages(void* p, size_t old_bytes, size_t new_bytes) {
#ifdef __linux__
  if (old_bytes >= kMapThreshold && new_bytes >= kMapThreshold) {
    void* q = Remap(p, WholePages(old_bytes), WholePages(new_bytes));
    if (q == MAP_FAILED) return nullptr;
    TheFreeMaps().NoteResize(old_bytes, new_bytes);
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
