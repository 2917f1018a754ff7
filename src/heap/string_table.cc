#include "heap/string_table.h"

#include <algorithm>
#include <cctype>

#include "base/ascii.h"
#include "base/hash.h"

namespace leaktrail {
namespace {

constexpr std::array<std::string_view, static_cast<size_t>(WellKnown::kCount)> kWellKnownTexts = {
    "",
    "__proto__",
    "Object",
    "Array",
    "elements",
    "sloppy_function_map",
    "system / NativeContext",
    "(map descriptors)",
    "(Document DOM trees)",
    "system / JSArrayBufferData",
    "system / ExternalStringData",
    "(GC roots)",
    "map",
    "first",
    "second",
    "version",
};

// Reads the digits at the end of text[0, end). Returns where they begin.
size_t DigitsBefore(std::string_view text, size_t end) {
  while (end > 0 && IsDigit(text[end - 1])) --end;
  return end;
}

uint32_t ParseWrapped(std::string_view digits) {
  uint32_t v = 0;
  for (char c : digits) v = v * 10 + static_cast<uint32_t>(c - '0');
  return v;
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The four hex digits at raw[at, at+4), or -1.
int ParseHex4(std::string_view raw, size_t at) {
  if (at + 4 > raw.size()) return -1;
  int v = 0;
  for (size_t i = 0; i < 4; ++i) {
    const int h = HexValue(raw[at + i]);
    if (h < 0) return -1;
    v = v * 16 + h;
  }
  return v;
}

void AppendUtf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

}  // namespace

std::string_view WellKnownText(WellKnown k) { return kWellKnownTexts[static_cast<size_t>(k)]; }

std::optional<WellKnown> FindWellKnown(std::string_view raw) {
  // Asked for every string of a file, so the length is looked at first.
  static constexpr auto kBySize = [] {
    std::array<uint32_t, 32> by_size{};
    for (size_t k = 0; k < kWellKnownTexts.size(); ++k) {
      by_size[kWellKnownTexts[k].size()] |= 1u << k;
    }
    return by_size;
  }();
  if (raw.size() >= kBySize.size()) return std::nullopt;
  for (uint32_t left = kBySize[raw.size()]; left != 0; left &= left - 1) {
    const auto k = static_cast<size_t>(__builtin_ctz(left));
    if (kWellKnownTexts[k] == raw) return static_cast<WellKnown>(k);
  }
  return std::nullopt;
}

std::optional<EphemeronName> ParseEphemeronName(std::string_view raw) {
  // From both ends, so that names inside the text cannot confuse: the pattern is anchored at both
  // and its free parts match anything.
  size_t lead = 0;
  while (lead < raw.size() && IsDigit(raw[lead])) ++lead;
  if (lead == 0 || raw.empty() || raw.back() != ')') return std::nullopt;
  constexpr std::string_view kOpen = " / part of key (";
  constexpr std::string_view kTable = ") pair in WeakMap (table @";
  constexpr std::string_view kArrow = ") -> value (";
  if (raw.substr(lead, kOpen.size()) != kOpen) return std::nullopt;
  const size_t key_at = lead + kOpen.size();
  const size_t table_digits = DigitsBefore(raw, raw.size() - 1);
  if (table_digits == raw.size() - 1 || table_digits < key_at + kTable.size()) return std::nullopt;
  if (raw.substr(table_digits - kTable.size(), kTable.size()) != kTable) return std::nullopt;
  // "<value name> @<id>" ends where kTable begins.
  const size_t value_end = table_digits - kTable.size();
  const size_t value_digits = DigitsBefore(raw, value_end);
  if (value_digits == value_end || value_digits < key_at + 2 ||
      raw.substr(value_digits - 2, 2) != " @") {
    return std::nullopt;
  }
  // Somewhere between: " @<digits>) -> value (". The value's name may be empty, so its " @" may
  // begin right after the bracket.
  const size_t middle_end = value_digits - 2;
  bool found = false;
  for (size_t at = raw.find(kArrow, key_at);
       at != std::string_view::npos && at + kArrow.size() <= middle_end;
       at = raw.find(kArrow, at + 1)) {
    const size_t digits = DigitsBefore(raw, at);
    if (digits < at && digits >= key_at + 2 && raw.substr(digits - 2, 2) == " @") {
      found = true;
      break;
    }
  }
  if (!found) return std::nullopt;
  // DevTools' pattern does not match across line ends.
  if (raw.find('\\') != std::string_view::npos) {
    for (std::string_view line_end : {"\\n", "\\r", "\\u2028", "\\u2029"}) {
      if (raw.find(line_end) != std::string_view::npos) return std::nullopt;
    }
  }
  EphemeronName name;
  name.table_id = ParseWrapped(raw.substr(table_digits, raw.size() - 1 - table_digits));
  name.pair_hash = HashBytes(raw.substr(lead));
  return name;
}

std::string DecodeJsonString(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  for (size_t i = 0; i < raw.size();) {
    const char c = raw[i];
    if (c != '\\' || i + 1 >= raw.size()) {
      out += c;
      ++i;
      continue;
    }
    const char e = raw[i + 1];
    switch (e) {
      case 'b':
        out += '\b';
        i += 2;
        continue;
      case 'f':
        out += '\f';
        i += 2;
        continue;
      case 'n':
        out += '\n';
        i += 2;
        continue;
      case 'r':
        out += '\r';
        i += 2;
        continue;
      case 't':
        out += '\t';
        i += 2;
        continue;
      case 'u':
        break;
      default:
        out += e;
        i += 2;
        continue;
    }
    const int unit = ParseHex4(raw, i + 2);
    if (unit < 0) {
      out += c;
      ++i;
      continue;
    }
    i += 6;
    if (unit < 0xD800 || unit > 0xDFFF) {
      AppendUtf8(out, static_cast<uint32_t>(unit));
      continue;
    }
    const bool pair_follows =
        unit <= 0xDBFF && i + 6 <= raw.size() && raw[i] == '\\' && raw[i + 1] == 'u';
    const int low = pair_follows ? ParseHex4(raw, i + 2) : -1;
    if (low >= 0xDC00 && low <= 0xDFFF) {
      AppendUtf8(out, 0x10000u + ((static_cast<uint32_t>(unit) - 0xD800u) << 10) +
                          (static_cast<uint32_t>(low) - 0xDC00u));
      i += 6;
    } else {
      AppendUtf8(out, 0xFFFD);
    }
  }
  return out;
}

size_t Utf16Length(std::string_view utf8) {
  size_t n = 0;
  for (char c : utf8) {
    const auto b = static_cast<unsigned char>(c);
    if ((b & 0xC0) != 0x80) n += b >= 0xF0 ? 2 : 1;
  }
  return n;
}

StringTable::StringTable(Parts parts)
    : store_(std::move(parts.store)),
      starts_(std::move(parts.starts)),
      count_(parts.count),
      end_(parts.end),
      well_known_(std::move(parts.well_known)),
      unreadable_(std::make_unique<std::atomic<uint64_t>>(0)) {
  if (parts.ephemerons.empty()) return;
  ephemeron_strings_ = RankedBits(count_);
  for (const EphemeronName& e : parts.ephemerons) {
    ephemeron_strings_.insert(e.string);
    first_ephemeron_ = std::min(first_ephemeron_, e.string);
  }
  ephemerons_ = Array<EphemeronName>(ephemeron_strings_.Seal());
  for (const EphemeronName& e : parts.ephemerons) {
    ephemerons_[ephemeron_strings_.Rank(e.string)] = e;
  }
}

uint64_t StringTable::LimitOf(uint32_t i) const {
  return i + 1 < count_ ? starts_[i + 1] - 1 : end_;
}

namespace {
// Where the closing quote is: text holds a string from after its opening quote.
size_t FindClosingQuote(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') return i;
    if (text[i] == '\\') ++i;
  }
  return text.size();
}
}  // namespace

RawString ReadRawString(const ByteStore& store, uint64_t start, uint64_t limit) {
  RawString raw;
  // White space between strings may be of any length, so read in steps until the quote comes.
  size_t step = 2048;
  while (start + raw.text.size() < limit) {
    const size_t have = raw.text.size();
    const size_t want = static_cast<size_t>(std::min<uint64_t>(step, limit - start - have));
    raw.text.resize(have + want);
    const size_t got = store.Read(start + have, want, raw.text.data() + have);
    raw.text.resize(have + got);
    const size_t quote = FindClosingQuote(raw.text);
    if (quote < raw.text.size()) {
      raw.text.resize(quote);
      return raw;
    }
    if (got < want) {
      raw.complete = false;
      return raw;
    }
    step *= 2;
  }
  return raw;
}

std::string StringTable::GetRaw(StringIndex i) const {
  if (i.value() >= count_) return "";
  RawString raw = ReadRawString(*store_, starts_[i.value()], LimitOf(i.value()));
  if (!raw.complete) ++*unreadable_;
  return std::move(raw.text);
}

std::string StringTable::Get(StringIndex i) const { return DecodeJsonString(GetRaw(i)); }

void StringTable::ForEach(uint32_t first, uint32_t last,
                          const std::function<void(StringIndex, std::string_view)>& visit) const {
  constexpr uint64_t kBlock = uint64_t{1} << 20;
  last = static_cast<uint32_t>(std::min<uint64_t>(last, count_));
  std::string block;
  for (uint32_t i = first; i < last;) {
    const uint64_t from = starts_[i];
    uint32_t until = i + 1;
    while (until < last && LimitOf(until) - from <= kBlock) ++until;
    const uint64_t to = std::max(LimitOf(until - 1), from);
    block.resize(static_cast<size_t>(to - from));
    const size_t got = store_->Read(from, block.size(), block.data());
    if (got < block.size()) ++*unreadable_;
    for (; i < until; ++i) {
      const size_t at = static_cast<size_t>(starts_[i] - from);
      const size_t limit = static_cast<size_t>(std::min<uint64_t>(LimitOf(i) - from, got));
      std::string_view text;
      if (at < limit) {
        text = std::string_view(block).substr(at, limit - at);
        text = text.substr(0, FindClosingQuote(text));
      }
      visit(StringIndex(i), text);
    }
  }
}

std::optional<StringIndex> StringTable::FindExact(std::string_view text) const {
  std::optional<StringIndex> found;
  ForEach(0, static_cast<uint32_t>(count_), [&](StringIndex i, std::string_view raw) {
    if (!found && DecodeJsonString(raw) == text) found = i;
  });
  return found;
}

}  // namespace leaktrail
