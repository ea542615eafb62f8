# SPDX-License-Identifier: BSD-2-Clause
"""truth - what the viewer says, held against what is true.

Owns: running the viewer, its frames, the comparison with a family.  Does not own: what
is true (family.py).
"""
import json
import os
import re
import subprocess
import sys
import threading
import time
import unicodedata

from family import OUTSIDE

BUILD = os.environ.get("BUILD", "build")
MPSTAT = os.path.join(BUILD, "mpstat")
FAMILY = os.path.join(BUILD, "programs", "family")
DEADLINE = 10

# What the words of a death say about where the signal came from.
ORIGINS = {"process": r" from .*\d|sent by itself", "fault": "its own fault",
           "timer": "a timer it had set", "parent-death": "its parent-death signal",
           "kernel": "from the kernel"}


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def check(self, name, wrong):
        """Passes when `wrong`, a list of sentences, is empty."""
        self.count += 1
        print(f"{'not ok' if wrong else 'ok'} {self.count} - {name}")
        for line in wrong[:40]:
            print("# " + line.replace("\n", "\n# "))
        if len(wrong) > 40:
            print(f"# and {len(wrong) - 40} more")
        self.failed += bool(wrong)
        sys.stdout.flush()

    def skip(self, name, why):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {why}", flush=True)

    @staticmethod
    def note(text):
        print(f"# note: {text}", flush=True)

    def plan(self):
        print(f"1..{self.count}")
        return 1 if self.failed else 0


