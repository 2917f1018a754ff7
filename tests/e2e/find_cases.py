#!/usr/bin/env python3
"""Runs `leaktrail find` on services with a known leak, or none, and scores its answers.

  tests/e2e/find_cases.py --leaktrail build/release/leaktrail --cases DIR [--only NAME]... [--fixed]
                          [--out DIR] [--limit SECONDS]

A case is a folder with app.js, case.json (`expect`: verdict, package, files, function) and installed
node_modules; with --fixed its folder fixed/, which must be no leak, is run as well. Each service gets
a free port in PORT. A missing folder is said and skipped. Prints a Markdown table. Exit code 0: every
answer right and in time; 1: not; 2: wrong usage.
"""

import argparse
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def name_of(package):
    at = package.rfind("@")
    return package[:at] if at > 0 else package


def accepted(expect):
    """(package, files) pairs that are right, the expected one first."""
    return [(expect["package"], expect["files"])] + [(a["package"], a["files"]) for a in expect.get("accept", [])]


def judge(expect, found):
    """What is wrong with an answer; empty if nothing is."""
    if found["verdict"] != expect["verdict"]:
        return f"verdict {found['verdict']}, not {expect['verdict']}"
    if expect["verdict"] != "leak":
        return ""
    culprit = found.get("culprit") or {}
    package, file = culprit.get("package") or "", culprit.get("file") or ""
    for right, files in accepted(expect):
        same = package == right if "@" in right[1:] else name_of(package) == right
        if same and (not files or any(file.endswith(f) for f in files)):
            return ""
    return f"culprit {package} › {file}"


def function_note(expect, found):
    """The function, if it is none of those that one would name; not counted."""
    names = expect.get("function") or []
    name = ((found or {}).get("culprit") or {}).get("function") or ""
    return "" if not names or found["verdict"] != "leak" or name.split(".")[-1] in names else f"function {name or '-'}, not {names[0]}"


def run(leaktrail, folder, case, limit, out_dir):
    paths = case.get("paths") or [case["path"]]
    command = [leaktrail, "find", "--json"]
    for path in paths:
        command += ["--path", path]
    if case.get("settle_ms"):
        command += ["--settle", str(case["settle_ms"])]
    command += ["--"] + case["start"]
    begin = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "PORT": str(free_port())})
    try:
        out, err = process.communicate(timeout=limit * 2)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    seconds = time.monotonic() - begin
    if out_dir:
        (out_dir / f"{case['name']}.json").write_text(out)
    try:
        return json.loads(out), seconds, ""
    except ValueError:
        return None, seconds, err.strip().splitlines()[0] if err.strip() else f"exit code {process.returncode}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--leaktrail", required=True)
    parser.add_argument("--cases", required=True, type=pathlib.Path)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--fixed", action="store_true")
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--limit", type=float, default=90)
    arguments = parser.parse_args()
    leaktrail = str(pathlib.Path(arguments.leaktrail).resolve())
    if not arguments.cases.is_dir():
        print(f"find_cases: no cases in {arguments.cases}: nothing was checked")
        return 0
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
    runs = []
    for path in sorted(arguments.cases.glob("*/case.json")):
        case = json.loads(path.read_text())
        if arguments.only and case["name"] not in arguments.only:
            continue
        runs.append((path.parent, case))
        if arguments.fixed and (path.parent / "fixed").is_dir():
            fixed = dict(case, name=case["name"] + "/fixed", expect={"verdict": "no-leak"})
            fixed["name"] = case["name"] + "-fixed"
            runs.append((path.parent / "fixed", fixed))
    print("| case | expected | verdict | B per request | outside heap | culprit | because | s | wrong | note |")
    print("| --- | --- | --- | ---: | ---: | --- | --- | ---: | --- | --- |")
    bad = 0
    for folder, case in runs:
        if not (folder / "node_modules").is_dir() and json.loads((folder / "package.json").read_text()).get("dependencies"):
            print(f"| {case['name']} | {case['expect']['verdict']} | | | | | | | skipped: npm ci first |", flush=True)
            continue
        found, seconds, error = run(leaktrail, folder, case, arguments.limit, arguments.out)
        wrong = error if found is None else judge(case["expect"], found)
        if seconds > arguments.limit:
            wrong = (wrong + "; " if wrong else "") + "too slow"
        bad += bool(wrong)
        note = "" if found is None else function_note(case["expect"], found)
        found = found or {}
        culprit, growth = found.get("culprit") or {}, found.get("growth") or {}
        place = ""
        if culprit:
            place = f"{culprit.get('package')} › {culprit.get('file')}:{culprit.get('line')} {culprit.get('function')}"
        print(f"| {case['name']} | {case['expect']['verdict']} | {found.get('verdict', '-')} "
              f"| {growth.get('heap_bytes_per_unit') or 0:.1f} | {growth.get('external_bytes_per_unit') or 0:.1f} "
              f"| {place} | {culprit.get('because', '')} | {seconds:.0f} | {wrong} | {note} |", flush=True)
    print(f"\n{len(runs) - bad} of {len(runs)} right")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
