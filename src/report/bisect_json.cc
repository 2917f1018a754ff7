#include "report/bisect_report.h"

namespace leaktrail {
namespace {

void WriteChanges(std::string_view key, const std::vector<VersionChange>& changes,
                  JsonWriter* json) {
  json->Key(key);
  json->BeginArray();
  for (const VersionChange& c : changes) {
    json->BeginObject();
    json->Field("package", c.package);
    WriteTextOrNull("before", c.before, json);
    WriteTextOrNull("after", c.after, json);
    json->EndObject();
  }
  json->EndArray();
}

void WriteTexts(std::string_view key, const std::vector<std::string>& texts, JsonWriter* json) {
  json->Key(key);
  json->BeginArray();
  for (const std::string& text : texts) json->Value(text);
  json->EndArray();
}

void WriteTest(const BisectTest& test, JsonWriter* json) {
  json->BeginObject();
  json->Field("role", BisectRoleName(test.role));
  WriteTextOrNull("version", test.version, json);
  WriteTextOrNull("published", test.published, json);
  if (test.version.empty()) WriteChanges("changes", test.changes, json);
  json->Field("answer", BisectAnswerName(test.answer));
  if (test.answer == BisectAnswer::kSkipped) {
    json->Field("verdict", nullptr);
    json->Field("growth", nullptr);
  } else {
    json->Field("verdict", VerdictName(test.verdict));
    json->Key("growth");
    json->BeginObject();
    json->Field("unit", "request");
    json->Field("memory", test.is_outside_heap ? "external" : "heap");
    json->Field("bytes_per_unit", test.per_request);
    json->Key("interval");
    json->BeginArray();
    json->Value(test.low);
    json->Value(test.high);
    json->EndArray();
    json->EndObject();
  }
  WriteTextOrNull("reason", test.reason, json);
  json->Field("request_count", test.requests);
  WriteChanges("others", test.others, json);
  WriteTexts("deprecations", test.deprecations, json);
  json->Field("seconds", test.seconds);
  json->Field("is_kept", test.is_kept);
  json->EndObject();
}

void WriteVersions(const VersionBisection& v, JsonWriter* json) {
  json->BeginObject();
  json->Field("package", v.package);
  json->Field("good", v.good);
  json->Field("bad", v.bad);
  json->Field("direction", v.seeks_fix ? "fixed" : "introduced");
  json->Field("result", BisectOutcomeName(v.outcome));
  WriteTextOrNull("last_good", v.last_good, json);
  WriteTextOrNull("first_bad", v.first_bad, json);
  WriteTexts("between", v.between, json);
  json->Field("ends_swapped", v.ends_swapped);
  json->Field("good_end_leaks", v.good_end_leaks);
  json->Key("beyond");
  json->BeginObject();
  json->Field("result", RecoveryName(v.beyond));
  WriteTextOrNull("still_bad", v.beyond_bad, json);
  json->Field("version_count", v.beyond_count);
  json->EndObject();
  json->Field("version_count", v.versions);
  json->Field("pre_releases_left_out", v.pre_releases_left_out);
  json->Key("recovery");
  json->BeginObject();
  json->Field("result", RecoveryName(v.recovery));
  WriteTextOrNull("good_again", v.good_again, json);
  WriteTextOrNull("still_bad", v.still_bad, json);
  json->Field("is_exact", v.is_exactly_next);
  json->Field("newer_count", v.newer);
  json->EndObject();
  json->EndObject();
}

void WriteLocks(const LockBisection& l, JsonWriter* json) {
  json->BeginObject();
  json->Field("old", l.old_file);
  json->Field("new", l.new_file);
  json->Field("result", BisectOutcomeName(l.outcome));
  WriteChanges("guilty", l.guilty, json);
  json->Field("is_confirmed", l.is_confirmed);
  WriteChanges("suspects", l.suspects, json);
  json->Field("differing_count", l.differing);
  json->Field("only_new_count", l.come);
  json->Field("only_old_count", l.gone);
  json->EndObject();
}

}  // namespace

void WriteBisectJson(const BisectReport& report, JsonWriter* json) {
  const Bisection& b = report.bisection;
  json->BeginObject(JsonLayout::kLines);
  json->Field("schema", "leaktrail.bisect/1");
  json->Field("result", BisectOutcomeName(b.outcome()));
  json->Key("versions");
  if (b.versions) {
    WriteVersions(*b.versions, json);
  } else {
    json->Null();
  }
  json->Key("lockfiles");
  if (b.locks) {
    WriteLocks(*b.locks, json);
  } else {
    json->Null();
  }
  json->Key("tests");
  json->BeginArray(JsonLayout::kLines);
  for (const BisectTest& test : b.tests) WriteTest(test, json);
  json->EndArray();
  json->Field("seconds", b.seconds);
  json->Field("false_alarm_bound", b.false_alarm_bound);
  WriteTextOrNull("kept_folder", b.kept_folder, json);
  WriteNotes(report.notes, json);
  json->EndObject();
  json->Finish();
}

}  // namespace leaktrail
