#include <fmt/format.h>

#include "report/load_report.h"

namespace leaktrail {
namespace {

void WriteTimes(const char* name, const LoadTimes& times, JsonWriter* json) {
  json->Key(name);
  json->BeginObject();
  json->Field("count", times.count);
  json->Field("min", times.least);
  json->Field("mean", times.mean);
  json->Field("deviation", times.deviation);
  json->Field("median", times.median);
  json->Field("max", times.greatest);
  json->EndObject();
}

void WriteAsked(const LoadReport& report, JsonWriter* json) {
  json->Key("asked");
  json->BeginObject();
  json->Field("method", report.method);
  json->Field("request_count", report.requests);
  json->Field("concurrency", report.concurrency);
  json->Field("keep_alive", report.keep_alive);
  json->Field("rate", report.rate);
  json->Field("time_limit_seconds", report.time_limit_seconds);
  json->EndObject();
}

void WriteLatency(const LoadReport& report, JsonWriter* json) {
  json->Key("latency_ms");
  json->BeginObject();
  json->Field("measured_from", report.rate ? "intended_start" : "start");
  json->Field("count", report.total.count);
  json->Field("at_least_count", report.at_least);
  json->Field("min", report.total.least);
  json->Field("mean", report.total.mean);
  json->Field("deviation", report.total.deviation);
  json->Field("max", report.total.greatest);
  json->Key("percentiles");
  json->BeginObject();
  for (const auto& [percent, ms] : report.percentiles) {
    json->Field(fmt::format("{:g}", percent), ms);
  }
  json->EndObject();
  json->EndObject();
}

}  // namespace

void WriteLoadJson(const LoadReport& report, JsonWriter* json) {
  json->BeginObject(JsonLayout::kLines);
  json->Field("schema", "leaktrail.load/1");
  json->Field("url", report.origin);
  json->Key("paths");
  json->BeginArray(JsonLayout::kLines);
  for (const LoadPathRow& row : report.paths) {
    json->BeginObject();
    json->Field("path", row.path);
    json->Field("weight", row.weight);
    json->Field("answered_count", row.answered);
    json->Field("failed_count", row.failed);
    json->EndObject();
  }
  json->EndArray();
  WriteAsked(report, json);
  json->Field("ended_by", report.ended_by);
  json->Field("seconds", report.seconds);
  json->Field("answered_count", report.answered);
  json->Field("failed_count", report.failed);
  json->Field("unfinished_count", report.unfinished);
  json->Field("requests_per_second", report.per_second());
  json->Field("connection_count", report.connections);
  json->Field("reused_count", report.reused);
  json->Key("transfer");
  json->BeginObject();
  json->Field("received_size", report.received_bytes);
  json->Field("body_size", report.body_bytes);
  json->Field("sent_size", report.sent_bytes);
  json->Field("received_per_second",
              report.seconds > 0 ? static_cast<double>(report.received_bytes) / report.seconds : 0);
  json->EndObject();
  json->Key("status");
  json->BeginObject();
  for (const auto& [status, count] : report.by_status) json->Field(std::to_string(status), count);
  json->EndObject();
  json->Key("errors");
  json->BeginObject();
  for (const LoadErrorRow& row : report.errors) json->Field(row.kind, row.count);
  json->EndObject();
  json->Key("first_failure");
  if (report.failure.empty()) {
    json->Null();
  } else {
    json->Value(report.failure);
  }
  WriteLatency(report, json);
  WriteTimes("connect_ms", report.connect, json);
  WriteTimes("waiting_ms", report.waiting, json);
  if (report.rate) WriteTimes("turn_ms", report.turn, json);
  json->EndObject();
  json->Finish();
}

}  // namespace leaktrail
