#include "cli/watch_snapshots.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "capture/snapshot.h"
#include "cli/watch_loop.h"
#include "report/words.h"

namespace leaktrail {

SnapshotKeeper::SnapshotKeeper(const WatchSnapshots& when, const CancelToken* cancel)
    : when_(when), cancel_(cancel) {}

void SnapshotKeeper::KeepToCap() {
  while (kept_.size() > 1 && kept_bytes_ > when_.cap_bytes) {
    unlink(kept_.front().path.c_str());
    kept_bytes_ -= kept_.front().bytes;
    kept_.pop_front();
  }
}

std::optional<std::string> SnapshotKeeper::Consider(const MemorySample& sample,
                                                    Attachment& target) {
  if (!last_at_) {  // the first sample is what growth is counted from
    last_at_ = sample.at;
    last_resident_bytes_ = sample.resident_bytes;
    return std::nullopt;
  }
  const bool due = when_.every_seconds && sample.at - *last_at_ >= *when_.every_seconds;
  const bool grown = when_.every_growth_bytes && sample.resident_bytes >= last_resident_bytes_ &&
                     sample.resident_bytes - last_resident_bytes_ >= *when_.every_growth_bytes;
  if (!due && !grown) return std::nullopt;
  last_at_ = sample.at;
  last_resident_bytes_ = sample.resident_bytes;
  if (mkdir(when_.folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return fmt::format("no snapshot: cannot make the folder {}: {}", when_.folder,
                       std::strerror(errno));
  }
  std::string time = UtcText(sample.at);
  std::replace(time.begin(), time.end(), ':', '-');
  SnapshotOptions options;
  options.path = fmt::format("{}/{}-{}.heapsnapshot.zst", when_.folder, target.process().pid, time);
  options.cancel = cancel_;
  const Result<SnapshotTaken> taken = TakeSnapshot(target, options);
  if (!taken) return "no snapshot: " + taken.error().message;
  kept_.push_back({taken->path, taken->file_bytes});
  kept_bytes_ += taken->file_bytes;
  KeepToCap();
  return fmt::format("snapshot {} ({}, the service stood still for {})", taken->path,
                     FormatSize(taken->file_bytes), FormatDuration(taken->pause_ms));
}

}  // namespace leaktrail
