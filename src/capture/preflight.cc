#include "capture/preflight.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

#include "capture/memory_room.h"
#include "capture/proc_files.h"
#include "capture/work_speed.h"

namespace leaktrail {
namespace {

using Json = nlohmann::json;

constexpr double kMega = 1e6;

// All of these are fitted to 28 shapes of heaps on Node 14, 18, 20, 22, 24 and 26
// (docs/performance.md).
//
// Where only bytes are known: the middle of the shapes.
constexpr double kBytesPerNode = 46, kEdgesPerNode = 3.1;
constexpr double kStringsPerNode = 0.2, kTextPerString = 24, kIndexNamesPerNode = 0.2;
// Of the young generation, of which the sample has nothing: gone by the time of the snapshot.
constexpr double kYoungGarbage = 0.5;
// What is in every Node, beside the sample: what cannot be written, code, what V8 makes up.
constexpr double kLeastNodes = 7'000, kLeastEdges = 9'000, kLeastIndexNames = 2'000;
// Node 12 does not list the table of internalized strings.
constexpr uint32_t kFirstNamedEntries = 14;
// Every object has a pointer or two that are not in it, or point to what cannot be written. V8 lists
// the elements of an array as such and as part of the array, those of a table only once, its keys
// or its values.
constexpr double kEdgesPerObject = 1.41, kEdgesPerPointer = 0.95, kEdgesPerArrayPointer = 0.84;
constexpr double kEdgesPerLargeArrayPointer = 1.5, kEdgesPerTablePointer = 0.65;

// Memory of the process that writes: V8's graph and its names.
constexpr double kMemoryPerEdge = 37.5, kMemoryPerString = 60, kMemoryPerIndexName = 1180;
constexpr double kMemoryPerWeakEntry = 4200, kMemoryOfFork = 5e6;
// To a forked child a page is new when it is written to: texts' and, as buffers are visited, theirs.
constexpr double kMemoryPerTextByte = 1.75, kMemoryPerExternalByte = 0.385;
constexpr double kFilePerNode = 22, kFilePerEdge = 14.8, kFilePerIndexName = 12.3;
constexpr double kFilePerTextByte = 1.34;  // escaped
constexpr double kFilePerWeakEntry = 240, kWeakEntryMs = 0.0195;
// What differs by version. Milliseconds are what V8 works at a snapshot, on the machine that
// work_speed.h compares with.
struct Work {
  uint32_t first_major;  // of the versions of Node
  double base_memory, memory_per_node;
  double base_ms, ms_per_node, ms_per_edge, ms_per_string, ms_per_text_byte;
  double names;  // times IndexNameMs, kWeakEntryMs
};
constexpr Work kWork[] = {
    {0, 4e6, 180, 299, 0.00055, 0.000263, 0, 14e-6, 0.51},
    {16, 4e6, 180, 27, 0.00054, 0.000336, 0.01, 27e-6, 1.35},
    {20, 4e6, 180, 93, 0.000484, 0.000249, 0.0002, 17e-6, 0.68},
    {22, 4e6, 128, 121, 0.000452, 0.00023, 0.0016, 16e-6, 0.46},
    {24, 12e6, 128, 83, 0.000273, 0.000187, 0.0003, 20e-6, 0.59},
    {26, 9e6, 128, 119, 0.0003, 0.000133, 0.0006, 17e-6, 0.77},
};
// Each takes the longer the more there are: they are found in ever larger tables.
double NodeMs(double nodes) { return nodes * std::log(std::max(1.0, nodes / 1e4)); }
double IndexNameMs(double names) { return names * (0.0012 + 0.0035 * std::min(1.0, names / 1e6)); }
// The names of V8 10's indices stand side by side in its table, and other names that belong there are
// looked for behind all of them. How many meet is luck: ten times what is predicted was seen.
constexpr uint32_t kFirstSlowNames = 16, kLastSlowNames = 19;
constexpr double kManyNames = 50'000;
// Where its version is not known.
constexpr uint32_t kUsualMajor = 20;

constexpr double kForkMs = 0.7;              // on the machine of kWork
constexpr double kForkMsPerMegabyte = 0.05;  // where this machine's is not known

// Shares of what is there that stay free for everybody else.
constexpr double kKeepOfHost = 0.05;
constexpr double kKeepOfDisk = 0.02;

constexpr const char* kCounts = R"js((() => {
  const v8 = require('v8'), h = v8.getHeapStatistics();
  const spaces = {};
  for (const s of v8.getHeapSpaceStatistics()) spaces[s.space_name] = s.space_used_size;
  const m = process.memoryUsage();
  return { used: h.used_heap_size, committed: h.total_heap_size, limit: h.heap_size_limit,
           external: m.external, resident: m.rss, spaces,
           major: parseInt(process.versions.node, 10) };
})())js";

