#include "capture/process_names.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "capture/proc_files.h"

namespace leaktrail {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxManifest = 1 << 20;
constexpr size_t kContainerIdDigits = 64, kShownIdDigits = 12;

std::optional<uint64_t> Positive(const Json& value) {
  if (value.is_number_unsigned() && value.get<uint64_t>() > 0) return value.get<uint64_t>();
  return std::nullopt;
}

std::optional<Pm2Facts> FactsOfDocument(const std::string& text) {
  const Json all = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!all.is_object()) return std::nullopt;
  const auto text_of = [&](const char* key) {
    const auto it = all.find(key);
    return it != all.end() && it->is_string() ? it->get<std::string>() : std::string();
  };
  Pm2Facts facts;
  facts.name.name = text_of("name");
  facts.script = text_of("pm_exec_path");
  if (const auto id = all.find("pm_id"); id != all.end() && id->is_number_integer()) {
    facts.name.id = id->get<int>();
  }
  if (const auto limit = all.find("max_memory_restart"); limit != all.end()) {
    facts.restart_bytes = Positive(*limit);
  }
  if (const auto arguments = all.find("node_args");
      arguments != all.end() && arguments->is_array()) {
    for (const Json& a : *arguments) {
      if (a.is_string()) facts.node_arguments.push_back(a.get<std::string>());
    }
  }
  if (facts.name.name.empty()) return std::nullopt;
  return facts;
}

std::string NameInManifest(const std::string& path) {
  const std::optional<std::string> text = ReadProcFile(path, kMaxManifest);
  if (!text) return "";
  const Json manifest = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!manifest.is_object()) return "";
  const auto name = manifest.find("name");
  return name != manifest.end() && name->is_string() ? name->get<std::string>() : "";
}

bool IsHex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

std::string ContainerIdIn(std::string_view line) {
  for (size_t at = 0; at < line.size();) {
    if (!IsHex(line[at])) {
      ++at;
      continue;
    }
    size_t end = at;
    while (end < line.size() && IsHex(line[end])) ++end;
    if (end - at == kContainerIdDigits) return std::string(line.substr(at, kShownIdDigits));
    at = end;
  }
  return "";
}

}  // namespace

std::string VariableOf(const std::vector<std::string>& environment, std::string_view name) {
  for (const std::string& entry : environment) {
    if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=') {
      return entry.substr(name.size() + 1);
    }
  }
  return "";
}

std::optional<Pm2Facts> FindPm2Facts(const std::vector<std::string>& environment) {
  if (const std::string all = VariableOf(environment, "pm2_env"); !all.empty()) {
    if (std::optional<Pm2Facts> facts = FactsOfDocument(all)) return facts;
  }
  // PM2_HOME alone says little: who uses pm2's command line has it as well.
  const std::string id = VariableOf(environment, "pm_id");
  const std::optional<uint64_t> number = ToNumber(id);
  if (!number || VariableOf(environment, "PM2_HOME").empty()) return std::nullopt;
  Pm2Facts facts;
  facts.name = {VariableOf(environment, "name"), static_cast<int>(*number)};
  facts.script = VariableOf(environment, "pm_exec_path");
  facts.restart_bytes = ToNumber(VariableOf(environment, "max_memory_restart"));
  std::string arguments = VariableOf(environment, "node_args");
  std::replace(arguments.begin(), arguments.end(), ',', ' ');
  for (const std::string_view a : SplitWords(arguments)) facts.node_arguments.emplace_back(a);
  if (facts.name.name.empty()) return std::nullopt;
  return facts;
}

std::string FindPackageName(const std::string& root, const std::string& script,
                            const std::string& working_folder) {
  const bool installed = script.find("/node_modules/") != std::string::npos;
  std::string folder =
      script.empty() || installed ? working_folder : script.substr(0, script.rfind('/'));
  while (!folder.empty()) {
    const std::string name = NameInManifest(root + folder + "/package.json");
    if (!name.empty()) return name;
    const size_t slash = folder.rfind('/');
    if (slash == std::string::npos) break;
    folder.resize(slash);
  }
  return "";
}

Container ContainerOfCgroup(std::string_view proc_cgroup) {
  struct Word {
    const char* in_path;
    const char* runtime;
  };
  // Kubernetes first: its paths name the runtime below it as well.
  constexpr Word kRuntimes[] = {
      {"kubepods", "kubernetes"},       {"libpod", "podman"}, {"docker", "docker"},
      {"cri-containerd", "kubernetes"}, {"/lxc", "lxc"},      {"/nspawn", "systemd-nspawn"}};
  Container container;
  for (const std::string_view line : SplitLines(proc_cgroup)) {
    for (const Word& word : kRuntimes) {
      if (line.find(word.in_path) == std::string_view::npos) continue;
      container.runtime = word.runtime;
      container.id = ContainerIdIn(line);
      return container;
    }
  }
  return container;
}

}  // namespace leaktrail
