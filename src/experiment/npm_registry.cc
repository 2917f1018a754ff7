#include "experiment/npm_registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "experiment/semver.h"

namespace leaktrail {
namespace {

using Json = nlohmann::json;

Result<Json> View(const std::vector<std::string>& what, const std::string& name,
                  const NpmOptions& options) {
  std::vector<std::string> arguments{"view"};
  arguments.insert(arguments.end(), what.begin(), what.end());
  arguments.emplace_back("--json");
  Result<CommandResult> result = RunNpm(arguments, options);
  if (!result) return tl::unexpected(result.error());
  Json json = Json::parse(result->output, nullptr, false);
  if (result->exit_code != 0 && result->errors.find("code E404") != std::string::npos) {
    return Fail(ErrorKind::kUsage, fmt::format("the registry has no package {}", name));
  }
  if (result->exit_code != 0) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("npm cannot tell the versions of {}: {}", name, NpmComplaint(*result)));
  }
  return json;
}

std::string TextOf(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<SemanticVersion> ParseEnd(const std::string& name, const std::string& text) {
  const std::optional<SemanticVersion> version = ParseVersion(text);
  if (version) return *version;
  return Fail(ErrorKind::kUsage,
              fmt::format("'{}' is no version; name the ends as {}@1.2.3..1.4.0, good one first",
                          text, name));
}

// "4.1.2 and 4.1.3" around one that is not there.
std::string Neighbours(const SemanticVersion& wanted, const std::vector<PublishedVersion>& all) {
  const PublishedVersion *below = nullptr, *above = nullptr;
  for (const PublishedVersion& v : all) {
    const auto parsed = ParseVersion(v.version);
    if (!parsed) continue;
    if (*parsed < wanted) below = &v;
    if (*parsed > wanted && above == nullptr) above = &v;
  }
  if (below != nullptr && above != nullptr) {
    return fmt::format("the nearest are {} and {}", below->version, above->version);
  }
  const PublishedVersion* only = below != nullptr ? below : above;
  return only != nullptr ? fmt::format("the nearest is {}", only->version)
                         : std::string("it has none");
}

}  // namespace

Result<std::vector<PublishedVersion>> FindVersions(const std::string& name,
                                                   const NpmOptions& options) {
  Result<Json> told = View({name, "versions", "time"}, name, options);
  if (!told) return tl::unexpected(told.error());
  // A registry without times answers with the versions alone.
  const Json* versions = &*told;
  if (told->is_array() && told->size() == 1 && told->front().is_object()) versions = &told->front();
  const Json* times = nullptr;
  if (versions->is_object()) {
    if (const auto time = versions->find("time"); time != versions->end()) times = &*time;
    const auto list = versions->find("versions");
    versions = list != versions->end() ? &*list : nullptr;
  }
  std::vector<PublishedVersion> all;
  const auto add = [&](const Json& v) {
    if (!v.is_string() || !ParseVersion(v.get<std::string>())) return;
    PublishedVersion version{v.get<std::string>(), ""};
    if (times != nullptr && times->is_object()) version.published = TextOf(*times, version.version);
    all.push_back(std::move(version));
  };
  if (versions != nullptr && versions->is_array()) {
    for (const Json& v : *versions) add(v);
  } else if (versions != nullptr) {
    add(*versions);  // npm gives a list of one as it is
  }
  if (all.empty()) {
    return Fail(ErrorKind::kEnvironment, fmt::format("npm knows no versions of {}", name));
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const PublishedVersion& a, const PublishedVersion& b) {
                     return *ParseVersion(a.version) < *ParseVersion(b.version);
                   });
  return all;
}

Result<VersionRange> SelectVersions(const std::string& name, const std::string& good,
                                    const std::string& bad,
                                    const std::vector<PublishedVersion>& all) {
  const Result<SemanticVersion> low = ParseEnd(name, good), high = ParseEnd(name, bad);
  if (!low) return tl::unexpected(low.error());
  if (!high) return tl::unexpected(high.error());
  if (*low == *high) {
    return Fail(ErrorKind::kUsage, fmt::format("{}@{}..{}: both ends are the same version; name a "
                                               "good one and a bad one",
                                               name, good, bad));
  }
  for (const SemanticVersion* end : {&*low, &*high}) {
    const bool known = std::any_of(all.begin(), all.end(), [&](const PublishedVersion& v) {
      return *ParseVersion(v.version) == *end;
    });
    if (known) continue;
    return Fail(ErrorKind::kUsage, fmt::format("{} has no version {}; {}", name,
                                               end == &*low ? good : bad, Neighbours(*end, all)));
  }
  const bool with_pre_releases = low->is_pre_release() || high->is_pre_release();
  const bool goes_back = *low > *high;
  const SemanticVersion &from = goes_back ? *high : *low, &to = goes_back ? *low : *high;
  VersionRange range;
  for (const PublishedVersion& v : all) {
    const SemanticVersion version = *ParseVersion(v.version);
    if (!version.is_pre_release()) {
      if (!goes_back && version > to) range.newer.push_back(v);
      if (goes_back ? version > to : version < from) range.beyond.push_back(v);
    }
    if (version < from || version > to) continue;
    if (version.is_pre_release() && !with_pre_releases) {
      ++range.pre_releases_left_out;
    } else {
      range.versions.push_back(v);
    }
  }
  if (goes_back) {
    std::reverse(range.versions.begin(), range.versions.end());
  } else {
    std::reverse(range.beyond.begin(), range.beyond.end());
  }
  return range;
}

}  // namespace leaktrail
