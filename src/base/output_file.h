// A file that is either whole or not there.
//
// Bytes go to an unnamed file of the same folder (where the file system has none, to one named
// NAME.part-PID), mode 0600 unless told otherwise; Finish gives it its name, in place of an older one.
// Without Finish nothing is left, and of an unnamed file not even if the process is killed.
// A symbolic link stays, and what it leads to is replaced. Devices and pipes stay too: they get the
// bytes as these come.
//
// Names that end in .gz or .zst are compressed, as the bytes come.
//
// Cost: writes of 256 KiB. Threads: one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"

namespace leaktrail {

// Takes bytes in order.
using ByteSink = std::function<Result<void>(std::span<const char>)>;

// What comes out of a heap is its owner's; a report of figures and names of code is for whoever the
// umask lets read it.
enum class FileReaders : uint8_t { kOwner, kAsUmask };

// A device or a pipe: written into, not replaced. What stands at /dev/stdout too if that is a file.
bool TakesBytesAsTheyCome(const std::string& path);

class OutputFile {
 public:
  static Result<std::unique_ptr<OutputFile>> Create(const std::string& path,
                                                    FileReaders readers = FileReaders::kOwner);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  Result<void> Write(std::span<const char> bytes);
  // The end of the bytes. After this, or after an error, nothing more can be written.
  Result<void> Finish();
  // In the file; less than what was written to it if it is compressed.
  uint64_t file_bytes() const;

 private:
  struct State;
  explicit OutputFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace leaktrail
