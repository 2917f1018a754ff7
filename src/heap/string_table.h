// The strings of a snapshot, left where they are until one is shown.
//
// Only the place of each string is kept (8 bytes a string); the text stays in the file, or in
// memory when the input was a pipe. A string is JSON-escaped there and is decoded to UTF-8 when
// asked for. Two things are found while the table is read, because every analysis needs them and
// a second look at all strings would cost as much as the first: strings with a meaning to an
// analysis (WellKnown), and the names of WeakMap entries (ephemerons).
//
// Cost: Get reads from the store, about a microsecond; ForEach reads in large blocks.
// Threads: frozen after building; reads may run in parallel.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/array.h"
#include "base/byte_store.h"
#include "base/growing_array.h"
#include "base/ranked_bits.h"
#include "heap/types.h"

namespace leaktrail {

enum class WellKnown : uint8_t {
  kEmpty,               // ""
  kProto,               // __proto__
  kObject,              // Object
  kArray,               // Array
  kElements,            // elements
  kSloppyFunctionMap,   // sloppy_function_map
  kNativeContext,       // system / NativeContext
  kMapDescriptors,      // (map descriptors)
  kDocumentDomTrees,    // (Document DOM trees)
  kArrayBufferData,     // system / JSArrayBufferData
  kExternalStringData,  // system / ExternalStringData
  kGcRoots,             // (GC roots)
  kMap,                 // map
  kFirst,               // first
  kSecond,              // second
  kVersion,             // version
  kCount
};
std::string_view WellKnownText(WellKnown k);
std::optional<WellKnown> FindWellKnown(std::string_view raw);

// `<n> / part of key (<name> @<id>) -> value (<name> @<id>) pair in WeakMap (table @<id>)`.
// Rule and pattern: heap_snapshot_worker/HeapSnapshot.ts of Chrome DevTools.
struct EphemeronName {
  uint64_t pair_hash = 0;  // of everything after the leading number: names the pair
  uint32_t table_id = 0;   // the id after "table @", modulo 2^32
  uint32_t string = 0;     // whose name this is, once it is in a table
};
// `raw` is the escaped text as in the file.
std::optional<EphemeronName> ParseEphemeronName(std::string_view raw);

// Decodes the inside of a JSON string. A lone surrogate becomes U+FFFD; a broken escape is kept as
// it stands.
std::string DecodeJsonString(std::string_view raw);
// How many UTF-16 units the decoded text has: what JavaScript calls its length.
size_t Utf16Length(std::string_view utf8);

// The escaped text of the string that begins at `start` (after its opening quote) and ends before
// `limit`. `complete` is false if the store gave less than asked for.
struct RawString {
  std::string text;
  bool complete = true;
};
RawString ReadRawString(const ByteStore& store, uint64_t start, uint64_t limit);

class StringTable {
 public:
  StringTable() = default;
  StringTable(StringTable&&) = default;
  StringTable& operator=(StringTable&&) = default;

  size_t size() const { return count_; }
  // "" for an index outside the table.
  std::string Get(StringIndex i) const;
  // The text as in the file, still escaped.
  std::string GetRaw(StringIndex i) const;
  // Calls visit(i, raw) for first <= i < last, in order.
  void ForEach(uint32_t first, uint32_t last,
               const std::function<void(StringIndex, std::string_view)>& visit) const;
  // O(table): for tests and rare questions.
  std::optional<StringIndex> FindExact(std::string_view text) const;

  // The table may hold a text twice if the producer was not V8; all indices count.
  std::span<const StringIndex> well_known(WellKnown k) const {
    return well_known_[static_cast<size_t>(k)];
  }
  bool Is(StringIndex i, WellKnown k) const {
    for (StringIndex x : well_known(k)) {
      if (x == i) return true;
    }
    return false;
  }
  // nullptr if the string is not the name of a WeakMap entry. O(1).
  const EphemeronName* ephemeron(StringIndex i) const {
    return is_ephemeron(i) ? &ephemerons_[ephemeron_strings_.Rank(i.value())] : nullptr;
  }
  // Most names are told by the first comparison: those that all heaps have come first in a table.
  bool is_ephemeron(StringIndex i) const {
    return i.value() >= first_ephemeron_ && ephemeron_strings_.contains(i.value());
  }
  // No ephemeron's name has a smaller index.
  uint32_t first_ephemeron() const { return first_ephemeron_; }
  bool has_ephemerons() const { return !ephemerons_.empty(); }
  // How many reads failed since the table was made (the file changed under us).
  uint64_t unreadable_count() const { return unreadable_ ? unreadable_->load() : 0; }

  // How the snapshot reader and GraphBuilder fill it.
  struct Parts {
    std::shared_ptr<const ByteStore> store;
    Array<uint64_t> starts;  // offset of the first byte after the opening quote
    size_t count = 0;
    uint64_t end = 0;  // offset after the last string's closing quote
    std::array<std::vector<StringIndex>, static_cast<size_t>(WellKnown::kCount)> well_known;
    GrowingArray<EphemeronName> ephemerons;  // one a string, in any order
  };
  explicit StringTable(Parts parts);

 private:
  uint64_t LimitOf(uint32_t i) const;  // no byte of string i is at or after it
  std::shared_ptr<const ByteStore> store_;
  Array<uint64_t> starts_;
  size_t count_ = 0;
  uint64_t end_ = 0;
  std::array<std::vector<StringIndex>, static_cast<size_t>(WellKnown::kCount)> well_known_;
  uint32_t first_ephemeron_ = ~uint32_t{0};
  RankedBits ephemeron_strings_;
  Array<EphemeronName> ephemerons_;
  std::unique_ptr<std::atomic<uint64_t>> unreadable_;
};

}  // namespace leaktrail
