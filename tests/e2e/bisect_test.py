#!/usr/bin/env python3
"""`leaktrail bisect` on made-up packages of a registry on this machine.

  bisect_test.py LEAKTRAIL [--long | NAME…]

Real npm, real services. Looks at the answers and at what is left behind, not at the time it takes.
--long runs those too that CI has no time for.
Exit code 77 without Node or npm.
"""

import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid

from fake_registry import FakeRegistry
from processes import SKIPPED, expect_gone

GOOD = "exports.handle = () => {};"
LEAKS = "const kept = []; exports.handle = () => { kept.push(new Array(120).fill(1)); };"
THROWS = "throw new Error('this version needs a newer world');"
OUTER = "const leaky = require('leaky'); exports.handle = () => leaky.handle();"
APP = """
const used = process.argv[2].split(',').map((name) => require(name));
require('fs').writeFileSync('written-by-the-service', 'x');
require('http').createServer((req, res) => {
  for (const one of used) one.handle();
  res.end('ok');
}).listen(0, '127.0.0.1');
"""
FILLERS = 20  # packages that differ between two lock files and do no harm
# Short rounds, so that few seconds are enough for a verdict.
LOAD = ["-n", "800", "--settle", "100", "--time", "8", "--rounds", "30"]


def state_of(folder):
    """Every file below it with its content."""
    return {str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest()
            for f in sorted(folder.rglob("*")) if f.is_file()}


class Runs:
    def __init__(self, leaktrail, folder, registry):
        self.leaktrail, self.folder, self.registry = leaktrail, folder, registry
        self.tmp = folder / "tmp"
        self.tmp.mkdir()
        self.mark = uuid.uuid4().hex
        self.state = folder / "state"
        self.environment = {**registry.environment(str(folder / "npm")), "TMPDIR": str(self.tmp),
                            "XDG_STATE_HOME": str(self.state), "LEAKTRAIL_TEST_MARK": self.mark}
        self.project_count = 0

    def npm(self, project, *arguments):
        subprocess.run(["npm", *arguments, "--no-audit", "--no-fund", "--loglevel=error"], cwd=project, check=True,
                       env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=120)

    def project(self, dependencies, app=APP, **manifest):
        self.project_count += 1
        project = self.folder / f"project {self.project_count}"
        project.mkdir()
        (project / "package.json").write_text(
            json.dumps({"name": "service", "version": "1.0.0", "dependencies": dependencies, **manifest}))
        (project / "app.js").write_text(app)
        self.npm(project, "install", "--package-lock-only")
        return project

    def start(self, project, *arguments, uses="leaky", **environment):
        command = [self.leaktrail, "bisect", *arguments, *LOAD, "--", "node", "app.js", uses]
        return subprocess.Popen(command, cwd=project, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, env={**self.environment, **environment})

    def run(self, project, *arguments, uses="leaky", **environment):
        before = state_of(project)
        process = self.start(project, *arguments, uses=uses, **environment)
        out, err = process.communicate(timeout=280)
        assert state_of(project) == before, "the project was touched"
        self.expect_nothing_left()
        return process.returncode, out, err

    def kept_files(self):
        return list(self.state.glob("leaktrail/bisect-*.state.json"))

    def expect_nothing_left(self):
        expect_gone(self.mark)
        left = list(self.tmp.iterdir())
        assert not left, left


def add_packages(registry):
    def leaky(version, text, **more):
        registry.add("leaky", version, {"index.js": text}, **more)

    leaky("1.0.0", GOOD)
    leaky("1.1.0", GOOD)
    leaky("1.2.0-rc.1", LEAKS)
    leaky("1.2.0", THROWS)
    leaky("1.3.0", GOOD)
    leaky("1.4.0", LEAKS, deprecated="it leaks")
    leaky("1.5.0", LEAKS)
    leaky("1.6.0", GOOD)
    leaky("2.0.0", GOOD)
    leaky("2.1.0", GOOD, broken=True)
    leaky("2.2.0", LEAKS)
    registry.add("@made/outer", "1.0.0", {"index.js": OUTER}, dependencies={"leaky": "^2.0.0"})
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        registry.add("always", version, {"index.js": LEAKS})
    for i in range(FILLERS):
        for version in ("1.0.0", "1.1.0"):
            registry.add(f"filler-{i:02}", version, {"index.js": GOOD})
    for name in ("aaa", "zzz", "outer-too"):
        for version in ("1.0.0", "1.1.0", "2.0.0"):
            needs = {"leaky": "^1.0.0" if version != "2.0.0" else "1.5.0"} if name == "outer-too" else {}
            registry.add(name, version, {"index.js": OUTER if needs else GOOD}, dependencies=needs)


