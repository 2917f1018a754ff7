#include "capture/heap_profile.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace leaktrail {
namespace {

// Reading collects garbage and translates every stack.
constexpr std::chrono::milliseconds kReadTimeout{60'000};

using Json = nlohmann::json;

std::string Text(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : "";
}

// The protocol counts from 0 and says -1 for unknown.
uint32_t FromOne(const Json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_number()) return 0;
  const double value = it->get<double>();
  return value >= 0 && value < 4e9 ? static_cast<uint32_t>(value) + 1 : 0;
}

SampledFrame FrameOf(const Json& node) {
  const auto it = node.find("callFrame");
  if (it == node.end() || !it->is_object()) return {};
  return {Text(*it, "functionName"), Text(*it, "url"), FromOne(*it, "lineNumber"),
          FromOne(*it, "columnNumber")};
}

std::string KeyOf(const std::vector<SampledFrame>& frames) {
  std::string key;
  for (const SampledFrame& f : frames) {
    key += f.function;
    key += '\0';
    key += f.url;
    key += '\0';
    key += std::to_string(f.line) + ":" + std::to_string(f.column) + "\n";
  }
  return key;
}

}  // namespace

HeapProfile ParseHeapProfile(const Json& profile) {
  HeapProfile out;
  const auto head = profile.find("head");
  if (head == profile.end() || !head->is_object()) return out;
  // Depth first without recursion: `path` is the way from the root to the node in hand.
  struct Open {
    const Json* node;
    size_t depth;
  };
  std::vector<Open> open{{&*head, 0}};
  std::vector<SampledFrame> path;
  while (!open.empty()) {
    const auto [node, depth] = open.back();
    open.pop_back();
    path.resize(depth);
    path.push_back(FrameOf(*node));
    const auto size = node->find("selfSize");
    if (size != node->end() && size->is_number() && size->get<double>() > 0) {
      AllocationSite site;
      site.bytes = size->get<double>();
      // The root is no function.
      site.frames.assign(path.rbegin(), path.rend() - 1);
      out.sites.push_back(std::move(site));
    }
    const auto children = node->find("children");
    if (children == node->end() || !children->is_array()) continue;
    for (auto it = children->rbegin(); it != children->rend(); ++it) {
      if (it->is_object()) open.push_back({&*it, depth + 1});
    }
  }
  return out;
}

Result<void> StartHeapSampling(Inspector& inspector, uint32_t interval_bytes) {
  Result<Json> answer =
      inspector.Call("HeapProfiler.startSampling", {{"samplingInterval", interval_bytes},
                                                    {"includeObjectsCollectedByMajorGC", false},
                                                    {"includeObjectsCollectedByMinorGC", false}});
  if (!answer) return tl::unexpected(answer.error());
  return {};
}

Result<HeapProfile> ReadHeapProfile(Inspector& inspector) {
  Result<Json> answer =
      inspector.Call("HeapProfiler.getSamplingProfile", Json::object(), {kReadTimeout, {}});
  if (!answer) return tl::unexpected(answer.error());
  const auto profile = answer->find("profile");
  if (profile == answer->end() || !profile->is_object()) return HeapProfile{};
  return ParseHeapProfile(*profile);
}

Result<void> StopHeapSampling(Inspector& inspector) {
  Result<Json> answer =
      inspector.Call("HeapProfiler.stopSampling", Json::object(), {kReadTimeout, {}});
  if (!answer) return tl::unexpected(answer.error());
  return {};
}

std::vector<AllocationGrowth> CompareProfiles(const HeapProfile& before, const HeapProfile& after) {
  std::map<std::string, AllocationGrowth> by_stack;
  const auto add = [&](const HeapProfile& profile, double AllocationGrowth::*bytes) {
    for (const AllocationSite& site : profile.sites) {
      AllocationGrowth& growth = by_stack[KeyOf(site.frames)];
      if (growth.frames.empty()) growth.frames = site.frames;
      growth.*bytes += site.bytes;
    }
  };
  add(before, &AllocationGrowth::bytes_before);
  add(after, &AllocationGrowth::bytes_after);
  std::vector<AllocationGrowth> grown;
  for (auto& [key, growth] : by_stack) {
    if (growth.grown() > 0) grown.push_back(std::move(growth));
  }
  std::stable_sort(
      grown.begin(), grown.end(),
      [](const AllocationGrowth& a, const AllocationGrowth& b) { return a.grown() > b.grown(); });
  return grown;
}

}  // namespace leaktrail
