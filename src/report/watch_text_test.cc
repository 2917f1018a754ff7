#include <gtest/gtest.h>

#include "report/watch_report.h"

namespace leaktrail {
namespace {

WatchRow Row() {
  WatchRow row;
  row.at = 1'795'636'203;
  row.resident_size = 96'200'000;
  row.heap_used_size = 40'000'000;
  row.heap_total_size = 50'000'000;
  row.verdict = "leak";
  row.grows = "heap";
  row.slope_of = "heap";
  row.slope = 1200;
  row.slope_low = 1100;
  row.slope_high = 1300;
  row.seconds_to_limit = 7800;
  row.limit_of = "heap";
  return row;
}

TEST(WatchText, TimesAreUtc) {
  EXPECT_EQ(UtcText(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(UtcText(951'782'400), "2000-02-29T00:00:00Z");
  EXPECT_EQ(UtcText(1'795'636'203.9), "2026-11-25T19:50:03Z");
}

TEST(WatchText, ALogLineSaysBeforeNowAndDifference) {
  WatchRow before = Row();
  before.resident_size = 95'000'000;
  EXPECT_EQ(WatchLogLine(before, Row()),
            "2026-11-25T19:50:03Z memory before 95.0 MB now 96.2 MB diff +1.2 MB heap 40.0 MB "
            "external 0 B leak heap +1.2 kB/s\n");
}

TEST(WatchText, TheEndTellsTheVerdictItsSlopeAndTheTimeLeft) {
  EXPECT_EQ(WatchEndText(Row(), {}),
            "leak (heap): heap +1.2 kB/s (+1.1 kB/s to +1.3 kB/s); the heap limit is reached in "
            "2 h 10 min\n");
}

TEST(WatchText, AGraphIsNotWiderThanTheTerminal) {
  const std::vector<WatchRow> rows(500, Row());
  const std::string text = WatchGraphText({1, "api", "20.0.0", "127.0.0.1:9229"}, rows, {}, {60});
  size_t at = 0;
  for (int line = 0; line < 6 && at < text.size(); ++line) {
    const size_t end = text.find('\n', at);
    size_t columns = 0;
    for (size_t i = at; i < end; ++i) columns += (text[i] & 0xC0) != 0x80 ? 1 : 0;
    EXPECT_LE(columns, 60u);
    at = end + 1;
  }
}

TEST(WatchMetrics, HavePromClientsNamesAndEscapedLabels) {
  const std::string text = WatchMetricsText({1, "a\"b", "20.0.0", ""}, Row());
  EXPECT_NE(text.find("# TYPE process_resident_memory_bytes gauge\n"
                      "process_resident_memory_bytes{service=\"a\\\"b\",pid=\"1\"} 96200000\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("leaktrail_verdict{service=\"a\\\"b\",pid=\"1\",verdict=\"leak\"} 1\n"),
            std::string::npos);
  EXPECT_NE(text.find("leaktrail_seconds_to_limit"), std::string::npos);
}

}  // namespace
}  // namespace leaktrail
