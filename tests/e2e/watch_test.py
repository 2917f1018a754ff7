"""Watches real Node processes that leak and that do not, and looks at what is left of it.

  watch_test.py LEAKTRAIL CACHE [--versions 14,20,24] [--only NAME]

Node comes from npm as in attach_test.py. Each case ends by what it sees; the times are only bounds.
"""

import argparse
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

import attach_test
from attach_test import PATIENCE, SKIPPED, Service, enter_network_of_our_own, listening_ports, node_program, wait_for

LIMIT = 60  # seconds that a verdict may take
# Garbage comes fast and the young generation is small, so that major collections come often by themselves.
FLAGS = ["--max-semi-space-size=1", "--max-old-space-size=256"]
CHURN = attach_test.SERVER + """
const kept = [];
let old = [];
setInterval(() => {
  const fresh = [];
  for (let i = 0; i < 6000; i++) fresh.push({i, s: 'x' + i});
  old.push(fresh);
  if (old.length > 20) old = [];
  if (process.env.LEAKS) kept.push(fresh.slice(0, 400));
}, 10);
"""


class Cases:
    def __init__(self, leaktrail, nodes, state):
        self.leaktrail = leaktrail
        self.nodes = nodes
        self.newest = nodes[max(nodes)]
        self.state = state

    def command(self, *words):
        return [self.leaktrail, "watch", *map(str, words)]

    def environment(self, folder=None):
        return {**os.environ, "XDG_STATE_HOME": str(folder or self.state)}

    def watch(self, *words, folder=None):
        return subprocess.run(
            self.command(*words), stdin=subprocess.DEVNULL, capture_output=True, text=True, env=self.environment(folder), timeout=2 * LIMIT,
            check=False,
        )

    def samples_are_whole_on_every_version_and_cost_little(self):
        for version, node in self.nodes.items():
            with Service(node, CHURN, flags=FLAGS) as service:
                run = self.watch(service.pid, "--until", "2s", "--interval", "200ms", "--json")
                assert run.returncode in (0, 1, 5), run.stderr
                document = json.loads(run.stdout)
                assert document["schema"] == "leaktrail.watch/1" and document["target"]["pid"] == service.pid, run.stdout
                rows = [s for s in document["samples"] if "resident_size" in s]
                assert len(rows) >= 5, run.stdout
                for row in rows:
                    assert 0 < row["heap_used_size"] <= row["heap_total_size"] <= row["resident_size"], row
                    assert row["heap_limit_size"] >= 256 << 20 and row["external_size"] > 0, row
                    assert row["handle_count"] >= 1 and row["verdict"] in ("leak", "no-leak", "inconclusive"), row
                assert rows[-1]["minor_count"] > 0 or rows[-2]["minor_count"] > 0, f"{version}: no collections seen"
                costs = sorted(row["cost_ms"] for row in rows[1:])
                assert costs[len(costs) // 2] < 2, f"{version}: {costs}"
                service.assert_as_found()

    def a_leak_ends_with_1(self):
        with Service(self.newest, CHURN, flags=FLAGS, env={"LEAKS": "1"}) as service:
            run = self.watch(service.pid, "--until", "verdict", "--interval", "500ms", "--json")
            document = json.loads(run.stdout)
            assert run.returncode == 1 and document["verdict"] == "leak" and document["grows"] == "heap", run.stdout[-3000:]
            low, high = document["slope"]["interval"]
            assert 0 < low <= document["slope"]["bytes_per_second"] <= high, document["slope"]
            assert document["seconds_to_limit"] > 0 and document["limit_of"] == "heap"
            service.assert_as_found()

    def a_second_run_goes_on_and_a_restart_is_seen_as_one(self):
        with tempfile.TemporaryDirectory() as folder:
            with Service(self.newest, CHURN, flags=FLAGS) as service:
                first = self.watch(service.pid, "--until", "2s", folder=folder)
                assert "goes on from" not in first.stdout, first.stdout
                again = self.watch(service.pid, "--until", "1s", folder=folder)
                assert re.search(r"goes on from \d+ samples", again.stdout), again.stdout
                script = list(pathlib.Path(service.folder.name).glob("service.js"))[0]
                # The same script as another process.
                second = subprocess.Popen([self.newest, *FLAGS, script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
                try:
                    second.stdout.readline()
                    restarted = self.watch(second.pid, "--until", "1s", folder=folder)
                    assert f"pid {service.pid} was last seen" in restarted.stdout, restarted.stdout
                finally:
                    second.kill()
                    second.wait()
                    second.stdout.close()
            mode = (pathlib.Path(folder) / "leaktrail/history.db").stat().st_mode & 0o777
            assert mode == 0o600, oct(mode)

    def a_service_that_comes_back_is_followed_by_its_name(self):
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder) / "phoenix.js"
            script.write_text(CHURN)

            def start():
                process = subprocess.Popen([self.newest, *FLAGS, script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
                assert process.stdout.readline().startswith("READY")
                return process

            services = [start()]
            watcher = subprocess.Popen(
                self.command("phoenix.js", "--interval", "200ms"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                env=self.environment(),
            )
            try:
                seen = iter(watcher.stdout.readline, "")
                assert any("rss" in line for line in seen)
                services[0].kill()
                services[0].wait()
                assert any("waiting for phoenix.js" in line for line in seen)
                services.append(start())
                assert any(f"pid {services[1].pid}" in line for line in seen)
                assert any("rss" in line for line in seen)
                before = listening_ports(services[1].pid) - {9229}
                watcher.send_signal(signal.SIGINT)
                for _ in seen:
                    pass
                assert watcher.wait() == 130
                wait_for("the port to be gone", lambda: listening_ports(services[1].pid) == before)
            finally:
                watcher.kill()
                watcher.wait()
                watcher.stdout.close()
                for process in services:
                    process.kill()
                    process.wait()
                    process.stdout.close()

    def a_log_and_metrics_say_the_same(self):
        with Service(self.newest, CHURN, flags=FLAGS) as service, tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "memory.log"
            watcher = subprocess.Popen(
                self.command(service.pid, "--interval", "200ms", "--prometheus", "127.0.0.1:0", "--log", log), stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=self.environment(),
            )
            try:
                said = re.search(r"http://127\.0\.0\.1:(\d+)/metrics", watcher.stderr.readline())

                def metrics(path="/metrics"):
                    connection = http.client.HTTPConnection("127.0.0.1", int(said[1]), timeout=PATIENCE)
                    connection.request("GET", path)
                    response = connection.getresponse()
                    text = response.read().decode()
                    connection.close()
                    return response.status, text

                text = wait_for("metrics", lambda: metrics()[1])
                for name in ("process_resident_memory_bytes", "nodejs_heap_size_used_bytes", "nodejs_eventloop_lag_seconds",
                             "nodejs_external_memory_bytes", "leaktrail_verdict"):
                    assert re.search(rf"^# TYPE {name} gauge\n{name}{{.*}} [0-9.e+-]+$", text, re.MULTILINE), f"{name}: {text}"
                assert metrics("/")[0] == 404
                wait_for("lines in the log", lambda: log.read_text().count("memory before") > 3)
                watcher.send_signal(signal.SIGINT)
                assert watcher.wait() == 130
                assert re.search(r"^\S+Z memory before \S+ MB now \S+ MB diff \S+ \S*B ", log.read_text(), re.MULTILINE), log.read_text()
            finally:
                watcher.kill()
                watcher.wait()
                watcher.stderr.close()
            service.assert_as_found()

    def snapshots_come_by_time_and_stay_below_the_cap(self):
        with Service(self.newest, CHURN, flags=FLAGS) as service, tempfile.TemporaryDirectory() as folder:
            place = pathlib.Path(folder) / "snapshots"
            watcher = subprocess.Popen(
                self.command(service.pid, "--interval", "200ms", "--snapshot-at", "1s", "--snapshots", place, "--snapshot-cap", "1B"),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=self.environment(),
            )
            said = []
            try:
                # However long they take: the forked child has the lowest priority.
                while sum(" snapshot " in line for line in said) < 2:
                    said.append(watcher.stdout.readline())
                    assert said[-1], said
                watcher.send_signal(signal.SIGINT)
                said += watcher.stdout.readlines()
            finally:
                watcher.kill()
                watcher.wait()
                watcher.stdout.close()
            files = sorted(place.glob("*.heapsnapshot.zst"))
            assert len(files) == 1, f"{files}: {said}"  # the newest stays, whatever the cap
            assert files[0].stat().st_mode & 0o777 == 0o600
            summary = subprocess.run([self.leaktrail, "summary", "--json", files[0]], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
            assert json.loads(summary.stdout)["snapshot"]["node_count"] > 1000
            service.assert_as_found()

    def killed_at_any_moment_it_leaves_nothing(self):
        with Service(self.newest, CHURN, flags=FLAGS) as service:
            for moment in (0.02, 0.1, 0.3, 1.2):
                watcher = subprocess.Popen(
                    self.command(service.pid, "--interval", "100ms"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=self.environment(),
                )
                time.sleep(moment)
                watcher.kill()
                watcher.wait()
            service.assert_as_found()
            # No observer and no histogram of ours runs on: what was ours is gone with the guest.
            probe = self.watch(service.pid, "--until", "1s", "--json")
            assert probe.returncode in (0, 1, 5), probe.stderr
            service.assert_as_found()

    def wrong_usage_is_one_sentence(self):
        for words in (["1", "--until", "soon"], ["1", "--interval", "1ms"], ["1", "--prometheus", "0.0.0.0:1"],
                      ["1", "--snapshots", "x"], ["1", "--snapshot-at", "never"], []):
            run = self.watch(*words)
            assert run.returncode == 2 and run.stderr.count("\n") == 1, f"{words}: {run.stderr}"
        run = self.watch("no-such-service")
        assert run.returncode == 4 and "no-such-service" in run.stderr, run.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("leaktrail", type=pathlib.Path)
    parser.add_argument("cache", type=pathlib.Path)
    parser.add_argument("--versions", default="14,20,24")
    parser.add_argument("--only", default="", help="only cases whose name has this in it")
    arguments = parser.parse_args()
    nodes = {}
    for version in map(int, arguments.versions.split(",")):
        node = node_program(arguments.cache, version)
        if node is not None:
            nodes[version] = node
    if not nodes:
        print("npm cannot fetch Node here: skipped")
        return SKIPPED
    enter_network_of_our_own()
    with tempfile.TemporaryDirectory() as state:
        cases = Cases(arguments.leaktrail.resolve(), nodes, state)
        for case in (
            cases.samples_are_whole_on_every_version_and_cost_little,
            cases.a_leak_ends_with_1,
            cases.a_second_run_goes_on_and_a_restart_is_seen_as_one,
            cases.a_service_that_comes_back_is_followed_by_its_name,
            cases.a_log_and_metrics_say_the_same,
            cases.snapshots_come_by_time_and_stay_below_the_cap,
            cases.killed_at_any_moment_it_leaves_nothing,
            cases.wrong_usage_is_one_sentence,
        ):
            if arguments.only not in case.__name__:
                continue
            begin = time.monotonic()
            case()
            print(f"{case.__name__}: {time.monotonic() - begin:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
