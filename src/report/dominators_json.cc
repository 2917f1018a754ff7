#include "report/dominators_report.h"

namespace leaktrail {
namespace {

void WriteBranch(const DominatorBranch& branch, JsonWriter* json) {
  json->BeginObject();
  WriteNodeKeys(branch.node, json);
  json->Field("child_count", branch.child_count);
  json->Key("children");
  json->BeginArray(JsonLayout::kLines);
  for (const DominatorBranch& child : branch.children) WriteBranch(child, json);
  json->EndArray();
  json->Key("groups");
  json->BeginArray(JsonLayout::kLines);
  for (const DominatorGroup& group : branch.groups) {
    json->BeginObject();
    json->Field("class", group.class_name);
    WritePlace(group.place, json);
    json->Field("count", group.count);
    json->Field("retained_size", group.retained_size);
    json->EndObject();
  }
  json->EndArray();
  json->Key("rest");
  json->BeginObject();
  json->Field("count", branch.rest.row_count);
  json->Field("retained_size", branch.rest.size);
  json->EndObject();
  json->EndObject();
}

}  // namespace

void WriteDominatorsJson(const DominatorsReport& report, JsonWriter* json) {
  json->BeginObject(JsonLayout::kLines);
  json->Field("schema", "leaktrail.dominators/1");
  WriteSnapshot("snapshot", report.snapshot, json);
  json->Field("total_size", report.total_size);
  json->Key("node");
  WriteBranch(report.top, json);
  WriteNotes(report.notes, json);
  json->EndObject();
  json->Finish();
}

}  // namespace leaktrail
