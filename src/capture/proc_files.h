// Small files of /proc, and the fields that are of interest in them.
//
// Threads: from any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leaktrail {

// The whole file, or nothing if it cannot be read. At most `limit` bytes.
std::optional<std::string> ReadProcFile(const std::string& path, size_t limit = 16 << 20);
// /proc/PID/FILE.
std::optional<std::string> ReadProcFile(int pid, const char* file);
std::optional<std::string> ReadLink(const std::string& path);

// Texts that are ended by NUL: cmdline, environ.
std::vector<std::string> SplitAtNul(std::string_view bytes);
std::vector<std::string_view> SplitLines(std::string_view text);
std::vector<std::string_view> SplitWords(std::string_view text);

// The value of "Key:   value" in status, smaps_rollup and the like, without blanks around it.
std::optional<std::string_view> FieldOf(std::string_view text, std::string_view key);
std::optional<uint64_t> ToNumber(std::string_view digits, int base = 10);
// "1234 kB" as bytes.
std::optional<uint64_t> KilobytesOf(std::string_view text, std::string_view key);

struct ProcessStat {
  std::string comm;
  int parent = 0;
  uint64_t cpu_ticks = 0;
  uint64_t start_ticks = 0;
  uint64_t resident_bytes = 0;
};
std::optional<ProcessStat> ReadStat(int pid);

// Of all its threads. Empty where the kernel does not tell (CONFIG_PROC_CHILDREN).
std::vector<int> ChildrenOf(int pid);

// Seconds since 1970 at which `start_ticks` was. Nothing if the kernel does not say when it
// started.
std::optional<double> TimeOfTicks(uint64_t start_ticks);

}  // namespace leaktrail
