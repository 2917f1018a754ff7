#include "snapshot/sections.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <span>

#include "base/parallel.h"
#include "base/ranked_bits.h"
#include "snapshot/numbers.h"

#if defined(__x86_64__)
#include "base/wide_vectors.h"
#endif

namespace leaktrail {
namespace {

constexpr uint64_t kMaxU32 = 0xFFFFFFFFu;
// A stream's size is not known, so its arrays grow from this many rows.
constexpr uint64_t kFirstRows = uint64_t{1} << 18;

// What every numeric section shares: capacity that follows the bytes, the first bad number, and the
// end of the section.
class NumberSection {
 public:
  NumberSection(const char* name, const char* row_name, uint64_t rows, uint32_t fields)
      : name_(name), row_name_(row_name), rows_(rows), fields_(fields) {}
  virtual ~NumberSection() = default;

  Result<SectionResult> Read(ByteSource& source, ChunkPipeline& pipeline) {
    const uint64_t begin = source.position();
    uint64_t fit = rows_;
    if (source.random_access()) {
      // A number and what divides it from the next take two bytes at least.
      fit = (source.size() - std::min(begin, source.size()) + 1) / (uint64_t{2} * fields_);
    }
    // A header that promises more than can follow is found out at the section's end.
    limit_ = std::min(rows_, fit) * fields_;
    capacity_ = source.random_access() ? limit_ : std::min(limit_, kFirstRows * fields_);
    Allocate(capacity_ / fields_);
    pipeline.scan = [](const Chunk& chunk) { return ScanNumbers(chunk); };
    pipeline.capacity = [this] { return capacity_ == limit_ ? ~uint64_t{0} : capacity_; };
    pipeline.reserve = [this](uint64_t count) {
      while (capacity_ < std::min(count, limit_)) capacity_ *= 2;
      capacity_ = std::min(capacity_, limit_);
      Allocate(capacity_ / fields_);
      return true;
    };
    pipeline.work = [this](const ChunkTask& task) { Work(task); };
    Result<SectionEnd> end = pipeline.Run(source);
    if (!end) return tl::unexpected<Error>(end.error());

    SectionResult result;
    uint64_t numbers = end->count;
    // In a row that is not whole nothing is judged: how many of its numbers there is room for depends
    // on what is known of the file's size.
    if (bad_index_ < numbers / fields_ * fields_) {
      numbers = bad_index_;
      result.damage = bad_;
    } else if (end->input_error) {
      result.damage = end->input_error;
    } else if (end->stop_byte < 0) {
      result.damage = Error{ErrorKind::kBadInput,
                            fmt::format("the file is truncated: it ends in its {}, after {} of {} "
                                        "{}s",
                                        name_, numbers / fields_, rows_, row_name_),
                            end->offset};
    } else if (end->stop_byte != ']') {
      result.damage = Error{ErrorKind::kBadInput,
                            fmt::format("unexpected {} in the {}", ByteName(end->stop_byte), name_),
                            end->offset};
    } else if (numbers != rows_ * fields_) {
      result.damage =
          Error{ErrorKind::kBadInput,
                fmt::format("the header promises {} {}s of {} numbers, but {} numbers are there",
                            rows_, row_name_, fields_, numbers),
                end->offset};
    }
    result.rows = std::min(numbers, limit_) / fields_;
    Allocate(result.rows);
    result.max_string_index = max_string_;
    return result;
  }

 protected:
  virtual void Allocate(uint64_t rows) = 0;
  virtual void Work(const ChunkTask& task) = 0;

  uint64_t limit() const { return limit_; }
  uint32_t fields() const { return fields_; }

  // The number with this index is wrong. The first one counts.
  void Bad(const ChunkTask& task, uint64_t index, std::string message) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (index >= bad_index_) return;
    bad_index_ = index;
    const long at = FindNumber(task.chunk, index - task.first);
    bad_ = Error{ErrorKind::kBadInput, std::move(message),
                 task.chunk.offset + static_cast<uint64_t>(at)};
  }
  void SawString(uint32_t index) {
    const std::lock_guard<std::mutex> lock(mutex_);
    max_string_ = std::max(max_string_, index);
  }
  std::mutex& mutex() { return mutex_; }