def versions_tested(document):
    return [(test["version"], test["answer"]) for test in document["tests"]]


def test_the_boundary_is_found_around_a_version_that_does_not_start(runs):
    project = runs.project({"leaky": "^1.0.0"})
    code, out, err = runs.run(project, "leaky@1.0.0..1.5.0")
    assert code == 1, (code, out, err)
    assert "leaky 1.4.0 brought the leak in" in out, out
    lines = [line.split()[:2] for line in out.splitlines() if line.startswith("  ")]
    assert [line[0] for line in lines[:3]] == ["1.5.0", "1.0.0", "1.2.0"], out
    assert [line[1] for line in lines[:3]] in (["leak", no, "skipped"] for no in ("no", "not")), out
    assert "this version needs a newer world" in out, out
    assert "\nlast good   1.3.0" in out and "\nfirst bad   1.4.0" in out and "\ngood again  1.6.0" in out, out
    assert "deprecated: it leaks" in out and "1 pre-release left out" in out and "1 skipped" in out, out
    assert err == "", err


def test_a_dependency_of_a_dependency_is_changed_by_overrides(runs):
    project = runs.project({"@made/outer": "1.0.0"})
    code, out, err = runs.run(project, "leaky@2.0.0..2.2.0", "--json", uses="@made/outer")
    assert code == 5, (code, out, err)
    document = json.loads(out)
    assert document["schema"] == "leaktrail.bisect/1" and document["result"] == "narrowed", out
    assert versions_tested(document) == [("2.2.0", "bad"), ("2.0.0", "good"), ("2.1.0", "skipped")], out
    assert "E410" in document["tests"][2]["reason"], out
    found = document["versions"]
    assert (found["last_good"], found["first_bad"], found["between"]) == ("2.0.0", "2.2.0", ["2.1.0"]), found
    assert found["recovery"] == {"result": "not_sought", "good_again": None, "still_bad": None, "is_exact": True,
                                 "newer_count": 0}, found
    growth = document["tests"][0]["growth"]
    assert 800 < growth["bytes_per_unit"] < 1300 and growth["interval"][0] <= growth["bytes_per_unit"], growth


def long_test_the_package_that_really_changed_is_found_below_one_that_asks_for_a_range(runs):
    project = runs.project({"outer-too": "1.0.0"})  # asks for ^1.0.0, and so does its 1.1.0
    code, out, err = runs.run(project, "leaky@1.1.0..1.5.0", "--json", uses="outer-too")
    document = json.loads(out)
    assert code == 1, (code, out, err)
    found = document["versions"]
    assert (found["last_good"], found["first_bad"], found["recovery"]["good_again"]) == ("1.3.0", "1.4.0", "1.6.0"), out
    assert all(test["others"] == [] for test in document["tests"]), out


def test_the_guilty_package_of_two_lock_files_is_found_with_its_version(runs):
    fillers = [f"filler-{i:02}" for i in range(FILLERS)]
    old = runs.project({"aaa": "1.0.0", "leaky": "1.1.0", "outer-too": "1.0.0", "zzz": "1.0.0",
                        **{name: "1.0.0" for name in fillers}})
    new = runs.project({"aaa": "2.0.0", "leaky": "1.5.0", "outer-too": "2.0.0", "zzz": "2.0.0",
                        **{name: "1.1.0" for name in fillers}})
    code, out, err = runs.run(new, "--lockfiles", str(old / "package-lock.json"), "package-lock.json", "--json",
                              "--newer", "0", uses="aaa,outer-too,zzz")
    assert code == 1, (code, out, err)
    document = json.loads(out)
    # outer-too at 2.0.0 asks for this leaky, and is not to blame for it.
    assert document["lockfiles"]["guilty"] == [{"package": "leaky", "before": "1.1.0", "after": "1.5.0"}], out
    assert document["lockfiles"]["is_confirmed"] and document["lockfiles"]["differing_count"] == 4 + FILLERS, out
    assert (document["versions"]["last_good"], document["versions"]["first_bad"]) == ("1.3.0", "1.4.0"), out


def test_the_version_that_put_things_right_is_found_backwards(runs):
    project = runs.project({"leaky": "1.5.0"})
    code, out, err = runs.run(project, "leaky@1.6.0..1.5.0")
    assert code == 1 and "leaky 1.6.0 put the leak right" in out, (code, out, err)


