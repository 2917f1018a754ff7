// A heap snapshot of a live service, written to a file of ours.
//
//   kFork        target ──fork──▶ child: V8 writes its snapshot ──FIFO──▶ we ──▶ file
//                   │                (lowest priority, first to be killed when memory is short)
//                   └── goes on after the fork: some ms, whatever the size of the heap
//   kInspector   target: V8 writes ──inspector, in chunks──▶ we ──▶ file     (stands still
//   meanwhile)
//
//   we = note ▶ redaction, if wished ▶ compression by the file's name ▶ FILE.part ▶ FILE
//
// The text comes through us in both cases, so that what is not to reach a disk (plain texts, when
// redacting) never does, the file belongs to whoever asked for it, and the child ends as soon as we
// do: its pipe has lost its reader. FILE.part is created with mode 0600 and renamed when it is
// whole; whatever goes wrong, neither is left.
//
// A fork meets the other threads of the target wherever they are. It waits until they are idle, and
// what goes wrong in the child nevertheless (seen in milliseconds, see bindings/fork) is tried
// again.
//
// What is left in the target: 30 KB of code, since a module of Node cannot be unloaded.
//
// Cost: see preflight.h.
// Threads: one call per target at a time; `cancel` may be set from anywhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/progress.h"
#include "base/result.h"
#include "capture/attach.h"
#include "capture/preflight.h"

namespace leaktrail {

struct SnapshotOptions {
  std::string path;  // .gz and .zst are compressed; an existing file is replaced
  SnapshotMethod method = SnapshotMethod::kFork;
  bool redact = false;            // no contents of strings reach the file
  bool ignore_preflight = false;  // take it although the pre-flight refuses
  InspectorSession session;       // "": the main thread; else a worker's, see FindWorkers
  uint32_t attempts = 8;          // of a fork
  // Of one attempt; 0: twenty times what the pre-flight predicts, at least two minutes.
  std::chrono::milliseconds timeout{0};
  ProgressSink* progress = nullptr;
  const CancelToken* cancel = nullptr;
};

struct SnapshotTaken {
  std::string path;
  SnapshotMethod method = SnapshotMethod::kFork;
  std::string process;  // as in the file's note: pid and start, the same for all files of a process
  std::string time;     // as in the file's note: UTC, ISO 8601
  bool node_ids_comparable = false;
  bool redacted = false;
  uint64_t text_bytes = 0;  // before compression
  uint64_t file_bytes = 0;
  uint64_t node_count = 0;  // as the snapshot's head says
  uint64_t edge_count = 0;
  uint32_t attempts = 1;
  double pause_ms = 0;            // kFork: of the fork, measured in the target; else until the end
  double duration_ms = 0;         // all attempts
  uint64_t child_peak_bytes = 0;  // kFork: resident memory of the child, what is shared included
  Preflight preflight;
};

// Errors leave nothing behind, neither here nor in the target. A pre-flight that refuses is
// kEnvironment with its figures.
Result<SnapshotTaken> TakeSnapshot(Attachment& target, const SnapshotOptions& options);

}  // namespace leaktrail