 private:
  static std::string ByteName(int byte) {
    if (byte >= 0x21 && byte < 0x7F) return fmt::format("'{}'", static_cast<char>(byte));
    return fmt::format("byte 0x{:02X}", byte);
  }

  const char* const name_;
  const char* const row_name_;
  const uint64_t rows_;
  const uint32_t fields_;
  uint64_t limit_ = 0;     // numbers that are kept
  uint64_t capacity_ = 0;  // numbers there is room for
  std::mutex mutex_;
  uint64_t bad_index_ = ~uint64_t{0};
  Error bad_;
  uint32_t max_string_ = 0;
};

class NodesSection : public NumberSection {
 public:
  NodesSection(const SnapshotHeader& h, GraphColumns& c)
      : NumberSection("nodes", "node", h.node_count, h.node_fields), h_(h), c_(c) {
    for (size_t t = 0; t < codes_.size(); ++t) {
      const bool known = t < h.node_types.size() && h.node_types[t] != NodeType::kOther;
      codes_[t] = known ? static_cast<uint8_t>(h.node_types[t]) : kAsk;
    }
  }
  bool any_detachedness() const { return any_detachedness_; }
  // Keeps the first rows only.
  void Cut(uint64_t rows) {
    Allocate(rows);
    while (!c_.large_self_size.empty() && c_.large_self_size.back().node >= rows) {
      c_.large_self_size.pop_back();
    }
    std::erase_if(c_.other_type, [&](const auto& e) { return e.first >= rows; });
  }

 protected:
  void Allocate(uint64_t rows) override {
    const auto n = static_cast<size_t>(rows);
    c_.type.Resize(n);
    c_.name.Resize(n);
    c_.id.Resize(n);
    c_.self_size.Resize(n);
    c_.first_edge.Resize(n + 1);
    if (h_.detachedness_at != kNoField) c_.detachedness.Resize(n);
  }

  void Work(const ChunkTask& task) override {
    NumberBatches batches(task);
    uint64_t first = task.first;
    uint32_t max_string = 0;
    for (auto batch = batches.Next(); !batch.empty(); batch = batches.Next()) {
      size_t done = 0;
#if defined(__x86_64__)
      if (HasWideCpu() && HasAllFields() && batches.large().empty()) {
        done = StoreQuickly(task, first, batch, max_string);
      }
#endif
      Store(task, first + done, batch.subspan(done), batches.large(), max_string);
      first += batch.size();
    }
    SawString(max_string);
  }

 private:
  static constexpr uint8_t kAsk = 0xFF;

#if defined(__x86_64__)
  static constexpr uint32_t kNodesAtOnce = 16;
  bool HasAllFields() const {
    return h_.type_at != kNoField && h_.name_at != kNoField && h_.id_at != kNoField &&
           h_.self_size_at != kNoField && h_.edge_count_at != kNoField;
  }

  // As Store, as far as nodes come by sixteen and have nothing unusual. How many numbers that is.
  size_t StoreQuickly(const ChunkTask& task, uint64_t first, std::span<const uint32_t> batch,
                      uint32_t& max_string) {
    if (first >= limit()) return 0;
    const uint32_t fields = h_.node_fields;
    const size_t size = static_cast<size_t>(std::min<uint64_t>(batch.size(), limit() - first));
    const auto lead = static_cast<size_t>((fields - first % fields) % fields);
    if (size < lead) return 0;
    Store(task, first, batch.first(lead), {}, max_string);
    const auto node = static_cast<uint32_t>((first + lead) / fields);
    const size_t whole = (size - lead) / fields / kNodesAtOnce * kNodesAtOnce;
    return lead + fields * WideStore(node, batch.data() + lead, whole, max_string);
  }

