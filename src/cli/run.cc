#include "cli/run.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <vector>

namespace leaktrail {
namespace {

double Milliseconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) * 1000 + static_cast<double>(t.tv_usec) / 1000;
}

// With the file's name in front.
void AppendDiagnosticsOf(const Session& session, Diagnostics* out) {
  Diagnostics found = session.graph().diagnostics();
  if (const uint64_t n = session.graph().strings().unreadable_count(); n > 0) {
    found.push_back({"unreadable-strings", Severity::kWarning, n,
                     "texts could not be read again and are shown empty; the file changed while it "
                     "was read"});
  }
  for (Diagnostic& d : found) {
    d.message = ShownPath(session.path()) + ": " + d.message;
    out->push_back(std::move(d));
  }
}

void AppendPassesOf(const Session& session, std::vector<PassStat>* out) {
  for (const PassTime& t : session.pass_times()) {
    out->push_back({ShownPath(session.path()), t.pass, t.reason, t.wall_ms, t.resident_bytes});
  }
}

}  // namespace

Run::Run(const CommonOptions& options, const CancelToken* cancel)
    : options_(options), cancel_(cancel), begin_(std::chrono::steady_clock::now()) {}

Result<Session> Run::Open(const std::string& path) {
  progress_.SetSubject(ShownPath(path));
  ReadOptions read;
  read.threads = options_.threads;
  read.tolerant = options_.tolerant;
  read.progress = &progress_;
  read.cancel = cancel_;
  Result<Session> session = Session::Open(path, read);
  if (session) return session;
  Error error = session.error();
  std::string where = ShownPath(path);
  if (error.byte_offset && error.message.find("byte") == std::string::npos) {
    where += ", byte ";
    where += std::to_string(*error.byte_offset);
  }
  if (error.message.find(ShownPath(path)) == std::string::npos) {
    error.message = where + ": " + error.message;
  }
  // Where the beginning is sound, there is something to use.
  if (error.kind == ErrorKind::kBadInput && error.byte_offset.value_or(0) > 0 &&
      !options_.tolerant && !session.error().message.starts_with("this is not")) {
    error.message += "; --tolerant uses what is whole";
  }
  return tl::unexpected(error);
}

Result<void> Run::Phase(std::string_view phase) {
  if (cancel_->cancelled()) return Fail(ErrorKind::kInterrupted, "interrupted");
  progress_.Report(phase, 0, 0);
  return {};
}

void Run::SayIfInterrupted(const Error& error) {
  if (error.kind != ErrorKind::kInterrupted) return;
  HideProgress();
  WriteToStandardError(fmt::format("leaktrail: {}\n", error.message));
}

size_t Run::RowLimit(size_t all, size_t usual) const {
  if (options_.top) return *options_.top == 0 ? all : std::min<size_t>(all, *options_.top);
  return options_.json ? all : std::min(all, usual);
}

TextOptions Run::text_options() const {
  return {OutputWidth(), UseColour(options_.colour), options_.verbose};
}

void Run::Keep(const Session& session) {
  AppendDiagnosticsOf(session, &kept_diagnostics_);
  AppendPassesOf(session, &kept_passes_);
}

ReportNotes Run::Notes(std::initializer_list<const Session*> sessions) const {
  return Notes(std::span<const Session* const>(sessions.begin(), sessions.size()));
}

ReportNotes Run::Notes(std::span<const Session* const> sessions) const {
  ReportNotes notes{kept_diagnostics_, std::nullopt};
  for (const Session* session : sessions) AppendDiagnosticsOf(*session, &notes.diagnostics);
  if (!options_.stats) return notes;
  RunStats& stats = notes.stats.emplace();
  stats.passes = kept_passes_;
  for (const Session* session : sessions) AppendPassesOf(*session, &stats.passes);
  stats.passes.insert(stats.passes.end(), own_passes_.begin(), own_passes_.end());
  stats.wall_ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin_).count();
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    stats.cpu_ms = Milliseconds(usage.ru_utime) + Milliseconds(usage.ru_stime);
#ifdef __APPLE__
    stats.peak_resident_bytes = static_cast<uint64_t>(usage.ru_maxrss);
#else
    stats.peak_resident_bytes = static_cast<uint64_t>(usage.ru_maxrss) * 1024;
#endif
  }
  return notes;
}

void Run::PrintStats(const ReportNotes& notes) const {
  if (!notes.stats) return;
  std::string text = "\n";
  AppendStats(*notes.stats, TextOptions{}, &text);
  WriteToStandardError(text);
}

SnapshotInfo InfoOf(const Session& session) {
  const HeapGraph& graph = session.graph();
  return {session.path(), graph.node_count(), graph.edge_count(), graph.strings().size()};
}

std::string ShownPath(const std::string& path) { return path == "-" ? "standard input" : path; }

}  // namespace leaktrail
