#include "experiment/bisect_state.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "base/state_folder.h"

namespace leaktrail {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "bisect-";
constexpr auto kForgotten = std::chrono::hours(24 * 30);
// What of the environment chooses the Node that is measured, and how it runs.
constexpr const char* kTellingVariables[] = {"PATH", "NODE_OPTIONS", "NODE_ENV", "PORT"};

std::string HashOf(std::span<const PackageChange> changes) {
  std::string text;
  for (const PackageChange& c : changes) {
    text += fmt::format("{}@{} {}..{} {}\n", c.name, c.version, c.low, c.high,
                        static_cast<int>(c.side));
  }
  return HashOfText(text);
}

Json ToJson(const std::vector<VersionChange>& changes) {
  Json list = Json::array();
  for (const VersionChange& c : changes) list.push_back({c.package, c.before, c.after});
  return list;
}

std::vector<VersionChange> ChangesFrom(const Json& list) {
  std::vector<VersionChange> changes;
  for (const Json& c : list) changes.push_back({c.at(0), c.at(1), c.at(2)});
  return changes;
}

Json ToJson(const KeptTest& kept) {
  const BisectTest& t = kept.test;
  return {{"hash", kept.hash},
          {"measured_at", kept.measured_at},
          {"version", t.version},
          {"answer", BisectAnswerName(t.answer)},
          {"reason", t.reason},
          {"verdict", static_cast<int>(t.verdict)},
          {"is_outside_heap", t.is_outside_heap},
          {"growth", {t.per_request, t.low, t.high}},
          {"request_count", t.requests},
          {"others", ToJson(t.others)},
          {"deprecations", t.deprecations},
          {"seconds", t.seconds}};
}

BisectAnswer AnswerFrom(const std::string& name) {
  for (const BisectAnswer a : {BisectAnswer::kGood, BisectAnswer::kBad, BisectAnswer::kUnclear}) {
    if (name == BisectAnswerName(a)) return a;
  }
  return BisectAnswer::kSkipped;
}

KeptTest TestFrom(const Json& json) {
  KeptTest kept;
  kept.hash = json.at("hash");
  kept.measured_at = json.at("measured_at");
  BisectTest& t = kept.test;
  t.version = json.at("version");
  t.answer = AnswerFrom(json.at("answer"));
  t.reason = json.at("reason");
  t.verdict = static_cast<Verdict>(json.at("verdict").get<int>());
  t.is_outside_heap = json.at("is_outside_heap");
  t.per_request = json.at("growth").at(0);
  t.low = json.at("growth").at(1);
  t.high = json.at("growth").at(2);
  t.requests = json.at("request_count");
  t.others = ChangesFrom(json.at("others"));
  t.deprecations = json.at("deprecations").get<std::vector<std::string>>();
  t.seconds = json.at("seconds");
  return kept;
}

StateFile::Form Form() { return {"leaktrail.bisect-state/1", "tests"}; }

// Nobody comes back to these.
void RemoveForgotten(const std::string& folder) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kPrefix) || !name.ends_with(".state.json")) continue;
    std::error_code unknown;
    const auto written = fs::last_write_time(entry.path(), unknown);
    if (!unknown && fs::file_time_type::clock::now() - written > kForgotten) {
      fs::remove(entry.path(), unknown);
    }
  }
}

}  // namespace

Result<BisectState> BisectState::Open(const std::string& definition,
                                      const std::string& project_folder, EarlierResults earlier) {
  BisectState state;
  const std::string folder = StateFolder();
  if (folder.empty()) return state;
  RemoveForgotten(folder);
  const std::string path =
      fmt::format("{}/{}{}.state.json", folder, kPrefix,
                  HashOfProject(project_folder + "\n" + definition, project_folder));
  if (earlier == EarlierResults::kIgnore) {
    state.file_ = StateFile::Fresh(path, Form());
    return state;
  }
  Result<StateFile> file = StateFile::Read(
      path, Form(), [&](const Json& entry) { state.tests_.push_back(TestFrom(entry)); });
  if (!file) return tl::unexpected(file.error());
  state.file_ = std::move(*file);
  return state;
}

const KeptTest* BisectState::Find(std::span<const PackageChange> changes) const {
  const std::string hash = HashOf(changes);
  const auto it = std::find_if(tests_.begin(), tests_.end(),
                               [&](const KeptTest& kept) { return kept.hash == hash; });
  return it == tests_.end() ? nullptr : &*it;
}

Result<void> BisectState::Keep(const BisectTest& test, std::span<const PackageChange> changes) {
  if (!file_ || test.answer == BisectAnswer::kSkipped) return {};
  KeptTest kept{HashOf(changes), UnixTime(), test};
  const Json entry = ToJson(kept);
  std::erase_if(tests_, [&](const KeptTest& earlier) { return earlier.hash == kept.hash; });
  tests_.push_back(std::move(kept));
  if (!MakeFoldersOf(file_->path())) {
    return Fail(ErrorKind::kEnvironment, fmt::format("cannot make the folder of {}: {}",
                                                     file_->path(), std::strerror(errno)));
  }
  return file_->Keep(entry);
}

void BisectState::Remove() {
  if (file_) file_->Remove();
  tests_.clear();
}

Error WithWhatIsKept(Error error, const BisectState& state) {
  if (state.size() == 0) return error;
  error.message +=
      fmt::format("; {} kept, and the same command goes on from there (--fresh begins anew)",
                  state.size() == 1 ? "1 finished test is"
                                    : fmt::format("{} finished tests are", state.size()));
  return error;
}

void Answered(BisectState* state, Bisection* bisection) {
  const auto kept = std::count_if(bisection->tests.begin(), bisection->tests.end(),
                                  [](const BisectTest& test) { return test.is_kept; });
  if (kept > 0) {
    bisection->diagnostics.push_back(
        {"kept-tests", Severity::kInfo, 1,
         fmt::format("{} of {} tests are those of a stopped run up to {:.1f} hours ago; --fresh "
                     "measures them again",
                     kept, bisection->tests.size(), bisection->oldest_kept_seconds / 3600)});
  }
  state->Remove();
}

std::string DefinitionOf(const BisectOptions& options, const std::string& lock_texts) {
  const LoadRequest& r = options.request;
  const RoundsOptions& o = options.rounds;
  Json all = {
      options.package,
      options.good,
      options.bad,
      HashOfText(lock_texts),
      options.service.command,
      options.service.folder,
      options.service.port,
      {r.paths, r.method, r.headers, r.body, r.content_type, r.weights},
      {o.requests_per_round, o.connections, o.max_rounds, o.max_warm_up, o.max_settle.count(),
       o.time_limit.count(), o.relevant_per_unit, o.false_alarm_bound}};
  for (const char* name : kTellingVariables) {
    const char* value = std::getenv(name);
    all.push_back(value == nullptr ? Json() : Json(value));
  }
  return all.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace leaktrail
