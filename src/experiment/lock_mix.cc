#include "experiment/lock_mix.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "experiment/lock_tree.h"

namespace leaktrail {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kLists[] = {"dependencies", "devDependencies", "optionalDependencies",
                                  "peerDependencies"};
constexpr int kIndent = 2;

Json Parsed(const std::string& text) { return Json::parse(text, nullptr, false); }

// "debug@^4" is about debug, "@a/b@1" about @a/b.
std::string NameOfOverride(const std::string& key) { return key.substr(0, key.find('@', 1)); }

// A name may have rules for what is below it; only the one for itself is ours.
void SetOverride(Json* overrides, const ManifestChange& change) {
  Json kept = Json::object();
  for (auto& [key, rule] : overrides->items()) {
    if (NameOfOverride(key) != change.name) {
      kept[key] = rule;
      continue;
    }
    if (!rule.is_object()) continue;
    rule.erase(".");
    if (!rule.empty()) kept[key] = rule;
  }
  const std::string key = change.only.empty() ? change.name : change.name + "@" + change.only;
  const auto same = kept.find(key);
  if (same != kept.end() && same->is_object()) {
    (*same)["."] = change.version;
  } else {
    kept[key] = change.version;
  }
  *overrides = std::move(kept);
}

bool HasParent(const Json& packages, const std::string& path) {
  const size_t at = path.rfind("/node_modules/");
  return at == std::string::npos || packages.contains(path.substr(0, at));
}

}  // namespace

Result<void> CheckManifest(const std::string& text, const std::string& shown_name) {
  const Json manifest = Parsed(text);
  if (!manifest.is_discarded() && manifest.is_object()) return {};
  return Fail(ErrorKind::kBadInput,
              fmt::format("{} is not JSON; npm cannot read it either", shown_name));
}

Result<std::string> ChangeManifest(const std::string& text,
                                   std::span<const ManifestChange> changes) {
  Json manifest = Parsed(text);
  if (manifest.is_discarded() || !manifest.is_object()) {
    return Fail(ErrorKind::kBadInput, "package.json is not JSON");
  }
  for (const ManifestChange& change : changes) {
    if (change.version.empty()) continue;
    for (const char* list : kLists) {
      const auto found = manifest.find(list);
      if (!change.own || found == manifest.end() || !found->is_object() ||
          !found->contains(change.name)) {
        continue;
      }
      Json& spec = (*found)[change.name];
      const std::string now = spec.is_string() ? spec.get<std::string>() : std::string();
      // "npm:real-name@1.2.3" installs another package under this name.
      const size_t at = now.find('@', std::string_view("npm:@").size());
      spec = now.starts_with("npm:") ? now.substr(0, at) + "@" + change.version : change.version;
    }
    if (!change.for_all) continue;
    Json& overrides = manifest["overrides"];
    if (!overrides.is_object()) overrides = Json::object();
    SetOverride(&overrides, change);
  }
  return manifest.dump(kIndent) + "\n";
}

std::string FindDirectSpec(const std::string& text, const std::string& name) {
  const Json manifest = Parsed(text);
  if (manifest.is_discarded() || !manifest.is_object()) return "";
  for (const char* list : kLists) {
    const auto found = manifest.find(list);
    if (found == manifest.end() || !found->is_object()) continue;
    const auto spec = found->find(name);
    if (spec != found->end() && spec->is_string()) return spec->get<std::string>();
  }
  return "";
}

bool ManifestHasWorkspaces(const std::string& text) {
  const Json manifest = Parsed(text);
  return !manifest.is_discarded() && manifest.is_object() && manifest.contains("workspaces");
}

std::string ManifestVersion(const std::string& text) {
  const Json manifest = Parsed(text);
  if (manifest.is_discarded() || !manifest.is_object()) return "";
  const auto version = manifest.find("version");
  return version != manifest.end() && version->is_string() ? version->get<std::string>() : "";
}

std::vector<std::string> FindFoldersOutside(const std::string& lock_text) {
  std::vector<std::string> out;
  const Json lock = Parsed(lock_text);
  if (lock.is_discarded() || !lock.is_object()) return out;
  const auto packages = lock.find("packages");
  if (packages == lock.end() || !packages->is_object()) return out;
  for (const auto& [path, entry] : packages->items()) {
    if (path.starts_with("../") && path.find("node_modules/") == std::string::npos) {
      out.push_back(path);
    }
  }
  return out;
}

Result<std::string> MixLocks(const std::string& base_text, const std::string& donor_text,
                             const std::set<std::string>& names) {
  Json base = Parsed(base_text);
  const Json donor = Parsed(donor_text);
  for (const Json* lock : {static_cast<const Json*>(&base), &donor}) {
    if (!lock->is_discarded() && lock->is_object() && lock->contains("packages") &&
        (*lock)["packages"].is_object()) {
      continue;
    }
    return Fail(ErrorKind::kBadInput,
                "a lock file of npm 6 or older cannot be mixed; write it anew with npm install "
                "--package-lock-only of a newer npm");
  }
  std::set<std::string> known;
  Json mixed = Json::object();
  for (const auto& [path, entry] : base["packages"].items()) {
    const std::string name(PackageNameOfPath(path));
    known.insert(name);
    if (names.count(name) == 0) mixed[path] = entry;
  }
  for (const auto& [path, entry] : donor["packages"].items()) {
    const std::string name(PackageNameOfPath(path));
    if (name.empty()) continue;
    if ((names.count(name) != 0 || known.count(name) == 0) && !mixed.contains(path)) {
      mixed[path] = entry;
    }
  }
  // A copy inside of a package that is not there any more has lost its place.
  for (bool again = true; again;) {
    again = false;
    for (auto it = mixed.begin(); it != mixed.end(); ++it) {
      if (HasParent(mixed, it.key())) continue;
      mixed.erase(it);
      again = true;
      break;
    }
  }
  base["packages"] = std::move(mixed);
  base.erase("dependencies");  // the same once more, for npm 6
  return base.dump(kIndent) + "\n";
}

}  // namespace leaktrail
