#include "report/frame.h"
#include "report/watch_report.h"

namespace leaktrail {
namespace {

void WriteVerdict(const WatchRow& row, JsonWriter* json) {
  json->Field("verdict", row.verdict);
  WriteTextOrNull("grows", row.grows, json);
  json->Key("slope");
  if (!row.slope_of.empty()) {
    json->BeginObject();
    json->Field("of", row.slope_of);
    json->Field("bytes_per_second", row.slope);
    json->Key("interval");
    json->BeginArray();
    json->Value(row.slope_low);
    json->Value(row.slope_high);
    json->EndArray();
    json->EndObject();
  } else {
    json->Null();
  }
  json->Field("seconds_to_limit", row.seconds_to_limit);
  WriteTextOrNull("limit_of", row.limit_of, json);
}

}  // namespace

void BeginWatchJson(const WatchSubject& subject, JsonWriter* json) {
  json->BeginObject(JsonLayout::kLines);
  json->Field("schema", "leaktrail.watch/1");
  json->Key("target");
  json->BeginObject();
  json->Field("pid", subject.pid);
  json->Field("name", subject.name);
  json->Field("node_version", subject.node_version);
  json->Field("inspector", subject.inspector);
  json->EndObject();
  json->Key("samples");
  json->BeginArray(JsonLayout::kLines);
}

void WriteWatchRowJson(const WatchRow& row, JsonWriter* json) {
  json->BeginObject();
  json->Field("at", row.at);
  json->Field("resident_size", row.resident_size);
  json->Field("heap_used_size", row.heap_used_size);
  json->Field("heap_total_size", row.heap_total_size);
  json->Field("heap_limit_size", row.heap_limit_size);
  json->Key("live_heap_size");
  if (row.live_heap_size > 0) {
    json->Value(row.live_heap_size);
  } else {
    json->Null();
  }
  json->Field("external_size", row.external_size);
  json->Field("array_buffer_size", row.array_buffer_size);
  json->Field("anonymous_size", row.anonymous_size);
  json->Field("file_size", row.file_size);
  json->Field("swap_size", row.swap_size);
  json->Field("handle_count", row.handle_count);
  json->Field("timer_count", row.timer_count);
  json->Field("delay_mean_ms", row.delay_mean_ms);
  json->Field("delay_max_ms", row.delay_max_ms);
  json->Field("major_count", row.major_count);
  json->Field("minor_count", row.minor_count);
  json->Field("cpu_seconds", row.cpu_seconds);
  json->Field("cost_ms", row.cost_ms);
  WriteVerdict(row, json);
  json->EndObject();
}

void WriteWatchEventJson(const WatchEvent& event, JsonWriter* json) {
  json->BeginObject();
  json->Field("at", event.at);
  json->Field("event", event.name);
  json->Field("message", event.message);
  json->EndObject();
}

void EndWatchJson(const WatchRow& last, JsonWriter* json) {
  json->EndArray();
  WriteVerdict(last, json);
  WriteTextOrNull("reason", last.reason, json);
  json->EndObject();
  json->Finish();
}

}  // namespace leaktrail
