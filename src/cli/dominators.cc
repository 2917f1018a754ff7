// leaktrail dominators FILE [@ID]: what keeps most memory alive?
#include <algorithm>
#include <memory>

#include "analysis/dominated.h"
#include "cli/command_line.h"
#include "cli/find_node.h"
#include "cli/places.h"
#include "cli/run.h"
#include "engine/find_leaks.h"
#include "report/dominators_report.h"

namespace leaktrail {
namespace {

constexpr size_t kUsualChildren = 10;
// What keeps less than this part of the top is summed up, unless --verbose.
constexpr uint64_t kWorthShowing = 100;
constexpr uint64_t kSmallestGroup = 2;

struct DominatorsArguments {
  std::string file;
  std::string id;
  uint32_t depth = 3;
};

// Fills in the tree level by level, so that each level is one scan of all nodes.
class TreeBuilder {
 public:
  TreeBuilder(Session* session, const PackageMap& packages, size_t max_children, uint64_t min_size)
      : session_(session), packages_(packages), max_children_(max_children), min_size_(min_size) {}

  DominatorBranch Build(NodeIndex top, uint32_t depth) {
    DominatorBranch root = Branch(top);
    std::vector<Open> level{{top, &root}};
    for (uint32_t d = 0; d <= depth && !level.empty(); ++d) level = Expand(level, d < depth);
    return root;
  }

 private:
  struct Open {
    NodeIndex node;
    DominatorBranch* branch;
  };

  DominatorBranch Branch(NodeIndex node) {
    return {DescribeNode(session_, packages_, node, WithDistance::kNo), 0, {}, {}, {}};
  }

  // Counts the children of all branches and, unless this is below the last level, adds them.
  std::vector<Open> Expand(const std::vector<Open>& level, bool add_children) {
    std::vector<NodeIndex> parents;
    parents.reserve(level.size());
    for (const Open& open : level) parents.push_back(open.node);
    const std::vector<DominatedNodes> found =
        FindDominated(session_->graph(), session_->dominators(), session_->retained_sizes(),
                      session_->classes(), parents, add_children ? max_children_ : 0);
    std::vector<Open> next;
    for (size_t i = 0; i < level.size(); ++i) {
      DominatorBranch& branch = *level[i].branch;
      branch.child_count = found[i].count;
      branch.rest = {found[i].count, 0, found[i].retained_size};
      branch.children.reserve(found[i].largest.size());
      for (const NodeIndex child : found[i].largest) {
        if (session_->retained_sizes()[child.value()] < min_size_) break;
        branch.children.push_back(Branch(child));
        TakeFromRest(1, branch.children.back().node.retained_size, &branch.rest);
        next.push_back({child, &branch.children.back()});
      }
      AddGroups(found[i], branch.children.size(), &branch);
    }
    return next;
  }

  // The classes of the children that are not shown themselves.
  void AddGroups(const DominatedNodes& found, size_t shown, DominatorBranch* branch) {
    const ClassTable& classes = session_->classes();
    std::vector<DominatedClass> left = found.classes;
    for (size_t i = 0; i < shown; ++i) {
      const NodeIndex child = found.largest[i];
      for (DominatedClass& c : left) {
        if (c.class_index != classes.class_of(child)) continue;
        --c.count;
        c.retained_size -= session_->retained_sizes()[child.value()];
        break;
      }
    }
    std::stable_sort(left.begin(), left.end(), [](const auto& a, const auto& b) {
      return a.retained_size > b.retained_size;
    });
    for (const DominatedClass& c : left) {
      if (branch->groups.size() == max_children_ || c.retained_size < min_size_) break;
      if (c.count < kSmallestGroup) continue;
      const ClassKey& key = classes.key(c.class_index);
      branch->groups.push_back({key.name, PlaceOfClass(packages_, key), c.count, c.retained_size});
      TakeFromRest(c.count, c.retained_size, &branch->rest);
    }
  }

  static void TakeFromRest(uint64_t count, uint64_t size, ListRest* rest) {
    rest->row_count -= count;
    rest->size -= size;
  }

  Session* session_;
  const PackageMap& packages_;
  size_t max_children_;
  uint64_t min_size_;
};

Result<int> RunDominators(const DominatorsArguments& arguments, Run& run) {
  uint32_t id = 0;
  if (!arguments.id.empty()) {
    Result<uint32_t> parsed = ParseNodeId(arguments.id);
    if (!parsed) return tl::unexpected(parsed.error());
    id = *parsed;
  }
  Result<Session> session = run.Open(arguments.file);
  if (!session) return tl::unexpected(session.error());
  NodeIndex top = session->graph().root();
  if (!arguments.id.empty()) {
    Result<NodeIndex> found = FindNodeById(*session, id);
    if (!found) return tl::unexpected(found.error());
    top = *found;
  }
  if (Result<void> go = run.Phase("sizing"); !go) return tl::unexpected(go.error());
  session->RunSummaryPasses();
  if (Result<void> go = run.Phase("finding whose code it is"); !go) {
    return tl::unexpected(go.error());
  }
  const PackageMap packages = run.Timed("packages", "whose code the nodes are",
                                        [&] { return AttributePackages(*session); });

  DominatorsReport report;
  report.snapshot = InfoOf(*session);
  report.total_size = session->statistics().total;
  const size_t children = run.options().top ? *run.options().top : kUsualChildren;
  report.top = run.Timed("tree", "the largest at each level", [&] {
    const uint64_t whole = session->retained_sizes()[top.value()];
    return TreeBuilder(&*session, packages, children == 0 ? SIZE_MAX : children,
                       run.options().verbose ? 0 : whole / kWorthShowing)
        .Build(top, arguments.depth);
  });
  report.notes = run.Notes({&*session});
  return run.Print(report, DominatorsText, WriteDominatorsJson, kExitFine);
}

}  // namespace

void AddDominators(CLI::App* root, CommandLine* line) {
  auto arguments = std::make_shared<DominatorsArguments>();
  Verb(root, line, "dominators", "What keeps most memory alive?",
       "  leaktrail dominators app.heapsnapshot\n"
       "  leaktrail dominators --depth 1 --top 20 app.heapsnapshot\n"
       "  leaktrail dominators app.heapsnapshot @40219     # below one object\n")
      .Required("FILE", &arguments->file, "a snapshot, or - for standard input")
      .Optional("@ID", &arguments->id, "begin at this object, not at the root")
      .Number("--depth", 1, 100, &arguments->depth, "show so many levels (default: 3)")
      .Runs([arguments](Run& run) { return RunDominators(*arguments, run); });
}

}  // namespace leaktrail
