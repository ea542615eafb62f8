#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""82_healthy - programs that wait a lot and work well, watched for a while: never is one of
them called stuck.

    tests/e2e/82_healthy.py [NAME]      HEALTHY_SECONDS=5 (for each)
"""
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

from healthy import WORKLOADS, Missing, Workload  # noqa: E402
from truth import DEADLINE, MPSTAT, Tap  # noqa: E402

SECONDS = float(os.environ.get("HEALTHY_SECONDS", "5"))
# What must not be said of them, as a problem or as a note.
STUCK = {"deadlock", "self-deadlock", "knot", "holder-dead", "forgotten-end", "stopped"}


def look(pids, options):
    done = subprocess.run([MPSTAT, "check", "-p", ",".join(map(str, pids)), "--json", "-d", "0.2",
                           *options], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=6 * DEADLINE, check=False)
    return json.loads(done.stdout)


def told(finding):
    return [f"{finding['severity']} {finding['detector']}: {finding['sentence']}",
            *("  " + line for line in finding["evidence"])]


def watch(workload):
    """(what was said against it, how often it was looked at, at how many at most)."""
    wrong, looks, most = [], 0, 0
    until = time.monotonic() + SECONDS
    while time.monotonic() < until or looks < 2:
        # Each fourth look is that of someone without rights to load programs.
        said = look(workload.pids(), ["--no-bpf"] if looks % 4 == 3 else [])
        for finding in said["findings"]:
            if finding["detector"] in STUCK:
                wrong += told(finding)
        looks += 1
        most = max(most, int(said["looked_at"]["processes"]))
    return wrong, looks, most


def one(tap, name, make):
    with Workload() as workload:
        try:
            make(workload)
        except Missing as why:
            tap.skip(f"{name} is never called stuck", str(why))
            return
        wrong, looks, most = watch(workload)
        wrong += workload.ill()
        if most == 0:
            wrong.append("nobody was looked at")
    wrong += workload.left
    tap.check(f"{name}: of {most} processes, none called stuck in {looks} looks", wrong)


def main():
    tap = Tap()
    wanted = sys.argv[1:]
    # Whoever stops the test does not stop the servers, which have sessions of their own.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    for name, make in WORKLOADS.items():
        if not wanted or name in wanted:
            one(tap, name, make)
    tap.note(f"{tap.count} workloads, {SECONDS:g} s each")
    return tap.plan()


if __name__ == "__main__":
    sys.exit(main())
