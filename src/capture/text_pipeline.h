// What the text of a snapshot passes on its way to the file: note, redaction, compression.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/output_file.h"
#include "base/progress.h"
#include "base/result.h"
#include "heap/graph.h"
#include "snapshot/note_filter.h"
#include "snapshot/redactor.h"

namespace leaktrail {

class TextPipeline {
 public:
  // `expected_bytes` is for the progress line only.
  static Result<std::unique_ptr<TextPipeline>> Create(const std::string& path,
                                                      const CaptureNote& note,
                                                      uint64_t expected_bytes,
                                                      ProgressSink* progress);
  Result<void> Write(std::span<const char> bytes);
  // Checks that the text is whole, and gives the file its name.
  Result<void> Finish();

  uint64_t text_bytes() const { return head_->text_bytes(); }
  uint64_t node_count() const { return head_->node_count(); }
  uint64_t edge_count() const { return head_->edge_count(); }
  uint64_t file_bytes() const { return file_->file_bytes(); }

 private:
  TextPipeline() = default;
  std::unique_ptr<OutputFile> file_;
  std::unique_ptr<Redactor> redactor_;  // if the note says so
  std::unique_ptr<NoteFilter> head_;
  uint64_t expected_bytes_ = 0;
  ProgressSink* progress_ = nullptr;
};

}  // namespace leaktrail
