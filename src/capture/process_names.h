// What a process is called: by pm2, by its script, by its package.
//
// Threads: from any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capture/processes.h"

namespace leaktrail {

// What pm2 left in a process's environment. It does so in two ways: one variable a setting (fork
// mode), or one JSON document with all (cluster mode).
struct Pm2Facts {
  Pm2Name name;
  std::string script;
  std::vector<std::string> node_arguments;
  std::optional<uint64_t> restart_bytes;  // max_memory_restart
};
std::optional<Pm2Facts> FindPm2Facts(const std::vector<std::string>& environment);

// The value of a variable; "" if it is not set.
std::string VariableOf(const std::vector<std::string>& environment, std::string_view name);

// The name in the package.json that is nearest to the script, else to the working folder; of a
// script in node_modules the working folder's, since that is the user's. `root` is put before all
// paths.
std::string FindPackageName(const std::string& root, const std::string& script,
                            const std::string& working_folder);

// From the text of /proc/PID/cgroup.
Container ContainerOfCgroup(std::string_view proc_cgroup);

}  // namespace leaktrail
