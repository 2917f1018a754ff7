// The part of the findings that only a live service gives: growth per unit with its interval, and
// what was driven and measured.
#pragma once

#include <string>

#include "analysis/findings.h"
#include "report/json_writer.h"
#include "report/style.h"

namespace leaktrail {

// "+562 B", "-0.3 B", "+1.2 MB": growth per unit.
std::string RateText(double bytes);
// "+551 B to +573 B"
std::string IntervalText(const SlopeFacts& slope);

// ": +562 B per request (551 to 573), +16 kB outside the heap"
std::string GrowthText(const Findings& findings);
// Label and text of each line, after the verdict.
std::vector<std::pair<std::string, std::string>> ExperimentLines(const Findings& findings,
                                                                 bool verbose);
// One line a round and one a stack: --verbose.
void AppendExperimentDetails(const ExperimentFacts& facts, const TextOptions& options,
                             std::string* out);
void WriteExperimentJson(const ExperimentFacts& facts, JsonWriter* json);

}  // namespace leaktrail
