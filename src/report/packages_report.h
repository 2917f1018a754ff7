// Memory by npm package; with two snapshots also how it grew. JSON schema leaktrail.packages/1.
#pragma once

#include <optional>
#include <string>

#include "analysis/package_table.h"
#include "report/frame.h"

namespace leaktrail {

struct PackagesReport {
  std::optional<SnapshotInfo> base;  // only in a comparison
  SnapshotInfo snapshot;
  PackageTable table;              // whole, or cut to the rows that are shown
  std::optional<PackageRow> rest;  // sums of the rows left out; retained sizes overlap and stay 0
  uint64_t rest_row_count = 0;
  ReportNotes notes;
};

std::string PackagesText(const PackagesReport& report, const TextOptions& options);
void WritePackagesJson(const PackagesReport& report, JsonWriter* json);

}  // namespace leaktrail
