// V8's memory that a forked child would not get.
//
// From Node 18 on V8 maps its heap with MADV_DONTFORK, so that starting a child process is cheap. A
// child that is to read the heap needs those regions: they are switched to DOFORK before the fork
// and back after it. They are found by the flag "dc" in /proc/self/smaps, which costs the kernel a
// walk over all pages (some 100 ms for 1 GB) and is therefore done in a thread of its own;
// /proc/self/maps, which costs little, then shows what has been mapped since.
//
// Threads: none of this is locked; the module calls it from one thread at a time.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace leaktrail_fork {

struct Region {
  uintptr_t begin;
  uintptr_t end;
  bool still_there;  // seen at the time of the fork: may be switched back
};

// A list in memory of its own (malloc). Out of memory: it stays as it was and full() says so.
class RegionList {
 public:
  ~RegionList();
  void Add(Region region);
  void Clear() { size_ = 0; }
  size_t size() const { return size_; }
  bool full() const { return full_; }
  Region* begin() { return items_; }
  Region* end() { return items_ + size_; }

 private:
  Region* items_ = nullptr;
  size_t size_ = 0, capacity_ = 0;
  bool full_ = false;
};

// Fills `regions`, in order of their addresses, and switches them to DOFORK. False if smaps cannot
// be read.
bool ShareHeapRegions(RegionList* regions);

// Switches to DOFORK what was mapped since ShareHeapRegions, and marks the regions of the list that
// are still there. Returns how many were new, -1 if maps cannot be read.
int ShareNewRegions(RegionList* regions);

// Back to DONTFORK, all or only those that were still there.
void UnshareRegions(RegionList* regions, bool only_still_there);

}  // namespace leaktrail_fork
