// A fixed-size array of 32-bit numbers that has two bytes for each until one needs more.
//
// For columns whose values are nearly always small, such as the class of a node: half the memory,
// and twice as many in a cache.
//
// Cost: O(1), but the first number of 2^16 or more copies all into four bytes each.
// Failure: std::bad_alloc.
// Threads: as a plain array; Set from one thread.
#pragma once

#include <cstdint>

#include "base/array.h"

namespace leaktrail {

class NarrowArray {
 public:
  NarrowArray() = default;
  // Elements are zero.
  explicit NarrowArray(size_t size) : narrow_(size) {}

  size_t size() const { return wide_.empty() ? narrow_.size() : wide_.size(); }
  uint32_t operator[](size_t i) const { return wide_.empty() ? narrow_[i] : wide_[i]; }
  void Set(size_t i, uint32_t value) {
    if (value > UINT16_MAX && wide_.empty()) Widen();
    if (wide_.empty()) {
      narrow_[i] = static_cast<uint16_t>(value);
    } else {
      wide_[i] = value;
    }
  }
  void Prefetch(size_t i) const {
    const void* const at = wide_.empty() ? static_cast<const void*>(&narrow_[i]) : &wide_[i];
    __builtin_prefetch(at);
  }

 private:
  void Widen() {
    Array<uint32_t> wide(narrow_.size());
    for (size_t i = 0; i < narrow_.size(); ++i) wide[i] = narrow_[i];
    wide_ = std::move(wide);
    narrow_ = {};
  }

  Array<uint16_t> narrow_;  // empty once wide_ is not
  Array<uint32_t> wide_;
};

}  // namespace leaktrail
