# SPDX-License-Identifier: BSD-2-Clause
"""hangs - the programs of tests/programs/hangs: their kinds, their truth, their end.

Owns: starting and ending them, what /proc says of their threads.  Does not own: what the
viewer says of them.
"""
import glob
import json
import os
import signal
import subprocess
import time

from truth import BUILD, DEADLINE

SOURCES = "tests/programs/hangs/*.c"
START_S = 70  # they give up themselves after a minute


def all_kinds():
    """(scenario, kind) of each hang and each healthy twin."""
    found = []
    for source in sorted(glob.glob(SOURCES)):
        scenario = os.path.basename(source)[:-2]
        if scenario == "hang":
            continue
        kinds = subprocess.run([program_of(scenario), "--kinds"], stdin=subprocess.DEVNULL,
                               capture_output=True, text=True, timeout=DEADLINE, check=True)
        found += [(scenario, kind) for kind in kinds.stdout.split()]
    return found


def program_of(scenario):
    return os.path.join(BUILD, "programs", "hangs", scenario)


def read_of_thread(pid, tid, file):
    try:
        with open(f"/proc/{pid}/task/{tid}/{file}", encoding="utf-8", errors="replace") as opened:
            return opened.read()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def state_of(pid, tid):
    """One letter; Z, too, for one that is no more."""
    stat = read_of_thread(pid, tid, "stat")
    return stat[stat.rindex(")") + 2] if stat else "Z"


def session_members(session):
    """The processes of a session, with those nobody has waited for."""
    found = []
    for entry in os.listdir("/proc"):
        stat = read_of_thread(entry, entry, "stat") if entry.isdigit() else ""
        # After the name: state, parent, group, session.
        if stat and int(stat[stat.rindex(")") + 2:].split()[3]) == session:
            found.append(int(entry))
    return found


class NoTruth(Exception):
    """It did not come into the state it is for."""


class Hang:
    """One running program, and what it says of itself."""

    def __init__(self, scenario, kind):
        self.process = subprocess.Popen([program_of(scenario), kind], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        start_new_session=True)
        self.pid = self.process.pid
        self.truth, self.said = None, b""

    def begin(self):
        """Until it has told what it is."""
        line = self.process.stdout.readline()
        if not line:
            self.close()
            raise NoTruth(f"{self.said!r}, status {self.process.returncode}")
        self.truth = json.loads(line)
        return self

    def __enter__(self):
        return self.begin()

    def __exit__(self, *_):
        self.close()

    def threads(self):
        return self.truth["members"] + self.truth["beside"]

    def close(self, by=None):
        """Ends it, by the end of its input or a signal; what is wrong with that."""
        if self.process.stdout.closed:
            return []
        wrong = []
        if by is None:
            self.process.stdin.close()
        else:
            self.process.send_signal(by)
        try:
            status = self.process.wait(START_S)
        except subprocess.TimeoutExpired:
            wrong.append("it did not end")
            status = None
            self.process.kill()
            self.process.wait()
        if by != signal.SIGKILL and status != 0:
            wrong.append(f"it ended with {status}")
        wrong += self.left_behind(by == signal.SIGKILL)
        self.said = self.process.stderr.read()
        if self.said and by != signal.SIGKILL:
            wrong.append(f"it said {self.said!r}")
        for file in (self.process.stdin, self.process.stdout, self.process.stderr):
            file.close()
        return wrong

    def left_behind(self, in_a_while):
        """Who of it is still there; all are to be gone at once, or in a while."""
        until = time.monotonic() + (DEADLINE if in_a_while else 0)
        while (left := session_members(self.pid)) and time.monotonic() < until:
            time.sleep(0.01)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        return [f"left behind: {left}"] if left else []
