// One run of a verb: options, the files it opens, and how its report leaves.
//
// A verb opens sessions, puts a report struct together and prints it:
//
//   Result<Session> session = run.Open(file);
//   if (!session) return tl::unexpected(session.error());
//   …
//   report.notes = run.Notes({&*session});
//   return run.Print(report, SummaryText, WriteSummaryJson, kExitFine);
#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>
#include <string>

#include "base/progress.h"
#include "base/result.h"
#include "cli/command_line.h"
#include "cli/output.h"
#include "cli/progress_line.h"
#include "engine/session.h"
#include "report/frame.h"

namespace leaktrail {

class Run {
 public:
  Run(const CommonOptions& options, const CancelToken* cancel);

  const CommonOptions& options() const { return options_; }
  const CancelToken* cancel() const { return cancel_; }
  ProgressSink* progress() { return &progress_; }
  // Errors name the file.
  Result<Session> Open(const std::string& path);
  // Says on the progress line what is being done now; an error if the user has interrupted.
  Result<void> Phase(std::string_view phase);
  // The progress line as this verb words it; "" goes back to phases.
  void ShowStatus(std::string_view status) { progress_.SetStatus(status); }
  // For a verb that draws by itself: no progress line from now on.
  void HideProgress() { progress_.Stop(); }
  // For a verb that keeps something of an interrupted run: main has no word for those.
  void SayIfInterrupted(const Error& error);
  // A pass that no session times.
  template <typename F>
  auto Timed(const char* pass, const char* reason, const F& body);

  // How many rows of `all` to show: all in JSON and with --top 0, else --top or `usual`.
  size_t RowLimit(size_t all, size_t usual) const;
  TextOptions text_options() const;
  // Keeps a session's diagnostics and times for the notes; it may be closed then.
  void Keep(const Session& session);
  // Diagnostics of all sessions, and with --stats the times of their passes, kept ones first.
  ReportNotes Notes(std::initializer_list<const Session*> sessions) const;
  ReportNotes Notes(std::span<const Session* const> sessions) const;

  template <typename Report>
  Result<int> Print(const Report& report, std::string (*text)(const Report&, const TextOptions&),
                    void (*json)(const Report&, JsonWriter*), int exit_code) {
    progress_.Stop();
    StandardOutput out;
    if (options_.json) {
      JsonWriter writer([&](std::string_view piece) { out.Write(piece); });
      json(report, &writer);
    } else {
      out.Write(text(report, text_options()));
    }
    if constexpr (requires { report.notes; }) PrintStats(report.notes);
    if (Result<void> written = out.Finish(); !written) return tl::unexpected(written.error());
    return exit_code;
  }

 private:
  void PrintStats(const ReportNotes& notes) const;

  const CommonOptions& options_;
  const CancelToken* cancel_;
  std::chrono::steady_clock::time_point begin_;
  ProgressLine progress_;
  std::vector<PassStat> own_passes_;
  Diagnostics kept_diagnostics_;
  std::vector<PassStat> kept_passes_;
};

SnapshotInfo InfoOf(const Session& session);
// "-" as people say it.
std::string ShownPath(const std::string& path);

template <typename F>
auto Run::Timed(const char* pass, const char* reason, const F& body) {
  progress_.Report(pass, 0, 0);
  const auto begin = std::chrono::steady_clock::now();
  auto result = body();
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  own_passes_.push_back({"", pass, reason, took.count(), 0});
  return result;
}

}  // namespace leaktrail
