#!/usr/bin/env python3
"""`leaktrail find` on small services of its own: what leaks, what does not, and what does not even live.

  find_test.py LEAKTRAIL [--long]

Real processes. Looks at the answers and at what is left behind, not at the time it takes. Every service
carries a mark in its arguments, by which it is looked for afterwards. --long runs those too that CI has
no time for. Exit code 77 without Node.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid

from processes import LEAKING_SERVICE as LEAK, SKIPPED, expect_gone

FLAT = """
const http = require('http');
http.createServer((req, res) => { res.end('ok ' + [1, 2, 3].map(String).join()); }).listen(0, '127.0.0.1');
"""
DIES = """
let n = 0;
require('http').createServer((req, res) => {
  if (++n > 300) { console.error('fatal: the database has gone'); process.exit(9); }
  res.end('ok');
}).listen(0, '127.0.0.1');
"""
NOT_FOUND = """
require('http').createServer((req, res) => { res.statusCode = 404; res.end(); }).listen(0, '127.0.0.1');
"""
# Is written out when it is long enough, which no experiment sees.
LOG = """
const http = require('http');
let lines = [], bytes = 0;
function log(line) { lines.push(line); bytes += line.length; if (bytes > 1e12) { lines = []; bytes = 0; } }
http.createServer((req, res) => { log(req.method + ' ' + process.hrtime.bigint()); res.end('ok'); }).listen(0, '127.0.0.1');
"""
# Grow with the load for longer than it lasts, and end by themselves.
SESSIONS = """
const http = require('http');
const sessions = new Map();
function open(no) { sessions.set(no, { opened: Date.now(), basket: ['a' + no, 'b' + no] }); }
setInterval(() => {
  for (const [no, session] of sessions) if (Date.now() - session.opened > 20000) sessions.delete(no);
}, 500);
let no = 0;
http.createServer((req, res) => { open(++no); res.end('ok'); }).listen(0, '127.0.0.1');
"""
UPLOADS = """
const http = require('http');
const uploads = [];
function keep(file) { uploads.push({ file }); }
http.createServer((req, res) => { keep(Buffer.alloc(20000, 1)); res.end('ok'); }).listen(0, '127.0.0.1');
"""
# Hardly any wait without load, which is tested by the sessions.
BRIEFLY = ("--time", "25")
# Has its own traffic.
WORKER = """
class Order { constructor(number) { this.number = number; this.at = new Date(); this.items = ['a' + number, 'b' + number]; } }
const orders = [];
function takeOrder() { orders.push(new Order(orders.length)); }
setInterval(() => { for (let i = 0; i < 5; i++) takeOrder(); }, 5);
"""
# The primary listens for its workers, and leaks nothing.
CLUSTER = """
const cluster = require('cluster'), http = require('http');
if (cluster.isMaster) {
  for (let i = 0; i < 2; i++) cluster.fork();
} else {
  class Trace { constructor(no) { this.no = no; this.spans = ['in ' + no, 'out ' + no]; } }
  const traces = [];
  function trace() { traces.push(new Trace(traces.length)); }
  http.createServer((req, res) => { trace(); res.end('ok'); }).listen(+process.env.PORT || 0, '127.0.0.1');
}
"""
NEVER_LISTENS = "console.error('no configuration'); process.exit(3);"
# Starts the service and goes away, as some start scripts do.
DAEMON = """
const { spawn } = require('child_process');
spawn(process.execPath, [process.argv[2], process.argv[3]], { detached: true, stdio: 'ignore' }).unref();
setTimeout(() => {}, 500);
"""


class Runs:
    def __init__(self, leaktrail, folder):
        self.leaktrail, self.folder = leaktrail, folder
        self.tmp = folder / "tmp"
        self.tmp.mkdir()

    def command(self, source, *options):
        mark = uuid.uuid4().hex
        script = self.folder / "app.js"
        script.write_text(source)
        command = [self.leaktrail, "find", *options, "--", "node", str(script), mark]
        return mark, command

    def start(self, source, *options):
        mark, command = self.command(source, *options)
        return mark, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(self.tmp)})

    def run(self, source, *options):
        mark, process = self.start(source, *options)
        out, err = process.communicate(timeout=280)
        expect_gone(mark)
        left = list(self.tmp.iterdir())
        assert not left, left
        return process.returncode, out, err


def test_a_leak_is_found_with_its_maker(runs):
    saved = runs.folder / "saved"
    code, out, err = runs.run(LEAK, "--json", *BRIEFLY, "--save", str(saved))
    assert code == 1, (code, err)
    found = json.loads(out)
    assert found["schema"] == "leaktrail.findings/1" and found["verdict"] == "leak"
    growth = found["growth"]
    assert growth["unit"] == "request" and growth["interval"][0] <= growth["heap_bytes_per_unit"] <= growth["interval"][1]
    assert 150 < growth["heap_bytes_per_unit"] < 350, growth
    culprit = found["culprit"]
    assert culprit["file"] == "app.js" and culprit["function"] == "takeOrder", culprit
    assert culprit["because"] == "allocation_stack" and culprit["line"] == 5, culprit
    files = sorted(saved.iterdir())
    assert len(files) == 3 and all(f.stat().st_mode & 0o777 == 0o600 for f in files), files
    assert saved.stat().st_mode & 0o777 == 0o700


def test_a_worker_of_a_cluster_is_looked_into(runs):
    code, out, err = runs.run(CLUSTER, "--json", *BRIEFLY)
    assert code == 1, (code, out[:500], err)
    found = json.loads(out)
    assert found["culprit"]["file"] == "app.js" and found["culprit"]["function"] in ("trace", "Trace"), found["culprit"]
    (note,) = [d for d in found["diagnostics"] if d["name"] == "cluster-worker"]
    assert "2 workers" in note["message"], note
    # 171 B each, of which it gets fewer than the other if it is slowed down by us.
    assert 40 < found["growth"]["heap_bytes_per_unit"] < 250, found["growth"]


def test_a_service_that_does_not_leak_is_none(runs):
    code, out, err = runs.run(FLAT, "--json")
    found = json.loads(out)
    assert code == 0 and found["verdict"] == "no-leak", (code, out[:500], err)
    assert found["culprit"] is None and found["snapshots"] == []


def test_what_empties_itself_one_day_is_not_accused(runs):
    code, out, err = runs.run(LOG, "--json", *BRIEFLY)
    found = json.loads(out)
    assert code == 5 and found["verdict"] == "inconclusive", (code, found["reason"], err)
    assert "also empties it" in found["reason"], found["reason"]
    assert found["culprit"]["function"] == "log", found["culprit"]


def test_what_is_let_go_without_load_is_no_leak(runs):
    code, out, err = runs.run(SESSIONS, "--json")
    found = json.loads(out)
    assert code == 0 and found["verdict"] == "no-leak", (code, found["reason"], err)
    assert "was let go in" in found["reason"], found["reason"]
    assert found["culprit"] is None and found["growth"]["heap_bytes_per_unit"] < 50, found["growth"]


def test_the_holders_of_buffers_are_told(runs):
    code, out, err = runs.run(UPLOADS, "--json", *BRIEFLY)
    found = json.loads(out)
    assert code == 1 and found["growth"]["external_bytes_per_unit"] > 19000, (code, found["growth"], err)
    first = found["buffers"][0]
    assert first["class"] == "Object" and first["property"] == "file" and first["package"] == "app", first
    assert first["largest"] == 20000 and first["size"] == 20000 * first["count"], first


def test_a_service_that_dies_is_said_with_its_last_words(runs):
    code, _, err = runs.run(DIES)
    assert code == 4 and "exit code 9" in err and "the database has gone" in err, err
    assert "Debugger" not in err, err


def test_errors_only_are_no_load(runs):
    code, _, err = runs.run(NOT_FOUND)
    assert code == 4 and "404" in err and "--path" in err, err


def test_a_service_that_does_not_start_is_said(runs):
    code, _, err = runs.run(NEVER_LISTENS)
    assert code == 4 and "exit code 3" in err and "no configuration" in err, err


def test_whatever_ends_us_the_service_ends_too(runs):
    for sent, seconds in ((signal.SIGINT, 0.5), (signal.SIGINT, 3), (signal.SIGTERM, 2), (signal.SIGKILL, 0.5),
                          (signal.SIGKILL, 3)):
        mark, process = runs.start(LEAK)
        time.sleep(seconds)
        process.send_signal(sent)
        process.communicate()
        assert process.returncode == (-9 if sent == signal.SIGKILL else 130), (sent, process.returncode)
        expect_gone(mark)


def test_what_a_start_script_leaves_behind_is_ended_too(runs):
    service = runs.folder / "service.js"
    service.write_text(FLAT)
    mark = uuid.uuid4().hex
    starter = runs.folder / "starter.js"
    starter.write_text(DAEMON)
    process = subprocess.run([runs.leaktrail, "find", "--json", "--", "node", str(starter), str(service), mark],
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=280)
    assert process.returncode == 0, process.stderr
    expect_gone(mark)


def find_in_running(runs, *flags):
    """What is found in a service that runs already, which goes on as before."""
    script = runs.folder / "app.js"
    script.write_text(WORKER)
    with subprocess.Popen(["node", *flags, str(script)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as service:
        try:
            time.sleep(1)
            find = subprocess.run([runs.leaktrail, "find", "--json", str(service.pid)],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=280)
            assert find.returncode == 1, (find.returncode, find.stdout[:500], find.stderr)
            assert service.poll() is None
            inodes = pathlib.Path(f"/proc/{service.pid}/net/tcp").read_text()
            sockets = {os.readlink(f) for f in pathlib.Path(f"/proc/{service.pid}/fd").iterdir()}
            listening = [line for line in inodes.splitlines()[1:] if line.split()[3] == "0A"]
            assert not [line for line in listening if f"socket:[{line.split()[9]}]" in sockets], "its inspector is open"
        finally:
            service.kill()
    found = json.loads(find.stdout)
    assert found["verdict"] == "leak" and found["growth"]["unit"] == "second", found["growth"]
    assert found["culprit"]["function"] == "takeOrder", found["culprit"]
    return found


def long_test_a_running_service_is_named_by_its_pid(runs):
    found = find_in_running(runs)
    assert len(found["snapshots"]) >= 2 and found["suspects"], found["diagnostics"]
    assert not [d for d in found["diagnostics"] if d["name"] == "no-snapshot"], found["diagnostics"]


def test_a_service_that_takes_no_module_is_judged_by_its_stacks(runs):
    # Of what V8 inlines (all of this service, into Node's timers) no stack tells.
    found = find_in_running(runs, "--no-addons", "--no-turbo-inlining")
    assert found["culprit"]["because"] == "allocation_stack" and found["snapshots"] == []
    (warning,) = [d for d in found["diagnostics"] if d["name"] == "no-snapshot"]
    assert "cannot load the module" in warning["message"] and "snapshot --pause" in warning["message"], warning


def main():
    if not shutil.which("node"):
        print("find_test: no node here")
        return SKIPPED
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["--long"]):
        print(__doc__, file=sys.stderr)
        return 2
    leaktrail = str(pathlib.Path(sys.argv[1]).resolve())
    kinds = ("test_", "long_test_") if sys.argv[2:] else ("test_",)
    for name, test in sorted(globals().items()):
        if not name.startswith(kinds):
            continue
        with tempfile.TemporaryDirectory() as folder:
            print(name, flush=True)
            test(Runs(leaktrail, pathlib.Path(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
