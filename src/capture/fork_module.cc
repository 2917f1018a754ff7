#include "capture/fork_module.h"

#include <fmt/format.h>

#include <string_view>

#include "base/hash.h"

// LEAKTRAIL_FORK_MODULE is the path of the module, which CMake builds before this file.
__asm__(
    ".section .rodata\n"
    ".balign 16\n"
    ".global leaktrail_fork_module_begin\n"
    "leaktrail_fork_module_begin:\n"
    ".incbin \"" LEAKTRAIL_FORK_MODULE
    "\"\n"
    ".global leaktrail_fork_module_end\n"
    "leaktrail_fork_module_end:\n"
    ".byte 0\n"
    ".text\n");

extern "C" const char leaktrail_fork_module_begin[];
extern "C" const char leaktrail_fork_module_end[];

namespace leaktrail {

std::span<const char> ForkModule() {
  return {leaktrail_fork_module_begin,
          static_cast<size_t>(leaktrail_fork_module_end - leaktrail_fork_module_begin)};
}

std::string ForkModuleName() {
  const std::string_view module(ForkModule().data(), ForkModule().size());
  return fmt::format("leaktrail.fork.{:016x}", HashBytes(module));
}

}  // namespace leaktrail
