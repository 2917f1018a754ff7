#include "capture/heap_sample.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>
#include <random>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "capture/proc_files.h"
#include "capture/tcp_connect.h"

namespace leaktrail {
namespace {

constexpr uint64_t kChunkBytes = 256 * 1024, kPageBytes = 4096;
constexpr size_t kChunkWords = kChunkBytes / 8;
// Where the first object of a chunk begins at the latest: V8 10 to 12 have headers of 4.4 KB.
constexpr size_t kHeadWords = 1024;
constexpr size_t kChunks = 96;
constexpr uint64_t kPresent = uint64_t{1} << 63;  // in pagemap

// A word that is there so often is worth asking whether it points to a Map.
constexpr uint32_t kOften = 3;
// Chunks with fewer objects hold one large object, or are not of the heap.
constexpr size_t kFewObjects = kChunkWords / 2000;
// Objects that do not fit into a chunk have more words than this.
constexpr uint64_t kLargeArray = 16'000;
constexpr uint64_t kLongArray = 16;
// Places in an array that are looked at, and words of each, to see what it holds: the table of a
// Map begins with numbers, and its end is not in use. The longest one has a figure of its own.
constexpr uint64_t kArrayPlaces = 32, kPlacesOfLongest = 512;
constexpr size_t kPlaceWords = 16;
constexpr double kArrayOfPointers = 0.1;
// The tables of V8 begin with three numbers, the third of which is how many buckets they have: a
// power of two. Weak ones have two words for each, others up to seven.
constexpr uint64_t kTableHead = 3, kWeakBucketWords = 2, kMostBucketWords = 7;
constexpr uint16_t kFirstNoString = 0x40, kNotInternalized = 0x20, kOneByteString = 0x08;
constexpr uint16_t kWaysToStore = 0x07, kConcatenated = 1, kSliced = 3;
constexpr uint64_t kLongestText = 1024;
constexpr double kEscapedUnit = 4;  // bytes that a two-byte character becomes, in the mean
// Of what looks like free space: so much must end where something begins.
constexpr double kSurelyFree = 0.6;
constexpr uint32_t kEnoughFree = 20;

struct Region {
  uint64_t begin = 0, end = 0;
  bool writable = false;
};

struct MapFacts {
  uint8_t size_in_words = 0;  // 0: differs
  uint16_t instance_type = 0;
};

bool IsTagged(uint64_t word) { return (word & 7) == 1 && word > kPageBytes; }
bool IsSmi(uint64_t word) { return (word & 0xFFFFFFFF) == 0; }
bool IsFiller(const MapFacts& map) { return map.size_in_words == 1; }
bool HasText(const MapFacts& map) {
  const uint16_t way = map.instance_type & kWaysToStore;
  return map.instance_type < kFirstNoString && way != kConcatenated && way != kSliced;
}

// Of a table, of which `words` are the first elements; 0 if the array is none.
uint64_t WordsForEachBucket(std::span<const uint64_t> words, uint64_t length) {
  if (words.size() < kTableHead || !std::ranges::all_of(words.first(kTableHead), IsSmi)) return 0;
  const uint64_t buckets = words[2] >> 32;
  if (!std::has_single_bit(buckets) || length < buckets) return 0;
  const uint64_t each = (length - kTableHead) / buckets;
  return each <= kMostBucketWords ? each : 0;
}

class HeapReader {
 public:
  explicit HeapReader(ProcessId pid) : pid_(pid) {}
  std::optional<HeapSample> Run();

 private:
  void FindRegions();
  std::vector<uint64_t> FindChunks();
  bool IsOldAndWhole(uint64_t chunk) const;
  bool Read(uint64_t at, std::span<uint64_t> words) const;
  const Region* RegionOf(uint64_t address) const;
  const MapFacts* MapOf(uint64_t word) const;
  bool PointsToWritable(uint64_t word) const;
  void Consider(uint64_t word);
  void LearnMaps(std::span<const uint64_t> words);
  void LearnFreeSpace(std::span<const uint64_t> words);
  uint64_t FreeWordsAt(std::span<const uint64_t> chunk, size_t at) const;
  void Count(std::span<const uint64_t> chunk, HeapSample* sample) const;
  double PointersIn(uint64_t first, uint64_t length, uint64_t places) const;
  void CountLargeArrays(const std::vector<uint64_t>& chunks, HeapSample* sample);

