#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""72_ends - ends that are hard to tell: a number used again and again, an end that takes its
time, many who end at once."""
import mmap
import os
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

from family import Family, process_stat  # noqa: E402
from truth import DEADLINE, FAMILY, Tap, Viewer, sees_events, should_see_events  # noqa: E402

LAST_PID = "/proc/sys/kernel/ns_last_pid"
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def fork_until_told(act):
    """(pid, start, go): a child that does `act` when `go` is written to."""
    ready, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(tell)
        os.read(ready, 1)
        act()
        os._exit(99)
    os.close(ready)
    return pid, process_stat(pid)["start"], tell


def fork_with_number(number, act):
    """The same with that pid; others fork, too, so it takes some attempts."""
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until:
        with open(LAST_PID, "w", encoding="ascii") as file:
            file.write(str(number - 1))
        pid, start, tell = fork_until_told(act)
        if pid == number:
            return start, tell
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(tell)
    raise RuntimeError(f"pid {number} could not be had")


def free_number():
    pid, _, tell = fork_until_told(lambda: None)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(tell)
    return pid + 300 if pid + 300 < 32000 else 20000


def next_tick():
    """Processes are told apart by the tick they start in."""
    began = time.clock_gettime(time.CLOCK_BOOTTIME)
    while int(time.clock_gettime(time.CLOCK_BOOTTIME) / TICK_S) <= int(began / TICK_S):
        pass


def by_itself():
    os.kill(os.getpid(), signal.SIGUSR2)


def reuse(tap, viewer, name, pause):
    number = free_number()
    fates = [("exit", lambda: os._exit(3), 3, None), ("kill", time.sleep, -15, os.getpid()),
             ("itself", by_itself, -12, number)]
    wanted = {}
    for how, act, code, killer in fates:
        start, tell = fork_with_number(number, act if how != "kill" else signal.pause)
        wanted[start] = (code, killer)
        os.write(tell, b"x")
        if how == "kill":
            os.kill(number, signal.SIGTERM)
        os.waitpid(number, 0)
        os.close(tell)
        pause()
        next_tick()
    start, tell = fork_with_number(number, signal.pause)
    frame = viewer.frame_after(time.monotonic_ns())
    rows = [r for r in frame["processes"] if r["pid"] == number and
            (r["start_ticks"] in wanted or r["start_ticks"] == start)]
    found = {r["start_ticks"]: (r["exit_code"], r["killer_pid"]) for r in rows if r["ended"]}
    wrong = [] if found == wanted else [f"{found}, not {wanted}"]
    if [r["start_ticks"] for r in rows if not r["ended"]] != [start]:
        wrong.append(f"the one that lives is not shown as living: {rows}")
    if any(r["first_ppid"] != os.getpid() for r in rows):
        wrong.append(f"not all have this parent: {rows}")
    tap.check(f"one pid, three fates and one that lives, {name}", wrong)
    os.kill(number, signal.SIGKILL)
    os.waitpid(number, 0)
    os.close(tell)


def slow_end(tap, viewer, size, threads):
    """The kernel tells the end, then takes its time to free the memory."""
    ready, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        for _ in range(threads):
            threading.Thread(target=signal.pause, daemon=True).start()
        memory = mmap.mmap(-1, size)
        for at in range(0, size, mmap.PAGESIZE):
            memory[at] = 1
        os.write(tell, b"x")
        signal.pause()
    os.read(ready, 1)
    os.close(ready)
    os.close(tell)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    frame = viewer.frame_after(time.monotonic_ns())
    rows = [r for r in frame["processes"] if r["pid"] == pid and r["first_ppid"] == os.getpid()]
    wrong = [] if len(rows) == 1 and rows[0]["ended"] and rows[0]["exit_code"] == -9 and \
        rows[0]["killer_pid"] == os.getpid() else \
        [f"{r['state']} {r['exit_code']} {r['story']}" for r in rows] or ["not there"]
    tap.check(f"the end of {threads + 1} threads that frees {size >> 20} MiB is remembered", wrong)


def ends_at_once(tap, viewer, count):
    """A group killed by one signal, parents and children at the same time."""
    family = Family(FAMILY)
    crew = [family.fork(family.members[0])]
    family.set_group(crew[0])
    while len(crew) < count:
        crew.append(family.fork(crew[len(crew) // 3]))
    family.step("signal", family.members[0], "group", crew[0].number, int(signal.SIGTERM))
    for member in crew:
        family.await_end(member)
    frame = viewer.frame_after(time.monotonic_ns())
    rows = {(r["pid"], r["start_ticks"]): r for r in frame["processes"]}
    wrong = []
    for member in crew:
        row = rows.get((member.pid, member.start))
        if not row:
            wrong.append(f"{member!r} is not there")
        elif (row["exit_code"], row["killer_pid"], row["first_ppid"]) != \
                (-15, family.members[0].pid, member.first_parent.pid):
            wrong.append(f"{member!r}: {row['exit_code']} {row['killer_pid']} "
                         f"{row['first_ppid']} {row['story']}")
    tap.check(f"{count} relatives killed by one signal: each by the same sender", wrong)
    family.close()


def main():
    tap = Tap()
    viewer = Viewer("-a")
    if not sees_events(viewer.frame_after(0)):
        if should_see_events():
            tap.check("events of the kernel are seen", ["the eBPF programs do not work"])
        else:
            tap.skip("ends that are hard to tell", "no eBPF events")
        viewer.close()
        return tap.plan()
    if os.access(LAST_PID, os.W_OK):
        reuse(tap, viewer, "between two refreshes", lambda: None)
        reuse(tap, viewer, "each in a refresh of its own",
              lambda: viewer.frame_after(time.monotonic_ns()))
    else:
        tap.skip("one pid, three fates", f"cannot write {LAST_PID}")
    with open("/proc/meminfo", encoding="ascii") as file:
        available = int(next(line for line in file if "MemAvailable" in line).split()[1]) << 10
    if available > 3 << 30:
        for threads in (0, 1, 7, 7, 7):
            slow_end(tap, viewer, 1 << 30, threads)
    else:
        tap.skip("an end that frees much memory", "not enough memory here")
    ends_at_once(tap, viewer, 60)
    viewer.close()
    return tap.plan()


if __name__ == "__main__":
    sys.exit(main())
