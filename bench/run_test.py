#!/usr/bin/env python3
"""Checks how bench/run tells results; no program is measured."""
import importlib.machinery
import importlib.util
import pathlib
import unittest

LOADER = importlib.machinery.SourceFileLoader("run", str(pathlib.Path(__file__).with_name("run")))
run = importlib.util.module_from_spec(importlib.util.spec_from_loader("run", LOADER))
LOADER.exec_module(run)


def measured(wall):
    return {"wall": wall, "fastest": wall, "slowest": wall, "cpu": wall, "peak_bytes": 5e6, "runs": 3}


class RunTest(unittest.TestCase):
    def test_only_the_marked_part_of_the_document_changes(self):
        text = "before\n<!-- bench:small -->\nold\n<!-- /bench:small -->\nafter\n"
        self.assertEqual(run.put_between_markers(text, "small", ["new"]),
                         "before\n<!-- bench:small -->\nnew\n<!-- /bench:small -->\nafter\n")

    def test_a_document_without_the_marks_is_an_error(self):
        with self.assertRaises(ValueError):
            run.put_between_markers("no marks", "small", ["new"])

    def test_the_document_has_a_place_for_each_set(self):
        text = run.DOCUMENT.read_text(encoding="utf8")
        for name in run.SETS:
            self.assertIn("x", run.put_between_markers(text, name, ["x"]))

    def test_tables_tell_factors_failures_and_differences(self):
        row = {"title": "a file", "bytes": 10_000_000, "private_bytes": 8_000_000, "differences": [],
               "programs": {"leaktrail": measured(0.5), "devtools": measured(20.0), "memlab": {"failure": "too long"}}}
        text = "\n".join(run.tables([row]))
        self.assertIn("40.0 ×", text)
        self.assertIn("fails: too long", text)
        self.assertIn("0.80 ×", text)
        self.assertIn("| yes |", text)
        row["differences"] = ["total_size"]
        self.assertIn("**no: total_size**", "\n".join(run.tables([row])))

    def test_answers_are_compared_class_by_class(self):
        theirs = {"node_count": 3, "total_size": 9, "classes": [["A", 1, 2, 8], ["B", 1, 1, 5], ["C", 1, 1, 1]]}
        ours = {"node_count": 3, "total_size": 9, "classes": [["A", 1, 2, 8], ["B", 1, 1, 5], ["D", 1, 1, 1]]}
        self.assertEqual(run.differences(ours, theirs), [], "the order of the smallest ones is open")
        ours["classes"][1] = ["B", 2, 1, 5]
        self.assertEqual(run.differences(ours, theirs), ["classes"])
        ours["total_size"] = 8
        self.assertEqual(run.differences(ours, theirs), ["total_size", "classes"])

    def test_reasons_of_failures_carry_no_paths(self):
        failed = run.Run(1, 1, 1, 0, 1, "", "noise\nError: cannot read file:///tmp/x/y.js at /tmp/x/y.js:3\n")
        self.assertEqual(run.why_it_failed(failed, 5), "Error: cannot read y.js at y.js:3")
        failed.status = "timeout"
        self.assertEqual(run.why_it_failed(failed, 5), "not done after 5 s")

    def test_every_file_of_a_set_is_known(self):
        for names in run.SETS.values():
            for name in names:
                self.assertIn(name, run.CASES)


if __name__ == "__main__":
    unittest.main()
