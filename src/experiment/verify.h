// Runs a plan: the baseline and each hypothesis under the same load, then what that proves.
//
//   plan ─▶ arms ─▶ scratch copies, other Nodes ─▶ services ─┬─ round of arm 1 ─▶ round of arm 2 ─▶
//   …
//            ▲                                               ╰◀─ until each one's answer is safe ◀╯
//            ╰─ finished ones of a stopped run                      │
//                                                                   ╰─▶ conclusions
//
// Arms take turns round by round, forwards and then backwards, so that whatever else the machine
// does meets all of them. Each gets a free port in PORT. Where the service listens on a port of its
// own all the same, two cannot live at once: the arms then run one after another, and the result
// says so.
//
// If a hypothesis changes packages, all arms run in scratch copies that are installed in one way
// (scratch_project.h); otherwise in the user's folder, which is only read.
//
// An arm that breaks says so in its row; the others go on. Without a baseline there is nothing to
// compare with: what breaks the baseline ends all. However it ends, services are ended and scratch
// folders removed before it returns.
//
// Cost: for each arm the time of RoundsOptions, and its installation. Threads: one at a time.
#pragma once

#include <cstdint>
#include <string>

#include "analysis/tested_causes.h"
#include "base/progress.h"
#include "base/result.h"
#include "experiment/plan.h"
#include "experiment/state_file.h"

namespace leaktrail {

// Of each arm: Sen's interval at a level of 0.001 and less needs as many samples, with some room for
// serial dependence.
inline constexpr uint32_t kLeastRounds = 14;
// Of the baseline's least load, for the other arms.
inline constexpr double kLoadOfOthers = 0.5;

struct VerifyOptions {
  std::string plan_path;  // the state lies beside it
  EarlierResults earlier = EarlierResults::kUse;
  ProgressSink* progress = nullptr;
  const CancelToken* cancel = nullptr;
};

Result<TestedCauses> RunVerify(const Plan& plan, const VerifyOptions& options);

}  // namespace leaktrail
