// Places in code for the frames of allocation stacks: package, file, and the original line where a
// source map lies beside a script of the user's own.
//
//   file:///srv/app/node_modules/@a/b/dist/x.js ─▶ @a/b@1.2.3 › dist/x.js:10  (its package.json)
//   /srv/app/dist/server.js                     ─▶ app › src/server.ts:42     (server.js.map)
//                                               or @a/b@1.2.3 › dist/x.js:10, if it is a bundle
//   node:internal/timers                        ─▶ node › node:internal/timers
//
// The disk is that of this machine; for a process in another root, its root is put in front
// (`root`, such as /proc/PID/root).
//
// Cost: a few reads for each new script; kept. Threads: one at a time.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "analysis/findings.h"
#include "capture/heap_profile.h"

namespace leaktrail {

class SourceMap;

class FramePlaces {
 public:
  explicit FramePlaces(std::string root = "");
  ~FramePlaces();
  FramePlaces(FramePlaces&&) noexcept;

  StackFrame PlaceOf(const SampledFrame& frame);
  // A place in a script of the app as it was written, if a script that PlaceOf has met has a map.
  // A package that was bundled with the app is named.
  void ShowAsWritten(CodePlace* place) const;
  // Third-party code or the user's own, as opposed to Node's and the engine's.
  static bool IsUserland(const StackFrame& frame);

 private:
  struct Script {
    std::string package, file;
    std::string folder;  // of the package, absolute
    std::shared_ptr<SourceMap> map;
  };
  const Script& Find(const std::string& url);
  Script Look(const std::string& path) const;
  std::optional<CodePlace> AsWritten(const Script& script, uint32_t line, uint32_t column) const;

  std::string root_;
  std::map<std::string, Script> scripts_;
};

}  // namespace leaktrail
