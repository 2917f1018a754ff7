#include "experiment/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <sstream>
#include <toml.hpp>
#include <utility>

#include "experiment/plan_words.h"

namespace leaktrail {
namespace {

namespace fs = std::filesystem;
using Toml = toml::basic_value<toml::discard_comments, std::map>;
using TomlTable = Toml::table_type;

constexpr double kMaxSeconds = 24 * 3600;
constexpr double kMaxCount = 100'000'000;

constexpr std::string_view kTopKeys[] = {"title", "service", "load", "limits", "hypothesis"};
constexpr std::string_view kServiceKeys[] = {"command",    "folder",        "env", "node",
                                             "node-flags", "start-seconds", "port"};
constexpr std::string_view kLoadKeys[] = {"path",         "paths",       "method",
                                          "headers",      "body",        "body-file",
                                          "content-type", "connections", "requests"};
constexpr std::string_view kLimitsKeys[] = {"seconds",   "rounds",      "warm-up", "settle-ms",
                                            "threshold", "false-alarm", "at-once"};
constexpr std::string_view kHypothesisKeys[] = {
    "cause", "note",  "package", "packages", "env",  "command",   "node",        "node-flags",
    "path",  "paths", "method",  "headers",  "body", "body-file", "content-type"};

// What a hypothesis changes: any of these but its name and note.
constexpr std::string_view kNoChange[] = {"cause", "note"};

enum class Range : uint8_t { kFromOne, kFromZero };

// Reads the document and keeps the first error; after one, values are defaults.
class PlanReader {
 public:
  PlanReader(std::string_view text, const std::string& path) : text_(text), path_(path) {}

  Result<Plan> Read();

 private:
  void Complain(const Toml& at, const std::string& what);
  void CheckKeys(const Toml& table, std::span<const std::string_view> known,
                 const std::string& name);
  const Toml* Find(const TomlTable& table, std::string_view key) const;
  const TomlTable* FindTable(const TomlTable& table, std::string_view key);

  std::optional<std::string> Text(const TomlTable& table, std::string_view key);
  std::optional<double> Number(const TomlTable& table, std::string_view key, double most,
                               Range range = Range::kFromOne);
  std::vector<std::string> Texts(const TomlTable& table, std::string_view key);
  std::vector<std::string> Command(const TomlTable& table);
  std::vector<EnvironmentChange> Environment(const TomlTable& table);
  std::vector<PackageAtVersion> Packages(const TomlTable& table);
  std::optional<PackageAtVersion> Package(const Toml& value);
  // Into what is there; true if the table says anything of it.
  bool ReadRequest(const TomlTable& table, LoadRequest* request);
  void ReadNode(const TomlTable& table, PlanArm* arm);

  void ReadService(const TomlTable& root, PlanArm* arm);
  void ReadLoad(const TomlTable& root, PlanArm* arm);
  void ReadLimits(const TomlTable& root);
  void ReadHypotheses(const TomlTable& root, const PlanArm& baseline);
  PlanArm ReadHypothesis(const Toml& value, const PlanArm& baseline);
  fs::path Beside(const std::string& name) const;

