// Bisections as text and JSON (schema leaktrail.bisect/1).
#pragma once

#include <string>

#include "analysis/bisection.h"
#include "report/frame.h"
#include "report/json_writer.h"
#include "report/style.h"

namespace leaktrail {

struct BisectReport {
  Bisection bisection;
  ReportNotes notes;
};

// One line as soon as a test is done: "  4.2.0   no leak  (+0 B, -1…+2)  12 s".
std::string BisectTestLine(const BisectTest& test, const TextOptions& options);
// What follows from them; the tests themselves only with --verbose.
std::string BisectText(const BisectReport& report, const TextOptions& options);
void WriteBisectJson(const BisectReport& report, JsonWriter* json);

}  // namespace leaktrail
