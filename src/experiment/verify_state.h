// The finished arms of a plan, kept beside it (state_file.h): plan.toml ─▶ plan.toml.state.json
//
// An arm is found again by its definition (plan.h) together with the project's package.json and
// package-lock.json, of which its hash is: a plan or a project that was changed has other arms. Own
// code that was changed has not, so the file goes as soon as all arms are measured, and what is
// used from it is said with its age.
//
// Cost: some 10 kB an arm. Threads: one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/experiment_facts.h"
#include "base/result.h"
#include "experiment/state_file.h"

namespace leaktrail {

struct KeptArm {
  std::string hash;  // of HashOfProject
  std::string cause;
  int64_t measured_at = 0;  // seconds since 1970
  std::vector<std::string> install_notes;
  ExperimentFacts facts;
};

class VerifyState {
 public:
  // Empty if there is no file. An error if it is there and is not ours.
  static Result<VerifyState> Read(const std::string& plan_path);
  // Nothing is read; the file is replaced by the first Keep.
  static VerifyState Fresh(const std::string& plan_path);

  const KeptArm* Find(const std::string& hash) const;
  // Also on disk.
  Result<void> Keep(KeptArm arm);
  // The file is no longer needed.
  void Remove();
  const std::string& path() const { return file_.path(); }
  size_t size() const { return arms_.size(); }

 private:
  explicit VerifyState(StateFile file) : file_(std::move(file)) {}
  StateFile file_;
  std::vector<KeptArm> arms_;
};

}  // namespace leaktrail
