#include "analysis/script_paths.h"

#include <array>
#include <cctype>

#include "base/ascii.h"

namespace leaktrail {
namespace {

constexpr std::string_view kModules = "/node_modules/";

int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string PercentDecoded(std::string_view s) {
  std::string out;
  out.reserve(s.size());
  for (size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '%' && i + 2 < s.size() && HexValue(s[i + 1]) >= 0 && HexValue(s[i + 2]) >= 0) {
      out.push_back(static_cast<char>(HexValue(s[i + 1]) * 16 + HexValue(s[i + 2])));
      i += 2;
    } else {
      out.push_back(s[i]);
    }
  }
  return out;
}

bool IsWindowsPath(std::string_view s) {
  if (s.size() >= 3 && IsLetter(s[0]) && s[1] == ':' && (s[2] == '\\' || s[2] == '/')) return true;
  return s.starts_with("\\\\");
}

std::string WithSlashes(std::string_view s) {
  std::string out(s);
  for (char& c : out) {
    if (c == '\\') c = '/';
  }
  return out;
}

// "file:///C:/a%20b/c.mjs?v=2" is "C:/a b/c.mjs".
std::string PathOfFileUrl(std::string_view url) {
  url.remove_prefix(std::string_view("file://").size());
  const size_t end = url.find_first_of("?#");
  if (end != std::string_view::npos) url = url.substr(0, end);
  std::string path = PercentDecoded(url);
  if (path.size() >= 3 && path[0] == '/' && IsLetter(path[1]) && path[2] == ':') path.erase(0, 1);
  return path;
}

// "scheme:" at the beginning, but not a drive letter.
size_t SchemeLength(std::string_view s) {
  size_t i = 0;
  while (i < s.size() && (IsLetter(s[i]) || IsDigit(s[i]) || s[i] == '-' || s[i] == '+')) ++i;
  return i >= 2 && i < s.size() && s[i] == ':' ? i + 1 : 0;
}

// "webpack://app/./src/x.js" is "src/x.js"; "webpack-internal:///./a.js" is "a.js".
std::string PathOfBundleUrl(std::string_view rest) {
  while (rest.starts_with("/")) rest.remove_prefix(1);
  const size_t here = rest.find("./");
  if (here != std::string_view::npos) rest = rest.substr(here + 2);
  const size_t end = rest.find('?');
  return std::string(rest.substr(0, end));
}

bool IsNodeInternal(std::string_view name, NodeNaming naming) {
  if (name.starts_with("node:")) return true;
  if (naming == NodeNaming::kPrefixed) return false;
  constexpr std::array<std::string_view, 4> kFolders = {"internal/", "v8/tools/", "node-inspect/",
                                                        "native "};
  for (const std::string_view f : kFolders) {
    if (name.starts_with(f)) return true;
  }
  return name.find('/') == std::string_view::npos && name.ends_with(".js");
}

// The version in a store folder, if the folder is of package `name`: "@a+b@1.2.0_peer@3" or
// "a@1.0.0(b@2.0.0)" (pnpm, Bun), "a-npm-1.0.0-0123456789-…" (Yarn).
std::string VersionInStore(std::string_view entry, std::string_view name) {
  std::string flat(name);
  const size_t slash = flat.find('/');
  std::string yarn = flat;
  if (slash != std::string::npos) {
    flat[slash] = '+';
    yarn[slash] = '-';
  }
  std::string_view rest;
  if (entry.starts_with(flat + "@")) {
    rest = entry.substr(flat.size() + 1);
    rest = rest.substr(0, rest.find_first_of("_("));
  } else if (entry.starts_with(yarn + "-npm-")) {
    rest = entry.substr(yarn.size() + 5);
    const size_t dash = rest.find('-');
    if (dash != std::string_view::npos) rest = rest.substr(0, dash);
  }
  return LooksLikeVersion(rest) ? std::string(rest) : "";
}

// The part of `path` before `end`: its last component.
std::string_view ComponentBefore(std::string_view path, size_t end) {
  const std::string_view head = path.substr(0, end);
  const size_t slash = head.rfind('/');
  return slash == std::string_view::npos ? head : head.substr(slash + 1);
}

bool ParseModulePath(std::string_view path, ScriptPath& out) {
  size_t at = path.rfind(kModules);
  size_t begin;
  if (at != std::string_view::npos) {
    begin = at + kModules.size();
  } else if (path.starts_with(kModules.substr(1))) {
    at = 0;
    begin = kModules.size() - 1;
  } else {
    return false;
  }
  size_t end = path.find('/', begin);
  if (end != std::string_view::npos && path[begin] == '@') end = path.find('/', end + 1);
  if (end == std::string_view::npos || end == begin) return false;  // a file right in node_modules
  out.kind = PackageKind::kModule;
  out.name = path.substr(begin, end - begin);
  out.folder = path.substr(0, end);
  out.file = path.substr(end + 1);
  std::string_view store = ComponentBefore(path, at);
  if (store.ends_with(".zip")) store.remove_suffix(4);
  out.version = VersionInStore(store, out.name);
  return true;
}

}  // namespace

bool LooksLikeVersion(std::string_view text) {
  size_t i = 0;
  for (int part = 0; part < 3; ++part) {
    const size_t first = i;
    while (i < text.size() && IsDigit(text[i])) ++i;
    if (i == first || i - first > 9) return false;
    if (part < 2) {
      if (i >= text.size() || text[i] != '.') return false;
      ++i;
    }
  }
  if (i == text.size()) return true;
  if ((text[i] != '-' && text[i] != '+') || i + 1 == text.size() || text.size() > 64) return false;
  for (++i; i < text.size(); ++i) {
    const char c = text[i];
    if (!IsLetter(c) && !IsDigit(c) && c != '.' && c != '-' && c != '+') return false;
  }
  return true;
}

std::string_view ParentFolder(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

ScriptPath ParseScriptPath(std::string_view script_name, NodeNaming naming) {
  ScriptPath out;
  out.path = script_name;
  if (script_name.empty()) return out;
  if (IsNodeInternal(script_name, naming)) {
    out.kind = PackageKind::kNode;
    out.name = "node";
    out.file = script_name.starts_with("node:") ? script_name.substr(5) : script_name;
    return out;
  }
  bool has_path = false;
  if (script_name.starts_with("file://")) {
    out.path = PathOfFileUrl(script_name);
    has_path = true;
  } else if (IsWindowsPath(script_name)) {
    out.path = WithSlashes(script_name);
    has_path = true;
  } else if (script_name.starts_with("webpack") && SchemeLength(script_name) > 0) {
    out.path = PathOfBundleUrl(script_name.substr(SchemeLength(script_name)));
    has_path = !out.path.empty();
  } else if (script_name[0] == '/') {
    has_path = true;
  }
  if (!has_path) {
    out.file = out.path;
    return out;
  }
  if (ParseModulePath(out.path, out)) return out;
  out.kind = PackageKind::kApp;
  out.file = out.path;
  return out;
}

}  // namespace leaktrail
