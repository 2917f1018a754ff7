// The user's npm: the one in PATH, with their configuration and environment.
//
// Nothing of npm's own is read or written by us but through it. What a npm that runs us has put
// into the environment (npm run, npx) is not handed on: it describes another folder.
//
// Cost: a Node process, half a second and more. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "experiment/run_command.h"

namespace leaktrail {

struct NpmOptions {
  std::string folder;  // it runs there
  const CancelToken* cancel = nullptr;
};

// Errors: there is no npm, or it was cancelled. That npm failed is in the result.
//
// npm waits 10 and then 60 seconds before it asks again for what a host does not give; here it is 1
// and 3, and only if npm fails by that, once more as it is configured. What the environment says
// (npm_config_fetch_retry_mintimeout) holds.
Result<CommandResult> RunNpm(const std::vector<std::string>& arguments, const NpmOptions& options);

// npm ended with this code: "ETARGET".
bool FailedWith(const CommandResult& result, std::string_view code);

// In one line what npm says is wrong, with its code: "No matching version found for a@9.0.0.
// (ETARGET)".
std::string NpmComplaint(const CommandResult& result);
// Whether such a complaint is about the network or the registry, and not about a package.
bool SaysNoNetwork(std::string_view complaint);

}  // namespace leaktrail