  // How many of `count` nodes, a multiple of sixteen, were stored.
  LEAKTRAIL_WIDE size_t WideStore(uint32_t node, const uint32_t* numbers, size_t count,
                                  uint32_t& max_string) {
    const auto fields = static_cast<int>(h_.node_fields);
    const __m512i row =
        _mm512_mullo_epi32(_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
                           _mm512_set1_epi32(fields));
    const __m128i low_codes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(codes_.data()));
    const __m128i high_codes =
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(codes_.data() + 16));
    __m512i largest = _mm512_set1_epi32(static_cast<int>(max_string));
    size_t done = 0;
    for (; done < count; done += kNodesAtOnce) {
      const uint32_t* const in = numbers + done * h_.node_fields;
      const uint32_t v = node + static_cast<uint32_t>(done);
      const auto field = [&](uint32_t at) __attribute__((always_inline, target("avx512f"))) {
        return _mm512_i32gather_epi32(row, in + at, 4);
      };
      const __m512i type = field(h_.type_at), size = field(h_.self_size_at);
      __mmask16 unusual = _mm512_cmpge_epu32_mask(type, _mm512_set1_epi32(32)) |
                          _mm512_cmpge_epu32_mask(size, _mm512_set1_epi32(LargeSize::kMark));
      if (h_.detachedness_at != kNoField) {
        const __m512i detachedness = field(h_.detachedness_at);
        unusual |= _mm512_test_epi32_mask(detachedness, detachedness);
      }
      const __m128i code = _mm_permutex2var_epi8(low_codes, _mm512_cvtepi32_epi8(type), high_codes);
      unusual |= _mm_cmpeq_epi8_mask(code, _mm_set1_epi8(static_cast<char>(kAsk)));
      if (unusual != 0) break;
      const __m512i name = field(h_.name_at);
      largest = _mm512_max_epu32(largest, name);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(&c_.type[v]), code);
      _mm512_storeu_si512(&c_.name[v], name);
      _mm512_storeu_si512(&c_.id[v], field(h_.id_at));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(&c_.self_size[v]),
                          _mm512_cvtepi32_epi16(size));
      _mm512_storeu_si512(&c_.first_edge[v + 1], field(h_.edge_count_at));
    }
    max_string = _mm512_reduce_max_epu32(largest);
    return done;
  }
