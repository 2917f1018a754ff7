#!/usr/bin/env python3
"""`leaktrail load` on real servers: Node over http and https, servers that stall, break and lie.

  load_test.py LEAKTRAIL

Looks at counts, texts and exit codes, not at the time things take; where a wait is looked at, the server
has made it. Exit code 77 without Node or openssl.
"""

import base64
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
# Says its port, then a line for each request if asked to by LOG.
SERVER = """
const fs = require('fs');
const tls = process.argv[2] === 'tls';
const options = tls ? { key: fs.readFileSync(process.argv[3]), cert: fs.readFileSync(process.argv[4]) } : {};
const server = require(tls ? 'https' : 'http').createServer(options, (req, res) => {
  let body = '';
  req.on('data', (piece) => { body += piece; });
  req.on('end', () => {
    if (req.url === '/missing') { res.statusCode = 404; return res.end('no'); }
    if (req.url === '/stall') { const until = Date.now() + 300; while (Date.now() < until); }
    if (req.url === '/cut') return req.socket.destroy();
    if (req.url === '/never') return;
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify({ method: req.method, url: req.url, headers: req.headers, body }));
  });
});
server.listen(0, process.argv[2] === 'v6' ? '::1' : '127.0.0.1', () => console.log(server.address().port));
const seen = [];
server.on('request', (req) => { seen.push([req.method, req.url, req.headers, req.httpVersion]); });
process.on('SIGUSR2', () => { console.log(JSON.stringify(seen)); seen.length = 0; });
"""
RAW = """
const net = require('net');
const server = net.createServer((socket) => {
  socket.on('error', () => {});
  if (process.argv[2] === 'ssh') socket.write('SSH-2.0-OpenSSH_9.2\\r\\n');
  if (process.argv[2] === 'close') socket.destroy();
  if (process.argv[2] === 'half') socket.once('data', () => socket.end('HTTP/1.1 200 OK\\r\\nContent-Length: 9\\r\\n\\r\\nhalf'));
  // 'silent' takes everything and says nothing
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
"""


