#include "capture/resident_split.h"

#include <algorithm>
#include <string>

#include "capture/proc_files.h"

namespace leaktrail {

std::optional<ResidentSplit> ReadResidentSplit(ProcessId pid) {
  const std::optional<std::string> rollup = ReadProcFile(pid, "smaps_rollup");
  if (!rollup) return std::nullopt;
  ResidentSplit split;
  split.resident_bytes = KilobytesOf(*rollup, "Rss").value_or(0);
  split.anonymous_bytes = KilobytesOf(*rollup, "Anonymous").value_or(0);
  split.shared_bytes = KilobytesOf(*rollup, "Shared_Clean").value_or(0) +
                       KilobytesOf(*rollup, "Shared_Dirty").value_or(0);
  split.file_bytes = split.resident_bytes - std::min(split.resident_bytes, split.anonymous_bytes);
  split.swap_bytes = KilobytesOf(*rollup, "Swap").value_or(0);
  return split;
}

}  // namespace leaktrail