#endif

  // Calls put(j, node) for the numbers batch[j] that are field `at` of a node.
  template <typename Put>
  void ForField(uint32_t at, uint64_t first, size_t n, const Put& put) const {
    if (at == kNoField) return;
    const uint32_t fields = h_.node_fields;
    const auto phase = static_cast<uint32_t>(first % fields);
    size_t j = at >= phase ? at - phase : at + fields - phase;
    auto node = static_cast<uint32_t>((first + j) / fields);
    for (; j < n; j += fields, ++node) put(j, node);
  }

  void Store(const ChunkTask& task, uint64_t first, std::span<const uint32_t> batch,
             std::span<const LargeNumber> large, uint32_t& max_string) {
    if (first >= limit()) return;
    const auto n = static_cast<size_t>(std::min<uint64_t>(batch.size(), limit() - first));
    std::vector<LargeSize> sizes;
    ForField(h_.type_at, first, n, [&](size_t j, uint32_t node) {
      const uint8_t code = batch[j] < codes_.size() ? codes_[batch[j]] : kAsk;
      c_.type[node] = code;
      if (code == kAsk) OtherType(node, batch[j]);
    });
    ForField(h_.name_at, first, n, [&](size_t j, uint32_t node) {
      max_string = std::max(max_string, batch[j]);
      c_.name[node] = batch[j];
    });
    ForField(h_.id_at, first, n, [&](size_t j, uint32_t node) { c_.id[node] = batch[j]; });
    ForField(h_.self_size_at, first, n, [&](size_t j, uint32_t node) {
      c_.self_size[node] = static_cast<uint16_t>(std::min<uint32_t>(batch[j], LargeSize::kMark));
      if (batch[j] >= LargeSize::kMark) sizes.push_back({node, batch[j]});
    });
    ForField(h_.edge_count_at, first, n,
             [&](size_t j, uint32_t node) { c_.first_edge[node + 1] = batch[j]; });
    ForField(h_.detachedness_at, first, n, [&](size_t j, uint32_t node) {
      if (batch[j] == 0) return;
      c_.detachedness[node] = batch[j] <= 2 ? static_cast<uint8_t>(batch[j]) : 0;
      any_detachedness_.store(true, std::memory_order_relaxed);
    });
    for (const LargeNumber& l : large) {
      if (l.at >= n) break;
      const auto field = static_cast<uint32_t>((first + l.at) % h_.node_fields);
      const auto node = static_cast<uint32_t>((first + l.at) / h_.node_fields);
      if (field == h_.self_size_at && l.value <= kMaxHeapBytes) {
        c_.self_size[node] = LargeSize::kMark;
        sizes.push_back({node, l.value});  // after what its lower digits may have brought
      } else if (field == h_.type_at || field == h_.name_at || field == h_.edge_count_at ||
                 field == h_.self_size_at) {
        Bad(task, first + l.at, fmt::format("a number of node {} is too large", node));
      }
    }
    if (sizes.empty()) return;
    const std::lock_guard<std::mutex> lock(mutex());
    c_.large_self_size.Append(sizes.data(), sizes.size());
  }

  void OtherType(uint32_t node, uint32_t type) {
    c_.type[node] = static_cast<uint8_t>(NodeType::kOther);
    if (type >= h_.node_type_names.size()) return;
    const std::lock_guard<std::mutex> lock(mutex());
    c_.other_type[node] = h_.node_type_names[type];
  }

  const SnapshotHeader& h_;
  GraphColumns& c_;
  std::array<uint8_t, 256> codes_{};
  std::atomic<bool> any_detachedness_{false};
};

class EdgesSection : public NumberSection {
 public:
  EdgesSection(const SnapshotHeader& h, uint32_t node_count, GraphColumns& c)
      : NumberSection("edges", "edge", h.edge_count, h.edge_fields),
        h_(h),
        node_count_(node_count),
        c_(c),
        usual_(h.edge_fields == 3 && h.edge_type_at == 0 && h.edge_name_at == 1 &&
               h.to_node_at == 2) {
    for (size_t t = 0; t < codes_.size(); ++t) {
      codes_[t] =
          static_cast<uint8_t>(t < h.edge_types.size() ? h.edge_types[t] : EdgeType::kOther);
    }
  }

 protected:
  void Allocate(uint64_t rows) override { c_.edge.Resize(static_cast<size_t>(rows)); }

  void Work(const ChunkTask& task) override {
    switch (usual_ ? h_.node_fields : 0) {
      case 5:
        return Usual<5>(task);
      case 6:
        return Usual<6>(task);
      case 7:
        return Usual<7>(task);
      case 8:
        return Usual<8>(task);
      default:
        break;
    }
    uint64_t index = task.first;
    ForEachNumber(task, [&](uint64_t v) { Put(task, index++, v); });
  }

 public:
  // The largest string index in rows that were put together number by number: only when all are
  // there can it be told which name is a string's.
  uint32_t MaxStringOfPutRows(uint64_t rows) const {
    uint32_t largest = 0;
    const auto look = [&](size_t row) {
      const RawEdge& edge = c_.edge[row];
      if (NamedByIndex(edge.type())) return;
      const uint32_t name = edge.label >> RawEdge::kTypeBits;
      const bool aside = name == HeapGraph::kLabelOverflow;
      largest = std::max(largest, aside ? c_.large_label.at(static_cast<uint32_t>(row)) : name);
    };
    if (!usual_) {
      for (size_t row = 0; row < rows; ++row) look(row);
    } else {
      for (size_t row : put_rows_) {
        if (row < rows) look(row);
      }
    }
    return largest;
  }

