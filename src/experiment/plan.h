// The plan of `verify`: a service, its load, and what each hypothesis changes about them. TOML.
//
//   [service]      command, folder, env, node, node-flags, port, start-seconds
//   [load]         paths, method, headers, body …, connections, requests
//   [limits]       seconds, rounds, warm-up, settle-ms, threshold, false-alarm, at-once
//   [[hypothesis]] cause, note, and a change: package(s), command, env, node, node-flags, and the
//                  keys of [load] that say what to ask for
//
// Reading gives arms: the baseline and one for each hypothesis, every one complete in itself, so
// that whoever runs them needs no knowledge of what differs. A key that nobody knows is an error
// with its line and the key that was probably meant; a plan that is misread proves the wrong thing.
//
// Cost: none worth naming. Threads: functions of their input and of the files that it names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "experiment/load.h"
#include "experiment/rounds.h"
#include "experiment/service.h"

namespace leaktrail {

struct PackageAtVersion {
  std::string name;
  std::string version;  // exact
};

// One process to measure: the baseline, or a hypothesis.
struct PlanArm {
  std::string cause;  // "" for the baseline
  std::string how;    // how it is tested, in words: "@pm2/io 4.2.2", "env KEEP_ALIVE=0"
  std::string note;   // the user's
  uint32_t line = 1;  // in the plan
  ServiceOptions service;
  LoadRequest request;
  std::vector<PackageAtVersion> packages;
  std::string node;                  // a path or a version; "" for the one in PATH
  bool has_port_of_its_own = false;  // the plan names PORT, so that we do not
  // What the arm is, as text: another text is another arm, and its earlier result does not count.
  std::string definition;
};

struct Plan {
  std::string title;
  std::string folder;  // of the service, absolute
  RoundsOptions rounds;
  uint32_t at_once = 6;       // arms alive at a time
  std::vector<PlanArm> arms;  // the baseline first
};

// `path` is for errors and for what the plan names relative to its folder.
Result<Plan> ParsePlan(std::string_view text, const std::string& path);
Result<Plan> ReadPlan(const std::string& path);

// "node app.js --name 'a b'" as arguments. An error if it needs a shell.
Result<std::vector<std::string>> SplitCommand(std::string_view text);

}  // namespace leaktrail
