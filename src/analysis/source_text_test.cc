#include "analysis/source_text.h"

#include <gtest/gtest.h>

namespace leaktrail {
namespace {

TEST(SourceText, FindsEachFormOnce) {
  EXPECT_EQ(LineOfDefinition("'use strict';\nfunction add(a) {}\nadd(1);\n", "add"), 2u);
  EXPECT_EQ(LineOfDefinition("x();\n\nasync function* add() {}", "add"), 3u);
  EXPECT_EQ(LineOfDefinition("let n;\nconst add = (key, data = f(1)) => {\n};\nadd(n)", "add"), 2u);
  EXPECT_EQ(LineOfDefinition("\nexports.add = async x => x", "add"), 2u);
  EXPECT_EQ(LineOfDefinition("o = {\n  add: function () {},\n  n: 1 }", "add"), 2u);
  EXPECT_EQ(LineOfDefinition("class A {\n  static async add(x) {\n  }\n}\na.add(2)", "add"), 2u);
  EXPECT_EQ(LineOfDefinition("class A {\n  #n;\n  add(x) { return x; }\n}", "add"), 3u);
}

TEST(SourceText, DoesNotGuess) {
  EXPECT_EQ(LineOfDefinition("add = (1 + 2) * 3; add == f; if (add) { }", "add"), 0u);
  EXPECT_EQ(LineOfDefinition("if (x) {\n  add(1);\n}", "add"), 0u);
  EXPECT_EQ(LineOfDefinition("function add() {}\nfunction add() {}", "add"), 0u);
  EXPECT_EQ(LineOfDefinition("function addAll() {}\nfunction $add() {}", "add"), 0u);
  EXPECT_EQ(LineOfDefinition("", "add"), 0u);
  EXPECT_EQ(LineOfDefinition("function add(", "add"), 1u);
  EXPECT_EQ(LineOfDefinition("add = (((", "add"), 0u);
  EXPECT_EQ(LineOfDefinition("function f() {}", ""), 0u);
}

TEST(SourceText, TheBodyOfAFunctionIsFoundByItsPlace) {
  const std::string_view source =
      "let a;\nfunction log(l) { if (l) { a = []; } }\nlog(x => { y });";
  EXPECT_EQ(FunctionBody(source, 2, 13), "{ if (l) { a = []; } }");
  EXPECT_EQ(FunctionBody(source, 3, 5), "{ y }");
  EXPECT_EQ(FunctionBody(source, 1, 1), "");
  EXPECT_EQ(FunctionBody(source, 9, 1), "");
  EXPECT_EQ(FunctionBody(source, 0, 0), "");
  EXPECT_EQ(FunctionBody("f(a) {", 1, 2), "");
}

TEST(SourceText, AFunctionEmptiesWhatItGivesANewContainer) {
  EXPECT_TRUE(Empties("{ lines.push(l); if (n > 9) { lines = []; } }", "lines"));
  EXPECT_TRUE(Empties("{ this.old = this.young; this.young = new Map(); }", "young"));
  EXPECT_TRUE(Empties("{ seen = {}; }", "seen"));
  EXPECT_TRUE(Empties("{ lines.length = 0; }", "lines"));
  EXPECT_TRUE(Empties("{ report += l; if (report.length > 3e6) { send(report); report = ''; } }",
                      "report"));
  EXPECT_FALSE(Empties("{ report = report + l; report = ' ' + report; report += ''; }", "report"));
  EXPECT_FALSE(Empties("{ lines.push(l); }", "lines"));
  EXPECT_FALSE(Empties("{ const lines = []; lines.push(1); }", "lines"));
  EXPECT_FALSE(Empties("{ if (lines == other) { f(lines => []); } }", "lines"));
  EXPECT_FALSE(Empties("{ lines = lines.concat([l]); newlines = []; }", "lines"));
  EXPECT_FALSE(Empties("{ this.head = new Job(d, this.head); }", "head"));
  EXPECT_FALSE(
      Empties("{ all = [l, ...all]; all = {...all, l}; all = new Set([...all, l]); }", "all"));
  EXPECT_FALSE(Empties("{ x = []; }", ""));
}

}  // namespace
}  // namespace leaktrail
