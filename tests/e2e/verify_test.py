#!/usr/bin/env python3
"""leaktrail verify on a service of its own: a confirmed cause, a change without effect, one that breaks.

  verify_test.py LEAKTRAIL
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

from processes import SKIPPED

TIMEOUT = 240

APP = """
const kept = [];
require('http').createServer((req, res) => {
  if (process.env.KEEP !== '0') kept.push(new Array(40).fill(req.url));
  res.end('ok');
}).listen(Number(process.env.PORT), '127.0.0.1');
"""

PLAN = """
[service]
command = "node app.js"

[limits]
seconds = 20

[[hypothesis]]
cause = "keeping"
env = { KEEP = "0" }

[[hypothesis]]
cause = "broken"
command = "node absent.js"
"""


def verify(leaktrail, folder, *arguments):
    run = subprocess.run([leaktrail, "verify", *arguments], cwd=folder, stdin=subprocess.DEVNULL,
                         capture_output=True, text=True, timeout=TIMEOUT)
    return run.returncode, run.stdout, run.stderr


def test_a_cause_is_confirmed_and_a_broken_arm_stops_nobody(leaktrail, folder):
    (folder / "app.js").write_text(APP)
    (folder / "plan.toml").write_text(PLAN)
    code, out, err = verify(leaktrail, folder, "plan.toml", "--json", "--junit", "j.xml", "--sarif", "s.json")
    assert code == 1, err
    report = json.loads(out)
    assert report["schema"] == "leaktrail.verify/1" and report["verdict"] == "leak", out
    arms = {arm["cause"]: arm for arm in report["arms"]}
    assert arms[None]["leaks"] == "leak", out
    assert arms["keeping"]["verdict"] == "cause" and arms["keeping"]["difference"]["interval"][0] > 0, out
    assert arms["broken"]["verdict"] == "failed" and "absent.js" in arms["broken"]["failure"], out
    suite = xml.etree.ElementTree.parse(folder / "j.xml").getroot()
    assert (suite.get("tests"), suite.get("errors")) == ("3", "1"), suite.attrib
    results = json.loads((folder / "s.json").read_text())["runs"][0]["results"]
    assert {r["ruleId"] for r in results} == {"leak", "leak-cause"}, results
    # The arm that broke is not kept; the others are, and a second run takes them.
    kept = json.loads((folder / "plan.toml.state.json").read_text())
    assert len(kept["arms"]) == 2, kept
    code, out, err = verify(leaktrail, folder, "plan.toml", "--json")
    assert code == 1, err
    assert [arm["kept"] for arm in json.loads(out)["arms"]] == [True, True, False], out


def test_a_slip_in_the_plan_is_named_with_its_line(leaktrail, folder):
    (folder / "slip.toml").write_text('[service]\ncommand = "node app.js"\n[lod]\npath = "/"\n')
    code, _, err = verify(leaktrail, folder, "slip.toml")
    assert code == 3 and "slip.toml:3" in err and "'load'" in err, err


def main():
    if shutil.which("node") is None:
        return SKIPPED
    leaktrail = pathlib.Path(sys.argv[1]).resolve()
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            print(name, flush=True)
            with tempfile.TemporaryDirectory() as folder:
                test(leaktrail, pathlib.Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
