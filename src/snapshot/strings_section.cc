#include "snapshot/strings_section.h"

#include <algorithm>
#include <mutex>

namespace leaktrail {
namespace {

// Which of the 64 bytes are escaped by a backslash before them. `escaped` says whether byte 0 is,
// and is set for the block after. Backslashes are rare, so they are taken one by one.
uint64_t EscapedBytes(uint64_t backslashes, bool& escaped) {
  uint64_t result = escaped ? 1 : 0;
  escaped = false;
  backslashes &= ~result;
  while (backslashes != 0) {
    const int at = __builtin_ctzll(backslashes);
    backslashes &= backslashes - 1;
    if (at == 63) {
      escaped = true;
      break;
    }
    result |= uint64_t{2} << at;
    backslashes &= ~(uint64_t{2} << at);
  }
  return result;
}

struct StringMasks {
  uint64_t quotes = 0;       // unescaped
  uint64_t backslashes = 0;  // that escape something
  uint64_t escaped = 0;
};

LEAKTRAIL_INLINE StringMasks FindQuotes(const Block& block, bool& escaped) {
  StringMasks m;
  const uint64_t backslashes = block.Equal('\\');
  if (backslashes != 0 || escaped) {
    m.escaped = EscapedBytes(backslashes, escaped);
    m.backslashes = backslashes & ~m.escaped;
  }
  m.quotes = block.Equal('"') & ~m.escaped;
  return m;
}

bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

class StringCollector {
 public:
  // Quotes that there is room for, and room for more.
  uint64_t capacity() const { return 2 * uint64_t{starts_.size()}; }
  bool Reserve(uint64_t quotes) {
    if (quotes > kMaxQuotes) return false;
    const size_t strings = static_cast<size_t>(quotes / 2 + 1);
    starts_.Resize(std::max({strings, 2 * starts_.size(), size_t{1} << 16}));
    return true;
  }

