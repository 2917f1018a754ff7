// The snapshots of one run, where nobody else can read them and nothing is left of them.
//
// Unless they are saved, a file has no name from the moment it is whole: it is read through its
// descriptor, and gone when we are, however that happens.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "capture/attach.h"
#include "capture/snapshot.h"

namespace leaktrail {

class SnapshotFiles {
 public:
  SnapshotFiles() = default;
  ~SnapshotFiles();
  SnapshotFiles(const SnapshotFiles&) = delete;
  SnapshotFiles& operator=(const SnapshotFiles&) = delete;

  // `save_folder` is made if it is not there; "" for a hidden one.
  Result<void> Make(const std::string& save_folder);
  // `options.path` is filled in.
  Result<void> Take(Attachment& target, std::string_view name, SnapshotOptions options);

  uint64_t text_bytes() const { return text_bytes_; }  // of all
  size_t count() const { return files_.size(); }
  const std::string& path(size_t i) const { return files_[i].path; }         // to open
  const std::string& shown_path(size_t i) const { return files_[i].shown; }  // for people

 private:
  struct File {
    std::string path, shown;
    int fd = -1;
  };
  Result<std::string> HiddenFolder() const;

  std::string folder_;  // saved ones
  bool saved_ = false;
  uint64_t text_bytes_ = 0;
  std::vector<File> files_;
};

}  // namespace leaktrail
