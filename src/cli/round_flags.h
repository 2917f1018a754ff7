// The flags of the verbs that start a service and put rounds of load on it: find and bisect.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command_line.h"
#include "cli/request_flags.h"
#include "experiment/load.h"
#include "experiment/rounds.h"

namespace leaktrail {

struct RoundArguments {
  uint32_t requests = 0, connections = 10;
  std::vector<std::string> paths;
  RequestArguments request;
  uint32_t port = 0;
  uint32_t rounds = 0, warm_up = 0, settle_ms = 0, seconds = 0;
};

// `time_help` is of --time, whose default is the verb's.
void AddRoundFlags(Verb* verb, RoundArguments* arguments, const std::string& time_help);

Result<LoadRequest> RequestOf(const RoundArguments& arguments);
// Puts into `rounds` what was given.
void ApplyTo(const RoundArguments& arguments, RoundsOptions* rounds);

}  // namespace leaktrail
