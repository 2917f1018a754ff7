#include "engine/find_leaks.h"

#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <unordered_map>

#include "analysis/buffer_owners.h"
#include "analysis/code_model.h"
#include "analysis/growth.h"
#include "analysis/holders.h"
#include "analysis/names.h"
#include "analysis/root_paths.h"
#include "analysis/suspects.h"
#include "analysis/trail_tree.h"
#include "base/input.h"
#include "base/parallel.h"

namespace leaktrail {
namespace {

constexpr size_t kMaxBufferOwners = 5;
// A larger file is no manifest.
constexpr size_t kMaxManifestBytes = size_t{1} << 20;
constexpr size_t kMaxSourceBytes = size_t{1} << 24;

std::string TextField(const nlohmann::json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : "";
}

// "" if there is no such file, or a larger one.
std::string ReadSmallFile(const std::string& path, size_t at_most) {
  const auto file = InputFile::Open(path);
  if (!file || !(*file)->regular() || (*file)->size() > at_most) return "";
  std::string text((*file)->size(), '\0');
  const long got = (*file)->ReadAt(0, text.size(), text.data());
  text.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return text;
}

std::string ReadSource(const std::string& path) { return ReadSmallFile(path, kMaxSourceBytes); }

// Asks the disk once for each folder. May be called from several threads.
ManifestReader CachedManifests(bool enabled) {
  if (!enabled) return {};
  struct Known {
    std::mutex mutex;
    std::unordered_map<std::string, std::optional<PackageManifest>> of_folder;
  };
  auto known = std::make_shared<Known>();
  return [known](const std::string& folder) {
    const std::lock_guard lock(known->mutex);
    const auto it = known->of_folder.find(folder);
    if (it != known->of_folder.end()) return it->second;
    return known->of_folder.emplace(folder, ReadManifest(folder)).first->second;
  };
}

bool Cancelled(const FindLeaksOptions& options) {
  return options.cancel != nullptr && options.cancel->cancelled();
}

// What growth needs of each snapshot; the views point into the other members.
struct Prepared {
  std::vector<NameHashes> names;
  std::vector<CodeModel> code;
  std::vector<PackageMap> packages;
  std::vector<SnapshotView> views;
};

Prepared MakePrepared(std::span<Session* const> sessions) {
  Prepared p;
  const size_t n = sessions.size();
  p.names.resize(n);
  p.code.resize(n);
  p.packages.resize(n);
  for (size_t k = 0; k < n; ++k) {
    p.views.push_back({&sessions[k]->graph(), &p.names[k], &p.code[k], &p.packages[k], nullptr});
  }
  return p;
}

void PrepareOne(Prepared& p, size_t k, Session& session, const ManifestReader& manifests) {
  p.names[k] = NameHashes(session.graph());
  p.code[k] = ComputeCodeModel(session.graph(), p.names[k]);
  p.packages[k] =
      ComputePackages(session.graph(), p.names[k], p.code[k], session.dominators(), manifests);
  p.views[k].dominators = &session.dominators();
}

// Prepares the snapshots and adds them to the tree, from the last to the first: one thread adds as
// soon as a snapshot is there, while the others are prepared. A session is for one thread at a
// time, so each is one worker's. If it was cancelled, some are not there.
std::vector<NodeWays> PrepareAndAdd(Prepared& p, std::span<Session* const> sessions,
                                    const FindLeaksOptions& options, TrailTree& tree) {
  const ManifestReader manifests = CachedManifests(options.read_manifests);
  const size_t n = sessions.size();
  std::vector<NodeWays> ways(n);
  std::mutex mutex;
  size_t taken = 0, next_to_add = 0;  // counted from the last
  bool adding = false;
  std::vector<bool> ready(n);
  RunWorkers(sessions[0]->threads(), [&](unsigned) {
    std::unique_lock<std::mutex> lock(mutex);
    while (!Cancelled(options)) {
      if (!adding && next_to_add < n && ready[next_to_add]) {
        const size_t k = n - 1 - next_to_add;
        adding = true;
        lock.unlock();
        ways[k] = tree.Add(p.views[k]);
        lock.lock();
        adding = false;
        ++next_to_add;
      } else if (taken < n) {
        const size_t place = taken++;
        lock.unlock();
        PrepareOne(p, n - 1 - place, *sessions[n - 1 - place], manifests);
        lock.lock();
        ready[place] = true;
      } else {
        // What is left is waited for by whoever is at work on it.
        return;
      }
    }
  });
  return ways;
}

MatchedBy HowToMatch(std::span<Session* const> sessions) {
  for (size_t k = 1; k < sessions.size(); ++k) {
    if (!NodeIdsComparable(sessions[k - 1]->graph(), sessions[k]->graph()))
      return MatchedBy::kClass;
  }
  return MatchedBy::kNodeId;
}

}  // namespace

Result<Findings> FindLeaks(std::span<Session* const> sessions, const FindLeaksOptions& options) {
  if (sessions.empty()) return Fail(ErrorKind::kUsage, "no snapshot given: name two or more files");
  if (sessions.size() > LifeSpans::kMaxSnapshots) {
    return Fail(ErrorKind::kUsage, "too many snapshots: at most 250 can be compared");
  }
  const MatchedBy matched_by = HowToMatch(sessions);
  const unsigned threads = sessions[0]->threads();
  TrailTree tree(matched_by == MatchedBy::kNodeId ? WaysFrom::kRoot : WaysFrom::kCode, threads);
  Prepared p = MakePrepared(sessions);
  const std::vector<NodeWays> ways = PrepareAndAdd(p, sessions, options, tree);
  if (Cancelled(options)) return Fail(ErrorKind::kInterrupted, "interrupted");
  Growth growth;
  std::optional<RootPaths> paths;
  ParallelBlocks(threads, 2, 1, [&](size_t first, size_t) {
    if (first == 0) {
      growth = ComputeGrowth(p.views, ways, tree, matched_by);
    } else {
      paths.emplace(*p.views.back().graph, p.names.back());
    }
  });
  std::vector<uint64_t> heap_sizes;
  for (Session* s : sessions) heap_sizes.push_back(s->graph().total_self_size());
  const LastSnapshot last{p.views.back(), ways.back(),
                          tree,           growth,
                          *paths,         options.read_manifests ? ReadSource : SourceReader()};
  Findings findings = BuildFindings(last, heap_sizes, {options.max_suspects});
  findings.buffers = FindBufferOwners(last, kMaxBufferOwners);
  for (Session* s : sessions) {
    const Diagnostics& d = s->graph().diagnostics();
    findings.diagnostics.insert(findings.diagnostics.end(), d.begin(), d.end());
  }
  return findings;
}

std::optional<PackageManifest> ReadManifest(const std::string& folder) {
  const std::string text = ReadSmallFile(folder + "/package.json", kMaxManifestBytes);
  if (text.empty()) return std::nullopt;
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  return PackageManifest{TextField(json, "name"), TextField(json, "version")};
}

PackageMap AttributePackages(Session& session, bool read_manifests) {
  const NameHashes names(session.graph(), session.threads());
  const CodeModel code = ComputeCodeModel(session.graph(), names);
  return ComputePackages(session.graph(), names, code, session.dominators(),
                         CachedManifests(read_manifests));
}

PackageTable ComputePackageTable(Session& session, bool read_manifests) {
  const PackageMap packages = AttributePackages(session, read_manifests);
  return ComputePackageTable(session.graph(), packages, session.dominators(),
                             session.shallow_sizes(), session.retained_sizes());
}

}  // namespace leaktrail
