// The finished tests of a bisection, kept in the user's state folder (state_file.h), so that the
// same command goes on after it was stopped. The project's own folder is only read.
//
// The file's name has the hash of the whole question: the project's package.json and lock file, what
// is asked, the command, the load and the limits. An entry is found by the packages that the test
// had changed. Own code that was changed has no part in it, so what is used is said with its age,
// and the file goes as soon as there is an answer; files of a month ago go with the next run.
//
// Tests that were skipped are not kept: what was in the way may be gone.
//
// Cost: a kilobyte a test. Threads: one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/bisection.h"
#include "base/result.h"
#include "experiment/bisect.h"
#include "experiment/scratch_project.h"
#include "experiment/state_file.h"

namespace leaktrail {

struct KeptTest {
  std::string hash;
  int64_t measured_at = 0;  // seconds since 1970
  BisectTest test;          // without its role
};

class BisectState {
 public:
  // `definition` is all that the project's files do not say. Without a state folder nothing is kept.
  // An error if the file is there and is not ours.
  static Result<BisectState> Open(const std::string& definition, const std::string& project_folder,
                                  EarlierResults earlier);

  const KeptTest* Find(std::span<const PackageChange> changes) const;
  // Also on disk.
  Result<void> Keep(const BisectTest& test, std::span<const PackageChange> changes);
  // There is an answer; nothing needs to be kept.
  void Remove();
  size_t size() const { return tests_.size(); }
  // "" if nothing can be kept.
  std::string path() const { return file_ ? file_->path() : ""; }

 private:
  std::optional<StateFile> file_;
  std::vector<KeptTest> tests_;
};

// What stopped a bisection, with what is kept of it.
Error WithWhatIsKept(Error error, const BisectState& state);
// There is an answer: the file goes, and what was used of it is said.
void Answered(BisectState* state, Bisection* bisection);

// What is asked, with which command, load and limits. `lock_texts` of the two files, if any.
std::string DefinitionOf(const BisectOptions& options, const std::string& lock_texts);

}  // namespace leaktrail
