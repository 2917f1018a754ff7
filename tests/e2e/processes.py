"""What several tests of services share: a service that leaks, and whether a run has left something behind."""

import os
import pathlib
import signal
import time

SKIPPED = 77
# One Order a request, made by takeOrder() in line 5.
LEAKING_SERVICE = """
const http = require('http');
const kept = [];
class Order { constructor(n) { this.n = n; this.lines = new Array(20).fill(n); } }
function takeOrder(n) { kept.push(new Order(n)); }
let n = 0;
http.createServer((req, res) => { takeOrder(++n); res.end('ok'); }).listen(0, '127.0.0.1');
"""


def processes_with(mark):
    """Those that have it in their arguments or environment, besides this one."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "cmdline").read_text() + (folder / "environ").read_text(errors="replace")
        except OSError:
            continue
        if mark in text and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found


def expect_gone(mark):
    """Within ten seconds; what is left then is killed."""
    for _ in range(100):
        left = processes_with(mark)
        if not left:
            return
        time.sleep(0.1)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    raise AssertionError(f"left behind: {left}")
