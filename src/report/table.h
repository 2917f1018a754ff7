// A table of text: aligned columns, fitted to a width.
//
// Columns are as wide as their widest cell. If that is more than the width allows, the columns that
// may shrink do, the widest first; numbers never shrink. Cells must be free of control characters
// (SafeText). If no column has a title there is no line of titles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "report/style.h"

namespace leaktrail {

enum class Align : uint8_t { kLeft, kRight };
enum class Shrink : uint8_t {
  kNever,
  kEnd,    // a name: its beginning says most
  kFront,  // a path: its end says most
};

struct TableColumn {
  std::string title;
  Align align = Align::kLeft;
  Shrink shrink = Shrink::kNever;
  Paint paint = Paint::kPlain;
  size_t max_width = 0;  // 0: none. Holds also where the table may be as wide as it gets
};

class Table {
 public:
  explicit Table(std::vector<TableColumn> columns) : columns_(std::move(columns)) {}
  // Missing cells at the end are empty. `paint` is for the whole row, over the columns' own.
  void AddRow(std::vector<std::string> cells, Paint paint = Paint::kPlain);
  bool empty() const { return rows_.empty(); }
  void AppendTo(const TextOptions& options, std::string* out) const;

 private:
  struct Row {
    std::vector<std::string> cells;
    Paint paint;
  };
  std::vector<size_t> FitWidths(size_t width) const;
  std::vector<TableColumn> columns_;
  std::vector<Row> rows_;
};

}  // namespace leaktrail
