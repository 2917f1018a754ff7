#include "experiment/verify.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/socket_address.h"
#include "experiment/arm.h"
#include "experiment/conclusions.h"
#include "experiment/other_node.h"
#include "experiment/rounds_facts.h"
#include "experiment/scratch_project.h"
#include "experiment/verify_state.h"

namespace leaktrail {
namespace {

// An arm and what it runs in.
struct Running {
  size_t index = 0;  // in the plan
  std::unique_ptr<Arm> arm;
};

class Verifier {
 public:
  Verifier(const Plan& plan, const VerifyOptions& options, VerifyState state)
      : plan_(plan), options_(options), state_(std::move(state)) {}

  Result<TestedCauses> Run();

 private:
  void TakeKept();
  Result<void> RunArms();
  Result<void> FillUp();
  Result<std::unique_ptr<Arm>> StartArm(size_t index);
  Result<ServiceOptions> ServiceOf(size_t index);
  Result<ScratchProject*> ProjectOf(size_t index);
  Result<ScratchProject*> NewProject(size_t index, std::span<const PackageChange> changes);
  // False if the arm is over.
  Result<bool> StepArm(Running* running);
  Result<void> Finished(const Running& running);
  Result<void> Broken(size_t index, const Error& error);
  Error Interrupted() const;
  std::string NameOf(size_t index) const {
    return index == 0 ? std::string("baseline") : plan_.arms[index].cause;
  }
  bool in_copies() const {
    return std::any_of(plan_.arms.begin(), plan_.arms.end(),
                       [](const PlanArm& arm) { return !arm.packages.empty(); });
  }

  const Plan& plan_;
  const VerifyOptions& options_;
  VerifyState state_;
  TestedCauses causes_;
  std::vector<std::string> hashes_;
  std::deque<size_t> waiting_;
  size_t at_once_ = 1;
  bool one_by_one_ = false;
  size_t done_ = 0;

