#include <fmt/format.h>

#include "report/dominators_report.h"
#include "report/table.h"
#include "report/words.h"

namespace leaktrail {
namespace {

constexpr size_t kNameColumns = 60;

// A tree as table rows: the branch lines are drawn in front of the name.
class TreeRows {
 public:
  TreeRows(uint64_t total_size, Table* table) : total_size_(total_size), table_(table) {}

  void Add(const DominatorBranch& branch, const std::string& lead, const std::string& child_lead) {
    const NodeLine& node = branch.node;
    table_->AddRow({lead + NodeLabel(node, kNameColumns), FormatSize(node.retained_size),
                    FormatShare(node.retained_size, total_size_), FormatSize(node.shallow_size),
                    FormatCount(branch.child_count), PlaceText(node.place)});
    const bool has_rest = branch.rest.row_count > 0 && !branch.children.empty();
    for (size_t i = 0; i < branch.children.size(); ++i) {
      const bool last = i + 1 == branch.children.size() && !has_rest;
      Add(branch.children[i], child_lead + (last ? "╰─ " : "├─ "),
          child_lead + (last ? "   " : "│  "));
    }
    if (has_rest) {
      table_->AddRow({fmt::format("{}╰─ {} more", child_lead, FormatCount(branch.rest.row_count)),
                      FormatSize(branch.rest.size), FormatShare(branch.rest.size, total_size_)},
                     Paint::kDim);
    }
  }

 private:
  uint64_t total_size_;
  Table* table_;
};

}  // namespace

std::string DominatorsText(const DominatorsReport& report, const TextOptions& options) {
  std::string out;
  AppendSnapshotLine(report.snapshot, options, &out);
  out += '\n';
  Table table({{"object", Align::kLeft, Shrink::kEnd, Paint::kName},
               {"retained", Align::kRight, Shrink::kNever, Paint::kBold},
               {"", Align::kRight},
               {"shallow", Align::kRight},
               {"dominates", Align::kRight},
               {"code", Align::kLeft, Shrink::kFront, Paint::kPlace}});
  TreeRows(report.total_size, &table).Add(report.top, "", "");
  table.AppendTo(options, &out);
  AppendDiagnostics(report.notes.diagnostics, options, &out);
  return out;
}

}  // namespace leaktrail
