#include "cli/command_line.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <utility>

#include "cli/output.h"
#include "report/words.h"

namespace leaktrail {
namespace {

constexpr const char* kRootExamples =
    "  leaktrail trail 1.heapsnapshot 2.heapsnapshot 3.heapsnapshot    # who leaks?\n"
    "  leaktrail summary app.heapsnapshot.zst                          # what is in it?\n"
    "  leaktrail retainers app.heapsnapshot @40219                     # who holds this object?\n"
    "  ssh host zstd -c app.heapsnapshot | leaktrail summary -         # from a pipe\n";

constexpr const char* kRootFooter =
    "Every verb takes --json, --top N, --verbose, --tolerant, --threads N, --stats, --color WHEN;\n"
    "leaktrail VERB --help tells more.\n"
    "FILE is a .heapsnapshot, also .gz or .zst, or - for standard input.\n"
    "Exit codes: 0 fine, or no leak; 1 a leak; 2 wrong usage; 3 bad input; 4 environment;\n"
    "            5 inconclusive; 130 interrupted.\n";

constexpr size_t kHelpColumn = 26;
constexpr int kMaxFiles = 1000;

// Examples, usage, then the rest. The examples are kept in the footer, which CLI11 puts last.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() { column_width(kHelpColumn); }

  std::string make_help(const CLI::App* app, std::string /*name*/,
                        CLI::AppFormatMode /*mode*/) const override {
    const bool is_root = app->get_parent() == nullptr;
    std::string out =
        fmt::format("{}\n\nExamples:\n{}\n", app->get_description(), app->get_footer());
    out += fmt::format("Usage: leaktrail {}\n\n", is_root ? "VERB [OPTIONS] FILE..." : Usage(app));
    if (is_root) {
      out += "Verbs:\n";
      for (const CLI::App* verb : app->get_subcommands({})) {
        out +=
            fmt::format("  {:<{}}{}\n", verb->get_name(), kHelpColumn - 2, verb->get_description());
      }
      out += "\n";
    }
    std::string positionals, options;
    for (const CLI::Option* option : app->get_options()) {
      if (option->get_group().empty()) continue;
      (option->get_positional() ? positionals : options) += OptionLine(option);
    }
    if (!positionals.empty()) out += "Arguments:\n" + positionals + "\n";
    out += "Options:\n" + options;
    if (is_root) out += std::string("\n") + kRootFooter;
    return out;
  }

 private:
  static std::string Usage(const CLI::App* verb) {
    std::string out = verb->get_name() + " [OPTIONS]";
    if (verb->get_name() == "find") return out + " TARGET | -- COMMAND...";
    if (verb->get_name() == "bisect") {
      return out + " NAME@GOOD..BAD | --lockfiles OLD NEW  -- COMMAND...";
    }
    for (const CLI::Option* option : verb->get_options()) {
      if (!option->get_positional()) continue;
      const std::string name = option->get_name(true);
      const std::string shown = option->get_items_expected_max() > 1 ? name + "..." : name;
      out += option->get_required() ? fmt::format(" {}", shown) : fmt::format(" [{}]", shown);
    }
    return out;
  }

  static std::string OptionLine(const CLI::Option* option) {
    std::string name = option->get_positional() ? option->get_name(true) : "";
    if (name.empty()) {
      for (const std::string& s : option->get_snames()) name += fmt::format("-{}, ", s);
      for (const std::string& l : option->get_lnames()) name += fmt::format("--{}", l);
      if (!option->get_type_name().empty()) name += fmt::format(" {}", option->get_type_name());
    }
    return fmt::format("  {:<{}} {}\n", name, kHelpColumn - 3, option->get_description());
  }
};

void AddCommonOptions(CLI::App* app, CommonOptions* common, const char* group) {
  app->add_flag("--json", common->json, "one JSON document instead of text")->group(group);
  app->add_option("--top", common->top, "show so many rows; 0 is all")
      ->type_name("N")
      ->group(group);
  app->add_flag("--verbose", common->verbose, "show what is left out otherwise")->group(group);
  app->add_flag("--tolerant", common->tolerant, "use what is whole of a damaged file")
      ->group(group);
  app->add_option("--threads", common->threads, "use so many threads (default: all processors)")
      ->type_name("N")
      ->check(CLI::Range(1u, 1024u).description(""))
      ->group(group);
  app->add_flag("--stats", common->stats, "time and memory of each pass, on standard error")
      ->group(group);
  app->add_option_function<std::string>(
         "--color",
         [common](const std::string& when) {
           if (when == "auto") {
             common->colour = ColourChoice::kAuto;
           } else if (when == "always") {
             common->colour = ColourChoice::kAlways;
           } else if (when == "never") {
             common->colour = ColourChoice::kNever;
           } else {
             throw CLI::ValidationError("--color takes auto, always or never, not '" + when + "'",
                                        CLI::ExitCodes::ValidationError);
           }
         },
         "auto, always or never (auto honours NO_COLOR)")
      ->type_name("WHEN")
      ->group(group);
}

// What was not understood; a flag before what may only be its value.
std::string FirstExtra(const std::vector<std::string>& extras) {
  for (const std::string& extra : extras) {
    if (extra.starts_with("-")) return extra;
  }
  return extras.empty() ? "" : extras.front();
}

// Where `--` stands after a verb that takes a command; argc elsewhere.
int BeginOfCommand(int argc, const char* const* argv) {
  bool takes_command = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--" && takes_command) return i;
    takes_command = takes_command || word == "find" || word == "bisect";
  }
  return argc;
}

