// Standard output of the command.
//
// When the reader of a pipe goes away (`| head`), the rest is dropped without a word: that is not
// an error. Other failures (a full disk) are kept and become one sentence at the end.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace leaktrail {

class StandardOutput {
 public:
  void Write(std::string_view text);
  bool open() const { return error_number_ == 0; }
  // Whether all was written, or the reader did not want it.
  Result<void> Finish() const;

 private:
  int error_number_ = 0;
};

// If the file at `path` is standard output (/dev/stdout), the rest of what we say goes to standard
// error.
void LeaveStandardOutputTo(const std::string& path);

// All of `text` to standard error; failures have nowhere to go.
void WriteToStandardError(std::string_view text);

}  // namespace leaktrail
