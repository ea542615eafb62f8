#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""81_hangs - programs that never heard of the library hang; a viewer that comes afterwards
names the hang and everybody in it, and calls none of their healthy twins stuck.

    tests/e2e/81_hangs.py [SCENARIO [KIND]]
"""
import json
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

from hangs import Hang, NoTruth, all_kinds  # noqa: E402
from truth import DEADLINE, MPSTAT, Tap, should_see_events  # noqa: E402

# Findings that say that somebody cannot go on.
STUCK = {"deadlock", "self-deadlock", "knot", "holder-dead", "forgotten-end", "stopped"}
VERDICTS = {"fine": 0, "problem": 1, "unknown": 3}
FINE_LOOKS = 2
TOGETHER = 16
WATCHED_ELSEWHERE = {"contention"}  # they compute: 82_healthy


def look(pids, options):
    done = subprocess.run([MPSTAT, "check", "-p", ",".join(map(str, pids)), "--json", "-d", "0.2", *options],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=6 * DEADLINE,
                          check=False)
    said = json.loads(done.stdout)
    assert done.returncode == VERDICTS[said["verdict"]], done
    return said


def numbers_in(*lines):
    return {int(number) for line in lines for number in re.findall(r"\d+", line)}


class Said:
    """What was said about one of several hangs that were looked at together."""

    def __init__(self, hang, said):
        everybody = {thread["pid"] for thread in hang.threads()} | {hang.pid}
        self.stuck, self.others, self.unknown = [], [], []
        for finding in said["findings"]:
            pids = {process["pid"] for process in finding["processes"]}
            if pids & everybody:
                (self.stuck if finding["detector"] in STUCK else self.others).append(finding)
        for line in said["unknown"]:
            if numbers_in(line) & everybody:
                self.unknown.append(line)
        self.everybody = everybody

    def told(self):
        """For whoever reads why it was wrong."""
        lines = []
        for finding in self.stuck + self.others:
            lines.append(f"{finding['severity']} {finding['detector']}: {finding['sentence']}")
            lines += ["  " + line for line in finding["evidence"]]
        return lines + ["unknown: " + line for line in self.unknown] or ["nothing was said"]

    def wrong_of_fine(self):
        return [f"a healthy one is called {f['detector']}" for f in self.stuck] + \
            [f"a healthy one has a problem, {f['detector']}" for f in self.others
             if f["severity"] == "problem"]

    def wrong_of_hang(self, truth, accepted):
        """Accepted findings, all members in one of them, nobody else, and no other finding."""
        wrong = [f"it is no {f['detector']}" for f in self.stuck if f["detector"] not in accepted]
        right = [f for f in self.stuck if f["detector"] in accepted]
        members = {m["pid"] for m in truth["members"]}
        if not right and "unknown" in accepted and numbers_in(*self.unknown) & members:
            return wrong
        if not right:
            return wrong + [f"none of {', '.join(sorted(accepted))} was found"]
        if not any(members <= numbers_in(f["sentence"], *f["evidence"]) for f in right):
            wrong.append(f"no finding names all of {sorted(members)}")
        for finding in right:
            strangers = {p["pid"] for p in finding["processes"]} - self.everybody
            if strangers:
                wrong.append(f"{sorted(strangers)} have nothing to do with it")
        return wrong


def accepted_of(hang, options):
    accepted = set(hang.truth["findings"])
    # Of what needs the kernel, /proc alone may know nothing; it must not guess.
    return accepted | {"unknown"} if accepted and "--no-bpf" in options else accepted


def judge(hangs, options):
    """For each hang, what is wrong with what is said of it: of a hang at the latest after a
    while, of a healthy one each time."""
    until, looks = time.monotonic() + DEADLINE, 0
    wrong = {hang: [] for hang in hangs}
    while True:
        said = look([hang.pid for hang in hangs], options)
        looks += 1
        for hang in hangs:
            one = Said(hang, said)
            if hang.truth["verdict"] == "fine":
                now = wrong[hang] or one.wrong_of_fine()
            else:
                now = one.wrong_of_hang(hang.truth, accepted_of(hang, options))
            wrong[hang] = now and now + (one.told() if now is not wrong[hang] else [])
        waiting = any(w and h.truth["verdict"] != "fine" for h, w in wrong.items())
        if looks >= FINE_LOOKS and (not waiting or time.monotonic() > until):
            return wrong


def together(tap, kinds, ways):
    """Several at the same time: none is to be mixed up with another."""
    hangs, wrong, ends = [Hang(*kind) for kind in kinds], [], {}
    try:
        for hang in hangs:
            hang.begin()
        wrong = [judge(hangs, options) for options in ways]
    except NoTruth as why:
        tap.check(f"all of {kinds} tell what they are", [str(why)])
        return
    finally:
        for hang in hangs:
            ends[hang] = hang.close()
    for hang in hangs:
        name = f"{hang.truth['scenario']} {hang.truth['kind']}"
        for options, said in zip(ways, wrong):
            tap.check(f"{name}: {hang.truth['verdict']} {' '.join(options)}", said[hang])
        tap.check(f"{name}: has ended well", ends[hang])


def main():
    tap = Tap()
    wanted = tuple(sys.argv[1:])
    ways = [[], ["--no-bpf"]]
    if not should_see_events():
        tap.skip("hangs as the kernel tells them", "no eBPF")
        ways = ways[1:]
    kinds = [kind for kind in all_kinds() if kind[:len(wanted)] == wanted and
             (wanted or kind[0] not in WATCHED_ELSEWHERE)]
    for first in range(0, len(kinds), TOGETHER):
        together(tap, kinds[first:first + TOGETHER], ways)
    tap.note(f"{len(kinds)} hangs and healthy twins")
    return tap.plan()


if __name__ == "__main__":
    sys.exit(main())