uint64_t Number(const Json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_number()) return 0;
  const double value = it->get<double>();
  return value > 0 ? static_cast<uint64_t>(value) : 0;
}

std::string Megabytes(double bytes) {
  return bytes >= 1e9 ? fmt::format("{:.1f} GB", bytes / 1e9)
                      : fmt::format("{:.0f} MB", bytes / kMega);
}
std::string Megabytes(uint64_t bytes) { return Megabytes(static_cast<double>(bytes)); }

std::string Seconds(double ms) {
  return ms < 1000 ? fmt::format("{:.0f} ms", ms) : fmt::format("{:.1f} s", ms / 1000);
}

// V8 keeps one name for each different index that a snapshot names something by: the places of
// pointers in its longest array, and from 1 the entries of the table of internalized strings.
double IndexNames(const HeapSample& sample, double whole, double most, uint32_t node_major) {
  const double pointers = std::min(most, sample.longest_array_pointers);
  if (node_major < kFirstNamedEntries) return pointers;
  const double entries = sample.internalized_strings * whole;
  const double length = sample.longest_array_length;
  const double density = length > 0 ? pointers / length : 0;
  return pointers + entries - density * std::min(entries, length);
}

double ForkMs(double megabytes, const HeapCounts& counts) {
  const ForkSpeed& speed = counts.fork_speed;
  const double per_megabyte =
      speed.ms_per_megabyte > 0 ? speed.ms_per_megabyte : kForkMsPerMegabyte;
  return kForkMs * counts.work_time + megabytes * per_megabyte + counts.maps * speed.ms_per_map;
}

}  // namespace

const char* SnapshotMethodName(SnapshotMethod method) {
  return method == SnapshotMethod::kFork ? "fork" : "inspector";
}

Result<HeapCounts> ReadHeapCounts(Attachment& target, const InspectorSession& session) {
  CallOptions call;
  call.session = session;
  Result<Json> answer = target.inspector().Evaluate(kCounts, call);
  if (!answer) return tl::unexpected(answer.error());
  if (!answer->is_object()) {
    return Fail(ErrorKind::kEnvironment, "the service did not tell how large its heap is");
  }
  HeapCounts counts;
  counts.used_bytes = Number(*answer, "used");
  counts.committed_bytes = Number(*answer, "committed");
  counts.heap_limit_bytes = Number(*answer, "limit");
  counts.external_bytes = Number(*answer, "external");
  counts.resident_bytes = Number(*answer, "resident");
  counts.node_major = static_cast<uint32_t>(Number(*answer, "major"));
  if (const auto spaces = answer->find("spaces"); spaces != answer->end() && spaces->is_object()) {
    for (const auto& [name, used] : spaces->items()) {
      const auto bytes = static_cast<uint64_t>(used.is_number() ? used.get<double>() : 0);
      if (name == "new_space") counts.young_bytes = bytes;
      if (name.find("large_object_space") != std::string::npos) counts.large_object_bytes += bytes;
    }
  }
  return counts;
}

