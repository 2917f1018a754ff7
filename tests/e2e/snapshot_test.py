"""Takes snapshots of real Node processes without a pause, and looks at what is left of it afterwards.

  snapshot_test.py LEAKTRAIL CACHE [--versions 12,14,…] [--rounds N] [--kills N] [--limits N]

Node comes from npm into CACHE; the version "musl" is one as in Alpine's images (tests/musl). Each service
answers requests all the time and makes garbage while it is forked. After each case: no child, no folder of ours, no inspector's port, and the service answers. With
--rounds N each version is forked N times: 100 is the soak. --limits N snapshots are asked for, and as many forced,
in a memory cgroup that is too small for them (left out where none can be made). Exit code 77 (skipped) where npm cannot fetch Node.
"""

import argparse
import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

from attach_test import Service, listening_ports, node_program, wait_for

SKIPPED = 77
SERVER = """
class Meter { constructor(i) { this.name = Buffer.from('planted-secret-' + i).toString(); } }
global.meters = []; for (let i = 0; i < 2000; i++) meters.push(new Meter(i));
let old = [];
const s = require('http').createServer((q, r) => {
  const a = []; for (let k = 0; k < 2000; k++) a.push({ k, s: 'str' + k }); old.push(a); if (old.length > 50) old = old.slice(25);
  r.end('hello');
}).listen(0, '127.0.0.1', () => console.log('READY', process.pid, s.address().port));
"""
# Serves when the worker has made what is looked for in it.
WORKER = """
const { Worker } = require('worker_threads');
new Worker(`class InWorker {} global.kept = []; for (let i = 0; i < 1234; i++) kept.push(new InWorker());
  setInterval(() => {}, 1000); require('worker_threads').parentPort.postMessage('ready')`, { eval: true }).once('message', () => {
""" + SERVER + "});\n"


class Load:
    """Asks the service all the time; counts what goes wrong."""

    def __init__(self, port):
        self.port, self.errors, self.count, self.stopped = port, 0, 0, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stopped.is_set() and self.count < 100_000:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            try:
                connection.request("GET", "/")
                self.errors += connection.getresponse().read() != b"hello"
            except OSError:
                self.errors += 1
            connection.close()
            self.count += 1
            time.sleep(0.002)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.stopped.set()
        self.thread.join()


