#include "experiment/verify_state.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace leaktrail {
namespace {

using Json = nlohmann::json;

Json ToJson(const SlopeFacts& s) {
  return {{"per_unit", s.per_unit},
          {"low", s.low},
          {"high", s.high},
          {"outcome", s.outcome},
          {"reason", s.reason}};
}

SlopeFacts SlopeFrom(const Json& json) {
  return {json.at("per_unit"), json.at("low"), json.at("high"), json.at("outcome"),
          json.at("reason")};
}

Json ToJson(const KeptArm& arm) {
  const ExperimentFacts& f = arm.facts;
  Json samples = Json::array();
  for (const RoundSample& s : f.samples) {
    Json sample = {s.units, s.heap, s.external, s.array_buffers, s.resident};
    if (s.parts) {
      const ResidentParts& p = *s.parts;
      sample.push_back({p.heap, p.external, p.native, p.files, p.rest});
    }
    samples.push_back(std::move(sample));
  }
  Json facts = {{"subject", f.subject},
                {"node_version", f.node_version},
                {"answered", f.answered},
                {"failed", f.failed},
                {"load_seconds", f.load_seconds},
                {"warm_up_rounds", f.warm_up_rounds},
                {"samples", std::move(samples)},
                {"heap", ToJson(f.heap)},
                {"external", ToJson(f.external)},
                {"rss", ToJson(f.resident)},
                {"smallest_visible", f.smallest_visible_per_unit},
                {"units_to_settle", f.units_to_settle ? Json(*f.units_to_settle) : Json()}};
  return {{"hash", arm.hash},
          {"cause", arm.cause},
          {"measured_at", arm.measured_at},
          {"install_notes", arm.install_notes},
          {"facts", std::move(facts)}};
}

KeptArm ArmFrom(const Json& json) {
  KeptArm arm;
  arm.hash = json.at("hash");
  arm.cause = json.at("cause");
  arm.measured_at = json.at("measured_at");
  arm.install_notes = json.at("install_notes").get<std::vector<std::string>>();
  const Json& f = json.at("facts");
  ExperimentFacts& facts = arm.facts;
  facts.subject = f.at("subject");
  facts.node_version = f.at("node_version");
  facts.answered = f.at("answered");
  facts.failed = f.at("failed");
  facts.load_seconds = f.at("load_seconds");
  facts.warm_up_rounds = f.at("warm_up_rounds");
  for (const Json& s : f.at("samples")) {
    RoundSample sample{s.at(0), s.at(1), s.at(2), s.at(3), s.at(4), {}};
    if (s.size() > 5) {
      const Json& p = s.at(5);
      sample.parts = ResidentParts{p.at(0), p.at(1), p.at(2), p.at(3), p.at(4)};
    }
    facts.samples.push_back(sample);
  }
  facts.heap = SlopeFrom(f.at("heap"));
  facts.external = SlopeFrom(f.at("external"));
  facts.resident = SlopeFrom(f.at("rss"));
  facts.smallest_visible_per_unit = f.at("smallest_visible");
  if (!f.at("units_to_settle").is_null())
    facts.units_to_settle = f.at("units_to_settle").get<double>();
  return arm;
}

std::string StatePath(const std::string& plan_path) { return plan_path + ".state.json"; }

StateFile::Form Form() { return {"leaktrail.verify-state/1", "arms"}; }

}  // namespace

VerifyState VerifyState::Fresh(const std::string& plan_path) {
  return VerifyState(StateFile::Fresh(StatePath(plan_path), Form()));
}

Result<VerifyState> VerifyState::Read(const std::string& plan_path) {
  std::vector<KeptArm> arms;
  Result<StateFile> file = StateFile::Read(
      StatePath(plan_path), Form(), [&](const Json& entry) { arms.push_back(ArmFrom(entry)); });
  if (!file) return tl::unexpected(file.error());
  VerifyState state(std::move(*file));
  state.arms_ = std::move(arms);
  return state;
}

const KeptArm* VerifyState::Find(const std::string& hash) const {
  const auto it = std::find_if(arms_.begin(), arms_.end(),
                               [&](const KeptArm& arm) { return arm.hash == hash; });
  return it == arms_.end() ? nullptr : &*it;
}

Result<void> VerifyState::Keep(KeptArm arm) {
  std::erase_if(arms_, [&](const KeptArm& kept) { return kept.hash == arm.hash; });
  arms_.push_back(std::move(arm));
  return file_.Keep(ToJson(arms_.back()));
}

void VerifyState::Remove() {
  file_.Remove();
  arms_.clear();
}

}  // namespace leaktrail
