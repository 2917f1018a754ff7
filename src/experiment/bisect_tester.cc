#include "experiment/bisect_tester.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>

#include "experiment/arm.h"
#include "experiment/npm.h"

namespace leaktrail {
namespace {

using Clock = std::chrono::steady_clock;

// Growth of less than this part of the bad end's is another leak …
constexpr double kOtherLeak = 1.0 / 8;
// … and of less than this part if the time is up; measuring for twice as long would say no more.
constexpr double kOtherLeakAtLast = 1.0 / 4;
// Growth of this part and more is the same one.
constexpr double kSameLeak = 1.0 / 2;
constexpr double kEnoughDone = 0.5;
// How much longer what stayed inconclusive is measured once more.
constexpr int kLonger = 2;

std::string Label(const BisectTest& test) {
  if (!test.version.empty()) return test.version;
  if (test.changes.empty()) return "all packages old";
  return fmt::format("{} of the packages new", test.changes.size());
}

// Paths of the copy, which is gone when they are read, from the project's folder.
std::string WithoutFolder(std::string text, const std::string& folder) {
  const std::string prefix = folder + "/";
  for (size_t at = 0; (at = text.find(prefix, at)) != std::string::npos;) {
    text.erase(at, prefix.size());
  }
  return text;
}

// What would stand in the way of every other version as well.
std::optional<Error> TroubleOfAll(const Error& error) {
  if (IsPortInUse(error)) {
    return Error{error.kind, error.message + kPortInUseAdvice, std::nullopt};
  }
  if (SaysNoNetwork(error.message)) {
    return Error{error.kind,
                 error.message +
                     "; npm cannot reach its registry: see npm config get registry "
                     "and the network, then give the same command again",
                 std::nullopt};
  }
  return std::nullopt;
}

const GrowthVerdict& TellingOf(const RoundsState& state, bool outside_heap) {
  return outside_heap ? state.external : state.heap;
}

}  // namespace

bool BisectTester::IsSettledEarly(const RoundsState& state) const {
  if (!grows_outside_heap_) return false;
  const GrowthVerdict& growth = TellingOf(state, *grows_outside_heap_);
  const bool is_judged = growth.sample_count >= SequentialVerdict::kMinSamples;
  if (!is_judged || state.done_part < kEnoughDone) return false;
  if (growth.growth.high < kOtherLeak * bad_rate_) return true;
  return state.outcome == GrowthOutcome::kLeak && growth.outcome == GrowthOutcome::kLeak &&
         growth.growth.low >= kSameLeak * bad_rate_;
}

Result<RoundsState> BisectTester::RunArm(const std::string& label,
                                         const RoundsOptions& rounds) const {
  ArmOptions arm;
  arm.service = options_.service;
  arm.service.command = project_->CommandHere(options_.service.command);
  arm.service.folder = project_->folder();
  for (const std::string& entry : project_->EnvironmentHere()) {
    const size_t equals = entry.find('=');
    arm.service.environment.push_back({entry.substr(0, equals), entry.substr(equals + 1)});
  }
  arm.request = options_.request;
  arm.rounds = rounds;
  arm.progress = options_.progress;
  arm.progress_prefix = label + ": ";
  arm.cancel = options_.cancel;
  Arm running(std::move(arm));
  if (Result<void> started = running.Start(); !started) return tl::unexpected(started.error());
  for (;;) {
    Result<bool> goes_on = running.Step();
    if (!goes_on) return tl::unexpected(goes_on.error());
    if (!*goes_on || IsSettledEarly(running.state())) break;
  }
  running.Finish();
  return running.state();
}

void BisectTester::Judge(const RoundsState& state, BisectTest* test) {
  test->requests = state.answered;
  test->verdict = state.outcome == GrowthOutcome::kLeak     ? Verdict::kLeak
                  : state.outcome == GrowthOutcome::kNoLeak ? Verdict::kNoLeak
                                                            : Verdict::kInconclusive;
  test->is_outside_heap = grows_outside_heap_.value_or(GrowsOutsideHeap(state));
  const GrowthVerdict& telling = TellingOf(state, test->is_outside_heap);
  test->per_request = telling.growth.per_unit;
  test->low = telling.growth.low;
  test->high = telling.growth.high;
  test->reason.clear();
  if (test->verdict == Verdict::kNoLeak) {
    test->answer = BisectAnswer::kGood;
    return;
  }
  if (test->role == BisectRole::kBadEnd || !grows_outside_heap_) {
    test->answer = test->verdict == Verdict::kLeak ? BisectAnswer::kBad : BisectAnswer::kUnclear;
  } else if (test->high < kOtherLeak * bad_rate_) {
    test->answer = BisectAnswer::kGood;
    test->reason = "what grows is less than an eighth of the bad end's growth";
  } else if (test->verdict != Verdict::kLeak && test->high < kOtherLeakAtLast * bad_rate_) {
    test->answer = BisectAnswer::kGood;
    test->reason = "what grows, if anything, is less than a quarter of the bad end's growth";
  } else if (test->verdict == Verdict::kLeak) {
    test->answer = BisectAnswer::kBad;
  } else {
    test->answer = BisectAnswer::kUnclear;
  }
  if (test->answer == BisectAnswer::kUnclear) {
    test->reason = telling.reason;
    if (telling.units_to_settle) {
      test->reason +=
          fmt::format("; about {:.0f} requests more would settle it", *telling.units_to_settle);
    }
  }
}

Result<void> BisectTester::Measure(BisectTest* test, std::span<const PackageChange> changes) {
  const std::string label = Label(*test);
  if (options_.progress != nullptr) {
    options_.progress->Report(fmt::format("{}: installing", label), 0, 0);
  }
  Result<InstallReport> installed = project_->Install(changes);
  if (!installed) return tl::unexpected(installed.error());
  for (const LockDifference& d : installed->others) {
    test->others.push_back({d.name, d.before, d.after});
  }
  test->deprecations = installed->deprecations;
  RoundsOptions rounds = options_.rounds;
  for (int attempt = 0; attempt < 2; ++attempt) {
    Result<RoundsState> state = RunArm(label, rounds);
    if (!state) return tl::unexpected(state.error());
    Judge(*state, test);
    if (test->answer != BisectAnswer::kUnclear) return {};
    rounds.time_limit *= kLonger;
    rounds.enough_time *= kLonger;
    rounds.max_rounds *= kLonger;
  }
  return {};
}

bool BisectTester::TakeKept(std::span<const PackageChange> changes, BisectTest* test) {
  const KeptTest* kept = state_->Find(changes);
  if (kept == nullptr) return false;
  BisectTest known = kept->test;
  known.role = test->role;
  known.published = test->published;
  known.changes = test->changes;
  known.is_kept = true;
  *test = std::move(known);
  out_->oldest_kept_seconds =
      std::max(out_->oldest_kept_seconds, static_cast<double>(UnixTime() - kept->measured_at));
  return true;
}

void BisectTester::Keep(std::span<const PackageChange> changes, const BisectTest& test) {
  if (cannot_keep_) return;
  Result<void> kept = state_->Keep(test, changes);
  if (kept) return;
  cannot_keep_ = true;
  out_->diagnostics.push_back(
      {"tests-not-kept", Severity::kWarning, 1,
       fmt::format("finished tests are not kept for a later run: {}", kept.error().message)});
}

Result<BisectAnswer> BisectTester::Run(BisectTest test, std::span<const PackageChange> changes) {
  const Clock::time_point begin = Clock::now();
  if (TakeKept(changes, &test)) {
    // Nothing to measure.
  } else if (Result<void> measured = Measure(&test, changes); !measured) {
    if (measured.error().kind == ErrorKind::kInterrupted) return tl::unexpected(measured.error());
    // The project's own mistakes would come again with every version.
    if (measured.error().kind == ErrorKind::kUsage) return tl::unexpected(measured.error());
    if (std::optional<Error> always = TroubleOfAll(measured.error())) {
      return tl::unexpected(std::move(*always));
    }
    test.answer = BisectAnswer::kSkipped;
    test.reason = WithoutFolder(measured.error().message, project_->root());
  }
  if (!grows_outside_heap_ && test.answer == BisectAnswer::kBad) {
    grows_outside_heap_ = test.is_outside_heap;
    bad_rate_ = test.per_request;
  }
  if (!test.is_kept) {
    test.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    Keep(changes, test);
  }
  out_->tests.push_back(test);
  if (options_.on_test) options_.on_test(test);
  return test.answer;
}

}  // namespace leaktrail
