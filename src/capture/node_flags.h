// Node's own options among the arguments of a process.
//
// Threads: from any.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leaktrail {

// Where the script stands among the arguments; nothing if there is none (a REPL, -e, -p).
std::optional<size_t> ScriptIndex(const std::vector<std::string>& arguments);

// The value of the last of these flags that stands before the script ("--flag=V" or "--flag V"),
// else in NODE_OPTIONS; "" for a flag without a value. Arguments win, as in Node.
std::optional<std::string> FindNodeFlag(const std::vector<std::string>& arguments,
                                        std::string_view node_options,
                                        std::initializer_list<std::string_view> names);

// The port that SIGUSR1 would open: of --inspect-port, --debug-port, --inspect[-brk|-wait]; 9229 if
// nothing says otherwise, 0 if the system chooses.
uint16_t InspectPort(const std::vector<std::string>& arguments, std::string_view node_options);

}  // namespace leaktrail
