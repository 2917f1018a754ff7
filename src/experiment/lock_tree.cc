#include "experiment/lock_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "experiment/semver.h"

namespace leaktrail {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kModules = "node_modules/";
// npm nests no deeper than packages depend on each other; this is for input made up to hurt.
constexpr int kMaxDepth = 200;

std::string TextOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

void AppendNested(const Json& dependencies, const std::string& parent, int depth, LockTree* out) {
  if (!dependencies.is_object() || depth > kMaxDepth) return;
  for (const auto& [name, entry] : dependencies.items()) {
    if (!entry.is_object()) continue;
    const std::string path = parent + std::string(kModules) + name;
    out->push_back({path, name, TextOf(entry, "version"), ""});
    if (const auto below = entry.find("dependencies"); below != entry.end()) {
      AppendNested(*below, path + "/", depth + 1, out);
    }
  }
}

}  // namespace

std::string_view PackageNameOfPath(std::string_view path) {
  const size_t at = path.rfind(kModules);
  return at == std::string_view::npos ? std::string_view() : path.substr(at + kModules.size());
}

Result<LockTree> ParseLock(std::string_view text, const std::string& shown_name) {
  const Json lock = Json::parse(text, nullptr, false);
  if (lock.is_discarded() || !lock.is_object()) {
    return Fail(ErrorKind::kBadInput,
                fmt::format("{} is not JSON; npm install writes it anew", shown_name));
  }
  LockTree tree;
  const auto packages = lock.find("packages");
  if (packages != lock.end() && packages->is_object()) {
    for (const auto& [path, entry] : packages->items()) {
      const std::string_view name = PackageNameOfPath(path);
      if (name.empty() || !entry.is_object() || entry.value("link", Json(false)) == Json(true)) {
        continue;
      }
      tree.push_back(
          {path, std::string(name), TextOf(entry, "version"), TextOf(entry, "deprecated")});
    }
  } else if (const auto nested = lock.find("dependencies"); nested != lock.end()) {
    AppendNested(*nested, "", 0, &tree);
  } else if (!lock.contains("lockfileVersion")) {
    return Fail(ErrorKind::kBadInput,
                fmt::format("{} is no package-lock.json: it has neither \"packages\" nor "
                            "\"dependencies\"",
                            shown_name));
  }
  std::sort(tree.begin(), tree.end(),
            [](const LockedPackage& a, const LockedPackage& b) { return a.path < b.path; });
  return tree;
}

std::vector<LockDifference> CompareLocks(const LockTree& before, const LockTree& after) {
  std::vector<LockDifference> out;
  size_t a = 0, b = 0;
  while (a < before.size() || b < after.size()) {
    const bool only_before =
        b == after.size() || (a < before.size() && before[a].path < after[b].path);
    const bool only_after =
        a == before.size() || (b < after.size() && after[b].path < before[a].path);
    if (only_before) {
      out.push_back({before[a].path, before[a].name, before[a].version, ""});
      ++a;
    } else if (only_after) {
      out.push_back({after[b].path, after[b].name, "", after[b].version});
      ++b;
    } else {
      if (before[a].version != after[b].version) {
        out.push_back({before[a].path, before[a].name, before[a].version, after[b].version});
      }
      ++a;
      ++b;
    }
  }
  return out;
}

std::vector<std::string> VersionsOf(const LockTree& tree, std::string_view name) {
  std::vector<std::string> out;
  for (const LockedPackage& p : tree) {
    if (p.name == name && std::find(out.begin(), out.end(), p.version) == out.end()) {
      out.push_back(p.version);
    }
  }
  std::sort(out.begin(), out.end(), [](const std::string& a, const std::string& b) {
    const auto x = ParseVersion(a), y = ParseVersion(b);
    if (x && y && *x != *y) return *x < *y;
    return a < b;
  });
  return out;
}

}  // namespace leaktrail
