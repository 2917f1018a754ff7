// Lists of preorder numbers that the dominator pass keeps until it comes to a node, packed.
//
// There are as many lists as nodes with more than one retainer; most are empty or have one entry,
// few have many. A list is named by a handle that its owner keeps:
//   0: empty · kCodedEmpty: empty, to be coded · kCoded + i: coded list i · else: cell number + 1
//
// Cost: 8 bytes an entry, one or two in a coded list. Freed with the object.
// Threads: one at a time. Failure: std::bad_alloc.
#pragma once

#include <cstdint>
#include <new>
#include <vector>

#include "base/array.h"
#include "base/growing_array.h"

namespace leaktrail {

// Bytes in pieces of 32 that are chained: many short sequences that grow at the same time.
class ByteChains {
 public:
  struct Chain {
    uint32_t first = 0, last = 0;  // pieces + 1
    uint32_t used = 0;             // bytes of the last piece
  };
  void Append(Chain& chain, uint8_t byte) {
    if (chain.last == 0 || chain.used == kBytes) {
      if (count_ == ~uint32_t{0}) throw std::bad_alloc();
      if (count_ % kBlock == 0) blocks_.emplace_back(kBlock);
      ++count_;
      (chain.last == 0 ? chain.first : piece(chain.last).next) = count_;
      chain.last = count_;
      chain.used = 0;
    }
    piece(chain.last).bytes[chain.used++] = byte;
  }
  template <typename Visit>
  void ForEach(const Chain& chain, const Visit& visit) const {
    for (uint32_t at = chain.first; at != 0; at = piece(at).next) {
      const uint32_t count = at == chain.last ? chain.used : kBytes;
      for (uint32_t i = 0; i < count; ++i) visit(piece(at).bytes[i]);
    }
  }

 private:
  static constexpr uint32_t kBytes = 28;
  struct Piece {
    uint8_t bytes[kBytes];
    uint32_t next;
  };
  static constexpr uint32_t kBlock = 1u << 16;
  Piece& piece(uint32_t n) { return blocks_[(n - 1) / kBlock][(n - 1) % kBlock]; }
  const Piece& piece(uint32_t n) const { return blocks_[(n - 1) / kBlock][(n - 1) % kBlock]; }
  std::vector<Array<Piece>> blocks_;
  uint32_t count_ = 0;
};

class CandidateLists {
 public:
  static constexpr uint32_t kCoded = 0x80000000u;
  static constexpr uint32_t kCodedEmpty = 0xFFFFFFFFu;

  void Add(uint32_t& handle, uint32_t value) {
    if (handle >= kCoded) return AddCoded(Coded(handle), value);
    if (handle != 0 && cell(handle).value == value) return;
    AddCell(handle, value, 0);
  }
  // Replaces the value of the last SetSlot, where that is cheap.
  void SetSlot(uint32_t& handle, uint32_t value) {
    if (handle >= kCoded) {
      Coded(handle).slot = value;
    } else if (handle != 0 && (cell(handle).next & kSlot) != 0) {
      cell(handle).value = value;
    } else {
      AddCell(handle, value, kSlot);  // an older slot further down does no harm
    }
  }
  void PrefetchList(uint32_t handle) const {
    if (handle != 0 && handle < kCoded) __builtin_prefetch(&cell(handle));
  }
  // The first number that ForEach visits, of a list that is not coded.
  const uint32_t* FirstOf(uint32_t handle) const {
    return handle != 0 && handle < kCoded ? &cell(handle).value : nullptr;
  }
  template <typename Visit>
  void ForEach(uint32_t handle, const Visit& visit) const {
    if (handle == 0 || handle == kCodedEmpty) return;
    if (handle < kCoded) {
      for (uint32_t at = handle; at != 0; at = cell(at).next & ~kSlot) visit(cell(at).value);
      return;
    }
    const CodedList& list = coded_[handle - kCoded];
    if (list.slot != 0) visit(list.slot);
    int64_t value = 0;
    uint64_t code = 0;
    unsigned shift = 0;
    bytes_.ForEach(list.bytes, [&](uint8_t b) {
      code |= uint64_t{b & 0x7Fu} << shift;
      shift += 7;
      if (b >= 0x80) return;
      value += static_cast<int64_t>(code >> 1) ^ -static_cast<int64_t>(code & 1);
      visit(static_cast<uint32_t>(value));
      code = 0;
      shift = 0;
    });
  }
  static bool IsLong(uint32_t handle) { return handle >= kCoded && handle != kCodedEmpty; }

 private:
  struct Cell {
    uint32_t value, next;
  };
  // Differences, 7 bits a byte; equal neighbours once.
  struct CodedList {
    ByteChains::Chain bytes;
    uint32_t last = 0;
    uint32_t slot = 0;  // one number that may be replaced; 0 if there is none
  };
  static constexpr uint32_t kSlot = 0x80000000u;
  static constexpr uint32_t kBlock = 1u << 18;

  Cell& cell(uint32_t n) { return blocks_[(n - 1) / kBlock][(n - 1) % kBlock]; }
  const Cell& cell(uint32_t n) const { return blocks_[(n - 1) / kBlock][(n - 1) % kBlock]; }
  void AddCell(uint32_t& handle, uint32_t value, uint32_t flag) {
    if (size_ == kSlot - 1) throw std::bad_alloc();
    if (size_ % kBlock == 0) blocks_.emplace_back(kBlock);
    blocks_.back()[size_ % kBlock] = {value, handle | flag};
    handle = ++size_;
  }
  CodedList& Coded(uint32_t& handle) {
    if (handle == kCodedEmpty) {
      if (coded_.size() == kCodedEmpty - kCoded) throw std::bad_alloc();
      handle = kCoded + static_cast<uint32_t>(coded_.size());
      coded_.push_back({});
    }
    return coded_[handle - kCoded];
  }

  void AddCoded(CodedList& list, uint32_t value) {
    if (value == list.last) return;
    const int64_t step = int64_t{value} - int64_t{list.last};
    auto code = static_cast<uint64_t>(step) << 1 ^ static_cast<uint64_t>(step >> 63);
    for (; code >= 0x80; code >>= 7) bytes_.Append(list.bytes, static_cast<uint8_t>(code | 0x80));
    bytes_.Append(list.bytes, static_cast<uint8_t>(code));
    list.last = value;
  }

  std::vector<Array<Cell>> blocks_;
  GrowingArray<CodedList> coded_;
  ByteChains bytes_;
  uint32_t size_ = 0;
};

}  // namespace leaktrail