// CLI11's messages name what is wrong; a person also needs to know where to look it up.
std::string UsageSentence(const CLI::App& root, const CLI::ParseError& error) {
  std::string verb;
  for (const CLI::App* chosen : root.get_subcommands()) verb = chosen->get_name() + " ";
  std::string what = error.what();
  const size_t required = what.find(" is required");
  const std::string extra = FirstExtra(root.remaining(/*recurse=*/true));
  constexpr std::string_view kConversion = "Could not convert: ";
  if (verb.empty()) {
    what = extra.empty() ? "name a verb" : fmt::format("there is no verb '{}'", extra);
  } else if (!extra.empty()) {
    what = extra.starts_with("-") ? fmt::format("there is no option '{}'", extra)
                                  : fmt::format("'{}' is one argument too many", extra);
  } else if (required != std::string::npos) {
    what = what.substr(0, required) + " is missing";
  } else if (what.starts_with(kConversion)) {  // "Could not convert: --top = many"
    what = fmt::format("a number is needed: {}", what.substr(kConversion.size()));
  }
  while (!what.empty() && (what.back() == '\n' || what.back() == '.')) what.pop_back();
  return fmt::format("leaktrail: {}; see leaktrail {}--help\n", SafeText(what), verb);
}

}  // namespace

Verb::Verb(CLI::App* root, CommandLine* line, const std::string& name, const std::string& question,
           const std::string& examples)
    : app_(root->add_subcommand(name, question)), line_(line) {
  app_->footer(examples);
  app_->set_help_flag("-h,--help", "show this");
  AddCommonOptions(app_, &line->common, "Options");
}

Verb& Verb::Required(const std::string& name, std::string* value, const std::string& help) {
  app_->add_option(name, *value, help)->required();
  return *this;
}

Verb& Verb::Optional(const std::string& name, std::string* value, const std::string& help) {
  app_->add_option(name, *value, help);
  return *this;
}

Verb& Verb::AtLeastOne(const std::string& name, std::vector<std::string>* values,
                       const std::string& help) {
  app_->add_option(name, *values, help)->required()->expected(1, kMaxFiles);
  return *this;
}

Verb& Verb::Text(const std::string& flag, const std::string& value_name, std::string* value,
                 const std::string& help) {
  app_->add_option(flag, *value, help)->type_name(value_name);
  return *this;
}

Verb& Verb::Texts(const std::string& flag, const std::string& value_name,
                  std::vector<std::string>* values, const std::string& help) {
  app_->add_option(flag, *values, help)
      ->type_name(value_name)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  return *this;
}

Verb& Verb::Pair(const std::string& flag, const std::string& value_names,
                 std::vector<std::string>* values, const std::string& help) {
  app_->add_option(flag, *values, help)->type_name(value_names)->expected(2);
  return *this;
}

Verb& Verb::Number(const std::string& flag, uint32_t min, uint32_t max, uint32_t* value,
                   const std::string& help) {
  app_->add_option(flag, *value, help)->type_name("N")->check(CLI::Range(min, max).description(""));
  return *this;
}

Verb& Verb::Flag(const std::string& flag, bool* value, const std::string& help) {
  app_->add_flag(flag, *value, help);
  return *this;
}

void Verb::Runs(VerbAction action) {
  app_->final_callback([line = line_, run = std::move(action)] { line->chosen = run; });
}

std::optional<int> ParseCommandLine(int argc, const char* const* argv, CommandLine* line) {
  CLI::App root("Finds memory leaks in V8 heap snapshots and names the culprit.", "leaktrail");
  root.formatter(std::make_shared<HelpFormatter>());
  root.footer(kRootExamples);
  root.set_help_flag("-h,--help", "show this; after a verb, its own");
  root.set_version_flag("--version", "leaktrail " LEAKTRAIL_VERSION, "show the version");
  // Also before the verb, where some people write them.
  AddCommonOptions(&root, &line->common, "");
  root.require_subcommand(1);
  AddFind(&root, line);
  AddVerify(&root, line);
  AddBisect(&root, line);
  AddPs(&root, line);
  AddWatch(&root, line);
  AddLoad(&root, line);
  AddTrail(&root, line);
  AddSummary(&root, line);
  AddDiff(&root, line);
  AddRetainers(&root, line);
  AddDominators(&root, line);
  AddPackages(&root, line);
  AddStrings(&root, line);
  AddSnapshot(&root, line);
  AddRedact(&root, line);

  StandardOutput out;
  try {
    const int ours = BeginOfCommand(argc, argv);
    for (int i = ours + 1; i < argc; ++i) line->command.emplace_back(argv[i]);
    root.parse(ours, argv);
    return std::nullopt;
  } catch (const CLI::CallForHelp&) {
    const CLI::App* asked = &root;
    for (const CLI::App* verb : root.get_subcommands()) asked = verb;
    out.Write(asked->help());
  } catch (const CLI::CallForVersion& version) {
    out.Write(std::string(version.what()) + "\n");
  } catch (const CLI::ParseError& error) {
    WriteToStandardError(UsageSentence(root, error));
    return kExitUsage;
  }
  return out.Finish() ? kExitFine : kExitEnvironment;
}

}  // namespace leaktrail
