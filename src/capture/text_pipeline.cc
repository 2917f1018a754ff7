#include "capture/text_pipeline.h"

#include <sys/random.h>

#include <utility>

namespace leaktrail {

Result<std::unique_ptr<TextPipeline>> TextPipeline::Create(const std::string& path,
                                                           const CaptureNote& note,
                                                           uint64_t expected_bytes,
                                                           ProgressSink* progress) {
  std::unique_ptr<TextPipeline> p(new TextPipeline);
  Result<std::unique_ptr<OutputFile>> file = OutputFile::Create(path);
  if (!file) return tl::unexpected(file.error());
  p->file_ = std::move(*file);
  p->expected_bytes_ = expected_bytes;
  p->progress_ = progress;
  OutputFile* out = p->file_.get();
  ByteSink next = [out](std::span<const char> bytes) { return out->Write(bytes); };
  if (note.redacted) {
    RedactionKey key;
    if (getrandom(&key, sizeof key, 0) != static_cast<ssize_t>(sizeof key)) {
      return Fail(ErrorKind::kEnvironment, "the system gives no random numbers to redact with");
    }
    p->redactor_ = std::make_unique<Redactor>(key, std::move(next));
    next = [redactor = p->redactor_.get()](std::span<const char> b) { return redactor->Write(b); };
  }
  p->head_ = std::make_unique<NoteFilter>(note, std::move(next));
  return p;
}

Result<void> TextPipeline::Write(std::span<const char> bytes) {
  Result<void> done = head_->Write(bytes);
  if (done && progress_ != nullptr) {
    // A prediction that turns out too small is no total.
    const uint64_t total = text_bytes() < expected_bytes_ ? expected_bytes_ : 0;
    progress_->Report("writing the snapshot", text_bytes(), total);
  }
  return done;
}

Result<void> TextPipeline::Finish() {
  if (Result<void> done = head_->Finish(); !done) return done;
  if (redactor_) {
    if (Result<void> done = redactor_->Finish(); !done) return done;
  }
  return file_->Finish();
}

}  // namespace leaktrail