class Viewer:
    """mpstat showing frame after frame, read by a thread."""

    def __init__(self, *arguments, delay="0.1", keep=False):
        self.process = subprocess.Popen([MPSTAT, "top", "--json", "-d", delay, *arguments],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.line, self.before, self.time, self.news = None, -1, -1, threading.Condition()
        self.kept = [] if keep else None
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.frame_after(0)

    def _read(self):
        for line in self.process.stdout:
            with self.news:
                self.line, self.before = line, self.time
                # Frames may be large: only the wanted one is decoded.
                self.time = int(re.search(rb'"monotonic_ns":"?(\d+)', line)[1])
                if self.kept is not None:
                    self.kept.append(line)
                self.news.notify_all()
        with self.news:
            self.line = b""
            self.news.notify_all()

    def frame_after(self, when):
        """A frame of a refresh that began after `when`, CLOCK_MONOTONIC ns: a frame has the
        time of its end, so the one before it is of after `when`, too."""
        until = time.monotonic() + DEADLINE
        with self.news:
            while True:
                if self.line == b"":
                    raise RuntimeError(f"the viewer ended: {self.process.stderr.read()!r}")
                if self.line and self.before >= when:
                    return json.loads(self.line)
                if not self.news.wait(until - time.monotonic()):
                    raise RuntimeError("no frame within the deadline")

    def frames_until(self, when):
        """All kept frames up to the first whose refresh began after `when`, and that."""
        self.frame_after(when)
        with self.news:
            return [json.loads(line) for line in self.kept]

    def close(self):
        self.process.terminate()
        self.reader.join()
        self.process.stderr.close()
        self.process.stdout.close()
        return self.process.wait(DEADLINE)


def snapshot(*arguments):
    done = subprocess.run([MPSTAT, "snapshot", "--json", *arguments], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=2 * DEADLINE, check=False)
    return json.loads(done.stdout)


def sees_events(frame):
    """Whether births, deaths and signals come from the kernel."""
    return any(s["name"] == "life" and s["ok"] and s["text"].startswith("eBPF")
               for s in frame["sources"])


def should_see_events():
    return os.geteuid() == 0 and os.path.exists("/sys/kernel/btf/vmlinux") and \
        os.environ.get("BPF") != "0"


def clean(name):
    """A name as the viewer makes it harmless."""
    return "".join("?" if unicodedata.category(c) in ("Cc", "Cf", "Cn", "Cs", "Zl", "Zp") else c
                   for c in name)


def rows_of(frame):
    return {(row["pid"], row["start_ticks"]): row for row in frame["processes"]}


class Comparison:
    """One frame against one family.

    Attached before with eBPF: all is known.  Attached before without: what is told must be
    right.  Attached late: who lives and the zombies, but no first parents and senders.
    """

    def __init__(self, family, frame, attached_before):
        self.family, self.frame, self.before = family, frame, attached_before
        self.kernel = sees_events(frame)
        self.senders = attached_before and self.kernel
        self.now = int(frame["time"]["monotonic_ns"])
        self.rows = rows_of(frame)
        self.pids = {m.pid for m in family.members}
        self.wrong = []

    def expect(self, member, row, key, wanted):
        if row[key] != wanted:
            self.wrong.append(f"{member!r} ({member.state}): {key} is {row[key]!r}, not {wanted!r};"
                              f" story: {row['story']}")

    def run(self):
        for member in self.family.members:
            row = self.rows.get((member.pid, member.start))
            if member.state != "gone":
                self.present(member, row)
            elif self.senders:
                self.ended(member, row)
            elif self.before and row:
                self.ended_unseen(member, row)
            elif row and not row["ended"] and row["state"] not in ("Z", "X"):
                self.wrong.append(f"{member!r} has gone, but is shown as {row['state']}")
        return self.wrong

    def present(self, member, row):
        if not row:
            self.wrong.append(f"{member!r} ({member.state}) is not shown")
            return
        self.expect(member, row, "ended", False)
        self.parent(member, row)
        self.expect(member, row, "group", member.group)
        self.expect(member, row, "session", member.session)
        self.expect(member, row, "name", clean(member.name))
        if member.state == "zombie":
            self.expect(member, row, "verdict", "zombie")
            self.expect(member, row, "state", "Z")
            self.death(member, row)
            self.since(member, row, "zombie_ns", member)
        else:
            self.living(member, row)
        self.first_parent(member, row)

    def living(self, member, row):
        if row["verdict"] == "zombie":
            self.wrong.append(f"{member!r} lives, but is shown as a zombie")
        if not member.leader_gone:
            allowed = "T" if member.state == "stopped" else "SRD"
            if row["state"] not in allowed:
                self.wrong.append(f"{member!r}: state {row['state']}, not of {allowed}")
        self.expect(member, row, "exit_code", None)
        self.expect(member, row, "threads", member.threads)
        if self.kernel:
            self.expect(member, row, "subreaper", member.subreaper)
            self.expect(member, row, "ignores_children", bool(member.ignores))

    def parent(self, member, row):
        if member.number == 0 or member.uncertain_parent:
            return
        if member.parent is not OUTSIDE:
            self.expect(member, row, "ppid", member.parent.pid)
        elif row["ppid"] in self.pids:
            self.wrong.append(f"{member!r}: its parent is outside, not {row['ppid']}")

    def death(self, member, row):
        self.expect(member, row, "exit_code", member.status())
        if not member.signal:
            self.expect(member, row, "killer_pid", None)
            return
        if not self.senders:
            self.expect(member, row, "killer_pid", None)
            if "nobody saw" not in row["story"]:
                self.wrong.append(f"{member!r}: who sent the signal cannot be known: {row['story']}")
            return
        if not re.search(ORIGINS[member.origin], str(row["death"])):
            self.wrong.append(f"{member!r}: {row['death']!r} does not say {member.origin}")
        if member.origin in ("process", "parent-death"):
            self.expect(member, row, "killer_pid", member.sender.pid)
            self.expect(member, row, "killer", clean(member.sender_name))
        elif row["killer_pid"] not in (None, member.pid):
            self.wrong.append(f"{member!r}: {row['killer_pid']} is not to blame")

    def since(self, member, row, key, ended):
        """An age that is known to the moment."""
        if not self.before and ended.leader_gone:
            return  # the kernel keeps the moment of the first thread alone
        if row[key] is None:
            if self.kernel:
                self.wrong.append(f"{member!r}: {key} is not known")
            return
        if not self.kernel:
            return  # seen from refresh to refresh
        # A zombie's moment is its last switch; on a busy machine others come in between.
        slack = 20_000_000
        first, last = ended.ended
        if not first - slack <= self.now - row[key] <= last + slack:
            self.wrong.append(f"{member!r}: {key} is {row[key]}, which is "
                              f"{self.now - row[key] - first} ns after the end was made, not "
                              f"between 0 and {last - first}")

    def first_parent(self, member, row):
        if member.number == 0:
            return
        orphan = member.parent is not member.first_parent
        if not self.senders:
            self.first_parent_late(member, row, orphan)
            return
        self.expect(member, row, "first_ppid", member.first_parent.pid)
        self.expect(member, row, "born_seen", True)
        self.expect(member, row, "orphan", orphan)
        self.expect(member, row, "probably_orphan", False)
        if row["first_parent"] not in map(clean, member.first_parent.names):
            self.wrong.append(f"{member!r}: its first parent was never called "
                              f"{row['first_parent']!r}")
        if orphan and str(member.first_parent.pid) not in row["story"]:
            self.wrong.append(f"{member!r}: no word of its first parent {member.first_parent!r}: "
                              f"{row['story']}")
        if orphan and member.alive:
            self.since(member, row, "orphaned_ns", member.first_parent)

    def first_parent_late(self, member, row, orphan):
        if row["born_seen"] and row["first_ppid"] != member.first_parent.pid:
            self.wrong.append(f"{member!r}: {row['first_ppid']} claimed as the first parent, "
                              f"which was {member.first_parent!r}")
        if self.before and row["orphan"]:
            self.expect(member, row, "orphan", orphan)
            self.expect(member, row, "first_ppid", member.first_parent.pid)
        elif row["orphan"]:
            self.wrong.append(f"{member!r}: said to be an orphan ({row['story']}), "
                              f"which nobody could know")
        # A guess may be wrong, but must be possible.
        parent = member.parent
        if row["probably_orphan"] and parent not in (None, OUTSIDE) and not parent.subreaper and \
                parent.space is not parent:
            self.wrong.append(f"{member!r}: said to be an orphan, but {parent!r} adopts nobody")
        if orphan and row["probably_orphan"] and member.alive and \
                "first parent unknown" not in row["story"]:
            self.wrong.append(f"{member!r}: does not say what is unknown: {row['story']}")

    def ended_unseen(self, member, row):
        if row["exit_code"] not in (None, member.status()):
            self.expect(member, row, "exit_code", member.status())
        if row["born_seen"]:
            self.expect(member, row, "first_ppid", member.first_parent.pid)
        self.expect(member, row, "killer_pid", None)

    def ended(self, member, row):
        if not row:
            self.wrong.append(f"{member!r} has ended and is not remembered")
            return
        if not row["ended"] and not (row["state"] == "Z" and member.parent is OUTSIDE):
            self.wrong.append(f"{member!r} has ended, but is shown as {row['state']}")
        self.death(member, row)
        self.expect(member, row, "name", clean(member.name))
        self.expect(member, row, "first_ppid", member.first_parent.pid)
        last = {p.pid for p in (member.end_parent, member.parent) if p not in (None, OUTSIDE)}
        if member.uncertain_parent or row["ppid"] in last:
            return
        if OUTSIDE not in (member.end_parent, member.parent) or row["ppid"] in self.pids:
            self.wrong.append(f"{member!r}: its parent at the end was {last}, not {row['ppid']}")


def compare(family, frame, attached_before):
    return Comparison(family, frame, attached_before).run()
