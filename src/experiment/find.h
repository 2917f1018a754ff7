// The main job: does this service leak, who holds what grows, and who made it.
//
//   command ─▶ service ─▶ attach ─▶ rounds of load ─▶ verdict ──────────────▶ nothing grows: done
//                            │          │ grows
//                            │          ├─▶ snapshots: early, middle, end ─▶ trail ──┐
//                            └─ sampling heap profile from the first round on ─▶ join ─▶ findings
//
// A command is ours: between the rounds nobody waits for it, so its snapshots are ordinary ones,
// whose node ids can be compared. A running process has other users: its snapshots are taken by a
// fork.
//
// Before growth is called a leak of a command, it has to be still there after a while without load
// (quiet_check.h).
//
// The verdict is the experiment's. trail may doubt it where the growth was cut short for want of
// room: what is filled by code that looks at its size may be full one day.
//
// Snapshots lie in a folder of mode 0700, the files 0600; it is removed unless `save_folder` is
// set.
//
// Cost: for a command the time of RoundsOptions, some seconds for each snapshot, and where it leaks
// the wait without load.
// Threads: one at a time. Whatever happens, the service is ended and the target left as it was.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/findings.h"
#include "base/progress.h"
#include "base/result.h"
#include "capture/processes.h"
#include "experiment/load.h"
#include "experiment/rounds.h"
#include "experiment/service.h"

namespace leaktrail {

struct FindOptions {
  ServiceOptions service;
  LoadRequest request;
  RoundsOptions rounds;
  std::string save_folder;  // made if absent; "" keeps nothing
  uint32_t max_suspects = 5;
  unsigned threads = 0;
  ProgressSink* progress = nullptr;
  const CancelToken* cancel = nullptr;
};

struct FindSnapshot {
  std::string path;
  uint64_t node_count = 0, edge_count = 0, string_count = 0;
};

struct FindResult {
  Findings findings;
  std::vector<FindSnapshot> snapshots;  // oldest first; the files are gone unless saved
};

Result<FindResult> FindInCommand(const FindOptions& options);
// With the traffic it has; the unit of growth is a second.
Result<FindResult> FindInTarget(const Target& target, const FindOptions& options);

}  // namespace leaktrail