HeapShape ShapeOf(const HeapCounts& counts) {
  auto small = static_cast<double>(counts.used_bytes -
                                   std::min(counts.used_bytes, counts.large_object_bytes));
  HeapShape shape;
  if (!counts.sample || counts.sample->live_bytes <= 0) {
    shape.is_guessed = true;
    shape.nodes = small / kBytesPerNode;
    shape.edges = shape.nodes * kEdgesPerNode;
    shape.strings = shape.nodes * kStringsPerNode;
    shape.text_bytes = shape.strings * kTextPerString;
    shape.index_names = kLeastIndexNames + shape.nodes * kIndexNamesPerNode;
    return shape;
  }
  small -= std::min(small, kYoungGarbage * static_cast<double>(counts.young_bytes));
  const HeapSample& sample = *counts.sample;
  const double whole = small / sample.live_bytes;
  // What looked like an array longer than all there are was none.
  const double most = static_cast<double>(counts.large_object_bytes) / 8;
  const double objects = sample.objects * whole;
  shape.nodes = kLeastNodes + objects;
  shape.edges = kLeastEdges + kEdgesPerObject * objects +
                kEdgesPerPointer * sample.pointers * whole +
                kEdgesPerArrayPointer * sample.array_pointers * whole +
                kEdgesPerLargeArrayPointer * std::min(most, sample.large_array_pointers) +
                kEdgesPerTablePointer * std::min(most, sample.large_table_pointers);
  shape.weak_entries = std::min(most, sample.large_weak_pointers) / 2;
  shape.strings = sample.strings * whole;
  shape.text_bytes = sample.string_text_bytes * whole;
  shape.index_names = kLeastIndexNames + IndexNames(sample, whole, most, counts.node_major);
  return shape;
}

SnapshotCost PredictCost(const HeapCounts& counts, SnapshotMethod method) {
  const HeapShape shape = ShapeOf(counts);
  const uint32_t major = counts.node_major == 0 ? kUsualMajor : counts.node_major;
  const Work& work = *std::find_if(std::rbegin(kWork), std::rend(kWork),
                                   [&](const Work& w) { return w.first_major <= major; });
  const double build_ms =
      counts.work_time *
      (work.base_ms + NodeMs(shape.nodes) * work.ms_per_node + shape.edges * work.ms_per_edge +
       shape.strings * work.ms_per_string + shape.text_bytes * work.ms_per_text_byte +
       (IndexNameMs(shape.index_names) + shape.weak_entries * kWeakEntryMs) * work.names);
  SnapshotCost cost;
  const double pages = method == SnapshotMethod::kFork
                           ? kMemoryOfFork + shape.text_bytes * kMemoryPerTextByte +
                                 static_cast<double>(counts.external_bytes) * kMemoryPerExternalByte
                           : 0;
  cost.extra_memory_bytes = static_cast<uint64_t>(
      work.base_memory + pages + shape.nodes * work.memory_per_node + shape.edges * kMemoryPerEdge +
      shape.strings * kMemoryPerString + shape.index_names * kMemoryPerIndexName +
      shape.weak_entries * kMemoryPerWeakEntry);
  cost.file_bytes = static_cast<uint64_t>(shape.nodes * kFilePerNode + shape.edges * kFilePerEdge +
                                          shape.index_names * kFilePerIndexName +
                                          shape.text_bytes * kFilePerTextByte +
                                          shape.weak_entries * kFilePerWeakEntry);
  cost.duration_ms = build_ms;
  const uint64_t copied =
      counts.anonymous_bytes > 0 ? counts.anonymous_bytes : counts.resident_bytes;
  cost.pause_ms = method == SnapshotMethod::kFork
                      ? ForkMs(static_cast<double>(copied) / kMega, counts)
                      : build_ms;
  return cost;
}

