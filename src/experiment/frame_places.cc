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

bool EndsWithFile(const std::string& path, const std::string& file) {
  return path == file || path.ends_with("/" + file);
}

// Where a map's source lies: beside the script, or as webpack has it, below the app's folder:
// "webpack://shop/./src/cart.ts".
std::string PathOfSource(const std::string& source, const std::string& folder,
                         const std::string& script) {
  constexpr std::string_view kWebpack = "webpack://";
  fs::path base = fs::path(script).parent_path();
  std::string path = PathOfUrl(source);
  if (source.starts_with(kWebpack)) {
    const size_t slash = source.find('/', kWebpack.size());
    path = slash == std::string::npos ? "" : source.substr(slash + 1);
    base = folder;
  }
  const fs::path of_source(path);
  return (of_source.is_absolute() ? of_source : base / of_source).lexically_normal().string();
}

}  // namespace

FramePlaces::FramePlaces(std::string root) : root_(std::move(root)) {}
FramePlaces::~FramePlaces() = default;
FramePlaces::FramePlaces(FramePlaces&&) noexcept = default;

FramePlaces::Script FramePlaces::Look(const std::string& path) const {
  Script script;
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
    // A package is shown as it is installed. What its map names is often not published, and trail,
    // which sees no maps, would name another file.
    if (script.package == "app") script.map = ReadMap(root_ + path + ".map");
  }
  return script;
}

const FramePlaces::Script& FramePlaces::Find(const std::string& url) {
  const auto known = scripts_.find(url);
  if (known != scripts_.end()) return known->second;
  return scripts_.emplace(url, Look(PathOfUrl(url))).first->second;
}

std::optional<CodePlace> FramePlaces::AsWritten(const Script& script, uint32_t line,
                                                uint32_t column) const {
  if (!script.map) return std::nullopt;
  const std::optional<OriginalPlace> original = script.map->Find(line, column);
  if (!original) return std::nullopt;
  const std::string path =
      PathOfSource(original->source, script.folder, script.folder + "/" + script.file);
  CodePlace place;
  place.package = script.package;
  place.file = RelativeTo(path, script.folder);
  place.line = original->line;
  place.column = original->column;
  // A package that went into the bundle.
  if (!ModuleFolder(path).empty()) {
    const Script bundled = Look(path);
    place.package = bundled.package;
    place.file = bundled.file;
  }
  return place;
}

void FramePlaces::ShowAsWritten(CodePlace* place) const {
  if (place->package != "app" || place->line == 0 || place->column == 0) return;
  // The snapshots may name the app's files from another folder.
  const Script* found = nullptr;
  for (const auto& [url, script] : scripts_) {
    if (script.package != "app" || !EndsWithFile(PathOfUrl(url), place->file)) continue;
    if (found == nullptr || script.file == place->file) found = &script;
  }
  if (found == nullptr) return;
  std::optional<CodePlace> original = AsWritten(*found, place->line, place->column);
  if (!original) return;
  original->function = std::move(place->function);
  *place = std::move(*original);
}

StackFrame FramePlaces::PlaceOf(const SampledFrame& frame) {
  const Script& script = Find(frame.url);
  StackFrame out{frame.function, script.file, script.package, frame.line, frame.column};
  const std::optional<CodePlace> original = AsWritten(script, frame.line, frame.column);
  if (!original) return out;
  out.package = original->package;
  out.file = original->file;
  out.line = original->line;
  out.column = original->column;
  return out;
}

bool FramePlaces::IsUserland(const StackFrame& frame) {
  return !frame.package.empty() && frame.package != "node";
}

}  // namespace leaktrail
