// Puts a note about how a snapshot was taken into its text, while the text streams by.
//
//   {"snapshot":{"meta":…   ──▶   {"snapshot":{"leaktrail":{"method":"fork",…},"meta":…
//
// DevTools and V8's own readers ignore what they do not know in the `snapshot` object. The note is
// read by header.cc.
//
// Cost: the head (some KiB) is kept until it is whole; after that bytes pass by.
// Threads: one.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/output_file.h"
#include "base/result.h"
#include "heap/graph.h"

namespace leaktrail {

class NoteFilter {
 public:
  // An empty method: nothing is said about how the file was taken; `redacted` alone is added to
  // what it says itself.
  NoteFilter(CaptureNote note, ByteSink next);

  // An error if this is not the text of a snapshot, or the sink's.
  Result<void> Write(std::span<const char> bytes);
  // An error if the text is not whole: what a child wrote that died looks like that.
  Result<void> Finish();

  uint64_t text_bytes() const { return text_bytes_; }  // that came
  uint64_t node_count() const { return node_count_; }  // of the head, once it has passed
  uint64_t edge_count() const { return edge_count_; }

 private:
  Result<void> TakeHead(std::span<const char> bytes);
  void MarkAsRedacted(size_t body, size_t end);

  CaptureNote note_;
  ByteSink next_;
  std::string head_;
  bool head_passed_ = false;
  char last_ = 0;  // that was no white space
  uint64_t text_bytes_ = 0, node_count_ = 0, edge_count_ = 0;
};

}  // namespace leaktrail