class Server:
    """A node script that says its port; ended by pid, whatever happens."""

    def __init__(self, folder, script, *arguments):
        file = folder / f"server{len(list(folder.iterdir()))}.js"
        file.write_text(script)
        self.process = subprocess.Popen(
            ["node", str(file), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.port = int(self.process.stdout.readline())

    def seen(self):
        self.process.send_signal(signal.SIGUSR2)
        return json.loads(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


class Test:
    def __init__(self, leaktrail, folder):
        self.leaktrail, self.folder, self.failures = leaktrail, folder, 0

    def run(self, *arguments, timeout=60):
        return subprocess.run(
            [self.leaktrail, "load", *map(str, arguments)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
        )

    def document(self, *arguments):
        run = self.run("--json", *arguments)
        return json.loads(run.stdout), run

    def check(self, name, holds, shown=""):
        if not holds:
            self.failures += 1
            print(f"FAILED {name}: {shown}")

    def fails_with(self, name, code, words, *arguments):
        run = self.run(*arguments)
        line = run.stderr.strip()
        good = run.returncode == code and words in line and "\n" not in line and line.startswith("leaktrail: ")
        self.check(name, good, f"exit {run.returncode}, {line!r}")
        return run


def habits_of_ab(test):
    with Server(test.folder, SERVER) as server:
        url = f"http://127.0.0.1:{server.port}"
        result, run = test.document("-n", 100, "-c", 5, "-k", f"{url}/a?b=1")
        test.check("-n", (result["answered_count"], run.returncode) == (100, 0), result)
        test.check("schema", result["schema"] == "leaktrail.load/1")
        test.check("-k", result["connection_count"] <= 5 and result["reused_count"] == 100 - result["connection_count"], result)
        test.check("by status", result["status"] == {"200": 100}, result["status"])
        test.check("percentiles", set(result["latency_ms"]["percentiles"]) >= {"50", "66", "75", "80", "90", "95", "98", "99", "100"})
        values = list(result["latency_ms"]["percentiles"].values())
        test.check("percentiles rise", values == sorted(values) and values[-1] == result["latency_ms"]["max"], values)
        seen = server.seen()
        test.check("the URL's path and query", {(s[0], s[1]) for s in seen} == {("GET", "/a?b=1")} and len(seen) == 100)

        result, _ = test.document("-n", 20, "-c", 2, url)
        test.check("no keep-alive without -k", result["connection_count"] == 20, result["connection_count"])
        test.check("Connection: close", all(s[2]["connection"] == "close" for s in server.seen()))

        one, _ = test.document(url)
        test.check("one request without -n", one["answered_count"] == 1)
        server.seen()

        body = test.folder / "order.json"
        body.write_text('{"n":1}')
        test.run("-n", 2, "-p", body, "-T", "application/json", "-C", "a=1", "-C", "b=2", "-A", "me:secret", "-H", "X-Trace: 7", url)
        method, _, headers, _ = server.seen()[0]
        expected = {
            "content-type": "application/json", "content-length": "7", "cookie": "a=1; b=2", "x-trace": "7",
            "authorization": "Basic " + base64.b64encode(b"me:secret").decode(), "host": f"127.0.0.1:{server.port}",
        }
        test.check("-p -T -C -A -H", method == "POST" and expected.items() <= headers.items(), (method, headers))
        test.run("-m", "DELETE", url)
        test.check("-m", server.seen()[0][0] == "DELETE")
        test.run("-m", "HEAD", "-n", 5, "-k", url)
        test.check("HEAD has no body", len(server.seen()) == 5)

        text = test.run("-n", 50, "-c", 2, "-k", url)
        words = ("50 answers in", "a second", "transfer", "99%", "the longest wait", "200 × 50")
        test.check("text", text.returncode == 0 and all(w in text.stdout for w in words), text.stdout)
        test.check("silent in a pipe", text.stderr == "", text.stderr)

        result, _ = test.document("-t", 1, "-c", 2, "-k", url)
        test.check("-t ends it", result["ended_by"] in ("time", "count") and result["asked"]["request_count"] == 50_000, result)


def paths_by_weight(test):
    with Server(test.folder, SERVER) as server:
        url = f"http://127.0.0.1:{server.port}"
        result, run = test.document("-n", 60, "-c", 3, "-k", "--path", "/a=3", "--path", "/missing", "--path", "2:/q?x=1", url)
        counts = {row["path"]: (row["answered_count"], row["failed_count"]) for row in result["paths"]}
        test.check("weights", counts == {"/a": (30, 0), "/missing": (10, 10), "/q?x=1": (20, 0)}, counts)
        test.check("a part that fails is no failure of the run", run.returncode == 0 and result["errors"]["status"] == 10)
        test.fails_with("two places for a path", 2, "--path", "--path", "/a", f"{url}/b")


def stalls(test):
    with Server(test.folder, SERVER) as server:
        url = f"http://127.0.0.1:{server.port}"
        # One of 100 requests blocks the server for 300 ms; 30 are due meanwhile.
        arguments = ("-c", 2, "-k", "--path", "/a=99", "--path", "/stall", url)
        result, _ = test.document("-n", 100, "--rate", 100, *arguments)
        test.check("from the intended start", result["latency_ms"]["measured_from"] == "intended_start")
        waited = result["latency_ms"]["percentiles"]
        test.check("a stall is not hidden by a rate", waited["90"] >= 100, waited)
        never, run = test.document("-t", 1, "-c", 2, "--rate", 50, "--path", "/a=1", "--path", "/never=1", url)
        test.check("waits without an end count", never["latency_ms"]["at_least_count"] >= 40 and run.returncode == 0, never)
        test.fails_with("a rate without an end", 2, "needs an end", "--rate", 5, url)
        test.fails_with("no rate", 2, "--rate takes", "--rate", "fast", "-n", 5, url)


def over_tls(test):
    key, certificate = test.folder / "key.pem", test.folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )
    with Server(test.folder, SERVER, "tls", str(key), str(certificate)) as server, Server(test.folder, SERVER) as plain:
        url = f"https://localhost:{server.port}"
        test.fails_with("self-signed", 4, "--insecure takes any", "-n", 5, url)
        result, run = test.document("-n", 60, "-c", 4, "-k", "--insecure", url)
        test.check("TLS with keep-alive", (result["answered_count"], result["connection_count"], run.returncode) == (60, 4, 0), result)
        result, _ = test.document("-n", 10, "-c", 2, "--insecure", url)
        test.check("TLS with a connection each", (result["answered_count"], result["connection_count"]) == (10, 10), result)
        trusted = dict(os.environ, SSL_CERT_FILE=str(certificate))
        for host in ("localhost", "127.0.0.1"):
            run = subprocess.run(
                [test.leaktrail, "load", "--json", f"https://{host}:{server.port}/"], env=trusted, capture_output=True, text=True
            )
            test.check(f"a trusted certificate of {host}", run.returncode == 0, run.stderr)
        other = subprocess.run(
            [test.leaktrail, "load", f"https://shop.localhost:{server.port}/"], env=trusted, capture_output=True, text=True
        )
        test.check("another host's certificate", other.returncode == 4 and "not trusted" in other.stderr, other.stderr)
        big = test.folder / "big"
        big.write_bytes(b"x" * 3_000_000)
        result, _ = test.document("-n", 3, "-k", "--insecure", "-p", big, url)
        test.check("a large body over TLS", result["answered_count"] == 3 and result["transfer"]["sent_size"] > 9_000_000, result)
        test.fails_with("http to https", 4, "https", "-n", 3, f"http://localhost:{server.port}/")
        test.fails_with("https to http", 4, "ask with http://", "-n", 3, "--insecure", f"https://localhost:{plain.port}/")


def what_goes_wrong(test):
    with Server(test.folder, SERVER) as server:
        url = f"http://127.0.0.1:{server.port}"
        run = test.run("-n", 5, f"{url}/missing")
        test.check("errors only", run.returncode == 4 and "status 404 to all of 5" in run.stderr and "404 × 5" in run.stdout, run)
        test.fails_with("cut off", 4, "closes all", "-n", 5, f"{url}/cut")
        test.fails_with("never answers", 4, "does not answer within 1 s", "-n", 5, "-s", 1, f"{url}/never")
        result, run = test.document("-n", 20, "-k", "--path", "/a", "--path", "/cut", url)
        test.check("some cut off", run.returncode == 0 and result["errors"]["closed"] == 10 and result["first_failure"], result)
    test.fails_with("nobody there", 4, "nobody answers at", "-n", 1000, url)
    document = test.run("--json", "-n", 1000, url)
    test.check("nobody there, as JSON", document.returncode == 4 and json.loads(document.stdout)["ended_by"] == "no_answer", document)
    for kind, words in (("ssh", "not HTTP"), ("close", "closes all"), ("half", "inside an answer"), ("silent", "sends no answer")):
        with Server(test.folder, RAW, kind) as server:
            test.fails_with(kind, 4, words, "-n", 3, "-s", 1, f"http://127.0.0.1:{server.port}/")
    with Server(test.folder, SERVER, "v6") as server:
        for host in ("[::1]", "localhost"):
            test.check(host, test.run("-n", 3, f"http://{host}:{server.port}/").returncode == 0)
    for url, words in (
        ("ftp://localhost/", "only http"), ("http://localhost:x/", "no port"), ("http://", "host is missing"),
        ("http://example.org/", "--allow-remote"), ("http://192.0.2.1/", "--allow-remote"), ("http://a@localhost/", "-A"),
    ):
        test.fails_with(url, 2, words, url)
    url = "http://127.0.0.1:1/"
    test.fails_with("no URL", 2, "URL is missing")
    test.fails_with("no file", 4, "cannot read the body", "-p", test.folder / "none", url)
    test.fails_with("a bad header", 2, "-H takes", "-H", "no colon", url)
    test.fails_with("a bad cookie", 2, "-C takes", "-C", "nothing", url)
    test.fails_with("a bad user", 2, "-A takes", "-A", "nobody", url)
    test.fails_with("a bad method", 2, "-m takes", "-m", "GET /", url)
    test.fails_with("a bad path", 2, "--path takes", "--path", "a b", url)
    test.fails_with("nothing to do", 2, "--requests", "-n", 0, url)


def interrupted(test):
    with Server(test.folder, SERVER) as server:
        for how in ([], ["--json"]):
            load = subprocess.Popen(
                [test.leaktrail, "load", "-n", "100000000", "-c", "2", "-k", *how, f"http://127.0.0.1:{server.port}/{len(how)}"],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )
            try:
                while not any(url == f"/{len(how)}" for _, url, *_ in server.seen()):
                    time.sleep(0.05)
                load.send_signal(signal.SIGINT)
                out, err = load.communicate(timeout=30)
            finally:
                load.kill()
                load.wait()
            test.check("Ctrl-C ends with 130", load.returncode == 130, load.returncode)
            if how:
                result = json.loads(out)
                test.check("the document is whole", result["ended_by"] == "interrupt" and result["answered_count"] > 0, result)
            else:
                test.check("and what was measured so far", "interrupted, this is what was measured so far" in out and "99%" in out, out)
            test.check("without an error", err == "", err)


def live_progress(test):
    """On a terminal it says how far it is, and leaves the line clean."""
    with Server(test.folder, SERVER) as server:
        command = f"{test.leaktrail} load -t 2 -c 2 --rate 20 -k http://127.0.0.1:{server.port}/"
        run = subprocess.run(
            ["script", "-qec", command, "/dev/null"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
        )
        test.check("progress", "of 40 requests" in run.stdout and "\x1b[K" in run.stdout, run.stdout)


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    if not shutil.which("node") or not shutil.which("openssl"):
        print("node or openssl is missing")
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        test = Test(str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(folder))
        for part in (habits_of_ab, paths_by_weight, stalls, over_tls, what_goes_wrong, interrupted):
            part(test)
        if shutil.which("script"):
            live_progress(test)
    print(f"load_test: {test.failures} failures")
    return 1 if test.failures else 0


if __name__ == "__main__":
    sys.exit(main())
