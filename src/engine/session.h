// One opened snapshot and everything that was computed of it. Each analysis runs once, when it is
// first asked for; its time is kept for --stats.
//
//   auto s = Session::Open("a.heapsnapshot", {});
//   for (const ClassRow& row : s->class_summary()) …
//
// Threads: one thread at a time. Independent passes run in parallel inside.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/class_summary.h"
#include "analysis/classes.h"
#include "analysis/detached.h"
#include "analysis/distances.h"
#include "analysis/dominators.h"
#include "analysis/retainers.h"
#include "analysis/sizes.h"
#include "analysis/statistics.h"
#include "snapshot/reader.h"

namespace leaktrail {

struct PassTime {
  std::string pass;
  std::string reason;  // why it ran
  double wall_ms = 0;
  uint64_t resident_bytes = 0;  // anonymous memory of the process when it ended; 0 if unknown
};

class Session {
 public:
  static Result<Session> Open(const std::string& path, const ReadOptions& options);
  static Session FromGraph(HeapGraph graph);
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  const std::string& path() const;
  const HeapGraph& graph() const;
  const DominatorTree& dominators();
  const ShallowSizes& shallow_sizes();
  const Array<uint64_t>& retained_sizes();
  const Array<int32_t>& distances();
  const DetachedNodes& detached();
  const PlainObjects& plain_objects();
  const ClassTable& classes();
  const std::vector<ClassRow>& class_summary();
  const HeapStatistics& statistics();
  const RetainerIndex& retainers();
  // classes + sizes + dominators + retained sizes + summary with the machine's threads: what
  // `summary` needs, faster than one by one. `beside` is work of the caller's that needs the classes
  // and no dominators; it is done while those are computed.
  void RunSummaryPasses(const std::function<void()>& beside = {});

  const std::vector<PassTime>& pass_times() const;
  unsigned threads() const;

 private:
  struct State;
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace leaktrail