  ProcessId pid_;
  std::vector<Region> regions_;  // sorted
  std::unordered_map<uint64_t, MapFacts> maps_;
  std::unordered_map<uint64_t, bool> is_map_of_maps_;
  std::unordered_set<uint64_t> asked_;
  uint64_t free_space_ = 0;
};

bool HeapReader::Read(uint64_t at, std::span<uint64_t> words) const {
  iovec here{words.data(), words.size_bytes()};
  iovec there{reinterpret_cast<void*>(at), words.size_bytes()};
  return process_vm_readv(pid_, &here, 1, &there, 1, 0) == static_cast<ssize_t>(words.size_bytes());
}

void HeapReader::FindRegions() {
  const std::string maps = ReadProcFile(pid_, "maps").value_or("");
  for (const std::string_view line : SplitLines(maps)) {
    const std::vector<std::string_view> words = SplitWords(line);
    if (words.size() < 5 || words[4] != "0" || words[1][0] != 'r') continue;
    if (words.size() > 5 && !words[5].starts_with("[anon")) continue;
    const size_t dash = words[0].find('-');
    if (dash == std::string_view::npos) continue;
    const Region region{ToNumber(words[0].substr(0, dash), 16).value_or(0),
                        ToNumber(words[0].substr(dash + 1), 16).value_or(0),
                        words[1][1] == 'w' && words[1][2] != 'x'};
    if (!regions_.empty() && regions_.back().end == region.begin &&
        regions_.back().writable == region.writable) {
      regions_.back().end = region.end;
    } else {
      regions_.push_back(region);
    }
  }
}

// Those of which the first page is there. The last one of a large object is only as long as it needs.
std::vector<uint64_t> HeapReader::FindChunks() {
  std::vector<uint64_t> chunks;
  const FileDescriptor pagemap(
      open(fmt::format("/proc/{}/pagemap", pid_).c_str(), O_RDONLY | O_CLOEXEC));
  if (!pagemap.valid()) return chunks;
  for (const Region& region : regions_) {
    if (!region.writable) continue;
    const uint64_t first = (region.begin + kChunkBytes - 1) / kChunkBytes * kChunkBytes;
    for (uint64_t at = first; at + kHeadWords * 8 <= region.end; at += kChunkBytes) {
      uint64_t entry = 0;
      const auto offset = static_cast<off_t>(at / kPageBytes * sizeof entry);
      if (pread(pagemap.get(), &entry, sizeof entry, offset) != sizeof entry) return chunks;
      if ((entry & kPresent) != 0) chunks.push_back(at);
    }
  }
  return chunks;
}

// V8 marks the pages of its young generation, both halves of it, in the flags of their headers: the
// first word, up to Node 20 the second, behind the size. What stands in the half that is not in
// use was copied elsewhere, and of the other half most is garbage.
bool HeapReader::IsOldAndWhole(uint64_t chunk) const {
  constexpr uint64_t kFromPage = 1 << 3, kToPage = 1 << 4, kMostFlags = 1 << 24;
  uint64_t header[2] = {};
  const Region* region = RegionOf(chunk);
  if (region == nullptr || chunk + kChunkBytes > region->end || !Read(chunk, header)) return false;
  const uint64_t flags = header[0] == kChunkBytes ? header[1] : header[0];
  return flags >= kMostFlags || (flags & (kFromPage | kToPage)) == 0;
}

const Region* HeapReader::RegionOf(uint64_t address) const {
  auto it = std::upper_bound(regions_.begin(), regions_.end(), address,
                             [](uint64_t a, const Region& r) { return a < r.begin; });
  if (it == regions_.begin()) return nullptr;
  --it;
  return address < it->end ? &*it : nullptr;
}

bool HeapReader::PointsToWritable(uint64_t word) const {
  const Region* region = IsTagged(word) ? RegionOf(word) : nullptr;
  return region != nullptr && region->writable;
}

const MapFacts* HeapReader::MapOf(uint64_t word) const {
  if (!IsTagged(word)) return nullptr;
  const auto it = maps_.find(word);
  return it == maps_.end() ? nullptr : &it->second;
}

void HeapReader::Consider(uint64_t word) {
  const bool is_new = asked_.insert(word).second;
  std::array<uint64_t, 2> begin{};
  if (!is_new || RegionOf(word) == nullptr || !Read(word - 1, begin) || !IsTagged(begin[0])) return;
  auto known = is_map_of_maps_.find(begin[0]);
  if (known == is_map_of_maps_.end()) {
    std::array<uint64_t, 1> own{};
    const bool is = RegionOf(begin[0]) != nullptr && Read(begin[0] - 1, own) && own[0] == begin[0];
    known = is_map_of_maps_.emplace(begin[0], is).first;
  }
  if (!known->second) return;
  maps_[word] = {static_cast<uint8_t>(begin[1]), static_cast<uint16_t>(begin[1] >> 32)};
}

void HeapReader::LearnMaps(std::span<const uint64_t> words) {
  std::unordered_map<uint64_t, uint32_t> often;
  often.reserve(words.size() / 8);
  for (const uint64_t word : words) {
    if (IsTagged(word) && ++often[word] == kOften) Consider(word);
  }
}

uint64_t HeapReader::FreeWordsAt(std::span<const uint64_t> chunk, size_t at) const {
  if (at + 2 >= chunk.size() || !IsSmi(chunk[at + 1])) return 0;
  const uint64_t bytes = chunk[at + 1] >> 32;
  return bytes >= 24 && bytes % 8 == 0 && at + bytes / 8 <= chunk.size() ? bytes / 8 : 0;
}

void HeapReader::LearnFreeSpace(std::span<const uint64_t> words) {
  struct Seen {
    uint32_t times = 0, fits = 0;
  };
  std::unordered_map<uint64_t, Seen> seen;
  for (size_t begin = 0; begin < words.size(); begin += kChunkWords) {
    const std::span<const uint64_t> chunk = words.subspan(begin, kChunkWords);
    for (size_t i = 0; i < chunk.size(); ++i) {
      const MapFacts* map = MapOf(chunk[i]);
      if (map == nullptr || map->size_in_words != 0) continue;
      Seen& s = seen[chunk[i]];
      ++s.times;
      const uint64_t free = FreeWordsAt(chunk, i);
      if (free != 0 && (i + free == chunk.size() || MapOf(chunk[i + free]) != nullptr)) ++s.fits;
    }
  }
  uint32_t most = 0;
  for (const auto& [word, s] : seen) {
    if (s.fits < kEnoughFree || s.fits < kSurelyFree * s.times || s.fits <= most) continue;
    most = s.fits;
    free_space_ = word;
  }
}

void HeapReader::Count(std::span<const uint64_t> chunk, HeapSample* sample) const {
  HeapSample here;
  size_t free_words = 0, array_end = 0;
  for (size_t i = 0; i < chunk.size(); ++i) {
    const uint64_t word = chunk[i];
    if (word == free_space_ && free_space_ != 0) {
      if (const uint64_t free = FreeWordsAt(chunk, i); free != 0) {
        free_words += free;
        i += free - 1;
        continue;
      }
    }
    if (!IsTagged(word)) continue;
    const MapFacts* map = MapOf(word);
    if (map != nullptr && !IsFiller(*map)) {
      ++here.objects;
      if (map->size_in_words == 0 && i + 1 < chunk.size() && IsSmi(chunk[i + 1]) &&
          chunk[i + 1] >> 32 >= kLongArray && chunk[i + 1] >> 32 < kLargeArray) {
        array_end = i + 2 + (chunk[i + 1] >> 32);
      }
      if (HasText(*map) && i + 1 < chunk.size()) {
        const auto length = static_cast<double>(std::min(chunk[i + 1] >> 32, kLongestText));
        ++here.strings;
        if ((map->instance_type & kNotInternalized) == 0) ++here.internalized_strings;
        here.string_text_bytes +=
            (map->instance_type & kOneByteString) != 0 ? length : length * kEscapedUnit;
      }
    }
    if (PointsToWritable(word)) {
      ++here.pointers;
      if (i < array_end) ++here.array_pointers;
    }
  }
  if (here.objects < kFewObjects) return;
  sample->objects += here.objects;
  sample->pointers += here.pointers;
  sample->array_pointers += here.array_pointers;
  sample->strings += here.strings;
  sample->internalized_strings += here.internalized_strings;
  sample->string_text_bytes += here.string_text_bytes;
  sample->live_bytes += static_cast<double>(chunk.size() - free_words) * 8;
  ++sample->chunks;
}

// Which part of an array's words point to objects.
double HeapReader::PointersIn(uint64_t first, uint64_t length, uint64_t places) const {
  std::array<uint64_t, kPlaceWords> words{};
  double looked_at = 0, pointers = 0;
  for (uint64_t i = 0; i < places; ++i) {
    const uint64_t index = (length - kPlaceWords) / (places - 1) * i;
    if (!Read(first + index * 8, words)) continue;
    looked_at += static_cast<double>(words.size());
    for (const uint64_t word : words) {
      if (PointsToWritable(word)) ++pointers;
    }
  }
  return looked_at > 0 ? pointers / looked_at : 0;
}

void HeapReader::CountLargeArrays(const std::vector<uint64_t>& chunks, HeapSample* sample) {
  std::vector<uint64_t> page(kHeadWords);
  uint64_t longest = 0;
  for (const uint64_t at : chunks) {
    if (!Read(at, page)) continue;
    // A large object is alone in its chunks: the first Map is its own.
    const auto begin = std::find_if(page.begin(), page.end(), [this](uint64_t word) {
      if (IsTagged(word)) Consider(word);
      return MapOf(word) != nullptr;
    });
    const auto i = static_cast<size_t>(begin - page.begin());
    if (i + 1 >= page.size() || *begin == free_space_ || !IsSmi(page[i + 1])) continue;
    const uint64_t length = page[i + 1] >> 32;
    if (MapOf(*begin)->size_in_words != 0 || length < kLargeArray) continue;
    const uint64_t first = at + (i + 2) * 8;
    const Region* region = RegionOf(at);
    if (region == nullptr || length > (region->end - first) / 8) continue;
    const double part =
        PointersIn(first, length, length > longest ? kPlacesOfLongest : kArrayPlaces);
    longest = std::max(longest, length);
    if (part < kArrayOfPointers) continue;
    const double all = part * static_cast<double>(length);
    const uint64_t each = WordsForEachBucket(std::span(page).subspan(i + 2), length);
    double& kind = each == 0                  ? sample->large_array_pointers
                   : each == kWeakBucketWords ? sample->large_weak_pointers
                                              : sample->large_table_pointers;
    kind += all;
    if (all <= sample->longest_array_pointers) continue;
    sample->longest_array_pointers = all;
    sample->longest_array_length = static_cast<double>(length);
  }
}

std::optional<HeapSample> HeapReader::Run() {
  FindRegions();
  const std::vector<uint64_t> chunks = FindChunks();
  std::vector<uint64_t> old, chosen;
  std::ranges::copy_if(chunks, std::back_inserter(old),
                       [this](uint64_t c) { return IsOldAndWhole(c); });
  // The same heap gives the same figures.
  std::mt19937_64 random(1);
  std::sample(old.begin(), old.end(), std::back_inserter(chosen), kChunks, random);
  std::vector<uint64_t> words(chosen.size() * kChunkWords);
  size_t read = 0;
  for (const uint64_t at : chosen) {
    const auto place = std::span<uint64_t>(words).subspan(read * kChunkWords, kChunkWords);
    if (Read(at, place)) ++read;
  }
  words.resize(read * kChunkWords);
  if (words.empty()) return std::nullopt;
  LearnMaps(words);
  LearnFreeSpace(words);
  HeapSample sample;
  for (size_t i = 0; i < read; ++i) {
    Count(std::span<const uint64_t>(words).subspan(i * kChunkWords, kChunkWords), &sample);
  }
  if (sample.chunks == 0) return std::nullopt;
  CountLargeArrays(chunks, &sample);
  return sample;
}

}  // namespace

std::optional<HeapSample> SampleHeap(ProcessId pid) { return HeapReader(pid).Run(); }

}  // namespace leaktrail
