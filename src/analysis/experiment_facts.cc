#include "analysis/experiment_facts.h"

#include <algorithm>

namespace leaktrail {

CodePlace PlaceOf(const StackFrame& frame) {
  return {frame.package, frame.file, frame.line, frame.column, frame.function};
}

ResidentParts SplitResident(double resident, double anonymous, double heap_total, double external) {
  ResidentParts parts;
  parts.heap = heap_total;
  parts.external = external;
  parts.files = std::max(resident - anonymous, 0.0);
  parts.native = std::max(anonymous - heap_total - external, 0.0);
  parts.rest = resident - parts.heap - parts.external - parts.files - parts.native;
  return parts;
}

}  // namespace leaktrail
