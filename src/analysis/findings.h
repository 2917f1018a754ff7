// The answer of `trail` and `find`: is there a leak, what grows, who holds it, whose code is it.
// Plain values; the renderings (text, JSON schema leaktrail.findings/1) print them as they stand.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/diff.h"
#include "analysis/experiment_facts.h"
#include "analysis/packages.h"
#include "base/diagnostic.h"

namespace leaktrail {

enum class Verdict : uint8_t { kLeak, kNoLeak, kInconclusive };
const char* VerdictName(Verdict v);  // "leak", "no-leak", "inconclusive"

// On what evidence the culprit is named.
enum class Because : uint8_t {
  kAllocationStack,  // the stack that made the objects (live capture only)
  kConstructor,      // the growing objects' constructor, or the function that made the closures
  kOwner,            // who holds the list, map or chain that grows
  kDominator,        // only the package that all of it hangs below
};
const char* BecauseName(Because b);  // "allocation_stack", "constructor", "owner", "dominator"

struct GrowthRate {
  std::string unit = "snapshot";   // "request" in an experiment
  double heap_bytes_per_unit = 0;  // of what grows, not of the whole heap
  double interval_low = 0, interval_high = 0;
  std::optional<double> external_bytes_per_unit;  // array buffers' backing stores
  std::optional<double> rss_bytes_per_unit;       // a process only
  std::optional<double> false_alarm_bound;        // an experiment only
};

struct Culprit {
  CodePlace place;
  Because because = Because::kDominator;
};

struct TrailStep {
  uint32_t id = 0;         // V8 node id of an example; 0 for a folded step
  std::string class_name;  // "Meter", "Map", "(closure) onChange", "(engine)" …
  std::string edge;        // how the step before holds this one: "_metrics", "[12]", "listener"
  std::string edge_type;   // "property", "context", "element", "internal", …; "" for the root
  std::string package;     // label, "" unknown
  std::optional<CodePlace> location;
  std::string why;           // not empty: what is remarkable here ("holds 4000 of the new objects")
  bool is_culprit = false;   // the step where it should have been let go
  bool is_engine = false;    // of V8 or Node's internals: left out of text unless verbose
  uint32_t repeat = 1;       // > 1: a run of like steps folded (_idleNext ×2000)
  uint64_t grown_count = 0;  // of the suspect's new instances, how many this step holds
};

struct SuspectOwner {
  std::string class_name;             // "Map", "Array", "TimersList", …
  std::string property;               // path that names it: "Meter registry: _metrics"
  std::string package;                // "" unknown
  std::optional<CodePlace> location;  // of the object or function that has the property
  std::vector<uint64_t> entry_count;  // per snapshot: how many it holds
};

enum class GrowthShape : uint8_t {
  kSteady,     // persists and grows in every step
  kSlowing,    // each step adds much less than the one before: a cache that fills, a warm-up
  kStopped,    // grew, then stays
  kTurnover,   // new ones come, old ones go
  kTwoPoints,  // only one step: cannot be told
};
const char* GrowthShapeName(GrowthShape s);  // "steady", "slowing", "stopped", "turnover", …

struct Suspect {
  uint32_t rank = 0;  // from 1
  std::string class_name;
  std::optional<CodePlace> location;  // of the constructor or function
  std::string package;                // "" unknown
  GrowthShape shape = GrowthShape::kSteady;
  std::vector<uint64_t> count;          // per snapshot
  std::vector<uint64_t> retained_size;  // per snapshot: what the group's instances keep
  uint64_t grown_count = 0;             // born after the first snapshot and alive in the last
  uint64_t grown_size = 0;              // what they keep alive, bytes
  std::vector<std::string> grows_with;  // classes of the same group, most bytes first
  std::optional<SuspectOwner> owner;
  std::optional<Culprit> culprit;            // of this suspect
  std::vector<TrailStep> trail;              // from the root to the object
  std::vector<StackFrame> allocation_stack;  // empty from files
  std::string fingerprint;                   // 16 hex digits
  double confidence = 0;                     // 0…1, that this suspect is a leak
  bool size_is_checked = false;              // the code that fills the owner also looks at its size
  bool is_emptied_too = false;               // that code also empties the owner, on some condition
  bool had_room = false;  // the owner is a list that had room for all of it from the start
};

// Objects of one class that hold array buffers in one property, in the last snapshot.
struct BufferOwner {
  std::string class_name;  // "" where no object of JavaScript holds them
  std::string property;    // "frame", "packets[]"
  std::string package;     // of the nearest code above, "" unknown
  std::optional<CodePlace> location;
  uint64_t count = 0;    // buffers
  uint64_t size = 0;     // bytes outside V8's heap
  uint64_t largest = 0;  // of one buffer
};

struct Findings {
  Verdict verdict = Verdict::kInconclusive;
  std::string reason;  // one sentence for people: why this verdict
  GrowthRate growth;
  std::optional<Culprit> culprit;  // of the first suspect; absent when there is none to name
  std::vector<Suspect> suspects;   // by rank
  MatchedBy matched_by = MatchedBy::kNodeId;
  std::vector<uint64_t> heap_size;   // per snapshot: sum of self sizes
  std::vector<BufferOwner> buffers;  // most bytes first
  Diagnostics diagnostics;
  std::optional<ExperimentFacts> experiment;  // of a live service only
};

}  // namespace leaktrail