def test_ends_that_do_not_leak_are_said_with_what_is_installed(runs):
    project = runs.project({"leaky": "1.5.0"})
    code, out, err = runs.run(project, "leaky@1.0.0..1.3.0")
    assert code == 0 and "leaky 1.3.0 does not leak under this load" in out, (code, out, err)
    assert "name 1.5.0, which the project has installed" in " ".join(out.split()), out


def test_ends_that_are_the_other_way_round_are_taken_so(runs):
    project = runs.project({"leaky": "1.5.0"})
    code, out, err = runs.run(project, "leaky@1.5.0..1.6.0")
    assert code == 1 and "leaky 1.6.0 put the leak right" in out, (code, out, err)
    assert "1.5.0 as good and 1.6.0 as bad; it is the other way round" in out, out


def test_a_good_end_that_leaks_is_searched_beyond(runs):
    project = runs.project({"leaky": "1.5.0"})
    code, out, err = runs.run(project, "leaky@1.4.0..1.5.0", "--json", "--newer", "0")
    document = json.loads(out)
    found = document["versions"]
    assert code == 1 and document["result"] == "found" and found["good_end_leaks"], (code, out, err)
    assert (found["last_good"], found["first_bad"]) == ("1.3.0", "1.4.0"), found
    assert [test["role"] for test in document["tests"]] == ["bad_end", "good_end", "beyond"], out


def test_a_package_that_leaks_in_all_versions_is_said(runs):
    project = runs.project({"always": "1.2.0"})
    code, out, err = runs.run(project, "always@1.1.0..1.2.0", uses="always")
    assert code == 5 and "always leaks in all versions that were tested, from 1.2.0 to 1.0.0" in out, (code, out, err)


def test_a_good_end_that_does_not_start_is_searched_around(runs):
    project = runs.project({"leaky": "1.5.0"})
    code, out, err = runs.run(project, "leaky@1.2.0..1.5.0", "--json", "--newer", "0")
    document = json.loads(out)
    assert code == 1, (code, out, err)
    assert (document["versions"]["last_good"], document["versions"]["first_bad"]) == ("1.3.0", "1.4.0"), out


def wait_for_lines(process, count):
    """Reads so many lines of tests."""
    return [process.stdout.readline() for _ in range(count)]


def test_a_stopped_run_goes_on_with_the_same_command(runs):
    project = runs.project({"leaky": "1.5.0"})
    arguments = ("leaky@1.0.0..1.5.0", "--newer", "0")
    before = state_of(project)
    for sent, code in ((signal.SIGINT, 130), (signal.SIGKILL, -9)):
        process = runs.start(project, *arguments)
        wait_for_lines(process, 2)  # both ends
        process.send_signal(sent)
        _, err = process.communicate(timeout=60)
        assert process.returncode == code, (process.returncode, err)
        assert code == -9 or "2 finished tests are kept, and the same command goes on" in err, err
        expect_gone(runs.mark)
        assert len(runs.kept_files()) == 1 and state_of(project) == before
    code, out, err = runs.run(project, *arguments, "--json")
    document = json.loads(out)
    assert code == 1 and document["versions"]["first_bad"] == "1.4.0", (code, out, err)
    assert [test["is_kept"] for test in document["tests"]][:2] == [True, True], out
    assert any(d["name"] == "kept-tests" for d in document["diagnostics"]), out
    assert not any(test["is_kept"] for test in document["tests"][2:]) and not runs.kept_files(), out


def long_test_fresh_forgets_a_stopped_run(runs):
    project = runs.project({"leaky": "1.5.0"})
    process = runs.start(project, "leaky@1.3.0..1.4.0", "--newer", "0")
    wait_for_lines(process, 1)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert len(runs.kept_files()) == 1
    runs.kept_files()[0].write_text("{}")
    code, _, err = runs.run(project, "leaky@1.3.0..1.4.0", "--newer", "0")
    assert code == 3 and "--fresh" in err and err.count("\n") == 1, (code, err)
    code, out, err = runs.run(project, "leaky@1.3.0..1.4.0", "--newer", "0", "--fresh", "--json")
    assert code == 1 and not any(test["is_kept"] for test in json.loads(out)["tests"]), (code, out, err)
    assert not runs.kept_files()