  // Before running_, so that services end before their folders go.
  std::vector<std::unique_ptr<ScratchProject>> projects_;
  ScratchProject* as_locked_ = nullptr;
  std::vector<OtherNode> nodes_;
  std::vector<Running> running_;
};

Error Verifier::Interrupted() const {
  std::string what = "interrupted";
  if (state_.size() > 0) {
    what += fmt::format("; {} of {} arms are kept in {}, and the same command goes on from there",
                        state_.size(), plan_.arms.size(), state_.path());
  }
  return {ErrorKind::kInterrupted, what, std::nullopt};
}

void Verifier::TakeKept() {
  size_t kept = 0;
  int64_t oldest = UnixTime();
  for (size_t i = 0; i < plan_.arms.size(); ++i) {
    const PlanArm& planned = plan_.arms[i];
    TestedArm arm;
    arm.cause = planned.cause;
    arm.how = planned.how;
    arm.note = planned.note;
    arm.plan_line = planned.line;
    for (const PackageAtVersion& p : planned.packages) arm.packages.push_back(p.name);
    hashes_.push_back(HashOfProject(planned.definition, plan_.folder));
    if (const KeptArm* earlier = state_.Find(hashes_.back())) {
      arm.is_kept = true;
      arm.facts = earlier->facts;
      arm.install_notes = earlier->install_notes;
      oldest = std::min(oldest, earlier->measured_at);
      ++kept;
    } else {
      waiting_.push_back(i);
    }
    causes_.arms.push_back(std::move(arm));
  }
  done_ = kept;
  if (kept == 0) return;
  const double hours = static_cast<double>(UnixTime() - oldest) / 3600;
  causes_.diagnostics.push_back(
      {"kept-arms", Severity::kInfo, 1,
       fmt::format("{} of {} arms were measured up to {:.1f} hours ago and are taken from {}; "
                   "--fresh measures them again",
                   kept, plan_.arms.size(), hours, state_.path())});
}

Result<ScratchProject*> Verifier::NewProject(size_t index, std::span<const PackageChange> changes) {
  if (options_.progress != nullptr) {
    options_.progress->Report(fmt::format("{}: installing its packages", NameOf(index)), 0, 0);
  }
  ScratchOptions scratch;
  scratch.folder = plan_.folder;
  scratch.installed = as_locked_;
  scratch.cancel = options_.cancel;
  Result<std::unique_ptr<ScratchProject>> project = ScratchProject::Make(scratch);
  if (!project) return tl::unexpected(project.error());
  Result<InstallReport> installed = (*project)->Install(changes);
  if (!installed) return tl::unexpected(installed.error());
  std::vector<std::string>& notes = causes_.arms[index].install_notes;
  notes = installed->notes;
  for (const LockDifference& other : installed->others) {
    notes.push_back(fmt::format("with it: {} {} → {}", other.name,
                                other.before.empty() ? "(none)" : other.before,
                                other.after.empty() ? "(none)" : other.after));
  }
  projects_.push_back(std::move(*project));
  return projects_.back().get();
}

Result<ScratchProject*> Verifier::ProjectOf(size_t index) {
  const PlanArm& planned = plan_.arms[index];
  if (planned.packages.empty()) {
    if (as_locked_ == nullptr) {
      Result<ScratchProject*> project = NewProject(index, {});
      if (!project) return project;
      as_locked_ = *project;
    }
    return as_locked_;
  }
  std::vector<PackageChange> changes;
  for (const PackageAtVersion& p : planned.packages) changes.push_back({p.name, p.version, "", ""});
  return NewProject(index, changes);
}

Result<ServiceOptions> Verifier::ServiceOf(size_t index) {
  const PlanArm& planned = plan_.arms[index];
  ServiceOptions service = planned.service;
  if (in_copies()) {
    Result<ScratchProject*> project = ProjectOf(index);
    if (!project) return tl::unexpected(project.error());
    service.command = (*project)->CommandHere(service.command);
    service.folder = (*project)->folder();
    std::vector<EnvironmentChange> environment;
    for (const std::string& entry : (*project)->EnvironmentHere()) {
      const size_t equals = entry.find('=');
      if (equals == std::string::npos) continue;
      environment.push_back({entry.substr(0, equals), entry.substr(equals + 1)});
    }
    environment.insert(environment.end(), service.environment.begin(), service.environment.end());
    service.environment = std::move(environment);
  }
  if (!planned.node.empty()) {
    Result<OtherNode> node = OtherNode::Get(planned.node, options_.cancel);
    if (!node) return tl::unexpected(node.error());
    nodes_.push_back(std::move(*node));
    service.path_prefix = nodes_.back().folder();
  }
  if (!planned.has_port_of_its_own && service.port == 0) {
    service.environment.push_back({"PORT", std::to_string(FreeLoopbackPort())});
  }
  return service;
}

Result<std::unique_ptr<Arm>> Verifier::StartArm(size_t index) {
  Result<ServiceOptions> service = ServiceOf(index);
  if (!service) return tl::unexpected(service.error());
  ArmOptions options;
  options.service = std::move(*service);
  options.request = plan_.arms[index].request;
  options.rounds = plan_.rounds;
  // How long growth has to go on is the baseline's to show; the others are compared with it.
  if (index != 0) options.rounds.min_units *= kLoadOfOthers;
  options.rounds.min_rounds = std::min(kLeastRounds, plan_.rounds.max_rounds);
  options.progress = options_.progress;
  options.progress_prefix =
      fmt::format("{} of {} arms done, {}: ", done_, plan_.arms.size(), NameOf(index));
  options.cancel = options_.cancel;
  auto arm = std::make_unique<Arm>(std::move(options));
  if (Result<void> started = arm->Start(); !started) return tl::unexpected(started.error());
  return arm;
}

Result<void> Verifier::Broken(size_t index, const Error& error) {
  if (error.kind == ErrorKind::kInterrupted) return tl::unexpected(Interrupted());
  std::string what = error.message;
  if (IsPortInUse(error)) what += kPortInUseAdvice;
  if (index == 0) return Fail(error.kind, fmt::format("the baseline cannot be measured: {}", what));
  causes_.arms[index].failure = what;
  ++done_;
  return {};
}

// Starts as many of the waiting as may live at once.
Result<void> Verifier::FillUp() {
  while (!waiting_.empty() && running_.size() < at_once_) {
    const size_t index = waiting_.front();
    waiting_.pop_front();
    Result<std::unique_ptr<Arm>> arm = StartArm(index);
    if (arm) {
      running_.push_back({index, std::move(*arm)});
      continue;
    }
    if (IsPortInUse(arm.error()) && !running_.empty()) {
      one_by_one_ = true;
      at_once_ = 1;
      waiting_.push_front(index);
      return {};
    }
    if (Result<void> goes_on = Broken(index, arm.error()); !goes_on) return goes_on;
  }
  return {};
}

Result<void> Verifier::Finished(const Running& running) {
  TestedArm& tested = causes_.arms[running.index];
  tested.facts = FactsOf(running.arm->state());
  tested.facts.node_version = running.arm->node_version();
  tested.facts.subject = plan_.arms[running.index].how;
  ++done_;
  return state_.Keep(
      {hashes_[running.index], tested.cause, UnixTime(), tested.install_notes, tested.facts});
}

Result<bool> Verifier::StepArm(Running* running) {
  Result<bool> goes_on = running->arm->Step();
  if (!goes_on) {
    if (Result<void> broken = Broken(running->index, goes_on.error()); !broken) {
      return tl::unexpected(broken.error());
    }
    return false;
  }
  if (*goes_on) return true;
  running->arm->Finish();
  if (Result<void> kept = Finished(*running); !kept) return tl::unexpected(kept.error());
  return false;
}

Result<void> Verifier::RunArms() {
  while (!waiting_.empty() || !running_.empty()) {
    if (Result<void> filled = FillUp(); !filled) return filled;
    // Who is first in one turn is last in the next.
    std::reverse(running_.begin(), running_.end());
    for (size_t i = 0; i < running_.size();) {
      Result<bool> goes_on = StepArm(&running_[i]);
      if (!goes_on) return tl::unexpected(goes_on.error());
      if (*goes_on) {
        ++i;
      } else {
        running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
  }
  return {};
}

Result<TestedCauses> Verifier::Run() {
  RemoveStaleScratchProjects();
  causes_.title = plan_.title;
  causes_.false_alarm_bound = plan_.rounds.false_alarm_bound;
  causes_.relevant_per_unit = plan_.rounds.relevant_per_unit;
  const bool has_fixed_port = std::any_of(
      plan_.arms.begin(), plan_.arms.end(),
      [](const PlanArm& arm) { return arm.service.port != 0 || arm.has_port_of_its_own; });
  one_by_one_ = has_fixed_port;
  at_once_ = has_fixed_port ? 1 : plan_.at_once;
  TakeKept();
  if (Result<void> ran = RunArms(); !ran) return tl::unexpected(ran.error());
  if (one_by_one_) {
    causes_.diagnostics.push_back(
        {"one-by-one", Severity::kInfo, 1,
         "the service listens on one port, so the arms ran one after another and not in turns; one "
         "that listens on process.env.PORT can have several alive at once"});
  }
  Conclude(&causes_);
  const bool all_measured = std::all_of(causes_.arms.begin(), causes_.arms.end(),
                                        [](const TestedArm& arm) { return arm.failure.empty(); });
  if (all_measured) state_.Remove();
  return std::move(causes_);
}

}  // namespace

Result<TestedCauses> RunVerify(const Plan& plan, const VerifyOptions& options) {
  if (options.earlier == EarlierResults::kIgnore) {
    return Verifier(plan, options, VerifyState::Fresh(options.plan_path)).Run();
  }
  Result<VerifyState> state = VerifyState::Read(options.plan_path);
  if (!state) return tl::unexpected(state.error());
  return Verifier(plan, options, std::move(*state)).Run();
}

}  // namespace leaktrail
