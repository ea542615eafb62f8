#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""80_hang_programs - the programs that hang do it, as they say: each thread sleeps where it
said, and none of them runs again; the healthy twins are where they said.  They go without
leaving anything."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

from hangs import Hang, NoTruth, all_kinds, read_of_thread, state_of  # noqa: E402
from truth import Tap  # noqa: E402

LOOKS = 5
PAUSE_S = 0.02
STATES = {"dead": "Z", "stopped": "T"}


def switches(thread):
    """How often it has given the processor away; it changes whenever it has run."""
    status = read_of_thread(thread["pid"], thread["tid"], "status")
    return [line for line in status.splitlines() if "ctxt_switches" in line]


def where(thread):
    """What contradicts it, from one look."""
    state = state_of(thread["pid"], thread["tid"])
    if thread["in"] == "busy":
        return [] if state in "RSD" else [f"{thread} is in state {state}"]
    if state != STATES.get(thread["in"], "S"):
        return [f"{thread} is in state {state}"]
    call = read_of_thread(thread["pid"], thread["tid"], "syscall").split()
    if thread["calls"] and int(call[0]) not in thread["calls"]:
        return [f"{thread} is in system call {call}"]
    return []


def stays(threads):
    """Nobody moves between several looks."""
    wrong = []
    still = [t for t in threads if t["in"] != "busy"]
    before = [switches(t) for t in still]
    for _ in range(LOOKS):
        for thread in threads:
            wrong += where(thread)
        time.sleep(PAUSE_S)
    for thread, was in zip(still, before):
        if switches(thread) != was:
            wrong.append(f"{thread} has run in between")
    return wrong


def is_ring(truth):
    """From each member, holder after holder comes back to a member, for ever."""
    holders = {m["tid"]: m.get("held_by_tid") for m in truth["members"]}
    return [f"{tid} waits for {holder}, who is no member" for tid, holder in holders.items()
            if holder not in holders]


def cannot_go_on(truth):
    """A verdict has to follow from what the members wait for."""
    living = [t for t in truth["beside"] if t["in"] != "dead"]
    if truth["verdict"] in ("deadlock", "self-deadlock"):
        return is_ring(truth)
    if truth["verdict"] == "holder-dead" and truth["kind"] != "inherited":
        return [f"{living} live"] if living else []
    if truth["verdict"] == "fine":
        return ["nothing is accepted for a healthy one"] if truth["findings"] else []
    return [] if truth["findings"] and truth["members"] else ["nothing is wrong there"]


def semaphore_sets():
    with open("/proc/sysvipc/sem", encoding="ascii") as file:
        return {int(line.split()[1]) for line in file.readlines()[1:]}


def used_sets(hang):
    return {int(read_of_thread(t["pid"], t["tid"], "syscall").split()[1], 16)
            for t in hang.threads() if t["in"] == "semop"}


def one(tap, scenario, kind, end):
    name = f"{scenario} {kind}"
    try:
        with Hang(scenario, kind) as hang:
            truth = hang.truth
            sets = used_sets(hang)
            wrong = stays(hang.threads())
            if (truth["scenario"], truth["kind"]) != (scenario, kind):
                wrong.append(f"it calls itself {truth['scenario']} {truth['kind']}")
            tap.check(f"{name}: {truth['verdict']}, all are where they say",
                      wrong + cannot_go_on(truth))
            wrong = hang.close(end)
            if end != signal.SIGKILL and sets & semaphore_sets():
                wrong.append("its semaphores are still there")
            tap.check(f"{name}: goes without leaving anything", wrong)
    except NoTruth as why:
        tap.check(f"{name}: tells what it is", [str(why)])


def main():
    tap = Tap()
    kinds = all_kinds()
    for number, (scenario, kind) in enumerate(kinds):
        one(tap, scenario, kind, (None, signal.SIGTERM)[number % 2])
    # Whoever stops the test may kill them.
    one(tap, "philosophers", "normal", signal.SIGKILL)
    one(tap, "join_cycle", "join", signal.SIGKILL)
    tap.note(f"{len(kinds)} kinds of {len({s for s, _ in kinds})} programs")
    return tap.plan()


if __name__ == "__main__":
    sys.exit(main())