def children(pid):
    """Children by any of its threads, zombies too."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            found += (task / "children").read_text().split()
    return found


def our_folders():
    return {entry.name for entry in pathlib.Path(tempfile.gettempdir()).iterdir() if entry.name.startswith(".leaktrail-")}


def expect_clean(service, ports, folders):
    wait_for("no child of the service", lambda: not children(service.pid))
    wait_for("no folder in the temporary folder", lambda: our_folders() <= folders)
    wait_for("no inspector", lambda: listening_ports(service.pid) == ports)
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
    connection.request("GET", "/")
    assert connection.getresponse().read() == b"hello"


def run(leaktrail, *words, code=0):
    done = subprocess.run([leaktrail, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == code, f"{words}: exit {done.returncode}, {done.stdout}{done.stderr}"
    return done


def class_count(leaktrail, file, name):
    summary = json.loads(run(leaktrail, "summary", file, "--json").stdout)
    return sum(row["count"] for row in summary["classes"] if row["class"] == name)


@contextlib.contextmanager
def serving(node, code=SERVER):
    service = Service(node, code, flags=["--inspect-port=0"])
    try:
        yield service
    finally:
        service.process.kill()
        service.process.wait()


def check_fork(leaktrail, node, folder, rounds):
    with serving(node) as service, Load(service.port) as load:
        ports, folders = listening_ports(service.pid), our_folders()
        for k in range(rounds):
            file = folder / f"{k}.heapsnapshot.zst"
            taken = json.loads(run(leaktrail, "snapshot", str(service.pid), "-o", file, "--json").stdout)
            assert taken["method"] == "fork" and taken["node_ids_comparable"] is False, taken
            assert file.stat().st_mode & 0o777 == 0o600
            assert class_count(leaktrail, file, "Meter") == 2000
            expect_clean(service, ports, folders)
            if k > 1:
                file.unlink()
        if rounds > 1:
            diff = json.loads(run(leaktrail, "diff", folder / "0.heapsnapshot.zst", folder / "1.heapsnapshot.zst", "--json").stdout)
            assert diff["matched_by"] == "class", diff["matched_by"]
        load.stopped.set()
        load.thread.join()
        assert load.errors == 0, f"{load.errors} of {load.count} requests failed"
        return load.count


# One array of 100,000 small objects; each has a string of its own.
SHAPED = "global.keep = []; for (let i = 0; i < 1e5; i++) keep.push({ i, text: Buffer.from('text number ' + i).toString() });"


def check_prediction(leaktrail, node, folder):
    # The heap's pages are looked at from outside, so the file's size is known before it is there.
    with serving(node, SHAPED + SERVER) as service:
        file = folder / "shaped.heapsnapshot"
        said = json.loads(run(leaktrail, "snapshot", str(service.pid), "-o", file, "--dry-run", "--json").stdout)
        assert not file.exists() and said["warnings"] == [], said
        taken = json.loads(run(leaktrail, "snapshot", str(service.pid), "-o", file, "--json").stdout)
        ratio = said["predicted"]["fork"]["file_size"] / taken["text_size"]
        assert 0.6 < ratio < 1.7, f"the file was predicted {ratio:.2f} times as large as it is"


def check_redacted(leaktrail, node, folder):
    with serving(node) as service:
        file = folder / "redacted.heapsnapshot"
        run(leaktrail, "snapshot", str(service.pid), "-o", file, "--redact")
        assert b"planted-secret-" not in file.read_bytes()
        assert class_count(leaktrail, file, "Meter") == 2000
        plain, later = folder / "pause.heapsnapshot", folder / "later.heapsnapshot"
        run(leaktrail, "snapshot", str(service.pid), "-o", plain, "--pause")
        assert b"planted-secret-1999" in plain.read_bytes()
        run(leaktrail, "redact", plain, "-o", later)
        assert b"planted-secret-1" not in later.read_bytes()


def check_worker(leaktrail, node, folder):
    with serving(node, WORKER) as service:
        file = folder / "worker.heapsnapshot"
        run(leaktrail, "snapshot", str(service.pid), "-o", file, "--worker", "1")
        assert class_count(leaktrail, file, "InWorker") == 1234
        assert class_count(leaktrail, file, "Meter") == 0


@contextlib.contextmanager
def memory_limit(pid, limit):
    """A memory cgroup of version 1 or 2 around a process; nothing where it cannot be made."""
    for root, file in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
        group = pathlib.Path(root) / f"leaktrail-test-{os.getpid()}"
        with contextlib.suppress(OSError):
            group.mkdir()
        try:
            (group / file).write_text(str(limit))
            if (group / "memory.oom.group").exists():  # as Kubernetes has it: one killed, all killed
                (group / "memory.oom.group").write_text("1")
            (group / "cgroup.procs").write_text(str(pid))
        except OSError:
            with contextlib.suppress(OSError):
                group.rmdir()
            continue
        try:
            yield group
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            wait_for("an empty group", lambda: not (group / "cgroup.procs").read_text().strip())
            group.rmdir()
        return
    yield None


def kernel_kills(group):
    """How often the kernel has killed somebody because the group was full."""
    for file in ("memory.events", "memory.oom_control"):
        with contextlib.suppress(OSError):
            return int(re.search(r"^oom_kill (\d+)", (group / file).read_text(), re.MULTILINE).group(1))
    return None


def check_limit(leaktrail, node, folder, rounds):
    heap = "global.keep = []; for (let i = 0; i < 4e5; i++) keep.push({ i, tags: [i, {}] });"
    with serving(node, heap + SERVER) as service, memory_limit(service.pid, 300 << 20) as group:
        if group is None:
            print("  no memory cgroup can be made here: left out")
            return
        ports, folders = listening_ports(service.pid), our_folders()
        file = folder / "limited.heapsnapshot.zst"
        outcomes = {}
        for force in [False] * rounds + [True] * rounds:
            words = ["snapshot", str(service.pid), "-o", file] + (["--force"] if force else [])
            done = subprocess.run([leaktrail, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            said = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else ""
            assert force or (done.returncode == 4 and "limit" in said), f"exit {done.returncode}: {done.stderr}"
            assert done.returncode == (0 if file.exists() else 4), f"exit {done.returncode}: {done.stderr}"
            file.unlink(missing_ok=True)
            expect_clean(service, ports, folders)
            name = "written" if done.returncode == 0 else "refused" if not force else "ended alone"
            outcomes[name] = outcomes.get(name, 0) + 1
        assert service.process.poll() is None
        killed = kernel_kills(group)
        # The child is ended before. On a processor that is taken away for long we may be late once.
        assert killed is None or killed < rounds, f"the kernel killed {killed} times in {rounds}"
        print(f"  under a limit of 300 MB: {outcomes}, the kernel killed {killed}, the service answers", flush=True)


def check_kills(leaktrail, node, folder, kills):
    """Whenever the tool is killed or interrupted: no child, folder, port or file."""
    rng = random.Random(1)
    with serving(node) as service:
        ports, folders = listening_ports(service.pid), our_folders()
        for k in range(kills):
            file = folder / f"killed-{k}.heapsnapshot"
            tool = subprocess.Popen(
                [leaktrail, "snapshot", str(service.pid), "-o", file],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
            time.sleep(rng.uniform(0.02, 1.5))
            tool.send_signal(signal.SIGKILL if k % 2 else signal.SIGINT)
            code = tool.wait()
            # Whole or not there: it may have been whole when the tool was on its way out.
            left = list(folder.glob(f"killed-{k}.*"))
            assert left == [file] or (left == [] and code != 0), f"ended with {code}, left {left}"
            if left:
                assert class_count(leaktrail, file, "Meter") == 2000
            expect_clean(service, ports, folders)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("leaktrail")
    parser.add_argument("cache", type=pathlib.Path)
    parser.add_argument("--versions", default="12,18,24,musl")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--kills", type=int, default=4)
    parser.add_argument("--limits", type=int, default=2)
    parser.add_argument("--only", choices=["limits"], help="nothing but snapshots in a memory cgroup that is too small")
    arguments = parser.parse_args()
    for version in arguments.versions.split(","):
        node = node_program(arguments.cache, version)
        if node is None and version == "musl":
            print("there is no Node with musl here: left out", flush=True)
            continue
        if node is None:
            print(f"npm cannot fetch Node {version}")
            return SKIPPED
        with tempfile.TemporaryDirectory(prefix="snapshots-") as name:
            folder = pathlib.Path(name)
            began = time.monotonic()
            if arguments.only == "limits":
                check_limit(arguments.leaktrail, node, folder, arguments.limits)
                continue
            requests = check_fork(arguments.leaktrail, node, folder, arguments.rounds)
            check_prediction(arguments.leaktrail, node, folder)
            check_redacted(arguments.leaktrail, node, folder)
            check_worker(arguments.leaktrail, node, folder)
            check_limit(arguments.leaktrail, node, folder, arguments.limits)
            check_kills(arguments.leaktrail, node, folder, arguments.kills)
            print(f"Node {version}: {arguments.rounds} forks, {requests} requests, all answered; {time.monotonic() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    os.environ.pop("NODE_OPTIONS", None)
    sys.exit(main())
