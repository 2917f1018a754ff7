#include "report/table.h"

#include <algorithm>
#include <utility>

#include "report/words.h"

namespace leaktrail {
namespace {

constexpr size_t kGap = 2;
constexpr size_t kLeastShrunk = 16;  // a name of fewer columns tells nothing

std::string Fitted(const std::string& cell, const TableColumn& column, size_t width) {
  return column.shrink == Shrink::kFront ? ShortenFront(cell, width) : ShortenEnd(cell, width);
}

}  // namespace

void Table::AddRow(std::vector<std::string> cells, Paint paint) {
  cells.resize(columns_.size());
  rows_.push_back({std::move(cells), paint});
}

std::vector<size_t> Table::FitWidths(size_t width) const {
  std::vector<size_t> widths;
  size_t total = 0;
  for (size_t c = 0; c < columns_.size(); ++c) {
    size_t widest = DisplayWidth(columns_[c].title);
    for (const Row& row : rows_) widest = std::max(widest, DisplayWidth(row.cells[c]));
    if (columns_[c].max_width > 0) widest = std::min(widest, columns_[c].max_width);
    widths.push_back(widest);
    total += widest + (c > 0 ? kGap : 0);
  }
  while (width > 0 && total > width) {
    size_t victim = columns_.size();
    for (size_t c = 0; c < columns_.size(); ++c) {
      if (columns_[c].shrink == Shrink::kNever || widths[c] <= kLeastShrunk) continue;
      if (victim == columns_.size() || widths[c] > widths[victim]) victim = c;
    }
    if (victim == columns_.size()) break;
    --widths[victim];
    --total;
  }
  return widths;
}

void Table::AppendTo(const TextOptions& options, std::string* out) const {
  const std::vector<size_t> widths = FitWidths(options.width);
  const auto line = [&](const std::vector<std::string>& cells, Paint row_paint) {
    size_t pending = 0;  // spaces before the next text, so that no line ends in spaces
    for (size_t c = 0; c < columns_.size(); ++c) {
      if (c > 0) pending += kGap;
      const std::string text = Fitted(cells[c], columns_[c], widths[c]);
      const size_t rest = widths[c] - std::min(widths[c], DisplayWidth(text));
      if (columns_[c].align == Align::kRight) pending += rest;
      if (!text.empty()) {
        out->append(pending, ' ');
        pending = 0;
        *out += Painted(text, row_paint == Paint::kPlain ? columns_[c].paint : row_paint, options);
      }
      if (columns_[c].align == Align::kLeft) pending += rest;
    }
    *out += '\n';
  };
  std::vector<std::string> titles;
  titles.reserve(columns_.size());
  for (const TableColumn& column : columns_) titles.push_back(column.title);
  if (std::any_of(titles.begin(), titles.end(), [](const auto& t) { return !t.empty(); })) {
    line(titles, Paint::kDim);
  }
  for (const Row& row : rows_) line(row.cells, row.paint);
}

}  // namespace leaktrail
