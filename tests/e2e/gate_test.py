#!/usr/bin/env python3
"""`find` and `trail` as a gate in CI: what passes, exit codes, and the files that are left.

  gate_test.py LEAKTRAIL

A real leaking service. JUnit is read by an XML parser; SARIF is held to the rules of its schema for the parts
that are used: what must be there, what may be there, and which words. Exit code 77 without Node.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import xml.etree.ElementTree

from processes import LEAKING_SERVICE as LEAK, SKIPPED

# Three snapshots of one process, in which a class grows.
SNAPSHOTS = """
const v8 = require('v8');
const kept = [];
class Session { constructor(n) { this.n = n; this.data = new Array(10).fill(n); } }
function login(n) { kept.push(new Session(n)); }
for (let i = 1; i <= 3; ++i) {
  for (let n = 0; n < 3000; ++n) login(n);
  v8.writeHeapSnapshot(`${process.argv[2]}/${i}.heapsnapshot`);
}
"""
LEVELS = {"none", "note", "warning", "error"}
# SARIF 2.1.0: properties that an object must have, those that it may have (of which we use some), and words.
RULES = {
    "log": ({"version", "runs"}, {"$schema"}),
    "run": ({"tool"}, {"invocations", "results", "automationDetails", "originalUriBaseIds", "artifacts", "columnKind"}),
    "tool": ({"driver"}, {"extensions"}),
    "driver": ({"name"}, {"version", "semanticVersion", "informationUri", "rules"}),
    "rule": ({"id"}, {"name", "shortDescription", "fullDescription", "help", "helpUri", "defaultConfiguration"}),
    "invocation": ({"executionSuccessful"}, {"toolExecutionNotifications", "exitCode", "commandLine"}),
    "notification": ({"message"}, {"level", "descriptor", "locations"}),
    "message": (set(), {"text", "markdown", "id", "arguments"}),
    "result": ({"message"}, {"ruleId", "ruleIndex", "level", "kind", "locations", "partialFingerprints", "suppressions", "codeFlows", "relatedLocations", "baselineState"}),
    "location": (set(), {"id", "physicalLocation", "logicalLocations", "message"}),
    "physicalLocation": ({"artifactLocation"}, {"region", "contextRegion"}),
    "artifactLocation": (set(), {"uri", "uriBaseId", "index"}),
    "region": (set(), {"startLine", "startColumn", "endLine", "endColumn"}),
    "suppression": ({"kind"}, {"justification", "status"}),
    "codeFlow": ({"threadFlows"}, {"message"}),
    "threadFlow": ({"locations"}, {"id", "message"}),
    "threadFlowLocation": (set(), {"location", "importance", "nestingLevel"}),
}


class Wrong(Exception):
    """The document breaks a rule of the schema."""


def check(kind, value):
    required, allowed = RULES[kind]
    if not isinstance(value, dict):
        raise Wrong(f"{kind} is no object")
    if required - value.keys() or value.keys() - required - allowed:
        raise Wrong(f"{kind} has {sorted(value)}")
    return value


def check_message(value):
    if not isinstance(check("message", value).get("text"), str) or not value["text"]:
        raise Wrong("a message has no text")


def check_location(value):
    check("location", value)
    if "message" in value:
        check_message(value["message"])
    place = check("physicalLocation", value["physicalLocation"])
    uri = check("artifactLocation", place["artifactLocation"])["uri"]
    parts = urllib.parse.urlsplit(uri)
    if not uri or parts.scheme or uri.startswith("/") or any(c in uri for c in ' "<>\\^`{|}'):
        raise Wrong(f"{uri!r} is no relative URI reference")
    line = check("region", place["region"])["startLine"]
    if not isinstance(line, int) or line < 1:
        raise Wrong(f"line {line!r}")


def check_sarif(document):
    check("log", document)
    if document["version"] != "2.1.0" or len(document["runs"]) != 1:
        raise Wrong("version or runs")
    run = check("run", document["runs"][0])
    driver = check("driver", check("tool", run["tool"])["driver"])
    ids = [check("rule", rule)["id"] for rule in driver["rules"]]
    if len(set(ids)) != len(ids):
        raise Wrong("a rule is there twice")
    for rule in driver["rules"]:
        check_message(rule["shortDescription"])
    for invocation in run["invocations"]:
        if not isinstance(check("invocation", invocation)["executionSuccessful"], bool):
            raise Wrong("executionSuccessful")
        for notification in invocation.get("toolExecutionNotifications", []):
            check_message(check("notification", notification)["message"])
            if notification["level"] not in LEVELS:
                raise Wrong("level")
    for result in run["results"]:
        check_message(check("result", result)["message"])
        if result["level"] not in LEVELS or result["ruleId"] not in ids or not result["locations"]:
            raise Wrong("level, rule or locations of a result")
        for location in result["locations"]:
            check_location(location)
        if not all(isinstance(v, str) and v for v in result.get("partialFingerprints", {}).values()):
            raise Wrong("partialFingerprints")
        for suppression in result.get("suppressions", []):
            if check("suppression", suppression)["kind"] not in {"inSource", "external"}:
                raise Wrong("suppression")
        for flow in result.get("codeFlows", []):
            threads = check("codeFlow", flow)["threadFlows"]
            if not threads or not all(check("threadFlow", t)["locations"] for t in threads):
                raise Wrong("an empty flow")
            for step in (s for t in threads for s in t["locations"]):
                check_location(check("threadFlowLocation", step)["location"])
    return run


def check_junit(text):
    root = xml.etree.ElementTree.fromstring(text)
    suite = root.find("testsuite")
    cases = suite.findall("testcase")
    for element, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        counted = sum(case.find(element) is not None for case in cases)
        if int(suite.get(attribute)) != counted or int(root.get(attribute)) != counted:
            raise Wrong(f"{attribute} of JUnit")
    if int(suite.get("tests")) != len(cases) or not all(c.get("name") and c.get("classname") and float(c.get("time")) >= 0 for c in cases):
        raise Wrong("cases of JUnit")
    return cases


class Test:
    def __init__(self, leaktrail, folder):
        self.leaktrail, self.folder, self.failures = leaktrail, folder, 0

    def run(self, verb, *arguments):
        """The run, and what the three files say."""
        files = {kind: self.folder / f"answer.{kind}" for kind in ("junit", "sarif", "markdown")}
        for file in files.values():
            file.unlink(missing_ok=True)
        flags = [word for kind, file in files.items() for word in (f"--{kind}", file)]
        run = subprocess.run(
            [self.leaktrail, verb, *map(str, flags), *map(str, arguments)],
            cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
        )
        run.cases = check_junit(files["junit"].read_text()) if files["junit"].exists() else None
        run.sarif = check_sarif(json.loads(files["sarif"].read_text())) if files["sarif"].exists() else None
        run.markdown = files["markdown"].read_text() if files["markdown"].exists() else None
        return run

    def check(self, name, holds, shown=""):
        if not holds:
            self.failures += 1
            print(f"FAILED {name}: {shown}")


def snapshots(test):
    (test.folder / "snapshots.js").write_text(SNAPSHOTS)
    subprocess.run(["node", "snapshots.js", "."], cwd=test.folder, check=True, capture_output=True)
    files = [f"{i}.heapsnapshot" for i in (1, 2, 3)]
    run = test.run("trail", "--json", *files)
    findings = json.loads(run.stdout)
    test.check("a leak is 1", run.returncode == 1 and findings["verdict"] == "leak", run.stdout[:300])
    test.check("without a gate, none is told", "gate" not in findings)
    test.check("JUnit: a failure", run.cases[0].find("failure") is not None)
    result = run.sarif["results"][0]
    place = result["locations"][0]["physicalLocation"]
    test.check("SARIF: the culprit's place", place["artifactLocation"]["uri"] == "snapshots.js" and place["region"]["startLine"] in (4, 5), place)
    test.check("SARIF: the fingerprint", result["partialFingerprints"] == {"leaktrail/v1": findings["suspects"][0]["fingerprint"]}, result)
    test.check("Markdown", run.markdown.startswith("## Leak in app") and "```text" in run.markdown, run.markdown)

    known = test.folder / "known.json"
    known.write_text(run.stdout)
    run = test.run("trail", "--baseline", known, *files)
    test.check("what is known passes", run.returncode == 0 and "what grows is known" in run.stdout, run.stdout)
    test.check("JUnit: passed", run.cases[0].find("failure") is None)
    test.check("SARIF: suppressed", all(r["suppressions"] for r in run.sarif["results"]) and run.sarif["results"])
    findings["suspects"] = []
    known.write_text(json.dumps(findings))
    run = test.run("trail", "--json", "--baseline", known, *files)
    gate = json.loads(run.stdout)["gate"]
    test.check("what is not known does not pass", run.returncode == 1 and gate["passed"] is False and gate["new"], gate)

    for threshold, code in (("100GB", 0), ("1kB", 1), ("1", 1)):
        run = test.run("trail", "--threshold", threshold, *files)
        test.check(f"threshold {threshold}", run.returncode == code and "threshold" in run.stdout, run.stdout[:300])
    run = test.run("trail", *files[:1])
    test.check("inconclusive stays 5", run.returncode == 5 and run.cases[0].find("skipped") is not None, run)
    below = test.folder / "services" / "api"
    below.mkdir(parents=True)
    (test.folder / ".git").mkdir()
    run = subprocess.run(
        [test.leaktrail, "trail", "--sarif", "out.sarif", *(f"../../{f}" for f in files)], cwd=below, capture_output=True, text=True
    )
    uri = check_sarif(json.loads((below / "out.sarif").read_text()))["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    test.check("paths begin at the repository's root", uri == "services/api/snapshots.js", uri)


def wrong_usage(test):
    some = test.folder / "1.heapsnapshot"
    folder = test.folder / "folder"
    folder.mkdir()
    (test.folder / "no.json").write_text("{")
    for name, code, words, arguments in (
        ("no baseline", 4, "cannot read the baseline", ("--baseline", "nothing.json")),
        ("a folder as baseline", 4, "cannot read the baseline", ("--baseline", folder)),
        ("no JSON", 3, "no.json: this is not JSON", ("--baseline", "no.json")),
        ("a snapshot as baseline", 3, "no report of findings", ("--baseline", some)),
        ("no size", 2, "--threshold takes bytes", ("--threshold", "much")),
        ("no folder", 4, "cannot write", ("--sarif", "nowhere/x.sarif")),
        ("a folder as file", 4, "cannot write", ("--markdown", folder)),
    ):
        run = subprocess.run(
            [test.leaktrail, "trail", *map(str, arguments), str(some)], cwd=test.folder, capture_output=True, text=True
        )
        good = run.returncode == code and words in run.stderr and run.stderr.count("\n") == 1 and run.stdout == ""
        test.check(name, good, (run.returncode, run.stderr))


def services(test):
    (test.folder / "leak.js").write_text(LEAK)
    (test.folder / "dies.js").write_text("process.exit(3);")
    load = ("-n", "1500", "--time", "30", "--", "node", "leak.js")
    run = test.run("find", "--json", *load)
    findings = json.loads(run.stdout)
    test.check("find: a leak is 1", run.returncode == 1 and findings["verdict"] == "leak", findings.get("reason"))
    test.check("find: JUnit", run.cases[0].get("name") == "node leak.js" and run.cases[0].get("file") == "leak.js", run.cases[0].attrib)
    place = run.sarif["results"][0]["locations"][0]["physicalLocation"]
    test.check("find: SARIF", place["artifactLocation"]["uri"].endswith("leak.js") and place["region"]["startLine"] in (4, 5), place)
    (test.folder / "known.json").write_text(run.stdout)
    run = test.run("find", "--baseline", "known.json", *load)
    test.check("find: the same leak, another run, is known", run.returncode == 0 and "is known" in run.stdout, run.stdout)
    run = test.run("find", "--", "node", "dies.js")
    test.check("find: no answer is an error", run.returncode == 4 and run.cases[0].find("error") is not None, run)
    invocation = run.sarif["invocations"][0]
    test.check("find: SARIF says so", invocation["executionSuccessful"] is False and not run.sarif["results"], invocation)
    test.check("find: Markdown too", run.markdown.startswith("## No answer"), run.markdown)


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    if not shutil.which("node"):
        print("node is missing")
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        test = Test(str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(folder).resolve())
        for part in (snapshots, wrong_usage, services):
            part(test)
    print(f"gate_test: {test.failures} failures")
    return 1 if test.failures else 0


if __name__ == "__main__":
    sys.exit(main())
