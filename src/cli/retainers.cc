// leaktrail retainers FILE @ID: who holds this object?
#include <algorithm>
#include <memory>

#include "analysis/holding_ways.h"
#include "analysis/retainers.h"
#include "cli/command_line.h"
#include "cli/find_node.h"
#include "cli/places.h"
#include "cli/run.h"
#include "engine/find_leaks.h"
#include "report/retainers_report.h"

namespace leaktrail {
namespace {

constexpr size_t kUsualPaths = 3;
constexpr size_t kUsualHolders = 20;
// In JSON unless --top says otherwise: a popular node has a retainer for each of a million objects.
constexpr size_t kUsualInJson = 100;

struct RetainersArguments {
  std::string file;
  std::string id;
  std::string class_name;
};

size_t ListLimit(const Run& run, size_t usual_in_text) {
  return run.RowLimit(run.options().top ? SIZE_MAX : kUsualInJson, usual_in_text);
}

std::vector<RetainerStep> StepsOf(const RetainingPath& path, const PackageMap& packages,
                                  Session* session) {
  std::vector<RetainerStep> steps;
  steps.reserve(path.size());
  for (const PathStep& step : path) {
    RetainerStep line;
    if (step.edge.valid()) {
      line.edge = session->graph().EdgeName(step.edge);
      line.edge_type = std::string(EdgeTypeName(session->graph().edge_type(step.edge)));
    }
    line.node = DescribeNode(session, packages, step.node, WithDistance::kYes);
    steps.push_back(std::move(line));
  }
  return steps;
}

std::vector<RetainingPath> FindPaths(Session* session, NodeIndex node, size_t max_paths) {
  PathOptions options;
  options.max_paths = static_cast<uint32_t>(std::min<size_t>(max_paths, UINT32_MAX));
  return FindRetainingPaths(session->graph(), session->retainers(), session->distances(), node,
                            options);
}

// The ways in which the nodes of the class are held, with an example's path for each that is shown.
// Returns the first example.
NodeIndex FillClass(const std::vector<NodeIndex>& nodes, size_t max_ways,
                    const PackageMap& packages, Session* session, RetainersReport* report) {
  const std::vector<HoldingWay> ways =
      FindHoldingWays(session->graph(), session->retainers(), session->distances(),
                      session->classes(), session->retained_sizes(), nodes);
  report->of_class = RetainersReport::OfClass();
  RetainersReport::OfClass& of_class = *report->of_class;
  of_class.instance_count = nodes.size();
  report->node = DescribeNode(session, packages, ways.front().example, WithDistance::kYes);
  for (const HoldingWay& way : ways) {
    if (!way.reached) {
      of_class.unreached_count = way.count;
      continue;
    }
    ++of_class.way_count;
    if (report->paths.size() >= max_ways) continue;
    for (const RetainingPath& path : FindPaths(session, way.example, 1)) {
      report->paths.push_back(StepsOf(path, packages, session));
      of_class.path_instances.push_back(way.count);
    }
  }
  return ways.front().example;
}

void FillHolders(NodeIndex node, size_t max_holders, const PackageMap& packages, Session* session,
                 RetainersReport* report) {
  const HeapGraph& graph = session->graph();
  const std::vector<Retainer> holders =
      FindRetainers(graph, session->retainers(), session->distances(), node, session->detached());
  report->holder_count = holders.size();
  for (size_t i = 0; i < std::min(holders.size(), max_holders); ++i) {
    report->holders.push_back(
        {graph.EdgeName(holders[i].edge),
         std::string(EdgeTypeName(graph.edge_type(holders[i].edge))),
         DescribeNode(session, packages, holders[i].from, WithDistance::kYes)});
  }
}

Result<std::vector<NodeIndex>> FindWanted(const RetainersArguments& arguments, uint32_t id,
                                          Session* session) {
  if (!arguments.class_name.empty()) return FindInstances(session, arguments.class_name);
  Result<NodeIndex> node = FindNodeById(*session, id);
  if (!node) return tl::unexpected(node.error());
  return std::vector<NodeIndex>{*node};
}

Result<int> RunRetainers(const RetainersArguments& arguments, Run& run) {
  if (arguments.id.empty() == arguments.class_name.empty()) {
    return Fail(ErrorKind::kUsage,
                "name one object as @ID, or a class with --class; see leaktrail retainers --help");
  }
  uint32_t id = 0;
  if (!arguments.id.empty()) {
    Result<uint32_t> parsed = ParseNodeId(arguments.id);
    if (!parsed) return tl::unexpected(parsed.error());
    id = *parsed;
  }
  Result<Session> session = run.Open(arguments.file);
  if (!session) return tl::unexpected(session.error());
  const Result<std::vector<NodeIndex>> nodes = FindWanted(arguments, id, &*session);
  if (!nodes) return tl::unexpected(nodes.error());
  if (Result<void> go = run.Phase("sizing"); !go) return tl::unexpected(go.error());
  session->RunSummaryPasses();
  if (Result<void> go = run.Phase("finding whose code it is"); !go) {
    return tl::unexpected(go.error());
  }
  const PackageMap packages = run.Timed("packages", "whose code the steps are",
                                        [&] { return AttributePackages(*session); });
  if (Result<void> go = run.Phase("looking for paths"); !go) return tl::unexpected(go.error());

  RetainersReport report;
  report.snapshot = InfoOf(*session);
  NodeIndex node = nodes->front();
  // The passes that the search needs have times of their own.
  session->retainers();
  session->distances();
  run.Timed("paths", "shortest ways from the root", [&] {
    const size_t max_paths = ListLimit(run, kUsualPaths);
    if (!arguments.class_name.empty()) {
      node = FillClass(*nodes, max_paths, packages, &*session, &report);
      return 0;
    }
    report.node = DescribeNode(&*session, packages, node, WithDistance::kYes);
    for (const RetainingPath& path : FindPaths(&*session, node, max_paths)) {
      report.paths.push_back(StepsOf(path, packages, &*session));
    }
    return 0;
  });
  FillHolders(node, ListLimit(run, kUsualHolders), packages, &*session, &report);
  report.notes = run.Notes({&*session});
  return run.Print(report, RetainersText, WriteRetainersJson, kExitFine);
}

}  // namespace

void AddRetainers(CLI::App* root, CommandLine* line) {
  auto arguments = std::make_shared<RetainersArguments>();
  Verb(root, line, "retainers", "Who holds this object?",
       "  leaktrail retainers app.heapsnapshot @40219\n"
       "  leaktrail retainers app.heapsnapshot --class Meter\n")
      .Required("FILE", &arguments->file, "a snapshot, or - for standard input")
      .Optional("@ID", &arguments->id, "the object's node id, as other reports show it")
      .Text("--class", "NAME", &arguments->class_name, "how the objects of this class are held")
      .Runs([arguments](Run& run) { return RunRetainers(*arguments, run); });
}

}  // namespace leaktrail