void Judge(Preflight* preflight) {
  Preflight& p = *preflight;
  p.refusals.clear();
  p.warnings.clear();
  const auto extra = static_cast<double>(p.cost.extra_memory_bytes);
  const bool fork = p.method == SnapshotMethod::kFork;
  const char* who = fork ? "the forked child" : "the service";
  if (p.room.host_bytes && extra > static_cast<double>(*p.room.host_bytes) * (1 - kKeepOfHost)) {
    p.refusals.push_back(fmt::format(
        "the snapshot needs about {} of memory and this machine has {} left; free some, or take it "
        "on a smaller heap",
        Megabytes(extra), Megabytes(*p.room.host_bytes)));
  }
  const uint64_t limit = p.room.cgroup_limit_bytes.value_or(0);
  const double reserve = limit == 0 ? 0 : static_cast<double>(MemoryReserve(limit));
  if (p.room.cgroup_bytes && extra + reserve > static_cast<double>(*p.room.cgroup_bytes)) {
    p.refusals.push_back(fmt::format(
        "{} needs about {} more memory and the limit of its container ({}) leaves {}; raise the "
        "limit to {} or more{}",
        who, Megabytes(extra), Megabytes(limit), Megabytes(*p.room.cgroup_bytes),
        Megabytes(static_cast<double>(limit) - static_cast<double>(*p.room.cgroup_bytes) +
                  extra * 1.1 + reserve),
        fork ? "" : "; as it is the service would be killed"));
  }
  if (p.room.disk_bytes && static_cast<double>(p.cost.file_bytes) >
                               static_cast<double>(*p.room.disk_bytes) * (1 - kKeepOfDisk)) {
    const std::string text = fmt::format(
        "the file will be about {} as plain text and its disk has {} left; a name that ends in "
        ".zst makes it about 8 times smaller",
        Megabytes(p.cost.file_bytes), Megabytes(*p.room.disk_bytes));
    (p.compressed ? p.warnings : p.refusals).push_back(text);
  }
  if (ShapeOf(p.counts).is_guessed) {
    p.warnings.push_back(
        "the heap's pages were not looked at (a worker's never are; of others it takes the right "
        "to "
        "trace the process), so these figures may be wrong by a factor of two");
  }
  if (!fork && p.counts.node_major >= kFirstSlowNames && p.counts.node_major <= kLastSlowNames &&
      ShapeOf(p.counts).index_names > kManyNames) {
    p.warnings.push_back(fmt::format(
        "Node {} may take several times as long as predicted: it finds names slowly where a heap "
        "has long arrays",
        p.counts.node_major));
  }
  if (!fork && p.cost.pause_ms > 1000) {
    p.warnings.push_back(
        fmt::format("the service will stand still for about {}; without --pause "
                    "for about {}",
                    Seconds(p.cost.pause_ms), Seconds(p.other_cost.pause_ms)));
  }
}

Result<Preflight> RunPreflight(Attachment& target, const InspectorSession& session,
                               SnapshotMethod method, const std::string& output_path) {
  Result<HeapCounts> counts = ReadHeapCounts(target, session);
  if (!counts) return tl::unexpected(counts.error());
  Preflight p;
  p.method = method;
  p.counts = *counts;
  // A worker's heap is one of several in its process, and their pages look alike.
  if (target.process().pid != 0 && session.empty()) {
    p.counts.sample = SampleHeap(target.process().pid);
  }
  if (target.process().pid != 0) {
    const std::string status = ReadProcFile(target.process().pid, "status").value_or("");
    p.counts.anonymous_bytes = KilobytesOf(status, "RssAnon").value_or(0);
    const std::string maps = ReadProcFile(target.process().pid, "maps").value_or("");
    p.counts.maps = static_cast<uint32_t>(std::count(maps.begin(), maps.end(), '\n'));
    p.counts.fork_speed = MeasureForkSpeed();
    p.counts.work_time = MeasureWorkTime();
  }
  p.cost = PredictCost(p.counts, method);
  p.other_cost = PredictCost(p.counts, method == SnapshotMethod::kFork ? SnapshotMethod::kInspector
                                                                       : SnapshotMethod::kFork);
  p.room = ReadMemoryRoom(target.process().pid, output_path);
  p.compressed = output_path.ends_with(".gz") || output_path.ends_with(".zst");
  Judge(&p);
  return p;
}

}  // namespace leaktrail