  // Where the strings of one chunk begin, and what was seen in them.
  void Work(const ChunkTask& task) {
    const Chunk& chunk = task.chunk;
    const size_t size = chunk.size + (task.stopped ? 1 : 0);
    std::vector<std::pair<WellKnown, uint32_t>> known;
    std::vector<EphemeronName> ephemerons;
    uint64_t index = (task.first + 1) / 2;  // of the next string to begin
    bool inside = task.first % 2 == 1;
    const bool begins_inside = inside;
    size_t open_at = 0;
    bool open_here = false;
    bool escaped = chunk.starts_escaped;
    uint64_t bad = kNone;
    uint64_t cut_escape = kNone;
    for (size_t at = 0; at < size; at += kBlockBytes) {
      const Block block(chunk.data + at);
      StringMasks m = FindQuotes(block, escaped);
      if (size - at < kBlockBytes) {
        m.quotes &= LowBits(size - at);
        m.escaped &= LowBits(size - at);
      }
      for (uint64_t e = m.escaped; e != 0 && bad == kNone; e &= e - 1) {
        const size_t i = at + static_cast<size_t>(__builtin_ctzll(e));
        if (!ValidEscape(chunk, i, cut_escape)) bad = chunk.offset + i - 1;
      }
      for (uint64_t q = m.quotes; q != 0; q &= q - 1) {
        const size_t i = at + static_cast<size_t>(__builtin_ctzll(q));
        if (!inside) {
          starts_[static_cast<size_t>(index)] = chunk.offset + i + 1;
          open_at = i + 1;
          open_here = true;
          inside = true;
          ++index;
          continue;
        }
        inside = false;
        if (!open_here) continue;  // it began in an earlier chunk
        Look(std::string_view(chunk.data + open_at, i - open_at), static_cast<uint32_t>(index - 1),
             known, ephemerons);
      }
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    known_.insert(known_.end(), known.begin(), known.end());
    ephemerons_.Append(ephemerons.data(), ephemerons.size());
    if (begins_inside) split_.push_back(static_cast<uint32_t>(task.first / 2));
    bad_escape_ = std::min(bad_escape_, bad);
    if (cut_escape != kNone) cut_escapes_.push_back(cut_escape);
  }

  static void Look(std::string_view raw, uint32_t index,
                   std::vector<std::pair<WellKnown, uint32_t>>& known,
                   std::vector<EphemeronName>& ephemerons) {
    if (auto k = FindWellKnown(raw)) known.emplace_back(*k, index);
    if (!raw.empty() && raw.back() == ')' && raw[0] >= '0' && raw[0] <= '9') {
      if (auto name = ParseEphemeronName(raw)) {
        name->string = index;
        ephemerons.push_back(*name);
      }
    }
  }

  // Only strings that are closed count; an unfinished last one is dropped.
  void Finish(StringsSection& out, std::shared_ptr<const ByteStore> store) {
    const uint64_t quotes = out.end.count;
    StringTable::Parts& p = out.parts;
    p.count = static_cast<size_t>(quotes / 2);
    starts_.Resize(p.count);
    p.starts = std::move(starts_);
    p.end = out.end.offset;
    p.store = std::move(store);
    std::sort(split_.begin(), split_.end());
    split_.erase(std::unique(split_.begin(), split_.end()), split_.end());
    std::vector<EphemeronName> ephemerons;
    for (uint32_t i : split_) {
      if (i >= p.count) continue;
      const uint64_t limit = i + 1 < p.count ? p.starts[i + 1] - 1 : p.end;
      Look(ReadRawString(*p.store, p.starts[i], limit).text, i, known_, ephemerons);
    }
    std::sort(known_.begin(), known_.end());
    for (const auto& [k, index] : known_) {
      if (index < p.count) p.well_known[static_cast<size_t>(k)].push_back(StringIndex(index));
    }
    ephemerons_.Append(ephemerons.data(), ephemerons.size());
    size_t kept = 0;
    for (const EphemeronName& e : ephemerons_) {
      if (e.string < p.count) ephemerons_[kept++] = e;
    }
    ephemerons_.Truncate(kept);
    p.ephemerons = std::move(ephemerons_);
    for (uint64_t escape : cut_escapes_) {
      char digits[4];
      const uint64_t after_u = escape + 2;
      const size_t there =
          after_u < p.end ? static_cast<size_t>(std::min<uint64_t>(4, p.end - after_u)) : 0;
      const size_t got = p.store->Read(after_u, there, digits);
      if (!std::all_of(digits, digits + got, IsHex)) bad_escape_ = std::min(bad_escape_, escape);
    }
    if (bad_escape_ != kNone) out.bad_escape_at = bad_escape_;
  }

 private:
  static constexpr uint64_t kNone = ~uint64_t{0};
  // A string's number must fit an index.
  static constexpr uint64_t kMaxQuotes = uint64_t{2} * 0xFFFFFFFEu;

  // The byte at `i` follows a backslash. An escape that goes over the end of the chunk is valid so
  // far; its offset goes to `cut`.
  static bool ValidEscape(const Chunk& chunk, size_t i, uint64_t& cut) {
    const char c = chunk.data[i];
    if (c != 'u')
      return c != '\0' && std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
    for (size_t k = i + 1; k < i + 5; ++k) {
      if (k >= chunk.size) {
        cut = chunk.offset + i - 1;
        break;
      }
      if (!IsHex(chunk.data[k])) return false;
    }
    return true;
  }

  std::mutex mutex_;
  Array<uint64_t> starts_;  // by string; more than there are strings
  std::vector<std::pair<WellKnown, uint32_t>> known_;
  GrowingArray<EphemeronName> ephemerons_;
  std::vector<uint32_t> split_;  // strings that go over the end of a chunk
  std::vector<uint64_t> cut_escapes_;
  uint64_t bad_escape_ = kNone;
};

LEAKTRAIL_INLINE ChunkScan Scan(const Chunk& chunk) {
  ChunkScan scan;
  bool escaped = chunk.starts_escaped;
  // All ones if the bytes before this block end inside a string, provided that the chunk began
  // outside one.
  uint64_t inside_before = 0;
  for (size_t at = 0; at < chunk.size; at += kBlockBytes) {
    const Block block(chunk.data + at);
    const uint64_t valid = chunk.size - at < kBlockBytes ? LowBits(chunk.size - at) : ~uint64_t{0};
    const uint64_t quotes = FindQuotes(block, escaped).quotes & valid;
    // A string's opening quote and its text, without the closing quote.
    const uint64_t inside = PrefixXor(quotes) ^ inside_before;
    inside_before = static_cast<uint64_t>(static_cast<int64_t>(inside) >> 63);
    const uint64_t text = ~quotes & valid;
    const uint64_t allowed_outside = block.Equal(',') | block.Space();
    const uint64_t control = block.ControlCharacters();
    for (int parity = 0; parity < 2; ++parity) {
      if (scan.stop_at[parity] != kNoStop) continue;
      const uint64_t in = parity == 0 ? inside : ~inside;
      const uint64_t stops = text & ((~in & ~allowed_outside) | (in & control));
      if (stops == 0) continue;
      const auto stop = static_cast<size_t>(__builtin_ctzll(stops));
      scan.stop_at[parity] = at + stop;
      scan.count_at_stop[parity] =
          scan.count + static_cast<uint64_t>(__builtin_popcountll(quotes & LowBits(stop)));
    }
    if (scan.stop_at[0] != kNoStop && scan.stop_at[1] != kNoStop) return scan;
    scan.count += static_cast<uint64_t>(__builtin_popcountll(quotes));
  }
  return scan;
}

LEAKTRAIL_MODERN ChunkScan ModernScan(const Chunk& chunk) { return Scan(chunk); }

}  // namespace

ChunkScan ScanStrings(const Chunk& chunk) {
  return HasModernCpu() ? ModernScan(chunk) : Scan(chunk);
}

Result<StringsSection> ReadStringsSection(ByteSource& source, ChunkPipeline pipeline) {
  StringCollector collector;
  std::shared_ptr<MemoryStore> kept;
  if (!source.random_access()) {
    kept = std::make_shared<MemoryStore>(source.position());
    pipeline.keep = [kept](const char* data, size_t size) { return kept->Append(data, size); };
  }
  pipeline.scan = ScanStrings;
  pipeline.capacity = [&] { return collector.capacity(); };
  pipeline.reserve = [&](uint64_t quotes) { return collector.Reserve(quotes); };
  pipeline.work = [&](const ChunkTask& task) { collector.Work(task); };
  Result<SectionEnd> end = pipeline.Run(source);
  if (!end) return tl::unexpected<Error>(end.error());
  StringsSection section;
  section.end = std::move(*end);
  collector.Finish(section, kept ? std::shared_ptr<const ByteStore>(kept) : source.store());
  return section;
}

}  // namespace leaktrail
