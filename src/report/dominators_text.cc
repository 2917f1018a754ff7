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
    AddBelow(branch, child_lead);
  }

 private:
  // Nodes and groups of nodes in one order, the largest first.
  void AddBelow(const DominatorBranch& branch, const std::string& lead) {
    size_t left = branch.children.size() + branch.groups.size();
    const bool has_rest = branch.rest.row_count > 0 && left > 0;
    size_t child = 0, group = 0;
    while (left-- > 0) {
      const bool last = left == 0 && !has_rest;
      const std::string begin = lead + (last ? "╰─ " : "├─ ");
      const bool take_child =
          group == branch.groups.size() ||
          (child < branch.children.size() &&
           branch.children[child].node.retained_size >= branch.groups[group].retained_size);
      if (take_child) {
        Add(branch.children[child++], begin, lead + (last ? "   " : "│  "));
      } else {
        AddGroup(branch.groups[group++], begin);
      }
    }
    if (has_rest) {
      table_->AddRow({fmt::format("{}╰─ {} more", lead, FormatCount(branch.rest.row_count)),
                      FormatSize(branch.rest.size), FormatShare(branch.rest.size, total_size_)},
                     Paint::kDim);
    }
  }

  void AddGroup(const DominatorGroup& group, const std::string& lead) {
    table_->AddRow({fmt::format("{}{} × {}", lead, FormatCount(group.count),
                                ShortenEnd(SafeName(group.class_name), kNameColumns)),
                    FormatSize(group.retained_size), FormatShare(group.retained_size, total_size_),
                    "", "", PlaceText(group.place)});
  }

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
