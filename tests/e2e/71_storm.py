#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""71_storm - many births and deaths between two refreshes: each is seen or counted as lost.

    STORM_SIZE=3000 (of each kind)  STORM_LOST=60000 (for a viewer that is held up)
"""
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

from family import process_stat  # noqa: E402
from truth import BUILD, Tap, Viewer, sees_events, should_see_events  # noqa: E402

FORKERS = 4
TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


class Storm:
    def __init__(self, size, *mode):
        self.process = subprocess.Popen([os.path.join(BUILD, "programs", "storm"), str(FORKERS),
                                         str(size // FORKERS), *mode], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1)
        ready, *pids = self.process.stdout.readline().split()
        assert ready == "ready"
        self.forkers = {int(pid) for pid in pids}

    def rage(self):
        self.process.stdin.write("go\n")
        return int(self.process.stdout.readline().split()[1])

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(10)


def tree_is_that_of_proc(before, frame):
    """Whoever is shown as living and whoever /proc has, where that does not change.  The look
    of a frame began after the frame `before` was done."""
    wrong = []
    for row in frame["processes"]:
        found = process_stat(row["pid"])
        same = found and found["start"] == row["start_ticks"]
        if row["ended"] and same and found["state"] not in "ZX":
            wrong.append(f"{row['name']} {row['pid']} lives, but is shown as ended")
        if not row["ended"] and same and (row["ppid"] or 0) != found["parent"]:
            wrong.append(f"{row['name']} {row['pid']}: parent {row['ppid']}, not {found['parent']}")
    boot = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns()
    began = int(before["time"]["monotonic_ns"]) + boot
    shown = {(r["pid"], r["start_ticks"]) for r in frame["processes"] if not r["ended"]}
    for entry in os.listdir("/proc"):
        found = process_stat(entry) if entry.isdigit() else None
        # Born before the look began, and still there.
        if found and (found["start"] + 2) * TICK_NS < began and found["state"] != "X" and \
                (int(entry), found["start"]) not in shown:
            wrong.append(f"{found['name']} {entry} is not shown")
    return wrong


def run(tap, size, mode, held_up):
    kind = ("with exec" if mode else "without exec") + (", the viewer held up" if held_up else "")
    storm, viewer = Storm(size, *mode), Viewer("-a", delay="1", keep=True)
    if not sees_events(viewer.frame_after(0)):
        tap.skip(f"storm of {size} {kind}", "no eBPF events") if not should_see_events() else \
            tap.check(f"storm of {size} {kind}", ["the eBPF programs do not work"])
        viewer.close()
        storm.close()
        return
    if held_up:
        viewer.process.send_signal(signal.SIGSTOP)
    made = storm.rage()
    if held_up:
        viewer.process.send_signal(signal.SIGCONT)
    frames = viewer.frames_until(time.monotonic_ns())
    rows = {}
    for frame in frames:
        for row in frame["processes"]:
            if row["first_ppid"] in storm.forkers or row["ppid"] in storm.forkers:
                rows[row["pid"], row["start_ticks"]] = row
    births = sum(row["born_seen"] for row in rows.values())
    deaths = sum(row["exit_code"] == 7 for row in rows.values())
    lost = frames[-1]["losses"]["life"]
    wrong = []
    if made != size:
        wrong.append(f"{made} were made, not {size}")
    if births + deaths + lost < 2 * made or births > made or deaths > made or \
            (not lost and births + deaths != 2 * made):
        wrong.append(f"{made} were made: {births} births and {deaths} deaths seen, {lost} lost")
    if held_up and not lost:
        wrong.append("nothing was lost: this storm is too small")
    if not held_up and lost:
        wrong.append(f"{lost} were lost without need")
    tap.check(f"{made} processes {kind}: each birth and each death seen, or counted", wrong)
    tap.check(f"{made} processes {kind}: then the tree is that of /proc",
              tree_is_that_of_proc(*frames[-2:]))
    tap.note(f"{made} {kind}: {births} births, {deaths} deaths, {lost} events lost")
    viewer.close()
    storm.close()


def main():
    tap = Tap()
    size = int(os.environ.get("STORM_SIZE", "3000"))
    run(tap, size, [], False)
    run(tap, size, ["exec"], False)
    run(tap, int(os.environ.get("STORM_LOST", "60000")), [], True)
    return tap.plan()


if __name__ == "__main__":
    sys.exit(main())