def test_trouble_of_every_version_ends_it_in_one_sentence(runs):
    project = runs.project({"leaky": "1.5.0"})
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        fixed = runs.project({"leaky": "1.5.0"}, app=APP.replace(".listen(0,", f".listen({port},"))
        code, out, err = runs.run(fixed, "leaky@1.3.0..1.5.0")
    assert code == 4 and out == "" and err.count("\n") == 1 and "another process has its port" in err, (code, out, err)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = "http://127.0.0.1:%d/" % free.getsockname()[1]
    code, out, err = runs.run(project, "leaky@1.3.0..1.5.0", npm_config_registry=nobody)
    assert code == 4 and out == "" and err.count("\n") == 1 and "ECONNREFUSED" in err, (code, out, err)


def test_an_end_that_does_not_install_ends_it(runs):
    project = runs.project({"leaky": "1.5.0"})
    code, out, err = runs.run(project, "leaky@1.0.0..2.1.0")
    assert code == 4 and "npm cannot install leaky@2.1.0" in out and "leaky 2.1.0, the bad end, does not run" in out, (code, out)


def test_wrong_calls_are_one_sentence(runs):
    project = runs.project({"leaky": "1.5.0"})
    nowhere = runs.folder / "nowhere"
    nowhere.mkdir()
    for folder, arguments, expected in (
            (project, ["leaky@1.0.0"], "write it as NAME@GOOD..BAD"),
            (project, ["leaky@1.0.0..1.9.0"], "leaky has no version 1.9.0; the nearest are 1.6.0 and 2.0.0"),
            (project, ["missing@1.0.0..1.9.0"], "the registry has no package missing"),
            (project, ["aaa@1.0.0..2.0.0"], "aaa is not installed in"),
            (project, ["--lockfiles", "package-lock.json", "package-lock.json"], "have the same versions"),
            (project, ["--lockfiles", "package-lock.json", "no.json"], "cannot read the lock file no.json"),
            (project, [], "name a range of versions"),
            (nowhere, ["leaky@1.0.0..1.5.0"], "there is no package.json in")):
        code, out, err = runs.run(folder, *arguments)
        assert code in (2, 4) and out == "" and err.count("\n") == 1 and expected in err, (arguments, code, out, err)


def test_an_interruption_at_any_time_leaves_nothing(runs):
    project = runs.project({"leaky": "1.5.0"})
    before = state_of(project)
    for wanted in ("copied", "installed", "serving"):
        process = runs.start(project, "leaky@1.0.0..1.5.0")
        for _ in range(1200):
            copies = list(runs.tmp.glob("leaktrail-scratch-*/tree/*"))
            reached = bool(copies) if wanted == "copied" else any(
                (c / ("node_modules" if wanted == "installed" else "written-by-the-service")).exists() for c in copies)
            if reached or process.poll() is not None:
                break
            time.sleep(0.05)
        assert process.poll() is None, (wanted, process.communicate())
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 130, (wanted, process.returncode, out, err)
        runs.expect_nothing_left()
        assert state_of(project) == before


def test_what_a_killed_run_left_is_removed_by_the_next_one(runs):
    project = runs.project({"leaky": "1.5.0"})
    process = runs.start(project, "leaky@1.0.0..1.5.0")
    while process.poll() is None and not list(runs.tmp.glob("leaktrail-scratch-*/tree/*/app.js")):
        time.sleep(0.05)
    process.kill()
    process.communicate(timeout=60)
    expect_gone(runs.mark)
    stale = list(runs.tmp.iterdir())
    assert len(stale) == 1 and stale[0].stat().st_mode & 0o777 == 0o700, stale
    code, _, err = runs.run(project, "aaa@1.0.0..2.0.0")  # also asserts that nothing is left
    assert code == 2, (code, err)


def main():
    if shutil.which("node") is None or shutil.which("npm") is None:
        print("no Node or npm here")
        return SKIPPED
    wanted = sys.argv[2:]
    kinds = ("test_", "long_test_") if wanted else ("test_",)
    tests = [(name, test) for name, test in globals().items()
             if name.startswith(kinds) and (wanted in ([], ["--long"]) or name in wanted)]
    with tempfile.TemporaryDirectory(prefix="bisect-test-") as folder, FakeRegistry() as registry:
        add_packages(registry)
        runs = Runs(os.path.abspath(sys.argv[1]), pathlib.Path(folder), registry)
        for name, test in tests:
            begin = time.monotonic()
            test(runs)
            print(f"ok  {name.replace('_', ' ')}  ({time.monotonic() - begin:.1f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
