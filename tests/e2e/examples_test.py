"""Runs an example on this machine's Node, takes three snapshots of it, and asks leaktrail who leaks.

  examples_test.py LEAKTRAIL EXAMPLE

Real processes, real snapshots. Looks at the answer, not at the time it takes. Afterwards nothing may be
left behind: no service, no snapshot.
"""

import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WARMUP, REQUESTS = "1000", "2000"


@dataclasses.dataclass
class Expected:
    verdict: str
    exit_code: int
    package: str | None = None
    files: tuple[str, ...] = ()


EXAMPLES = {
    "koa-pm2io": Expected(
        "leak", 1, "@pm2/io@4.2.1", ("build/main/metrics/httpMetrics.js", "build/main/utils/metrics/meter.js")
    ),
    "unbounded-sessions": Expected("leak", 1, "app", ("app.js",)),
    "bounded-cache": Expected("no-leak", 0),
}


def finding_of_demo(leaktrail, folder):
    """The demo ends with 0 when leaktrail finds the leak, and removes its snapshots. Its other parts are left out."""
    run = subprocess.run(
        [ROOT / "demo", "--json", "--leaktrail", leaktrail],
        env={**os.environ, "TMPDIR": folder}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True,
    )
    left = list(pathlib.Path(folder).iterdir())
    assert not left, f"the demo left {left}"
    return json.loads(run.stdout), 1


def finding_of_service(leaktrail, folder, app):
    driver = ROOT / "examples/three-snapshots.mjs"
    out = pathlib.Path(folder) / "snapshots"
    taken = subprocess.run(
        ["node", driver, "--out", out, "--warmup", WARMUP, "--requests", REQUESTS, "--", "node", app],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True,
    )
    files = taken.stdout.split("\n")[:-1]
    assert len(files) == 3, taken.stdout
    for file in files:
        mode = os.stat(file).st_mode & 0o777
        assert mode == 0o600, f"{file} has mode {mode:o}"
    trail = subprocess.run(
        [leaktrail, "trail", "--json", *files], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False
    )
    assert trail.returncode in (0, 1, 5), f"leaktrail ended with {trail.returncode}"
    return json.loads(trail.stdout), trail.returncode


def services_of(app):
    """Pids of processes that still run this app."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if str(app).encode() in words and words[0].endswith(b"node"):
            found.append(int(entry.name))
    return found


def check_interrupt(app):
    """Ctrl-C while the service is under load ends the service as well."""
    with tempfile.TemporaryDirectory() as folder:
        driver = subprocess.Popen(
            ["node", ROOT / "examples/three-snapshots.mjs", "--out", f"{folder}/s", "--warmup", "999999", "--", "node", app],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        try:
            line = driver.stderr.readline()
            assert "listens on" in line, line
            driver.send_signal(signal.SIGINT)
            driver.communicate()
        finally:
            driver.kill()
            driver.wait()
        assert driver.returncode == 130, f"the interrupted driver ended with {driver.returncode}"


def main():
    leaktrail, example = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    expected = EXAMPLES[example]
    app = ROOT / "examples" / example / "app.js"
    before = services_of(app)
    with tempfile.TemporaryDirectory() as folder:
        if example == "koa-pm2io":
            finding, code = finding_of_demo(leaktrail, folder)
        else:
            finding, code = finding_of_service(leaktrail, folder, app)
    check_interrupt(app)
    left = [pid for pid in services_of(app) if pid not in before]
    assert not left, f"services still run: {left}"

    text = json.dumps(finding, indent=1)[:6000]
    assert finding["schema"] == "leaktrail.findings/1", text
    assert finding["verdict"] == expected.verdict, text
    assert code == expected.exit_code, f"exit code {code}"
    if expected.package is not None:
        culprit = finding["culprit"]
        assert culprit["package"] == expected.package, text
        assert culprit["file"] in expected.files, text
    print(f"{example}: {finding['verdict']}, as expected")


if __name__ == "__main__":
    main()
