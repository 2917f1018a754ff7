// The command's arguments: what every verb understands, and how a verb adds itself.
//
// A verb declares its arguments and says what to run; parsing runs nothing. Help begins with
// examples, since that is what people look for. CLI11 does the parsing and stays behind this
// header.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/terminal.h"

namespace CLI {
class App;
}

namespace leaktrail {

class Run;

struct CommonOptions {
  bool json = false;
  bool tolerant = false;
  bool stats = false;
  bool verbose = false;
  unsigned threads = 0;         // 0: as many as the machine has
  std::optional<uint32_t> top;  // rows; 0 is all
  ColourChoice colour = ColourChoice::kAuto;
};

// Runs one verb; the value is the exit code.
using VerbAction = std::function<Result<int>(Run&)>;

struct CommandLine {
  CommonOptions common;
  VerbAction chosen;  // set by parsing
  // What stands behind `--`: a command, which is not for us to parse. Of `find`
  // and `bisect`.
  std::vector<std::string> command;
};

// Exit codes that do not come from a verdict.
constexpr int kExitFine = 0;
constexpr int kExitUsage = 2;
constexpr int kExitBadInput = 3;
constexpr int kExitEnvironment = 4;

// Declares one verb. Values are written while the command line is parsed, so they must live until
// the action runs.
class Verb {
 public:
  // Has all common options. `examples` are lines of shell.
  Verb(CLI::App* root, CommandLine* line, const std::string& name, const std::string& question,
       const std::string& examples);

  // Positional arguments, in the order they are declared.
  Verb& Required(const std::string& name, std::string* value, const std::string& help);
  Verb& Optional(const std::string& name, std::string* value, const std::string& help);
  Verb& AtLeastOne(const std::string& name, std::vector<std::string>* values,
                   const std::string& help);
  // `flag` with a value, like --class NAME.
  Verb& Text(const std::string& flag, const std::string& value_name, std::string* value,
             const std::string& help);
  // May be given several times.
  Verb& Texts(const std::string& flag, const std::string& value_name,
              std::vector<std::string>* values, const std::string& help);
  // `flag` with two values.
  Verb& Pair(const std::string& flag, const std::string& value_names,
             std::vector<std::string>* values, const std::string& help);
  Verb& Number(const std::string& flag, uint32_t min, uint32_t max, uint32_t* value,
               const std::string& help);
  Verb& Flag(const std::string& flag, bool* value, const std::string& help);
  void Runs(VerbAction action);

 private:
  CLI::App* app_;
  CommandLine* line_;
};

// One per verb, each in the file of its name.
void AddFind(CLI::App* root, CommandLine* line);
void AddBisect(CLI::App* root, CommandLine* line);
void AddVerify(CLI::App* root, CommandLine* line);
void AddTrail(CLI::App* root, CommandLine* line);
void AddSummary(CLI::App* root, CommandLine* line);
void AddDiff(CLI::App* root, CommandLine* line);
void AddRetainers(CLI::App* root, CommandLine* line);
void AddDominators(CLI::App* root, CommandLine* line);
void AddPackages(CLI::App* root, CommandLine* line);
void AddStrings(CLI::App* root, CommandLine* line);
void AddSnapshot(CLI::App* root, CommandLine* line);
void AddRedact(CLI::App* root, CommandLine* line);
void AddPs(CLI::App* root, CommandLine* line);
void AddWatch(CLI::App* root, CommandLine* line);
void AddLoad(CLI::App* root, CommandLine* line);

// The exit code if there is nothing to run (help, version, wrong usage), which is then said.
std::optional<int> ParseCommandLine(int argc, const char* const* argv, CommandLine* line);

}  // namespace leaktrail
