// What a script's name says: whose code it is, and where in the package it lies.
//
//   /srv/api/node_modules/.pnpm/@a+b@1.2.0_c@3.0.0/node_modules/@a/b/lib/x.js
//   └────────────────────── folder ─────────────────────────────┘ └ file ┘   @a/b, 1.2.0
//
// Understood: nested and scoped node_modules, pnpm and Bun stores, Yarn's zip cache, file: URLs
// with escapes, Windows paths, webpack's made-up schemes, Node's internal names of all versions
// ("node:net"; until Node 15 "net.js" and "internal/timers.js").
//
// Cost: O(length). Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "analysis/packages.h"

namespace leaktrail {

// How Node writes the names of its own scripts, which decides what "events.js" is.
enum class NodeNaming : uint8_t { kPlain, kPrefixed };  // until Node 15 / since

struct ScriptPath {
  PackageKind kind = PackageKind::kGenerated;
  std::string path;     // with '/', without scheme and query, unescaped
  std::string name;     // of the package; "" for the app
  std::string version;  // if the path tells it
  std::string folder;   // of the package, without a '/' at the end; "" for the app and Node
  std::string file;     // below `folder`; for the app the whole path
};

ScriptPath ParseScriptPath(std::string_view script_name, NodeNaming naming);

// "1.2.3", "1.2.3-rc.1+5": what can be a package's version.
bool LooksLikeVersion(std::string_view text);

// The path without its last part: "/a/b" of "/a/b/c.js", "" of "c.js".
std::string_view ParentFolder(std::string_view path);

}  // namespace leaktrail
