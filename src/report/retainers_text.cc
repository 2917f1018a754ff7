#include <fmt/format.h>

#include "report/retainers_report.h"
#include "report/table.h"
#include "report/words.h"

namespace leaktrail {
namespace {

constexpr size_t kNameColumns = 60;
constexpr size_t kFoldedRun = 3;

// A run of like steps, as lists make them: the same edge into nodes of the same class.
size_t RunLength(const std::vector<RetainerStep>& path, size_t first) {
  size_t end = first + 1;
  while (end < path.size() && path[end].edge == path[first].edge &&
         path[end].edge_type == path[first].edge_type &&
         path[end].node.class_name == path[first].node.class_name) {
    ++end;
  }
  return end - first;
}

void AppendPath(const std::vector<RetainerStep>& path, const TextOptions& options,
                std::string* out) {
  Table table({{"held by", Align::kLeft, Shrink::kEnd, Paint::kDim, 40},
               {"object", Align::kLeft, Shrink::kEnd, Paint::kName},
               {"retained", Align::kRight},
               {"code", Align::kLeft, Shrink::kFront, Paint::kPlace}});
  for (size_t i = 0; i < path.size(); ++i) {
    const size_t run = RunLength(path, i);
    const bool fold = run >= kFoldedRun && !options.verbose;
    if (fold) i += run - 1;  // the run's last node stands for all
    const RetainerStep& step = path[i];
    const bool last = i + 1 == path.size();
    const std::string edge =
        step.edge ? (last ? "╰→ " : "├─ ") + EdgeLabel(*step.edge, step.edge_type.value_or(""))
                  : "";
    std::string label = NodeLabel(step.node, kNameColumns);
    if (fold) label += fmt::format(" ×{}", FormatCount(run));
    table.AddRow(
        {edge, std::move(label), FormatSize(step.node.retained_size), PlaceText(step.node.place)},
        last ? Paint::kBold : Paint::kPlain);
  }
  table.AppendTo(options, out);
}

void AppendHolders(const RetainersReport& report, const TextOptions& options, std::string* out) {
  *out += fmt::format("\n{} into it\n", FormatCountOf(report.holder_count, "edge", "edges"));
  if (report.holders.empty()) return;
  Table table({{"edge", Align::kLeft, Shrink::kEnd, Paint::kDim, 40},
               {"from", Align::kLeft, Shrink::kEnd, Paint::kName},
               {"distance", Align::kRight},
               {"retained", Align::kRight},
               {"code", Align::kLeft, Shrink::kFront, Paint::kPlace}});
  for (const HolderLine& h : report.holders) {
    table.AddRow({EdgeLabel(h.edge, h.edge_type), NodeLabel(h.from, kNameColumns),
                  DistanceText(h.from.distance), FormatSize(h.from.retained_size),
                  PlaceText(h.from.place)});
  }
  if (report.holders.size() < report.holder_count) {
    table.AddRow(
        {fmt::format("… {} more", FormatCount(report.holder_count - report.holders.size()))},
        Paint::kDim);
  }
  table.AppendTo(options, out);
}

void AppendNode(const NodeLine& node, const TextOptions& options, std::string* out) {
  *out += fmt::format("{}  {}, {}", Painted(NodeLabel(node, kNameColumns), Paint::kBold, options),
                      SafeText(node.type), NodeSizes(node));
  const std::string distance = DistanceText(node.distance);
  if (distance != "–") *out += fmt::format(", distance {}", distance);
  const std::string place = PlaceText(node.place);
  if (!place.empty()) *out += fmt::format("  {}", Painted(place, Paint::kPlace, options));
  *out += '\n';
}

void AppendClass(const RetainersReport& report, const TextOptions& options, std::string* out) {
  const RetainersReport::OfClass& c = *report.of_class;
  *out += fmt::format(
      "{}  {}, held in {}", Painted(SafeName(report.node.class_name), Paint::kBold, options),
      FormatCountOf(c.instance_count, "node", "nodes"), FormatCountOf(c.way_count, "way", "ways"));
  if (c.unreached_count > 0) {
    *out += fmt::format(", {} by weak edges only", FormatCount(c.unreached_count));
  }
  const std::string place = PlaceText(report.node.place);
  if (!place.empty()) *out += fmt::format("  {}", Painted(place, Paint::kPlace, options));
  *out += '\n';
}

}  // namespace

std::string RetainersText(const RetainersReport& report, const TextOptions& options) {
  std::string out;
  AppendSnapshotLine(report.snapshot, options, &out);
  if (report.of_class) {
    AppendClass(report, options, &out);
  } else {
    AppendNode(report.node, options, &out);
  }
  if (report.paths.empty()) {
    out += "\nOnly weak edges lead to it, so nothing keeps it alive.\n";
  }
  for (size_t i = 0; i < report.paths.size(); ++i) {
    out += '\n';
    if (report.of_class) {
      out += fmt::format("{} of {}:\n", FormatCount(report.of_class->path_instances[i]),
                         FormatCount(report.of_class->instance_count));
    } else if (report.paths.size() > 1) {
      out += fmt::format("path {} of {}\n", i + 1, report.paths.size());
    }
    AppendPath(report.paths[i], options, &out);
  }
  if (options.verbose) AppendHolders(report, options, &out);
  AppendDiagnostics(report.notes.diagnostics, options, &out);
  return out;
}

}  // namespace leaktrail
