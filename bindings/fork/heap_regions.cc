#include "heap_regions.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

namespace leaktrail_fork {
namespace {

// Calls line(text, length) for each line of a file. False if it cannot be read to its end.
template <typename F>
bool ForEachLine(const char* path, const F& line) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  constexpr size_t kBuffer = 1 << 16;
  char* buffer = static_cast<char*>(malloc(kBuffer));
  bool good = buffer != nullptr;
  size_t kept = 0;
  while (good) {
    const ssize_t n = read(fd, buffer + kept, kBuffer - kept);
    if (n < 0) good = false;
    if (n <= 0) break;
    const size_t size = kept + static_cast<size_t>(n);
    size_t begin = 0;
    for (;;) {
      const void* end = memchr(buffer + begin, '\n', size - begin);
      if (end == nullptr) break;
      const size_t length = static_cast<size_t>(static_cast<const char*>(end) - (buffer + begin));
      line(buffer + begin, length);
      begin += length + 1;
    }
    kept = size - begin;
    if (kept == kBuffer) good = false;  // no line of these files is that long
    memmove(buffer, buffer + begin, kept);
  }
  free(buffer);
  close(fd);
  return good;
}

bool StartsWith(const char* text, size_t length, const char* prefix) {
  const size_t n = strlen(prefix);
  return length >= n && memcmp(text, prefix, n) == 0;
}

uintptr_t ReadHex(const char* text, size_t length, size_t* at) {
  uintptr_t value = 0;
  for (; *at < length; ++*at) {
    const char c = text[*at];
    if (c >= '0' && c <= '9') {
      value = value * 16 + static_cast<uintptr_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      value = value * 16 + static_cast<uintptr_t>(c - 'a' + 10);
    } else {
      break;
    }
  }
  return value;
}

// "7f00-7f10 rw-p 00000000 00:00 0     [heap]"
struct MapLine {
  uintptr_t begin = 0, end = 0;
  bool is_private = false;
  bool anonymous = false;  // no file behind it and not one of the kernel's own
};

bool ParseMapLine(const char* text, size_t length, MapLine* out) {
  size_t at = 0;
  out->begin = ReadHex(text, length, &at);
  if (at == 0 || at >= length || text[at] != '-') return false;
  const size_t second = ++at;
  out->end = ReadHex(text, length, &at);
  if (at == second || at + 6 > length || text[at] != ' ') return false;
  out->is_private = text[at + 4] == 'p';
  int spaces = 0;
  size_t inode = at + 1;
  for (; inode < length && spaces < 3; ++inode) spaces += text[inode] == ' ';
  size_t name = inode;
  while (name < length && text[name] != ' ') ++name;
  const bool no_file = name == inode + 1 && text[inode] == '0';
  while (name < length && text[name] == ' ') ++name;
  const bool named = name < length;
  out->anonymous = no_file && (!named || StartsWith(text + name, length - name, "[anon"));
  return true;
}

// "VmFlags: rd wr mr mw me dc ac sd": is `flag` among them?
bool HasFlag(const char* text, size_t length, const char* flag) {
  for (size_t at = sizeof "VmFlags:" - 1; at + 2 < length; at += 3) {
    if (text[at + 1] == flag[0] && text[at + 2] == flag[1]) return true;
  }
  return false;
}

void Advise(uintptr_t begin, uintptr_t end, int advice) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): addresses come from the kernel's list
  madvise(reinterpret_cast<void*>(begin), end - begin, advice);
}

}  // namespace

RegionList::~RegionList() { free(items_); }

void RegionList::Add(Region region) {
  if (size_ == capacity_) {
    const size_t larger = capacity_ == 0 ? 256 : capacity_ * 2;
    void* moved = realloc(items_, larger * sizeof(Region));
    if (moved == nullptr) {
      full_ = true;
      return;
    }
    items_ = static_cast<Region*>(moved);
    capacity_ = larger;
  }
  items_[size_++] = region;
}

bool ShareHeapRegions(RegionList* regions) {
  regions->Clear();
  MapLine current;
  const bool read = ForEachLine("/proc/self/smaps", [&](const char* text, size_t length) {
    if (StartsWith(text, length, "VmFlags:")) {
      if (current.anonymous && HasFlag(text, length, "dc")) {
        regions->Add({current.begin, current.end, false});
      }
      current = MapLine{};
    } else if (length > 0 && (text[0] < 'A' || text[0] > 'Z')) {  // fields begin with a capital
      ParseMapLine(text, length, &current);
    }
  });
  if (!read || regions->full()) return false;
  for (const Region& r : *regions) Advise(r.begin, r.end, MADV_DOFORK);
  return true;
}

int ShareNewRegions(RegionList* regions) {
  int fresh = 0;
  Region* known = regions->begin();
  const bool read = ForEachLine("/proc/self/maps", [&](const char* text, size_t length) {
    MapLine map;
    if (!ParseMapLine(text, length, &map) || !map.is_private || !map.anonymous) return;
    // Regions that were switched may have been joined with their neighbours by the kernel.
    uintptr_t covered = map.begin;
    bool all_known = true;
    while (known != regions->end() && known->end <= map.begin) ++known;
    for (Region* r = known; r != regions->end() && r->begin < map.end; ++r) {
      r->still_there = r->begin >= map.begin && r->end <= map.end;
      if (r->begin > covered) all_known = false;
      covered = r->end;
    }
    if (covered < map.end) all_known = false;
    if (all_known) return;
    Advise(map.begin, map.end, MADV_DOFORK);
    ++fresh;
  });
  return read ? fresh : -1;
}

void UnshareRegions(RegionList* regions, bool only_still_there) {
  for (const Region& r : *regions) {
    if (r.still_there || !only_still_there) Advise(r.begin, r.end, MADV_DONTFORK);
  }
  regions->Clear();
}

}  // namespace leaktrail_fork
