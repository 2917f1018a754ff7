#include "analysis/definition_line.h"

#include <gtest/gtest.h>

namespace leaktrail {
namespace {

TEST(DefinitionLine, FindsEachFormOnce) {
  EXPECT_EQ(LineOfDefinition("'use strict';\nfunction add(a) {}\nadd(1);\n", "add"), 2u);
  EXPECT_EQ(LineOfDefinition("x();\n\nasync function* add() {}", "add"), 3u);
  EXPECT_EQ(LineOfDefinition("let n;\nconst add = (key, data = f(1)) => {\n};\nadd(n)", "add"), 2u);
  EXPECT_EQ(LineOfDefinition("\nexports.add = async x => x", "add"), 2u);
  EXPECT_EQ(LineOfDefinition("o = {\n  add: function () {},\n  n: 1 }", "add"), 2u);
  EXPECT_EQ(LineOfDefinition("class A {\n  static async add(x) {\n  }\n}\na.add(2)", "add"), 2u);
  EXPECT_EQ(LineOfDefinition("class A {\n  #n;\n  add(x) { return x; }\n}", "add"), 3u);
}

TEST(DefinitionLine, DoesNotGuess) {
  EXPECT_EQ(LineOfDefinition("add = (1 + 2) * 3; add == f; if (add) { }", "add"), 0u);
  EXPECT_EQ(LineOfDefinition("if (x) {\n  add(1);\n}", "add"), 0u);
  EXPECT_EQ(LineOfDefinition("function add() {}\nfunction add() {}", "add"), 0u);
  EXPECT_EQ(LineOfDefinition("function addAll() {}\nfunction $add() {}", "add"), 0u);
  EXPECT_EQ(LineOfDefinition("", "add"), 0u);
  EXPECT_EQ(LineOfDefinition("function add(", "add"), 1u);
  EXPECT_EQ(LineOfDefinition("add = (((", "add"), 0u);
  EXPECT_EQ(LineOfDefinition("function f() {}", ""), 0u);
}

}  // namespace
}  // namespace leaktrail
