// Dense ordinals that do not mix: an Index<NodeTag> neither compares with nor converts to an
// Index<EdgeTag>. The number inside is read with value(), so every crossing can be seen.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace leaktrail {

template <typename Tag>
class Index {
 public:
  constexpr Index() = default;
  explicit constexpr Index(uint32_t value) : value_(value) {}
  constexpr uint32_t value() const { return value_; }
  constexpr bool valid() const { return value_ != kNone; }
  static constexpr Index None() { return Index(kNone); }
  constexpr auto operator<=>(const Index&) const = default;
  constexpr Index& operator++() {
    ++value_;
    return *this;
  }

 private:
  static constexpr uint32_t kNone = 0xFFFFFFFFu;
  uint32_t value_ = kNone;
};

// All indices of [first, last), for range-for.
template <typename I>
class IndexRange {
 public:
  class Iterator {
   public:
    explicit constexpr Iterator(uint32_t v) : v_(v) {}
    constexpr I operator*() const { return I(v_); }
    constexpr Iterator& operator++() {
      ++v_;
      return *this;
    }
    constexpr bool operator!=(const Iterator& o) const { return v_ != o.v_; }

   private:
    uint32_t v_;
  };
  constexpr IndexRange(uint32_t first, uint32_t last) : first_(first), last_(last) {}
  constexpr Iterator begin() const { return Iterator(first_); }
  constexpr Iterator end() const { return Iterator(last_); }
  constexpr uint32_t size() const { return last_ - first_; }
  constexpr bool empty() const { return first_ == last_; }

 private:
  uint32_t first_, last_;
};

}  // namespace leaktrail

template <typename Tag>
struct std::hash<leaktrail::Index<Tag>> {
  size_t operator()(leaktrail::Index<Tag> i) const noexcept { return i.value(); }
};
