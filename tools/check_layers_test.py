"""Small trees, good and bad, through tools/check_layers as a person runs it."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECKER = pathlib.Path(__file__).resolve().parent / "check_layers"

TABLES = """
| folder | what lives there | may include | libraries | never |
| --- | --- | --- | --- | --- |
| `base/` | errors | – | `fmt`, `posix` | – |
| `heap/` | the graph | `base` | – | `chrono` |
| `cli/` | verbs | `heap`, `base` | – | – |
| `*_test.cc` | tests | `tests/support` | `googletest` | – |

| library | headers |
| --- | --- |
| `fmt` | `fmt/` |
| `googletest` | `gtest/`, `gmock/` |
| `posix` | `unistd.h`, `sys/` |
"""


class CheckLayers(unittest.TestCase):
    def run_on(self, files, tables=TABLES):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            tree = {"src/base/a.h": "", "src/heap/h.h": "", "src/cli/c.h": "", **files}
            for name, text in {"docs/architecture.md": tables, **tree}.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            run = subprocess.run(
                [sys.executable, CHECKER, "--root", root], capture_output=True, text=True, check=False
            )
            return run.returncode, run.stdout + run.stderr

    def assert_violation(self, files, *parts, tables=TABLES):
        code, text = self.run_on(files, tables)
        self.assertEqual(code, 1, text)
        for part in parts:
            self.assertIn(part, text)

    def assert_clean(self, files):
        code, text = self.run_on(files)
        self.assertEqual(code, 0, text)

    def test_arrows_of_the_table_are_allowed(self):
        self.assert_clean({
            "src/base/a.cc": '#include "base/a.h"\n#include <fmt/format.h>\n#include <sys/stat.h>\n#include <string>\n',
            "src/heap/h.cc": '#include "heap/h.h"\n#include "base/a.h"\n',
            "src/cli/main.cc": '#include "heap/h.h"\n',
        })

    def test_an_arrow_that_runs_backwards_fails_with_file_and_line(self):
        self.assert_violation({"src/base/a.cc": '// x\n#include "heap/h.h"\n'}, "src/base/a.cc:2:", "base must not include heap")

    def test_a_backwards_arrow_in_a_header_or_a_subfolder_fails(self):
        self.assert_violation({"src/heap/deep/x.h": '#include "cli/c.h"\n'}, "src/heap/deep/x.h:1:")

    def test_white_space_does_not_hide_an_include(self):
        self.assert_violation({"src/base/a.cc": '  #  include   "cli/c.h"\n'}, "src/base/a.cc:1:")

    def test_an_include_in_a_comment_does_not_count(self):
        self.assert_clean({"src/base/a.cc": '// #include "cli/c.h"\n/*\n#include "heap/h.h"\n*/\n'})

    def test_lines_after_a_block_comment_keep_their_numbers(self):
        self.assert_violation({"src/base/a.cc": '/*\n\n*/\n#include "heap/h.h"\n'}, "src/base/a.cc:4:")

    def test_a_library_outside_its_rooms_fails(self):
        self.assert_violation({"src/heap/h.cc": "#include <fmt/core.h>\n"}, "heap must not use fmt")
        self.assert_violation({"src/heap/h.cc": "#include <unistd.h>\n"}, "heap must not use posix")

    def test_a_library_without_a_row_fails(self):
        self.assert_violation({"src/base/a.cc": "#include <boost/json.hpp>\n"}, "belongs to no library")

    def test_a_standard_header_that_stays_out_fails(self):
        self.assert_violation({"src/heap/h.cc": "#include <chrono>\n"}, "<chrono> stays out of heap")
        self.assert_clean({"src/base/a.cc": "#include <chrono>\n"})

    def test_a_relative_include_fails(self):
        self.assert_violation({"src/heap/h.cc": '#include "h.h"\n'}, 'write "heap/h.h"')
        self.assert_violation({"src/heap/h.cc": '#include "../base/a.h"\n'}, "does not say its room")

    def test_an_include_of_no_room_fails(self):
        self.assert_violation({"src/heap/h.cc": '#include "tests/support/dsl.h"\n'}, "lies in no room")

    def test_an_include_by_macro_fails(self):
        self.assert_violation({"src/heap/h.cc": "#include HEADER\n"}, "by macro")

    def test_test_files_may_use_the_test_row_on_top_of_their_room(self):
        self.assert_clean({"src/heap/h_test.cc": '#include <gtest/gtest.h>\n#include "tests/support/dsl.h"\n#include <chrono>\n'})
        self.assert_violation({"src/heap/h_test.cc": '#include "cli/c.h"\n'}, "heap must not include cli")

    def test_other_files_may_not_use_the_test_row(self):
        self.assert_violation({"src/heap/h.cc": "#include <gtest/gtest.h>\n"}, "heap must not use googletest")

    def test_a_room_without_a_row_and_a_row_without_a_room_fail(self):
        self.assert_violation({"src/attic/a.cc": ""}, "src/attic:1:")
        self.assert_violation({}, "heap2 has a row", tables=TABLES.replace("| `cli/`", "| `heap2/` | | – | – | – |\n| `cli/`"))

    def test_a_circle_in_the_table_is_an_error_of_the_table(self):
        code, text = self.run_on({}, TABLES.replace("| errors | –", "| errors | `cli`"))
        self.assertEqual(code, 2, text)
        self.assertIn("circle", text)

    def test_a_table_that_names_unknown_rooms_or_is_missing_is_an_error(self):
        self.assertEqual(self.run_on({}, TABLES.replace("`heap`, `base`", "`heap`, `cellar`"))[0], 2)
        self.assertEqual(self.run_on({}, "no tables here")[0], 2)


if __name__ == "__main__":
    unittest.main()
