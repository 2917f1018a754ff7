#include "cli/progress_line.h"

#include <fmt/format.h>

#include <system_error>

#include "cli/output.h"
#include "cli/terminal.h"
#include "report/words.h"

namespace leaktrail {
namespace {

constexpr std::chrono::milliseconds kPatience{1000};
constexpr std::chrono::milliseconds kRedraw{150};
constexpr std::string_view kClearLine = "\r\x1b[K";
constexpr size_t kColumns = 79;  // one less than the narrowest usual terminal: never wraps
constexpr size_t kSubjectColumns = 32;

}  // namespace

ProgressLine::ProgressLine() : phase_begin_(Clock::now()) {
  if (!StderrIsTerminal()) return;
  try {
    thread_ = std::thread([this] { Run(); });
  } catch (const std::system_error&) {
    // No thread to draw with: work without a progress line.
  }
}

ProgressLine::~ProgressLine() { Stop(); }

void ProgressLine::Report(std::string_view phase, uint64_t done, uint64_t total) {
  const std::lock_guard lock(mutex_);
  if (phase != phase_) {
    phase_ = phase;
    phase_begin_ = Clock::now();
  }
  done_ = done;
  total_ = total;
}

void ProgressLine::SetStatus(std::string_view status) {
  const std::lock_guard lock(mutex_);
  status_ = SafeText(status);
}

void ProgressLine::SetSubject(std::string_view subject) {
  const std::lock_guard lock(mutex_);
  subject_ = ShortenFront(SafeText(subject), kSubjectColumns);
  phase_.clear();
  phase_begin_ = Clock::now();
  done_ = total_ = 0;
}

void ProgressLine::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (drawn_) WriteToStandardError(kClearLine);
  drawn_ = false;
}

void ProgressLine::Run() {
  std::unique_lock lock(mutex_);
  if (changed_.wait_for(lock, kPatience, [this] { return stopped_; })) return;
  while (!stopped_) {
    WriteToStandardError(fmt::format("{}{}", kClearLine, Line()));
    drawn_ = true;
    changed_.wait_for(lock, kRedraw, [this] { return stopped_; });
  }
}

std::string ProgressLine::Line() const {
  if (!status_.empty()) return ShortenEnd(status_, kColumns);
  const double ms = std::chrono::duration<double, std::milli>(Clock::now() - phase_begin_).count();
  std::string line = phase_.empty() ? std::string("working") : SafeText(phase_);
  if (!subject_.empty()) line += " " + subject_;
  if (total_ > 0) {
    line += fmt::format("  {} of {}", FormatSize(done_), FormatSize(total_));
    if (done_ > 0 && done_ < total_) {
      const double left = ms * static_cast<double>(total_ - done_) / static_cast<double>(done_);
      line += fmt::format(", {} left", FormatDuration(left));
    }
  } else {
    if (done_ > 0) line += fmt::format("  {}", FormatSize(done_));
    line += fmt::format("  {}", FormatDuration(ms));
  }
  return ShortenEnd(line, kColumns);
}

}  // namespace leaktrail
