// The command `leaktrail`: parses, runs one verb, and turns what went wrong into one sentence and
// an exit code.
#include <fmt/format.h>

#include <exception>
#include <new>

#include "cli/command_line.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/run.h"
#include "report/words.h"

namespace leaktrail {
namespace {

CancelToken cancel_token;  // the signal handler outlives every scope

int ExitCodeOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
      return kExitUsage;
    case ErrorKind::kBadInput:
      return kExitBadInput;
    case ErrorKind::kEnvironment:
      return kExitEnvironment;
    case ErrorKind::kInterrupted:
      return kExitInterrupted;
  }
  return kExitEnvironment;
}

int Main(int argc, const char* const* argv) {
  InstallInterruptHandler(&cancel_token);
  CommandLine line;
  if (const std::optional<int> code = ParseCommandLine(argc, argv, &line)) return *code;
  Result<int> code = [&] {
    Run run(line.common, &cancel_token);  // its progress line is gone before an error is said
    return line.chosen(run);
  }();
  if (cancel_token.cancelled()) return kExitInterrupted;
  if (code) return *code;
  WriteToStandardError(fmt::format("leaktrail: {}\n", SafeText(code.error().message)));
  return ExitCodeOf(code.error().kind);
}

}  // namespace
}  // namespace leaktrail

int main(int argc, char** argv) {
  try {
    return leaktrail::Main(argc, argv);
  } catch (const std::bad_alloc&) {
    leaktrail::WriteToStandardError(
        "leaktrail: there is not enough memory for this snapshot; use a machine with more\n");
  } catch (const std::exception& error) {
    leaktrail::WriteToStandardError(fmt::format(
        "leaktrail: internal error ({}); please report it\n", leaktrail::SafeText(error.what())));
  }
  return leaktrail::kExitEnvironment;
}