 private:
  // type, name, target in this order, kFields numbers a node: all but the first and last row of a
  // task are stored whole.
  template <uint32_t kFields>
  void Usual(const ChunkTask& task) {
    NumberBatches batches(task);
    uint64_t first = task.first;
    uint32_t max_string = 0;
    // Every batch but the first begins with a row.
    size_t lead = static_cast<size_t>((3 - first % 3) % 3);
    size_t most = NumberBatches::kMost - 3 + lead;
    for (auto batch = batches.Next(most); !batch.empty(); batch = batches.Next(most)) {
      size_t rows = batch.size() > lead ? (batch.size() - lead) / 3 : 0;
      if (!batches.large().empty()) rows = 0;
      const uint32_t* const row = batch.data() + lead;
      max_string = std::max(max_string, StoreRowsQuickly<kFields>(task, first + lead, row, rows));
      if (3 * rows < batch.size()) {
        batches.ForEachOfBatch([&](size_t j, uint64_t v) {
          if (j < lead || j >= lead + 3 * rows) Put(task, first + j, v);
        });
      }
      first += batch.size();
      lead = 0;
      most = NumberBatches::kMost;
    }
    SawString(max_string);
  }

  // The largest index of a string.
  template <uint32_t kFields>
  uint32_t StoreRowsQuickly(const ChunkTask& task, uint64_t first, const uint32_t* batch,
                            size_t rows) {
#if defined(__x86_64__)
    if (HasWideCpu()) return WideStoreRows<kFields>(task, first, batch, rows);
#endif
    return HasModernCpu() ? ModernStoreRows<kFields>(task, first, batch, rows)
                          : StoreRows<kFields>(task, first, batch, rows);
  }
#if defined(__x86_64__)
  // Sixteen rows at a time. Types have to be below sixteen, which they are.
  template <uint32_t kFields>
  LEAKTRAIL_WIDE uint32_t WideStoreRows(const ChunkTask& task, uint64_t first,
                                        const uint32_t* batch, size_t rows) {
    constexpr size_t kRows = 16;
    if (first >= limit()) return 0;
    rows = static_cast<size_t>(std::min<uint64_t>(rows, (limit() - first) / 3));
    uint32_t codes[kRows], named_by_string[kRows];
    for (size_t t = 0; t < kRows; ++t) {
      codes[t] = codes_[t];
      named_by_string[t] = NamedByIndex(static_cast<EdgeType>(codes_[t])) ? 0 : kMaxU32;
    }
    const __m512i code_of = _mm512_loadu_si512(codes);
    const __m512i name_mask = _mm512_loadu_si512(named_by_string);
    const __m512i type_at =
        _mm512_setr_epi32(0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 36, 39, 42, 45);
    const __m512i name_at = _mm512_add_epi32(type_at, _mm512_set1_epi32(1));
    const __m512i to_at = _mm512_add_epi32(type_at, _mm512_set1_epi32(2));
    const __m512i low_rows =
        _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i high_rows = _mm512_add_epi32(low_rows, _mm512_set1_epi32(8));
    __m512i largest = _mm512_setzero_si512();
    uint32_t bad = 0;
    size_t done = 0;
    for (; done + kRows <= rows; done += kRows) {
      const uint32_t* const in = batch + 3 * done;
      const __m512i a = _mm512_loadu_si512(in), b = _mm512_loadu_si512(in + 16),
                    c = _mm512_loadu_si512(in + 32);
      // The fields of rows that begin in a or b, then those in c: an index counts modulo 32, or 16.
      const __m512i type = _mm512_mask_permutexvar_epi32(_mm512_permutex2var_epi32(a, type_at, b),
                                                         0xF800, type_at, c);
      const __m512i name = _mm512_mask_permutexvar_epi32(_mm512_permutex2var_epi32(a, name_at, b),
                                                         0xF800, name_at, c);
      const __m512i to =
          _mm512_mask_permutexvar_epi32(_mm512_permutex2var_epi32(a, to_at, b), 0xFC00, to_at, c);
      const __m512i target = WideDivide<kFields>(to);
      bad |= _mm512_cmpge_epu32_mask(type, _mm512_set1_epi32(kRows)) |
             _mm512_cmpge_epu32_mask(target, _mm512_set1_epi32(static_cast<int>(node_count_))) |
             _mm512_cmpneq_epu32_mask(_mm512_mullo_epi32(target, _mm512_set1_epi32(kFields)), to) |
             _mm512_cmpge_epu32_mask(name, _mm512_set1_epi32(HeapGraph::kLabelOverflow));
      largest = _mm512_max_epu32(largest,
                                 _mm512_and_si512(name, _mm512_permutexvar_epi32(type, name_mask)));
      const __m512i label = _mm512_or_si512(_mm512_slli_epi32(name, RawEdge::kTypeBits),
                                            _mm512_permutexvar_epi32(type, code_of));
      RawEdge* const out = &c_.edge[static_cast<size_t>(first / 3) + done];
      _mm512_storeu_si512(out, _mm512_permutex2var_epi32(target, low_rows, label));
      _mm512_storeu_si512(out + 8, _mm512_permutex2var_epi32(target, high_rows, label));
    }
    if (bad != 0) return StoreRows<kFields>(task, first, batch, rows);
    return std::max(_mm512_reduce_max_epu32(largest),
                    StoreRows<kFields>(task, first + 3 * done, batch + 3 * done, rows - done));
  }
  // By a product with the reciprocal, rounded up, of 32 bits and of 33 for seven (T. Granlund,
  // P. Montgomery: "Division by Invariant Integers using Multiplication", PLDI 1994).
  template <uint32_t kFields>
  LEAKTRAIL_WIDE LEAKTRAIL_INLINE static __m512i WideDivide(__m512i n) {
    if constexpr (kFields == 8) return _mm512_srli_epi32(n, 3);
    constexpr uint32_t kFactor = kFields == 5   ? 0xCCCCCCCDu
                                 : kFields == 6 ? 0xAAAAAAABu
                                                : 0x24924925u;
    const __m512i factor = _mm512_set1_epi32(static_cast<int>(kFactor));
    const __m512i even = _mm512_mul_epu32(n, factor);
    const __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64(n, 32), factor);
    const __m512i high = _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, 32), odd);
    if constexpr (kFields != 7) return _mm512_srli_epi32(high, 2);
    return _mm512_srli_epi32(
        _mm512_add_epi32(_mm512_srli_epi32(_mm512_sub_epi32(n, high), 1), high), 2);
  }
