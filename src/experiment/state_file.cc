#include "experiment/state_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <utility>

#include "base/hash.h"
#include "base/output_file.h"

namespace leaktrail {
namespace {

using Json = nlohmann::json;

constexpr const char* kProjectFiles[] = {"package.json", "package-lock.json",
                                         "npm-shrinkwrap.json"};

std::string Hex(uint64_t hash) { return fmt::format("{:016x}", hash); }

}  // namespace

StateFile StateFile::Fresh(std::string path, Form form) {
  return StateFile(std::move(path), std::move(form));
}

Result<StateFile> StateFile::Read(std::string path, Form form, const Take& take) {
  StateFile state(std::move(path), std::move(form));
  std::ifstream in(state.path_, std::ios::binary);
  if (!in) return state;
  const std::string text(std::istreambuf_iterator<char>(in), {});
  try {
    const Json document = Json::parse(text);
    if (document.at("schema") == state.form_.schema) {
      state.entries_ = document.at(state.form_.list);
      for (const Json& entry : state.entries_) take(entry);
      return state;
    }
  } catch (const Json::exception&) {
    // Said below: whatever is wrong with it, the way out is the same.
  }
  return Fail(ErrorKind::kBadInput,
              fmt::format("{} does not hold results of an earlier run of this version; remove it, "
                          "or give --fresh to measure all anew",
                          state.path_));
}

Result<void> StateFile::Keep(Json entry) {
  Json kept = Json::array();
  for (Json& earlier : entries_) {
    if (earlier.at("hash") != entry.at("hash")) kept.push_back(std::move(earlier));
  }
  kept.push_back(std::move(entry));
  entries_ = std::move(kept);
  const Json document = {{"schema", form_.schema}, {form_.list, entries_}};
  const std::string text = document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
  Result<std::unique_ptr<OutputFile>> file = OutputFile::Create(path_, FileReaders::kAsUmask);
  if (!file) return tl::unexpected(file.error());
  if (Result<void> written = (*file)->Write(text); !written) return written;
  return (*file)->Finish();
}

void StateFile::Remove() {
  unlink(path_.c_str());
  entries_ = Json::array();
}

std::string HashOfText(const std::string& text) { return Hex(HashBytes(text)); }

std::string HashOfProject(const std::string& definition, const std::string& folder) {
  uint64_t hash = HashBytes(definition);
  for (const char* name : kProjectFiles) {
    std::ifstream in(folder + "/" + name, std::ios::binary);
    if (!in) continue;
    hash = HashBytes(name, hash);
    hash = HashBytes(std::string(std::istreambuf_iterator<char>(in), {}), hash);
  }
  return Hex(hash);
}

int64_t UnixTime() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

}  // namespace leaktrail
