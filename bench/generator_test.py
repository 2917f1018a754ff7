#!/usr/bin/env python3
"""Checks what leaktrail-gen-snapshot writes against what every V8 snapshot keeps to.

usage: generator_test.py GENERATOR
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

GENERATOR = ""


class Snapshot:
    def __init__(self, path):
        self.text = path.read_text(encoding="ascii")
        self.file = json.loads(self.text)
        meta = self.file["snapshot"]["meta"]
        self.fields = meta["node_fields"]
        self.width = len(self.fields)
        self.nodes = self.file["nodes"]
        self.edges = self.file["edges"]
        self.strings = self.file["strings"]
        self.node_types = meta["node_types"][0]
        self.edge_types = meta["edge_types"][0]

    def column(self, name):
        return self.nodes[self.fields.index(name)::self.width]

    def ids_of(self, name):
        return {i for i, n in zip(self.column("id"), self.column("name")) if self.strings[n] == name}


def generate(folder, *arguments):
    file = folder / "a.heapsnapshot"
    subprocess.run([GENERATOR, "-o", file, *arguments], check=True, stdout=subprocess.DEVNULL)
    return file


class GeneratorTest(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)
        self.addCleanup(self.temporary.cleanup)

    def check_sound(self, s):
        header = s.file["snapshot"]
        node_count = len(s.nodes) // s.width
        self.assertEqual(node_count, header["node_count"])
        self.assertEqual(len(s.edges) // 3, header["edge_count"])
        self.assertEqual(sum(s.column("edge_count")), header["edge_count"])
        self.assertEqual(len(set(s.column("id"))), node_count, "ids are unique")
        self.assertEqual(len(set(s.strings)), len(s.strings), "no text is there twice")
        self.assertEqual(s.strings[:2], ["<dummy>", ""])
        self.assertLess(max(s.column("name")), len(s.strings))
        for kind, name, target in zip(s.edges[0::3], s.edges[1::3], s.edges[2::3]):
            self.assertEqual(target % s.width, 0)
            self.assertLess(target // s.width, node_count)
            if s.edge_types[kind] not in ("element", "hidden"):
                self.assertLess(name, len(s.strings))
        for index, *_ in zip(*[iter(s.file["locations"])] * 4):
            self.assertIn(s.node_types[s.nodes[index]], ("closure", "object"))

    def test_node24_layout(self):
        s = Snapshot(generate(self.folder, "--nodes", "12000"))
        self.check_sound(s)
        self.assertEqual(s.width, 6)
        self.assertEqual(s.text.count("\n"), 7, "only sections start on new lines")

    def test_node20_layout(self):
        s = Snapshot(generate(self.folder, "--nodes", "12000", "--layout", "node20"))
        self.check_sound(s)
        self.assertEqual(s.fields[5:], ["trace_node_id", "detachedness"])
        self.assertIn("\n,", s.text)
        self.assertIn(2, s.column("detachedness"))

    def test_ephemeron_names_tell_the_ids_of_their_nodes(self):
        s = Snapshot(generate(self.folder, "--nodes", "12000"))
        ids, names = s.column("id"), s.column("name")
        next_edge, seen = 0, 0
        for node, edge_count in enumerate(s.column("edge_count")):
            for e in range(next_edge, next_edge + edge_count):
                if s.edge_types[s.edges[3 * e]] != "internal":
                    continue
                label = s.strings[s.edges[3 * e + 1]]
                if "part of key" not in label:
                    continue
                seen += 1
                value = s.edges[3 * e + 2] // s.width
                self.assertIn(f"value ({s.strings[names[value]]} @{ids[value]})", label)
                self.assertTrue(f"(table @{ids[node]})" in label or f"key (Request @{ids[node]})" in label)
            next_edge += edge_count
        self.assertGreater(seen, 20)

    def test_same_options_give_the_same_bytes(self):
        first = generate(self.folder, "--nodes", "9000", "--seed", "7").read_bytes()
        self.assertEqual(first, generate(self.folder, "--nodes", "9000", "--seed", "7").read_bytes())
        self.assertNotEqual(first, generate(self.folder, "--nodes", "9000", "--seed", "8").read_bytes())

    def test_size_is_about_what_was_asked_for(self):
        for wanted in (1_000_000, 6_000_000):
            size = generate(self.folder, "--bytes", str(wanted)).stat().st_size
            self.assertLess(abs(size - wanted), wanted * 0.15)

    def test_later_snapshots_keep_ids_and_leak(self):
        second, third = self.folder / "b.heapsnapshot", self.folder / "c.heapsnapshot"
        first = generate(self.folder, "--nodes", "20000", "--second", str(second), "--third", str(third))
        steps = [Snapshot(p) for p in (first, second, third)]
        for s in steps:
            self.check_sound(s)
        samples = [s.ids_of("RequestSample") for s in steps]
        self.assertLess(samples[0], samples[1])
        self.assertLess(samples[1], samples[2])
        requests = [s.ids_of("Request") for s in steps]
        self.assertEqual(len(requests[0]), len(requests[2]), "as many requests come as go")
        self.assertGreater(len(requests[0] & requests[2]), len(requests[0]) // 2)
        self.assertTrue(requests[0] - requests[2])

    def test_steps_are_numbered(self):
        generate(self.folder, "--nodes", "6000", "--steps", "2")
        self.assertTrue((self.folder / "a.1.heapsnapshot").exists())
        self.assertTrue((self.folder / "a.2.heapsnapshot").exists())

    def test_long_strings(self):
        s = Snapshot(generate(self.folder, "--strings", "300", "--string-length", "1000"))
        self.check_sound(s)
        self.assertEqual(sum(len(text) == 1000 for text in s.strings), 300)

    def test_wrong_usage_ends_with_2(self):
        for arguments in ([], ["-o"], ["--bytes", "3Q", "-o", "x"], ["-o", "x", "--nope", "1"]):
            run = subprocess.run([GENERATOR, *arguments], capture_output=True, cwd=self.folder)
            self.assertEqual(run.returncode, 2, arguments)


if __name__ == "__main__":
    GENERATOR = sys.argv.pop(1)
    unittest.main()
