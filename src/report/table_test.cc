#include "report/table.h"

#include <gtest/gtest.h>

#include <string>

namespace leaktrail {
namespace {

std::string Drawn(const Table& table, const TextOptions& options = {}) {
  std::string out;
  table.AppendTo(options, &out);
  return out;
}

TEST(Table, AlignsByColumnsOnTheTerminalAndEndsNoLineInSpaces) {
  Table table({{"name"}, {"count", Align::kRight}, {"place"}});
  table.AddRow({"漢字", "5", "here"});
  table.AddRow({"a", "1,000"});
  EXPECT_EQ(Drawn(table),
            "name  count  place\n"
            "漢字      5  here\n"
            "a     1,000\n");
}

TEST(Table, ShrinksNamesAndPathsButNeverNumbers) {
  Table table({{"name", Align::kLeft, Shrink::kEnd},
               {"size", Align::kRight},
               {"place", Align::kLeft, Shrink::kFront}});
  table.AddRow({std::string(40, 'n'), "123,456,789", std::string(36, 'p') + "/x.js:95"});
  const std::string text = Drawn(table, {.width = 60});
  EXPECT_EQ(text.substr(text.find('\n') + 1),
            "nnnnnnnnnnnnnnnnnnnnn…  123,456,789  …pppppppppppppp/x.js:95\n");
}

TEST(Table, WithoutTitlesHasNoLineOfTitles) {
  Table table({{""}, {""}});
  table.AddRow({"a", "b"});
  EXPECT_EQ(Drawn(table), "a  b\n");
}

TEST(Table, PaintsOnlyWhenAsked) {
  Table table({{"", Align::kLeft, Shrink::kNever, Paint::kName}});
  table.AddRow({"a"});
  EXPECT_EQ(Drawn(table, {.colour = true}), "\x1b[36ma\x1b[0m\n");
  EXPECT_EQ(Drawn(table), "a\n");
}

}  // namespace
}  // namespace leaktrail
