// Finished measurements of a run, kept in a file, so that a stopped run can go on.
//
//   {"schema":"leaktrail.verify-state/1","arms":[{"hash":…, …}, …]}
//
// An entry is found again by a hash of what was measured. What the hash does not cover, like own
// code, may have changed: who uses an entry says how old it is.
//
// Cost: the file is written whole after each entry. Threads: one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"

namespace leaktrail {

enum class EarlierResults : uint8_t { kUse, kIgnore };

class StateFile {
 public:
  struct Form {
    std::string schema, list;  // the name of the list of entries
  };
  // Gets each entry, and may throw what reading JSON throws.
  using Take = std::function<void(const nlohmann::json& entry)>;

  // Empty if there is no file. An error if it is there and is not of this form.
  static Result<StateFile> Read(std::string path, Form form, const Take& take);
  // Nothing is read; the file is replaced by the first Keep.
  static StateFile Fresh(std::string path, Form form);

  // Also on disk, instead of an entry of the same "hash".
  Result<void> Keep(nlohmann::json entry);
  // The file is no longer needed.
  void Remove();
  const std::string& path() const { return path_; }

 private:
  StateFile(std::string path, Form form) : path_(std::move(path)), form_(std::move(form)) {}
  std::string path_;
  Form form_;
  nlohmann::json entries_ = nlohmann::json::array();
};

// 16 hex digits.
std::string HashOfText(const std::string& text);
// Of a definition and the folder's package.json and package-lock.json, if it has them.
std::string HashOfProject(const std::string& definition, const std::string& folder);

// Seconds since 1970.
int64_t UnixTime();

}  // namespace leaktrail
