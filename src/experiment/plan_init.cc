#include "experiment/plan_init.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/output_file.h"
#include "experiment/npm_registry.h"
#include "experiment/plan.h"
#include "experiment/semver.h"

namespace leaktrail {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// Active hypotheses: some 25 s each.
constexpr size_t kMostHypotheses = 6;
// Packages that npm is asked about.
constexpr size_t kMostAsked = 8;

Result<Json> ReadJson(const std::string& path, const char* hint) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return Fail(ErrorKind::kEnvironment, fmt::format("cannot read {}; {}", path, hint));
  }
  const std::string text(std::istreambuf_iterator<char>(in), {});
  Json json = Json::parse(text, nullptr, false);
  if (json.is_object()) return json;
  return Fail(ErrorKind::kBadInput, fmt::format("{} is not a JSON object; {}", path, hint));
}

std::string TextAt(const Json& json, const char* key) {
  const auto it = json.find(key);
  return it != json.end() && it->is_string() ? it->get<std::string>() : "";
}

// node app.js, where the script is no more than that; npm start otherwise.
std::string CommandOf(const Json& package) {
  const auto scripts = package.find("scripts");
  const std::string start =
      scripts != package.end() && scripts->is_object() ? TextAt(*scripts, "start") : "";
  if (!start.empty())
    return start.starts_with("node ") && SplitCommand(start) ? start : "npm start";
  const std::string main = TextAt(package, "main");
  return "node " + (main.empty() ? std::string("app.js") : main);
}

std::string InstalledVersion(const fs::path& project, const std::string& name) {
  Result<Json> json = ReadJson((project / "node_modules" / name / "package.json").string(), "");
  if (json) return TextAt(*json, "version");
  Result<Json> lock = ReadJson((project / "package-lock.json").string(), "");
  if (!lock) return "";
  const Json packages = lock->value("packages", Json::object());
  const auto it = packages.find("node_modules/" + name);
  return it != packages.end() && it->is_object() ? TextAt(*it, "version") : "";
}

// Culprit and suspects of find, each once, in order.
struct Suspicion {
  std::vector<ProjectPackage> packages;
  bool own_code = false;
};

Suspicion SuspicionOf(const Json& findings) {
  Suspicion suspicion;
  const auto add = [&](const std::string& label) {
    if (label == "app") suspicion.own_code = true;
    const size_t at = label.rfind('@');
    if (at == std::string::npos || at == 0) return;
    ProjectPackage package;
    package.name = label.substr(0, at);
    package.version = label.substr(at + 1);
    package.is_suspect = true;
    const bool is_known =
        std::any_of(suspicion.packages.begin(), suspicion.packages.end(),
                    [&](const ProjectPackage& p) { return p.name == package.name; });
    if (!is_known) suspicion.packages.push_back(std::move(package));
  };
  const auto add_package_of = [&](const Json& json, const char* key) {
    const auto it = json.find(key);
    if (it != json.end() && it->is_object()) add(TextAt(*it, "package"));
  };
  add_package_of(findings, "culprit");
  const auto suspects = findings.find("suspects");
  if (suspects == findings.end() || !suspects->is_array()) return suspicion;
  for (const Json& suspect : *suspects) {
    if (!suspect.is_object()) continue;
    add_package_of(suspect, "owner");
    add(TextAt(suspect, "package"));
  }
  return suspicion;
}

std::string Hypothesis(const ProjectPackage& package, const std::string& version,
                       const std::string& why, bool is_active) {
  const char* mark = is_active ? "" : "# ";
  return fmt::format("\n{0}[[hypothesis]]\n{0}cause = {1}\n{0}package = {2}\n{0}note = {3}\n", mark,
                     TomlText(package.name + " " + version), TomlText(package.name + "@" + version),
                     TomlText(why));
}

}  // namespace

