// leaktrail retainers FILE @ID: who holds this object?
#include <memory>

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

struct RetainersArguments {
  std::string file;
  std::string id;
  std::string class_name;
};

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
  if (Result<void> go = run.Phase("sizing"); !go) return tl::unexpected(go.error());
  session->RunSummaryPasses();

  RetainersReport report;
  NodeIndex node;
  if (arguments.class_name.empty()) {
    Result<NodeIndex> found = FindNodeById(*session, id);
    if (!found) return tl::unexpected(found.error());
    node = *found;
  } else {
    Result<ClassInstances> found = FindInstances(&*session, arguments.class_name);
    if (!found) return tl::unexpected(found.error());
    node = found->largest;
    report.instance_count = found->count;
  }
  if (Result<void> go = run.Phase("finding whose code it is"); !go) {
    return tl::unexpected(go.error());
  }
  const PackageMap packages = run.Timed("packages", "whose code the steps are",
                                        [&] { return AttributePackages(*session); });
  if (Result<void> go = run.Phase("looking for paths"); !go) return tl::unexpected(go.error());

  PathOptions path_options;
  if (!run.options().json || run.options().top) {
    path_options.max_paths = static_cast<uint32_t>(run.RowLimit(UINT32_MAX, kUsualPaths));
  }
  const RetainerIndex& index = session->retainers();
  const Array<int32_t>& distances = session->distances();
  const auto paths = run.Timed("paths", "shortest ways from the root", [&] {
    return FindRetainingPaths(session->graph(), index, distances, node, path_options);
  });
  const std::vector<Retainer> holders = FindRetainers(session->graph(), index, distances, node);

  report.snapshot = InfoOf(*session);
  report.node = DescribeNode(&*session, packages, node, WithDistance::kYes);
  for (const RetainingPath& path : paths) {
    report.paths.push_back(StepsOf(path, packages, &*session));
  }
  report.holder_count = holders.size();
  for (size_t i = 0; i < run.RowLimit(holders.size(), kUsualHolders); ++i) {
    report.holders.push_back(
        {session->graph().EdgeName(holders[i].edge),
         std::string(EdgeTypeName(session->graph().edge_type(holders[i].edge))),
         DescribeNode(&*session, packages, holders[i].from, WithDistance::kYes)});
  }
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
      .Text("--class", "NAME", &arguments->class_name, "the largest object of this class")
      .Runs([arguments](Run& run) { return RunRetainers(*arguments, run); });
}

}  // namespace leaktrail