  const std::string_view text_;
  const std::string& path_;
  std::optional<Error> error_;
  Plan plan_;
};

void PlanReader::Complain(const Toml& at, const std::string& what) {
  if (error_) return;
  error_ = Error{ErrorKind::kBadInput, fmt::format("{}:{}: {}", path_, at.location().line(), what),
                 std::nullopt};
}

const Toml* PlanReader::Find(const TomlTable& table, std::string_view key) const {
  const auto it = table.find(std::string(key));
  return it == table.end() ? nullptr : &it->second;
}

const TomlTable* PlanReader::FindTable(const TomlTable& table, std::string_view key) {
  const Toml* value = Find(table, key);
  if (value == nullptr) return nullptr;
  if (value->is_table()) return &value->as_table();
  Complain(*value, fmt::format("'{0}' is a section; write [{0}] on a line of its own and its keys "
                               "below it",
                               key));
  return nullptr;
}

void PlanReader::CheckKeys(const Toml& table, std::span<const std::string_view> known,
                           const std::string& name) {
  // The one that stands first in the file.
  const Toml* first = nullptr;
  std::string key;
  for (const auto& [k, value] : table.as_table()) {
    if (std::find(known.begin(), known.end(), k) != known.end()) continue;
    if (first == nullptr || value.location().line() < first->location().line()) {
      first = &value;
      key = k;
    }
  }
  if (first == nullptr) return;
  const std::string_view nearest = NearestWord(key, known);
  const std::string where = name.empty() ? "a plan" : name;
  Complain(*first, nearest.empty() ? fmt::format("{} has no key '{}'; it knows {}", where, key,
                                                 fmt::join(known.begin(), known.end(), ", "))
                                   : fmt::format("{} has no key '{}'; did you mean '{}'?", where,
                                                 key, nearest));
}

std::optional<std::string> PlanReader::Text(const TomlTable& table, std::string_view key) {
  const Toml* value = Find(table, key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) {
    Complain(*value, fmt::format("'{0}' is a text; write {0} = \"…\"", key));
    return std::nullopt;
  }
  return value->as_string().str;
}

std::optional<double> PlanReader::Number(const TomlTable& table, std::string_view key, double most,
                                         Range range) {
  const Toml* value = Find(table, key);
  if (value == nullptr) return std::nullopt;
  const double least = range == Range::kFromOne ? 1 : 0;
  const double number = value->is_integer()    ? static_cast<double>(value->as_integer())
                        : value->is_floating() ? value->as_floating()
                                               : -1;
  if (number >= least && number <= most) return number;
  Complain(*value, fmt::format("'{}' is a number from {} to {}", key, least, most));
  return std::nullopt;
}

std::vector<std::string> PlanReader::Texts(const TomlTable& table, std::string_view key) {
  std::vector<std::string> texts;
  const Toml* value = Find(table, key);
  if (value == nullptr) return texts;
  if (value->is_array()) {
    for (const Toml& item : value->as_array()) {
      if (!item.is_string()) {
        Complain(item, fmt::format("'{}' is a list of texts", key));
        return texts;
      }
      texts.push_back(item.as_string().str);
    }
    return texts;
  }
  Complain(*value, fmt::format("'{0}' is a list of texts; write {0} = [\"…\", \"…\"]", key));
  return texts;
}

std::vector<std::string> PlanReader::Command(const TomlTable& table) {
  const Toml* value = Find(table, "command");
  if (value == nullptr) return {};
  std::vector<std::string> command;
  if (value->is_string()) {
    Result<std::vector<std::string>> words = SplitCommand(value->as_string().str);
    if (!words) {
      Complain(*value, words.error().message);
    } else {
      command = std::move(*words);
    }
  } else {
    command = Texts(table, "command");
  }
  if (command.empty()) Complain(*value, "'command' is empty; write command = \"node app.js\"");
  return command;
}

std::vector<EnvironmentChange> PlanReader::Environment(const TomlTable& table) {
  std::vector<EnvironmentChange> changes;
  const Toml* env = Find(table, "env");
  if (env == nullptr) return changes;
  if (!env->is_table()) {
    Complain(*env,
             "'env' is a table; write env = { NAME = \"value\", OTHER = false }, where false "
             "takes a variable away");
    return changes;
  }
  for (const auto& [name, value] : env->as_table()) {
    EnvironmentChange change{name, std::nullopt};
    if (value.is_string()) {
      change.value = value.as_string().str;
    } else if (value.is_integer()) {
      change.value = std::to_string(value.as_integer());
    } else if (!value.is_boolean() || value.as_boolean()) {
      Complain(value, fmt::format("the variable '{}' is a text or a whole number, or false to take "
                                  "it away",
                                  name));
    }
    changes.push_back(std::move(change));
  }
  return changes;
}

std::optional<PackageAtVersion> PlanReader::Package(const Toml& value) {
  const std::string text = value.is_string() ? value.as_string().str : "";
  const size_t at = text.rfind('@');
  if (at == std::string::npos || at == 0 || at + 1 == text.size()) {
    Complain(value, fmt::format("a package is written NAME@VERSION, like \"koa@2.7.0\"{}",
                                text.empty() ? "" : fmt::format(", not \"{}\"", text)));
    return std::nullopt;
  }
  return PackageAtVersion{text.substr(0, at), text.substr(at + 1)};
}

std::vector<PackageAtVersion> PlanReader::Packages(const TomlTable& table) {
  std::vector<PackageAtVersion> packages;
  const auto add = [&](const Toml& value) {
    if (std::optional<PackageAtVersion> package = Package(value)) packages.push_back(*package);
  };
  if (const Toml* one = Find(table, "package")) add(*one);
  if (const Toml* several = Find(table, "packages")) {
    if (!several->is_array()) {
      Complain(*several, "'packages' is a list; write packages = [\"a@1.0.0\", \"b@2.0.0\"]");
    } else {
      for (const Toml& value : several->as_array()) add(value);
    }
  }
  return packages;
}

fs::path PlanReader::Beside(const std::string& name) const {
  std::error_code ignored;
  const fs::path here = fs::absolute(path_, ignored).parent_path();
  return (here / name).lexically_normal();
}

bool PlanReader::ReadRequest(const TomlTable& table, LoadRequest* request) {
  bool any = false;
  std::vector<std::string> paths = Texts(table, "paths");
  if (std::optional<std::string> path = Text(table, "path")) paths.insert(paths.begin(), *path);
  for (const std::string& path : paths) {
    if (!path.empty() && path[0] == '/' && path.find_first_of(" \r\n") == std::string::npos)
      continue;
    const Toml* at = Find(table, Find(table, "path") != nullptr ? "path" : "paths");
    Complain(*at, fmt::format("a path begins with / and has no spaces, not \"{}\"", path));
  }
  if (!paths.empty()) {
    request->paths = std::move(paths);
    any = true;
  }
  std::vector<std::string> headers = Texts(table, "headers");
  for (const std::string& header : headers) {
    if (header.find(':') != std::string::npos &&
        header.find_first_of("\r\n") == std::string::npos) {
      continue;
    }
    Complain(*Find(table, "headers"),
             fmt::format("a header is written \"Name: value\", not \"{}\"", header));
  }
  if (Find(table, "headers") != nullptr) {
    request->headers = std::move(headers);
    any = true;
  }
  std::optional<std::string> body = Text(table, "body");
  if (const std::optional<std::string> file = Text(table, "body-file")) {
    std::ifstream in(Beside(*file), std::ios::binary);
    if (!in) {
      Complain(*Find(table, "body-file"),
               fmt::format("cannot read the body file {}", Beside(*file).string()));
    }
    body = std::string(std::istreambuf_iterator<char>(in), {});
  }
  if (body) {
    request->body = std::move(*body);
    if (request->method == "GET") request->method = "POST";
    any = true;
  }
  if (std::optional<std::string> method = Text(table, "method")) {
    request->method = std::move(*method);
    any = true;
  }
  if (std::optional<std::string> type = Text(table, "content-type")) {
    request->content_type = std::move(*type);
    any = true;
  }
  return any;
}

void PlanReader::ReadNode(const TomlTable& table, PlanArm* arm) {
  const std::optional<std::string> node = Text(table, "node");
  if (!node) return;
  arm->node = node->find('/') == std::string::npos ? *node : Beside(*node).string();
  if (arm->node.empty()) Complain(*Find(table, "node"), "'node' is a version or a path to a Node");
}

void PlanReader::ReadService(const TomlTable& root, PlanArm* arm) {
  const TomlTable* service = FindTable(root, "service");
  if (service == nullptr) {
    if (!error_) {
      error_ =
          Error{ErrorKind::kBadInput,
                fmt::format("{}: there is no [service] with the command that starts it", path_),
                std::nullopt};
    }
    return;
  }
  CheckKeys(*Find(root, "service"), kServiceKeys, "[service]");
  plan_.folder = Beside(Text(*service, "folder").value_or(".")).string();
  arm->service.folder = plan_.folder;
  arm->service.command = Command(*service);
  if (Find(*service, "command") == nullptr) {
    Complain(*Find(root, "service"), "[service] needs a command, like command = \"node app.js\"");
  }
  arm->service.environment = Environment(*service);
  arm->service.node_flags = Texts(*service, "node-flags");
  ReadNode(*service, arm);
  const double seconds = Number(*service, "start-seconds", kMaxSeconds).value_or(30);
  arm->service.start_timeout = std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
  arm->service.port = static_cast<uint16_t>(Number(*service, "port", 65535).value_or(0));
}

void PlanReader::ReadLoad(const TomlTable& root, PlanArm* arm) {
  const TomlTable* load = FindTable(root, "load");
  if (load == nullptr) return;
  CheckKeys(*Find(root, "load"), kLoadKeys, "[load]");
  ReadRequest(*load, &arm->request);
  plan_.rounds.connections = static_cast<uint32_t>(Number(*load, "connections", 4096).value_or(10));
  plan_.rounds.requests_per_round =
      static_cast<uint64_t>(Number(*load, "requests", kMaxCount).value_or(0));
}

void PlanReader::ReadLimits(const TomlTable& root) {
  const TomlTable* limits = FindTable(root, "limits");
  if (limits == nullptr) return;
  CheckKeys(*Find(root, "limits"), kLimitsKeys, "[limits]");
  RoundsOptions& rounds = plan_.rounds;
  const auto ms = [](double v) { return std::chrono::milliseconds(static_cast<int64_t>(v)); };
  if (const auto v = Number(*limits, "seconds", kMaxSeconds)) rounds.time_limit = ms(*v * 1000);
  if (const auto v = Number(*limits, "rounds", 1000)) rounds.max_rounds = static_cast<uint32_t>(*v);
  if (const auto v = Number(*limits, "warm-up", 100))
    rounds.max_warm_up = static_cast<uint32_t>(*v);
  if (const auto v = Number(*limits, "settle-ms", 600'000)) rounds.max_settle = ms(*v);
  if (const auto v = Number(*limits, "threshold", 1e9)) rounds.relevant_per_unit = *v;
  if (const auto v = Number(*limits, "false-alarm", 0.5, Range::kFromZero)) {
    rounds.false_alarm_bound = *v;
    if (*v == 0) Complain(*Find(*limits, "false-alarm"), "'false-alarm' is more than 0, like 0.01");
  }
  if (const auto v = Number(*limits, "at-once", 64)) plan_.at_once = static_cast<uint32_t>(*v);
}

PlanArm PlanReader::ReadHypothesis(const Toml& value, const PlanArm& baseline) {
  PlanArm arm = baseline;
  const TomlTable& table = value.as_table();
  CheckKeys(value, kHypothesisKeys, "[[hypothesis]]");
  arm.line = static_cast<uint32_t>(value.location().line());
  arm.note = Text(table, "note").value_or("");
  std::vector<std::string> how;
  arm.packages = Packages(table);
  for (const PackageAtVersion& p : arm.packages) how.push_back(p.name + " " + p.version);
  for (EnvironmentChange& change : Environment(table)) {
    how.push_back(change.value ? fmt::format("{}={}", change.name, *change.value)
                               : fmt::format("without {}", change.name));
    arm.service.environment.push_back(std::move(change));
  }
  if (Find(table, "command") != nullptr) {
    arm.service.command = Command(table);
    how.push_back(fmt::format("{}", fmt::join(arm.service.command, " ")));
  }
  for (const std::string& flag : Texts(table, "node-flags")) {
    arm.service.node_flags.push_back(flag);
    how.push_back("node " + flag);
  }
  ReadNode(table, &arm);
  if (Find(table, "node") != nullptr) how.push_back("Node " + arm.node);
  if (ReadRequest(table, &arm.request)) {
    how.push_back(fmt::format("{} {}", arm.request.method, fmt::join(arm.request.paths, " ")));
  }
  arm.how = fmt::format("{}", fmt::join(how, ", "));
  arm.cause = Text(table, "cause").value_or("");
  if (arm.cause.empty()) arm.cause = arm.how;
  const bool changes = std::any_of(table.begin(), table.end(), [](const auto& entry) {
    return std::find(std::begin(kNoChange), std::end(kNoChange), entry.first) ==
           std::end(kNoChange);
  });
  if (!changes) {
    Complain(value, fmt::format("the hypothesis{} changes nothing; give it package, env, command, "
                                "node, node-flags, or what to ask for",
                                arm.cause.empty() ? "" : fmt::format(" '{}'", arm.cause)));
  }
  return arm;
}

void PlanReader::ReadHypotheses(const TomlTable& root, const PlanArm& baseline) {
  const Toml* list = Find(root, "hypothesis");
  if (list == nullptr) {
    if (!error_) {
      error_ = Error{ErrorKind::kBadInput,
                     fmt::format("{}: there is nothing to test; add a [[hypothesis]]", path_),
                     std::nullopt};
    }
    return;
  }
  const bool is_list = list->is_array() && !list->as_array().empty() &&
                       std::all_of(list->as_array().begin(), list->as_array().end(),
                                   [](const Toml& v) { return v.is_table(); });
  if (!is_list) {
    Complain(*list, "hypotheses are written as [[hypothesis]], with two brackets, one for each");
    return;
  }
  for (const Toml& value : list->as_array()) {
    PlanArm arm = ReadHypothesis(value, baseline);
    const bool is_twice = std::any_of(plan_.arms.begin(), plan_.arms.end(), [&](const PlanArm& a) {
      return !a.cause.empty() && a.cause == arm.cause;
    });
    if (is_twice) {
      Complain(value, fmt::format("there are two hypotheses '{}'; give each a cause of its own",
                                  arm.cause));
    }
    plan_.arms.push_back(std::move(arm));
  }
}

// Everything that the outcome depends on, as one text.
std::string DefinitionOf(const PlanArm& arm, const RoundsOptions& rounds) {
  std::string text;
  const auto add = [&](std::string_view name, const auto& value) {
    text += fmt::format("{}={}\n", name, value);
  };
  for (const std::string& word : arm.service.command) add("command", word);
  add("folder", arm.service.folder);
  for (const EnvironmentChange& change : arm.service.environment) {
    add("env", change.name + (change.value ? "=" + *change.value : " away"));
  }
  for (const std::string& flag : arm.service.node_flags) add("node-flag", flag);
  add("node", arm.node);
  add("port", arm.service.port);
  for (const PackageAtVersion& p : arm.packages) add("package", p.name + "@" + p.version);
  for (const std::string& path : arm.request.paths) add("path", path);
  add("method", arm.request.method);
  for (const std::string& header : arm.request.headers) add("header", header);
  add("content-type", arm.request.content_type);
  add("body", arm.request.body);
  add("connections", rounds.connections);
  add("requests", rounds.requests_per_round);
  add("rounds", rounds.max_rounds);
  add("warm-up", rounds.max_warm_up);
  add("settle-ms", rounds.max_settle.count());
  add("time-ms", rounds.time_limit.count());
  add("threshold", rounds.relevant_per_unit);
  add("false-alarm", rounds.false_alarm_bound);
  return text;
}

// toml11's messages have several lines and draw the place.
Error SyntaxError(const toml::syntax_error& e, const std::string& path) {
  std::string what = e.what();
  what = what.substr(0, what.find('\n'));
  if (what.starts_with("[error] ")) what.erase(0, 8);
  if (const size_t colon = what.find(": ");
      what.starts_with("toml::") && colon != std::string::npos)
    what.erase(0, colon + 2);
  return {ErrorKind::kBadInput,
          fmt::format("{}:{}: this is not TOML: {}", path, e.location().line(), what),
          std::nullopt};
}

Result<Plan> PlanReader::Read() {
  Toml document;
  try {
    std::istringstream in{std::string(text_)};
    document = toml::parse<toml::discard_comments, std::map>(in, path_);
  } catch (const toml::syntax_error& e) {
    return tl::unexpected(SyntaxError(e, path_));
  } catch (const std::exception& e) {
    return Fail(ErrorKind::kBadInput, fmt::format("{}: this is not TOML: {}", path_, e.what()));
  }
  const TomlTable& root = document.as_table();
  CheckKeys(document, kTopKeys, "");
  plan_.title = Text(root, "title").value_or("");
  PlanArm baseline;
  ReadService(root, &baseline);
  ReadLoad(root, &baseline);
  ReadLimits(root);
  if (const Toml* service = Find(root, "service")) {
    baseline.line = static_cast<uint32_t>(service->location().line());
  }
  baseline.how = fmt::format("{}", fmt::join(baseline.service.command, " "));
  plan_.arms.push_back(baseline);
  ReadHypotheses(root, baseline);
  if (error_) return tl::unexpected(*error_);
  for (PlanArm& arm : plan_.arms) {
    arm.definition = DefinitionOf(arm, plan_.rounds);
    arm.has_port_of_its_own =
        std::any_of(arm.service.environment.begin(), arm.service.environment.end(),
                    [](const EnvironmentChange& c) { return c.name == "PORT"; });
  }
  return std::move(plan_);
}

}  // namespace

Result<Plan> ParsePlan(std::string_view text, const std::string& path) {
  return PlanReader(text, path).Read();
}

Result<Plan> ReadPlan(const std::string& path) {
  std::error_code error;
  std::ifstream in(path, std::ios::binary);
  if (!in || fs::is_directory(path, error)) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("cannot read the plan {}; leaktrail verify --init writes one for the "
                            "project in this folder",
                            path));
  }
  const std::string text(std::istreambuf_iterator<char>(in), {});
  return ParsePlan(text, path);
}

}  // namespace leaktrail
