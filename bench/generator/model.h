// Words shared by the parts of the snapshot generator: what a node and an edge are before they
// have an index in a file.
//
// A snapshot is made of one base heap (roots, maps, scripts, classes, a few ten thousand nodes,
// kept in memory) and of any number of units (one request with all it drags along, about ninety
// nodes). A unit is a function of the seed and its number, so it is built anew in every pass over
// the file and never kept: memory grows by some twenty bytes for each unit, not by its nodes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace leaktrail::bench {

// Which release's file layout to write, and which names and sizes V8 gave things then.
enum class Layout : std::uint8_t { kNode20, kNode24 };

// The values are V8's, so that they can be written as they are.
enum class NodeType : std::uint8_t {
  kHidden,
  kArray,
  kString,
  kObject,
  kCode,
  kClosure,
  kRegExp,
  kNumber,
  kNative,
  kSynthetic,
  kConcatenatedString,
  kSlicedString,
  kSymbol,
  kBigInt,
  kObjectShape,
};

enum class EdgeType : std::uint8_t {
  kContext,
  kElement,
  kProperty,
  kInternal,
  kHidden,
  kShortcut,
  kWeak,
};

// A text of the string table: of the base heap, of the unit at hand, or the decimal digits of a
// number (V8 names the slots of tables so). kIndex is not a text: element and hidden edges carry
// the number itself.
struct Label {
  enum class Kind : std::uint8_t { kBase, kLocal, kDigits, kIndex };
  Kind kind = Kind::kBase;
  std::uint32_t value = 0;

  static Label Digits(std::uint32_t number) { return {Kind::kDigits, number}; }
  static Label Index(std::uint32_t number) { return {Kind::kIndex, number}; }
};

// What an edge leads to: a node of the base heap, a node of the unit at hand, or the cache entry or
// the request of any unit.
struct Target {
  enum class Kind : std::uint8_t { kBase, kLocal, kCacheEntry, kRequest };
  Kind kind = Kind::kBase;
  std::uint32_t value = 0;
};

struct Location {
  std::uint32_t script_id = 0;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

struct Edge {
  EdgeType type;
  Label label;
  Target target;
};

// A small generator of random numbers (SplitMix64): any number of independent ones can be
// started from seed and unit number at no cost.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  // A number in [0, bound).
  std::uint32_t Below(std::uint32_t bound) {
    return static_cast<std::uint32_t>(((Next() >> 32) * bound) >> 32);
  }
  bool Chance(std::uint32_t percent) { return Below(100) < percent; }
  // A number in [0, bound), small ones far more often: the square of an even choice.
  std::uint32_t Skewed(std::uint32_t bound) {
    const std::uint64_t r = Next() >> 32;
    return static_cast<std::uint32_t>((((r * r) >> 32) * bound) >> 32);
  }

 private:
  std::uint64_t state_;
};

inline std::uint64_t Mix(std::uint64_t a, std::uint64_t b) {
  return Random(a ^ (b * 0xd6e8feb86659fd93u)).Next();
}

}  // namespace leaktrail::bench
