#include "report/junit.h"

#include <gtest/gtest.h>

namespace leaktrail {
namespace {

TEST(Junit, CountsAndNamesEachOutcome) {
  const std::string xml =
      JunitXml("find", {{"fine", JunitOutcome::kPassed, "", "", "", 0, 1.5},
                        {"bad", JunitOutcome::kFailed, "grows", "+1 B", "src/a b.js", 7, 0},
                        {"open", JunitOutcome::kSkipped, "too short", "", "", 0, 0},
                        {"broken", JunitOutcome::kError, "does not start", "", "", 0, 0}});
  EXPECT_EQ(xml,
            R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="leaktrail" tests="4" failures="1" errors="1" skipped="1" time="1.500">
  <testsuite name="find" tests="4" failures="1" errors="1" skipped="1" time="1.500">
    <testcase classname="find" name="fine" time="1.500"/>
    <testcase classname="find" name="bad" time="0.000" file="src/a b.js" line="7">
      <failure message="grows">+1 B</failure>
    </testcase>
    <testcase classname="find" name="open" time="0.000">
      <skipped message="too short"></skipped>
    </testcase>
    <testcase classname="find" name="broken" time="0.000">
      <error message="does not start"></error>
    </testcase>
  </testsuite>
</testsuites>
)");
}

TEST(Junit, MarkupAndWhatXmlCannotHoldAreEscaped) {
  EXPECT_EQ(EscapedMarkup("<a href=\"x\">'&'\n\x1b[31m"),
            "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;\n\\x1b[31m");
}

}  // namespace
}  // namespace leaktrail
