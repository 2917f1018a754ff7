#include "report/gate_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "report/words.h"

namespace leaktrail {
namespace {

std::string Joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& t : texts) out += (out.empty() ? "" : ", ") + SafeText(t);
  return out;
}

std::string Text(const GateResult& gate, std::string_view unit, std::string_view what,
                 std::string_view nothing_fresh) {
  const auto size = [](double bytes) {
    return FormatSize(static_cast<uint64_t>(std::max(bytes, 0.0)));
  };
  switch (gate.reason) {
    case GateReason::kNoLeak:
      return "passes: no leak";
    case GateReason::kBelowThreshold:
      return fmt::format("passes: at most {} per {} is below the threshold of {}",
                         size(gate.growth), unit, size(*gate.threshold));
    case GateReason::kKnown:
      return fmt::format("passes: what {} is known ({})", what, Joined(gate.known));
    case GateReason::kLeak:
      break;
    case GateReason::kInconclusive:
      return "does not pass: it cannot be told whether this is a leak";
  }
  std::string text = "does not pass: a leak";
  if (gate.has_baseline) {
    text += gate.fresh.empty() ? fmt::format(" {}", nothing_fresh)
                               : fmt::format(" that is not known ({})", Joined(gate.fresh));
    if (!gate.known.empty()) text += fmt::format(" beside what is known ({})", Joined(gate.known));
  }
  if (gate.threshold) {
    text += fmt::format(", and {} per {} is not below the threshold of {}", size(gate.growth), unit,
                        size(*gate.threshold));
  }
  return text;
}

}  // namespace

std::string GateText(const GateResult& gate, const std::string& unit) {
  return Text(gate, unit, "grows", "without a fingerprint");
}

std::string CausesGateText(const GateResult& gate) {
  return Text(gate, "request", "leaks", "that nothing known explains");
}

}  // namespace leaktrail
