// A plan for the project in a folder: its command, and its dependencies as hypotheses, the most
// likely guilty ones first.
//
//   package.json ─▶ command (scripts.start, main)
//        └────────▶ dependencies in its order ──╮
//   findings.json (of find --json) ─▶ culprit,  ├─▶ each at the release before and after its own
//                                     suspects ─╯
//
// Which releases there are comes from npm. Where npm cannot tell, a hypothesis stands in the plan
// as a comment with the version left open. No more are active than a person waits for; the rest are
// comments too.
//
// Cost: one run of npm for each package that is asked about. Threads: one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"

namespace leaktrail {

struct PlanInitOptions {
  std::string plan_path;            // must not be there; the project is in its folder
  std::string findings_path;        // must be there, unless empty
  std::string usual_findings_path;  // used if it is there
  ProgressSink* progress = nullptr;
  const CancelToken* cancel = nullptr;
};

struct PlanInitResult {
  size_t hypothesis_count = 0;  // active ones
  std::string from;             // the findings that gave the order; "" for none
};

Result<PlanInitResult> WritePlan(const PlanInitOptions& options);

// The rest is the same without files and npm.
struct ProjectPackage {
  std::string name;
  std::string version;        // installed; "" unknown
  std::string before, after;  // the releases next to it; "" if there are none or nobody knows
  bool is_suspect = false;    // by find
  bool is_direct = true;      // package.json asks for it
};

struct ProjectFacts {
  std::string name;
  std::string command;                   // as one line
  std::vector<ProjectPackage> packages;  // most likely guilty first
  bool own_code_is_suspect = false;
  std::string findings_path;  // "" for none
};

struct PlanText {
  std::string text;
  size_t hypothesis_count = 0;
};
PlanText PlanFor(const ProjectFacts& project);

// The releases right before and after `version`; pre-releases are left out.
void PickNeighbours(const std::vector<std::string>& versions, ProjectPackage* package);

// A text as TOML writes it, quotes included.
std::string TomlText(const std::string& text);

}  // namespace leaktrail
