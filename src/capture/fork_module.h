// The bytes of the module that forks a live process (bindings/fork). The command carries them, so
// that it stays one file.
#pragma once

#include <span>
#include <string>

namespace leaktrail {

std::span<const char> ForkModule();

// Of its content: a process that has loaded the same module before need not load it again.
std::string ForkModuleName();

}  // namespace leaktrail