std::string TomlText(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

void PickNeighbours(const std::vector<std::string>& versions, ProjectPackage* package) {
  const std::optional<SemanticVersion> own = ParseVersion(package->version);
  if (!own) return;
  std::optional<SemanticVersion> before, after;
  for (const std::string& text : versions) {
    const std::optional<SemanticVersion> version = ParseVersion(text);
    if (!version || version->is_pre_release()) continue;
    if (*version < *own && (!before || *version > *before)) {
      before = version;
      package->before = text;
    }
    if (*version > *own && (!after || *version < *after)) {
      after = version;
      package->after = text;
    }
  }
}

PlanText PlanFor(const ProjectFacts& project) {
  PlanText plan;
  std::string& out = plan.text;
  out +=
      "# What leaktrail verify tests: each [[hypothesis]] changes one thing about the service, "
      "and\n"
      "# runs beside the service as it is, under the same load. If the service leaks and with the\n"
      "# change it does not, the cause is confirmed.\n";
  if (!project.findings_path.empty()) {
    out +=
        fmt::format("# The order is that of {}, the most likely first.\n", project.findings_path);
  }
  if (!project.name.empty()) out += fmt::format("\ntitle = {}\n", TomlText(project.name));
  out += fmt::format(
      "\n[service]\n"
      "command = {}        # each arm gets a free port in PORT\n"
      "# folder = \".\"                   # where it runs, from this file's folder\n"
      "# env = {{ NODE_ENV = \"production\" }}\n"
      "\n[load]\n"
      "path = \"/\"                       # or paths = [\"/a\", \"/b\"], taken in turn\n"
      "# method = \"POST\"\n"
      "# headers = [\"Accept: application/json\"]\n"
      "# body-file = \"order.json\"\n"
      "# content-type = \"application/json\"\n"
      "connections = 10\n"
      "\n[limits]\n"
      "seconds = 65                     # of rounds for each arm, at most\n"
      "threshold = 16                   # bytes per request below which growth is nobody's leak\n"
      "\n# ---- packages at other versions. Everything else stays as package-lock.json has it; "
      "they\n"
      "# are installed in a copy, and this folder stays untouched.\n",
      TomlText(project.command));
  for (const ProjectPackage& package : project.packages) {
    const std::string told = package.is_suspect ? "find suspects it; " : "";
    const std::string from = package.version.empty() ? "?" : package.version;
    if (package.before.empty() && package.after.empty()) {
      out += Hypothesis(package, "VERSION", told + "which version was good?", false);
      continue;
    }
    for (const std::string* version : {&package.after, &package.before}) {
      if (version->empty()) continue;
      // Of a package without suspicion the release before is enough.
      if (!package.is_suspect && version == &package.after && !package.before.empty()) continue;
      const bool is_active = plan.hypothesis_count < kMostHypotheses;
      plan.hypothesis_count += is_active;
      out += Hypothesis(package, *version,
                        fmt::format("{}the release {} {}", told,
                                    version == &package.after ? "after" : "before", from),
                        is_active);
    }
  }
  out += "\n# ---- other kinds of hypotheses\n";
  if (project.own_code_is_suspect) out += "# find suspects the project's own code:\n";
  out +=
      "#\n"
      "# [[hypothesis]]\n"
      "# cause = \"own code\"\n"
      "# command = \"node app-without-it.js\"   # the same service less what you suspect\n"
      "#\n"
      "# [[hypothesis]]\n"
      "# cause = \"one route\"\n"
      "# path = \"/health\"                     # other requests\n"
      "#\n"
      "# [[hypothesis]]\n"
      "# cause = \"a setting\"\n"
      "# env = { CACHE = \"0\", DEBUG = false }  # false takes a variable away\n"
      "#\n"
      "# [[hypothesis]]\n"
      "# cause = \"Node\"\n"
      "# node = \"22.12.0\"                      # a version from npm, or a path to a Node\n"
      "# node-flags = [\"--max-semi-space-size=64\"]\n";
  return plan;
}

Result<PlanInitResult> WritePlan(const PlanInitOptions& options) {
  std::error_code ignored;
  if (fs::exists(options.plan_path, ignored)) {
    return Fail(ErrorKind::kUsage,
                fmt::format("{} is there already; name another plan, or remove it first",
                            options.plan_path));
  }
  const fs::path project = fs::absolute(options.plan_path, ignored).parent_path();
  Result<Json> package = ReadJson((project / "package.json").string(),
                                  "verify --init writes a plan for a project of npm");
  if (!package) return tl::unexpected(package.error());

  ProjectFacts facts;
  facts.name = TextAt(*package, "name");
  facts.command = CommandOf(*package);
  const bool usual = options.findings_path.empty();
  const std::string findings_path = usual ? options.usual_findings_path : options.findings_path;
  if (!findings_path.empty() && (!usual || fs::exists(findings_path, ignored))) {
    Result<Json> findings = ReadJson(findings_path, "give what leaktrail find --json wrote");
    if (!findings) return tl::unexpected(findings.error());
    if (TextAt(*findings, "schema") != "leaktrail.findings/1") {
      return Fail(ErrorKind::kBadInput,
                  fmt::format("{} is not what leaktrail find --json wrote", findings_path));
    }
    Suspicion suspicion = SuspicionOf(*findings);
    facts.packages = std::move(suspicion.packages);
    facts.own_code_is_suspect = suspicion.own_code;
    facts.findings_path = findings_path;
  }
  const Json dependencies = package->value("dependencies", Json::object());
  for (ProjectPackage& p : facts.packages) p.is_direct = dependencies.contains(p.name);
  for (const auto& [name, range] : dependencies.items()) {
    const bool is_known =
        std::any_of(facts.packages.begin(), facts.packages.end(),
                    [&, n = name](const ProjectPackage& p) { return p.name == n; });
    if (is_known) continue;
    ProjectPackage p;
    p.name = name;
    p.version = InstalledVersion(project, name);
    facts.packages.push_back(std::move(p));
  }
  size_t asked = 0;
  for (ProjectPackage& p : facts.packages) {
    if (++asked > kMostAsked) break;
    if (options.progress != nullptr) {
      options.progress->Report(fmt::format("asking npm for versions of {}", p.name), asked,
                               std::min(facts.packages.size(), kMostAsked));
    }
    NpmOptions npm;
    npm.folder = project.string();
    npm.cancel = options.cancel;
    Result<std::vector<PublishedVersion>> versions = FindVersions(p.name, npm);
    if (!versions) {
      if (versions.error().kind == ErrorKind::kInterrupted) {
        return tl::unexpected(versions.error());
      }
      continue;
    }
    std::vector<std::string> texts;
    for (const PublishedVersion& v : *versions) texts.push_back(v.version);
    PickNeighbours(texts, &p);
  }
  const PlanText plan = PlanFor(facts);
  Result<std::unique_ptr<OutputFile>> file =
      OutputFile::Create(options.plan_path, FileReaders::kAsUmask);
  if (!file) return tl::unexpected(file.error());
  if (Result<void> written = (*file)->Write(plan.text); !written) {
    return tl::unexpected(written.error());
  }
  if (Result<void> finished = (*file)->Finish(); !finished) {
    return tl::unexpected(finished.error());
  }
  return PlanInitResult{plan.hypothesis_count, facts.findings_path};
}

}  // namespace leaktrail
