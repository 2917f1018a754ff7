#include "cli/find_node.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/ascii.h"
#include "cli/run.h"

namespace leaktrail {
namespace {

constexpr size_t kMaxSuggestions = 3;

// " (did you mean Meter?)", from the classes whose names contain the text in any case.
std::string Suggestion(Session* session, const std::string& wanted) {
  const std::string needle = LowerCase(wanted);
  std::vector<std::string> alike;
  for (const ClassRow& row : session->class_summary()) {
    const std::string& name = session->classes().key(row.class_index).name;
    if (LowerCase(name).find(needle) == std::string::npos) continue;
    if (std::find(alike.begin(), alike.end(), name) == alike.end()) alike.push_back(name);
    if (alike.size() == kMaxSuggestions) break;
  }
  if (alike.empty()) return "; leaktrail summary lists the classes";
  std::string names;
  for (const std::string& name : alike) names += (names.empty() ? "" : " or ") + name;
  return fmt::format("; did you mean {}?", names);
}

}  // namespace

Result<uint32_t> ParseNodeId(const std::string& text) {
  std::string_view digits = text;
  if (!digits.empty() && digits[0] == '@') digits.remove_prefix(1);
  uint32_t id = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return Fail(ErrorKind::kUsage,
                fmt::format("'{}' is not a node id; write @ and a number, like @40219", text));
  }
  return id;
}

Result<NodeIndex> FindNodeById(const Session& session, uint32_t id) {
  if (const std::optional<NodeIndex> node = session.graph().FindById(id)) return *node;
  return Fail(ErrorKind::kUsage,
              fmt::format("{} has no node @{}; ids are only the same in snapshots of one process",
                          ShownPath(session.path()), id));
}

Result<std::vector<NodeIndex>> FindInstances(Session* session, const std::string& class_name) {
  const HeapGraph& graph = session->graph();
  const ClassTable& classes = session->classes();
  std::vector<bool> wanted(classes.keys.size());
  for (size_t c = 0; c < wanted.size(); ++c) wanted[c] = classes.keys[c].name == class_name;
  std::vector<NodeIndex> found;
  if (std::find(wanted.begin(), wanted.end(), true) != wanted.end()) {
    for (const NodeIndex n : graph.nodes()) {
      if (wanted[classes.class_of(n).value()]) found.push_back(n);
    }
  }
  if (!found.empty()) return found;
  return Fail(ErrorKind::kUsage, fmt::format("{} has no class {}{}", ShownPath(session->path()),
                                             class_name, Suggestion(session, class_name)));
}

}  // namespace leaktrail
