#include "experiment/frame_places.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/find_leaks.h"
#include "experiment/source_map.h"

namespace leaktrail {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t kMaxMapBytes = uintmax_t{64} << 20;
constexpr std::string_view kModules = "/node_modules/";

// What a file: URL has as %20.
std::string PathOfUrl(const std::string& url) {
  constexpr std::string_view kScheme = "file://";
  if (!url.starts_with(kScheme)) return url;
  std::string path;
  for (size_t i = kScheme.size(); i < url.size(); ++i) {
    if (url[i] == '%' && i + 2 < url.size() && isxdigit(static_cast<unsigned char>(url[i + 1])) &&
        isxdigit(static_cast<unsigned char>(url[i + 2]))) {
      path += static_cast<char>(std::stoi(url.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      path += url[i];
    }
  }
  return path;
}

// "/a/node_modules/@x/y" of "/a/node_modules/@x/y/lib/z.js"; "" outside node_modules.
std::string ModuleFolder(const std::string& path) {
  const size_t modules = path.rfind(kModules);
  if (modules == std::string::npos) return "";
  const size_t begin = modules + kModules.size();
  size_t end = path.find('/', begin);
  if (end != std::string::npos && path[begin] == '@') end = path.find('/', end + 1);
  return end == std::string::npos ? "" : path.substr(0, end);
}

// Where the user's own code is at home: the nearest folder with a package.json, else the script's.
std::string AppFolder(const std::string& path, const std::string& root) {
  const fs::path script_folder = fs::path(path).parent_path();
  for (fs::path folder = script_folder; !folder.empty(); folder = folder.parent_path()) {
    std::error_code error;
    if (fs::is_regular_file(root + (folder / "package.json").string(), error)) {
      return folder.string();
    }
    if (folder == folder.root_path()) break;
  }
  return script_folder.string();
}

std::shared_ptr<SourceMap> ReadMap(const std::string& file) {
  std::error_code error;
  const uintmax_t size = fs::file_size(file, error);
  if (error || size > kMaxMapBytes) return nullptr;
  std::ifstream in(file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  Result<SourceMap> map = SourceMap::Parse(text);
  return map ? std::make_shared<SourceMap>(std::move(*map)) : nullptr;
}

std::string RelativeTo(const std::string& path, const std::string& folder) {
  return path.starts_with(folder + "/") ? path.substr(folder.size() + 1) : path;
}

}  // namespace

FramePlaces::FramePlaces(std::string root) : root_(std::move(root)) {}
FramePlaces::~FramePlaces() = default;
FramePlaces::FramePlaces(FramePlaces&&) noexcept = default;

const FramePlaces::Script& FramePlaces::Find(const std::string& url) {
  const auto known = scripts_.find(url);
  if (known != scripts_.end()) return known->second;
  Script script;
  const std::string path = PathOfUrl(url);
  if (path.starts_with("node:") || (!path.empty() && path[0] != '/')) {
    script.package = "node";
    script.file = path;
  } else if (!path.empty()) {
    script.folder = ModuleFolder(path);
    if (script.folder.empty()) {
      script.package = "app";
      script.folder = AppFolder(path, root_);
    } else {
      script.package = script.folder.substr(script.folder.rfind(kModules) + kModules.size());
      if (const auto manifest = ReadManifest(root_ + script.folder)) {
        if (!manifest->name.empty()) script.package = manifest->name;
        if (!manifest->version.empty()) script.package += "@" + manifest->version;
      }
    }
    script.file = RelativeTo(path, script.folder);
    script.map = ReadMap(root_ + path + ".map");
  }
  return scripts_.emplace(url, std::move(script)).first->second;
}

StackFrame FramePlaces::PlaceOf(const SampledFrame& frame) {
  const Script& script = Find(frame.url);
  StackFrame out{frame.function, script.file, script.package, frame.line, frame.column};
  if (!script.map) return out;
  const std::optional<OriginalPlace> original = script.map->Find(frame.line, frame.column);
  if (!original) return out;
  const fs::path source = fs::path(PathOfUrl(original->source));
  const fs::path here = fs::path(PathOfUrl(frame.url)).parent_path();
  const std::string path =
      (source.is_absolute() ? source : here / source).lexically_normal().string();
  out.file = RelativeTo(path, script.folder);
  out.line = original->line;
  out.column = original->column;
  return out;
}

bool FramePlaces::IsUserland(const StackFrame& frame) {
  return !frame.package.empty() && frame.package != "node";
}

}  // namespace leaktrail
