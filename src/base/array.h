// A fixed-size array of plain values that is not touched until it is used.
//
// Unlike std::vector it does not write its pages when it is made, so memory that the file never
// fills is never paid for, and parallel writers fault in their own pages. Large arrays come from
// anonymous maps with huge pages asked for: a random walk over a heap graph is bound by TLB misses
// otherwise. Freed maps are kept and given to the next array that fits into one: a page that the
// process has touched already costs a fraction of a new one (docs/decisions.md has the figures).
//
// Failure: std::bad_alloc if there is no memory, as a std::vector would throw.
// Threads: as a plain array.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace leaktrail {

void* AllocatePages(size_t bytes);  // zeroed; nullptr on failure
void FreePages(void* p, size_t bytes);
// new_bytes > 0; nullptr on failure, then `p` is as it was. `p` may be nullptr.
void* ResizePages(void* p, size_t old_bytes, size_t new_bytes);

template <typename T>
class Array {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  Array() = default;
  // Elements are zero.
  explicit Array(size_t size) : size_(size) {
    if (size_ > SIZE_MAX / sizeof(T)) throw std::bad_alloc();
    if (size_ > 0) data_ = static_cast<T*>(AllocatePages(size_ * sizeof(T)));
    if (size_ > 0 && data_ == nullptr) throw std::bad_alloc();
  }
  Array(Array&& o) noexcept
      : data_(std::exchange(o.data_, nullptr)), size_(std::exchange(o.size_, 0)) {}
  Array& operator=(Array&& o) noexcept {
    if (this != &o) {
      Free();
      data_ = std::exchange(o.data_, nullptr);
      size_ = std::exchange(o.size_, 0);
    }
    return *this;
  }
  ~Array() { Free(); }

  // Keeps the elements that fit; new ones are zero. Moves pages, not bytes, where the system can.
  void Resize(size_t size) {
    if (size == size_) return;
    if (size > SIZE_MAX / sizeof(T)) throw std::bad_alloc();
    T* p = nullptr;
    if (size > 0) {
      p = static_cast<T*>(ResizePages(data_, size_ * sizeof(T), size * sizeof(T)));
      if (p == nullptr) throw std::bad_alloc();
    } else {
      Free();
    }
    data_ = p;
    size_ = size;
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  std::span<const T> span() const { return {data_, size_}; }

 private:
  void Free() {
    if (data_ != nullptr) FreePages(data_, size_ * sizeof(T));
    data_ = nullptr;
  }
  T* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace leaktrail