#endif
  template <uint32_t kFields>
  LEAKTRAIL_MODERN uint32_t ModernStoreRows(const ChunkTask& task, uint64_t first,
                                            const uint32_t* batch, size_t rows) {
    return StoreRows<kFields>(task, first, batch, rows);
  }
  template <uint32_t kFields>
  LEAKTRAIL_INLINE uint32_t StoreRows(const ChunkTask& task, uint64_t first, const uint32_t* batch,
                                      size_t rows) {
    if (first >= limit() || rows == 0) return 0;
    rows = static_cast<size_t>(std::min<uint64_t>(rows, (limit() - first) / 3));
    RawEdge* out = &c_.edge[static_cast<size_t>(first / 3)];
    bool bad = false;
    uint32_t largest = 0;
    for (size_t r = 0; r < rows; ++r) {
      const uint32_t type = batch[3 * r], name = batch[3 * r + 1], to = batch[3 * r + 2];
      const uint32_t target = to / kFields;
      const uint32_t code = codes_[type & 0xFF];
      bad |= type > 0xFF || target >= node_count_ || target * kFields != to ||
             name >= HeapGraph::kLabelOverflow;
      const bool by_index = NamedByIndex(static_cast<EdgeType>(code));
      largest = std::max(largest, by_index ? 0 : name);
      out[r] = {target, name << RawEdge::kTypeBits | code};
    }
    if (!bad) return largest;
    // Rare: large element indices, or damage. Number by number, over what was stored.
    for (size_t r = 0; r < rows; ++r) out[r] = {0, 0};
    for (size_t j = 0; j < rows * 3; ++j) Put(task, first + j, batch[j]);
    return largest;
  }

  void TooLarge(const ChunkTask& task, uint64_t index) {
    Bad(task, index, fmt::format("a number of edge {} is too large", index / fields()));
  }

  // One number of a row that may be shared with another thread: bits are added to zeros.
  void Put(const ChunkTask& task, uint64_t index, uint64_t value) {
    if (index >= limit()) return;
    if (value > kMaxU32) return TooLarge(task, index);
    const auto v = static_cast<uint32_t>(value);
    const auto field = static_cast<uint32_t>(index % fields());
    const auto row = static_cast<size_t>(index / fields());
    RawEdge& edge = c_.edge[row];
    if (usual_ && field == h_.edge_type_at) {
      const std::lock_guard<std::mutex> lock(mutex());
      put_rows_.push_back(row);
    }
    if (field == h_.to_node_at) {
      if (v % h_.node_fields != 0 || v / h_.node_fields >= node_count_) {
        return Bad(task, index,
                   fmt::format("edge {} leads to {}, which is no node of {}", row, v, node_count_));
      }
      edge.target = v / h_.node_fields;
      return;
    }
    std::atomic_ref<uint32_t> label(edge.label);
    if (field == h_.edge_type_at) {
      const uint32_t code = v < codes_.size() ? codes_[v] : static_cast<uint32_t>(EdgeType::kOther);
      label.fetch_or(code, std::memory_order_relaxed);
    } else if (field == h_.edge_name_at) {
      if (v >= HeapGraph::kLabelOverflow) {
        const std::lock_guard<std::mutex> lock(mutex());
        c_.large_label[static_cast<uint32_t>(row)] = v;
      }
      label.fetch_or(std::min(v, HeapGraph::kLabelOverflow) << RawEdge::kTypeBits,
                     std::memory_order_relaxed);
    }
  }

  const SnapshotHeader& h_;
  const uint32_t node_count_;
  GraphColumns& c_;
  const bool usual_;
  std::vector<size_t> put_rows_;
  std::array<uint8_t, 256> codes_{};
};

