// An Array that grows at its end. Its pages move when it grows, their bytes do not.
#pragma once

#include <algorithm>
#include <cstring>

#include "base/array.h"

namespace leaktrail {

template <typename T>
class GrowingArray {
 public:
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](size_t i) { return values_[i]; }
  const T& operator[](size_t i) const { return values_[i]; }
  T* begin() { return values_.begin(); }
  T* end() { return values_.begin() + size_; }
  const T* begin() const { return values_.begin(); }
  const T* end() const { return values_.begin() + size_; }
  void push_back(const T& value) {
    Reserve(size_ + 1);
    values_[size_++] = value;
  }
  void Append(const T* values, size_t count) {
    if (count == 0) return;
    Reserve(size_ + count);
    std::memcpy(values_.data() + size_, values, count * sizeof(T));
    size_ += count;
  }
  const T& back() const { return values_[size_ - 1]; }
  T& back() { return values_[size_ - 1]; }
  void pop_back() { --size_; }
  void Truncate(size_t size) { size_ = std::min(size, size_); }
  // The values; the array is empty afterwards.
  Array<T> Take() {
    values_.Resize(size_);
    size_ = 0;
    return std::move(values_);
  }

 private:
  void Reserve(size_t size) {
    if (size > values_.size()) values_.Resize(std::max({size, values_.size() * 2, size_t{64}}));
  }
  Array<T> values_;
  size_t size_ = 0;
};

}  // namespace leaktrail
