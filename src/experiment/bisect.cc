#include "experiment/bisect.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "experiment/bisect_state.h"
#include "experiment/bisect_tester.h"
#include "experiment/bisect_versions.h"
#include "experiment/npm_registry.h"
#include "experiment/scratch_project.h"

namespace leaktrail {

using Clock = std::chrono::steady_clock;

Result<BisectRange> ParseBisectRange(const std::string& text) {
  const size_t dots = text.find("..");
  const size_t at = text.rfind('@', dots);
  const bool is_whole = dots != std::string::npos && at != std::string::npos && at > 0 &&
                        at < dots && dots + 2 < text.size() && at + 1 < dots;
  if (is_whole) {
    return BisectRange{text.substr(0, at), text.substr(at + 1, dots - at - 1),
                       text.substr(dots + 2)};
  }
  return Fail(ErrorKind::kUsage,
              fmt::format("'{}' is no range of versions; write it as NAME@GOOD..BAD, like "
                          "debug@2.6.9..4.1.1",
                          text));
}

Result<Bisection> BisectVersions(const BisectOptions& options) {
  const Clock::time_point begin = Clock::now();
  Bisection out;
  out.false_alarm_bound = options.rounds.false_alarm_bound;
  if (options.progress != nullptr) options.progress->Report("copying the project", 0, 0);
  Result<std::unique_ptr<ScratchProject>> project =
      ScratchProject::Make({options.service.folder, options.cancel});
  if (!project) return tl::unexpected(project.error());
  if (options.keeps_folder) {
    (*project)->Keep();
    out.kept_folder = (*project)->root();
  }
  Result<BisectState> state =
      BisectState::Open(DefinitionOf(options, ""), (*project)->original_root(), options.earlier);
  if (!state) return tl::unexpected(state.error());
  VersionSearch search(options, project->get(), &*state, &out);
  if (Result<void> done = search.Between(options.package, options.good, options.bad); !done) {
    return tl::unexpected(WithWhatIsKept(done.error(), *state));
  }
  Answered(&*state, &out);
  out.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return out;
}

}  // namespace leaktrail