// Of unknown length. A number that does not fit is 2^32 - 1.
class LocationsSection {
 public:
  uint64_t capacity() const { return values_.size(); }
  bool Reserve(uint64_t numbers) {
    values_.Resize(std::max({static_cast<size_t>(numbers), 2 * values_.size(), size_t{1} << 16}));
    return true;
  }
  void Work(const ChunkTask& task) {
    uint32_t* out = values_.data() + task.first;
    ForEachNumber(
        task, [&](uint64_t v) { *out++ = static_cast<uint32_t>(std::min<uint64_t>(v, kMaxU32)); });
  }
  Array<uint32_t> Take(uint64_t count) {
    values_.Resize(static_cast<size_t>(count));
    return std::move(values_);
  }

 private:
  Array<uint32_t> values_;
};

// The number of nodes whose self sizes do not add up to more than kMaxHeapBytes. Only large sizes
// matter: 2^32 others are less than 2^48 bytes, which are left for them.
uint64_t RowsThatAddUp(const GraphColumns& columns) {
  uint64_t room = kMaxHeapBytes - (uint64_t{LargeSize::kMark} << 32);
  for (const LargeSize& large : columns.large_self_size) {
    if (large.bytes > room) return large.node;
    room -= large.bytes;
  }
  return columns.type.size();
}

}  // namespace

