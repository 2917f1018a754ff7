// Snapshots while a service is watched: every so often, or whenever it has grown by so much, into a
// folder that does not outgrow its cap.
//
// A snapshot is forked (capture/snapshot.h), so the service goes on; a failure is told and watching
// goes on too. Files have mode 0600, the folder 0700. Only files that this run wrote are ever
// removed. Threads: one.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "base/progress.h"
#include "capture/attach.h"
#include "capture/samples.h"

namespace leaktrail {

struct WatchSnapshots;

class SnapshotKeeper {
 public:
  SnapshotKeeper(const WatchSnapshots& when, const CancelToken* cancel);
  // Takes one if it is time. What happened, for the user; nothing if it was not time.
  std::optional<std::string> Consider(const MemorySample& sample, Attachment& target);

 private:
  struct Kept {
    std::string path;
    uint64_t bytes = 0;
  };
  void KeepToCap();

  const WatchSnapshots& when_;
  const CancelToken* cancel_;
  std::optional<double> last_at_;
  uint64_t last_resident_bytes_ = 0;
  std::deque<Kept> kept_;
  uint64_t kept_bytes_ = 0;
};

}  // namespace leaktrail