Result<SectionResult> ReadNodes(ByteSource& source, ChunkPipeline pipeline,
                                const SnapshotHeader& header, GraphColumns& columns) {
  NodesSection section(header, columns);
  const uint64_t begin = source.position();
  Result<SectionResult> result = section.Read(source, pipeline);
  if (!result) return result;
  SortLargeSizes(columns.large_self_size);
  section.Cut(result->rows);  // what was cut off may have left notes
  if (const uint64_t rows = RowsThatAddUp(columns); rows < result->rows) {
    result->damage = Error{ErrorKind::kBadInput,
                           fmt::format("up to node {} the self sizes add up to more than {} bytes",
                                       rows, kMaxHeapBytes),
                           begin};
    result->rows = rows;
    section.Cut(rows);
  }
  if (!section.any_detachedness()) columns.detachedness = {};
  if (header.id_at == kNoField) {
    for (size_t i = 0; i < columns.id.size(); ++i) columns.id[i] = static_cast<uint32_t>(2 * i + 1);
  }
  return result;
}

Result<SectionResult> ReadEdges(ByteSource& source, ChunkPipeline pipeline,
                                const SnapshotHeader& header, uint32_t node_count,
                                GraphColumns& columns) {
  EdgesSection section(header, node_count, columns);
  Result<SectionResult> result = section.Read(source, pipeline);
  if (!result) return result;
  result->max_string_index =
      std::max(result->max_string_index, section.MaxStringOfPutRows(result->rows));
  std::erase_if(columns.large_label, [&](const auto& e) { return e.first >= result->rows; });
  return result;
}

Result<SectionResult> ReadLocations(ByteSource& source, ChunkPipeline pipeline,
                                    const SnapshotHeader& header, uint32_t node_count,
                                    Array<Location>& locations) {
  LocationsSection section;
  pipeline.scan = [](const Chunk& chunk) { return ScanNumbers(chunk); };
  pipeline.capacity = [&] { return section.capacity(); };
  pipeline.reserve = [&](uint64_t numbers) { return section.Reserve(numbers); };
  pipeline.work = [&](const ChunkTask& task) { section.Work(task); };
  Result<SectionEnd> end = pipeline.Run(source);
  if (!end) return tl::unexpected<Error>(end.error());
  SectionResult result;
  if (end->input_error) {
    result.damage = end->input_error;
  } else if (end->stop_byte != ']') {
    result.damage = Error{ErrorKind::kBadInput,
                          end->stop_byte < 0 ? "the file is truncated: it ends in its locations"
                                             : "unexpected character in the locations",
                          end->offset};
  }
  const uint32_t fields = header.location_fields;
  if (header.object_index_at == kNoField || header.line_at == kNoField ||
      header.script_id_at == kNoField || header.column_at == kNoField) {
    return result;  // the file does not say what the numbers are
  }
  const Array<uint32_t> values = section.Take(end->count);
  const size_t rows = values.size() / fields;
  // V8 writes them in no order. Which nodes have one tells where each belongs.
  RankedBits located(node_count);
  size_t count = 0;
  for (; count < rows; ++count) {
    const uint32_t object = values[count * fields + header.object_index_at];
    const uint32_t node = object / header.node_fields;
    if (object % header.node_fields != 0 || node >= node_count) {
      if (!result.damage) {
        result.damage =
            Error{ErrorKind::kBadInput,
                  fmt::format("location {} is of object {}, which is no node", count, object),
                  end->offset};
      }
      break;
    }
    located.insert(node);
  }
  locations = Array<Location>(located.Seal());
  // DevTools keeps a map from node to location, so the last entry of a node counts: if one has
  // several, one thread does all.
  const unsigned workers = locations.size() == count ? pipeline.threads : 1;
  ParallelBlocks(workers, count, size_t{1} << 15, [&](size_t first, size_t last) {
    for (size_t i = first; i < last; ++i) {
      const uint32_t* const row = values.data() + i * fields;
      const uint32_t node = row[header.object_index_at] / header.node_fields;
      locations[located.Rank(node)] = {NodeIndex(node), row[header.script_id_at],
                                       row[header.line_at], row[header.column_at]};
    }
  });
  result.rows = locations.size();
  return result;
}

}  // namespace leaktrail
