# SPDX-License-Identifier: BSD-2-Clause
"""family - process trees with a known truth.

Owns: what follows from each step of tests/programs/family.c, by the kernel's rules,
and the choice of random steps.  Does not own: carrying them out (family.c), what the
viewer should say about it (truth.py).
"""
import os
import random
import signal
import subprocess
import tempfile
import time

OUTSIDE = -1  # as a parent: some process that is not of the family
ENDING_SIGNALS = ("SIGTERM", "SIGKILL", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGRTMIN")
WAYS = ("kill", "tgkill", "queue", "pidfd", "thread")


class Refused(Exception):
    pass


def as_word(name):
    """A name as family.c takes it, whatever bytes it has."""
    return "".join(f"%{byte:02x}" for byte in os.fsencode(name))


def process_stat(pid):
    """What /proc says of it; None when it is not there."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read().decode("utf-8", "surrogateescape")
    except OSError:
        return None
    at = text.rindex(")")
    word = text[at + 2:].split()
    return {"name": text[text.index("(") + 1:at], "state": word[0], "parent": int(word[1]),
            "group": int(word[2]), "session": int(word[3]), "threads": int(word[17]),
            "start": int(word[19])}


class Member:
    """One process and all that is true of it."""

    def __init__(self, number, parent, name, pid, start):
        self.number, self.pid, self.start = number, pid, start
        self.names = [name]
        self.parent = self.first_parent = parent
        self.state = "lives"  # stopped, zombie, gone
        self.code = self.signal = None
        self.origin = None  # process, fault, timer, parent-death, kernel
        self.sender = self.sender_name = None
        self.group = parent.group if parent else None
        self.session = parent.session if parent else None
        self.threads = 1
        self.subreaper = self.leader_gone = self.sharp_parent = False
        self.ignores = None  # SIGCHLD: "ignored", or by the "flag" SA_NOCLDWAIT
        self.handled = set()
        self.parent_death = None
        self.space = parent.space if parent else None  # the first member of its namespace
        self.brief = False
        self.ended = None  # (not before, not after), CLOCK_MONOTONIC ns
        self.end_parent = None  # when it ended; who adopts a zombie comes after
        self.uncertain_parent = False  # there, ends at once have no order

    def __repr__(self):
        return f"#{self.number} {self.name} {self.pid}"

    @property
    def name(self):
        return self.names[-1]

    @property
    def alive(self):
        return self.state in ("lives", "stopped")

    def status(self):
        """As wait(2) gives it, in the viewer's form."""
        return -self.signal if self.signal else self.code


class Family:
    """A running family program and the truth about its members."""

    def __init__(self, program):
        self.directory = tempfile.mkdtemp(prefix="family-")
        self.program = program
        self.steps = []
        self.process = subprocess.Popen([program, self.directory], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1,
                                        start_new_session=True)
        ready, pid, start = self.process.stdout.readline().split()
        assert ready == "ready"
        root = Member(0, None, "family", int(pid), int(start))
        root.group = root.session = root.pid
        self.members = [root]
        self.last = 0

    # ---- steps, and what follows from them ------------------------------------------

    def step(self, verb, member, *arguments):
        """(pid, start, answer, before, after)"""
        line = " ".join(map(str, (verb, member.number, *arguments)))
        self.steps.append(line)
        self.process.stdin.write(line + "\n")
        answer = self.process.stdout.readline().split()
        if not answer or answer[0] != "ok":
            raise Refused(f"{line}: {' '.join(answer[1:])}")
        self.last = int(answer[-1])
        return [int(word) for word in answer[1:]]

    def _born(self, verb, parent, *more):
        number = len(self.members)
        words = list(more)
        where = 1 if verb == "brief" else 0
        words.insert(where, number)
        pid, start, _, before, after = self.step(verb, parent, *words)
        child = Member(number, parent, parent.name, pid, start)
        child.handled = set(parent.handled)
        child.ignores = parent.ignores  # dispositions are inherited
        self.members.append(child)
        return child, (before, after)

    def fork(self, parent, verb="fork"):
        child, _ = self._born(verb, parent)
        if verb == "namespace":
            child.space = child
        # Its parent is, to the kernel, a thread that has ended or may end.
        child.sharp_parent = verb == "fork" and not parent.leader_gone
        return child

    def brief(self, parent, how, number, reaped):
        """A child that ends at once."""
        child, when = self._born("brief", parent, how, number, int(reaped))
        child.brief, child.ended, child.end_parent = True, when, parent
        self._fate(child, how, number)
        child.state = "gone" if reaped or parent.ignores else "zombie"
        return child

    def end(self, member, how, number=0):
        """It ends itself: exit, abort, address, instruction, pipe, timer, itself."""
        *_, before, after = self.step("end", member, how, number)
        self._fate(member, how, number)
        self._end(member, (before, after))

    @staticmethod
    def _fate(member, how, number):
        if how == "exit":
            member.code = number & 255
            return
        named = {"abort": "SIGABRT", "address": "SIGSEGV", "instruction": "SIGILL",
                 "pipe": "SIGPIPE", "timer": "SIGALRM"}
        member.signal = number if how == "itself" else int(getattr(signal, named[how]))
        member.origin = {"abort": "process", "itself": "process", "timer": "timer"}.get(how, "fault")
        member.sender, member.sender_name = member, member.name

    def kill(self, sender, target, number, way="kill"):
        """A signal that ends it, or is handled and does not."""
        *_, before, after = self.step("signal", sender, way, target.number, number)
        victims = [target]
        if way == "group":
            victims = [m for m in self.members if m.group == target.group and m.alive]
        for victim in victims:
            if number in victim.handled:
                continue
            victim.signal, victim.origin = number, "process"
            victim.sender, victim.sender_name = sender, sender.name
            _, now = self.await_end(victim)
            self._end(victim, (before, now))
        return after

    def await_end(self, member):
        return 0, self.step("await", member)[0]

    def _reaper(self, member):
        """Who adopts the children of `member`: find_new_reaper() of the kernel."""
        at = member.parent
        while at not in (None, OUTSIDE) and at.space is member.space:
            if at.subreaper and at.alive:
                return at
            at = at.parent
        if member.space and member.space.alive and member.space is not member:
            return member.space
        return OUTSIDE

    def _end(self, member, when):
        """All that follows when the last thread has ended."""
        member.ended, member.end_parent = when, member.parent
        if member.space is member:
            self._end_space(member, when)
        reaper = self._reaper(member)
        followers = []
        for child in self.members:
            if child.parent is not member or child.state == "gone":
                continue
            child.parent = reaper
            if child.state == "zombie" and (reaper is OUTSIDE or reaper.ignores):
                child.state = "gone"
            if child.alive and child.parent_death:
                followers.append(child)
        parent = member.parent
        member.state = "zombie" if parent is not OUTSIDE and not parent.ignores else "gone"
        for child in followers:
            self._follow(child, member, when)

    def _follow(self, child, parent, when):
        number = child.parent_death
        if number in child.handled:
            return
        child.signal, child.origin = number, "parent-death"
        child.sender, child.sender_name = parent, parent.name
        _, now = self.await_end(child)
        self._end(child, (when[0], now))

    def _end_space(self, first, when):
        """The kernel kills and reaps whoever is left in the namespace."""
        for member in self.members:
            if member.space is not first or member is first:
                continue
            if member.alive:
                member.signal, member.origin = int(signal.SIGKILL), "kernel"
                member.sender = member.sender_name = None
                member.ended, member.uncertain_parent = when, True
            member.state = "gone"

    def wait(self, parent, child):
        _, _, status, _, _ = self.step("wait", parent, child.number)
        said = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        if said != child.status():
            raise Refused(f"{child} ended with {said}, not {child.status()}")
        child.state = "gone"

    def exec(self, member, name):
        path = os.path.join(self.directory, name)
        if not os.path.lexists(path):
            os.symlink(os.path.realpath(self.program), path)
        self.step("exec", member, as_word(name))
        member.names.append(name[:15])
        member.threads, member.handled = 1, set()
        member.leader_gone = False
        if member.ignores == "flag":
            member.ignores = None  # exec keeps SIG_IGN, but no flags of handlers

    def rename(self, member, name):
        self.step("name", member, as_word(name))
        member.names.append(name)

    def threads(self, member, count):
        self.step("threads", member, count)
        member.threads += count

    def leader(self, member):
        """Its first thread ends, another goes on."""
        self.step("leader", member)
        member.leader_gone = True
        member.threads += 1  # who has ended still counts, as in /proc

    def ignore(self, member, flag):
        self.step("ignore", member, int(signal.SIGCHLD), int(flag))
        member.ignores = "flag" if flag else "ignored"

    def handle(self, member, number):
        self.step("handle", member, number)
        member.handled.add(number)

    def subreaper(self, member):
        self.step("subreaper", member)
        member.subreaper = True

    def set_parent_death(self, member, number):
        self.step("parent-death", member, number)
        member.parent_death = number

    def set_session(self, member):
        self.step("session", member)
        member.group = member.session = member.pid

    def set_group(self, member):
        self.step("group", member)
        member.group = member.pid

    def stop(self, sender, target):
        # Whoever is stopped cannot see that all is over.
        self.set_parent_death(target, int(signal.SIGKILL))
        self.step("signal", sender, "kill", target.number, int(signal.SIGSTOP))
        until = time.monotonic() + 10
        while process_stat(target.pid)["state"] != "T":
            if time.monotonic() > until:
                raise Refused(f"{target} does not stop")
        target.state = "stopped"

    def check(self):
        """Where the truth is not what /proc says: a list of sentences, empty when all is well."""
        wrong = []
        for m in self.members:
            found = process_stat(m.pid)
            if found and found["start"] != m.start:
                found = None
            if m.state == "gone":
                # Whoever adopts from outside may take its time to reap.
                if found and found["state"] != "X" and \
                        not (found["state"] == "Z" and m.parent is OUTSIDE):
                    wrong.append(f"{m} should be gone: {found}")
                continue
            if not found:
                wrong.append(f"{m}, {m.state}, is not there")
                continue
            states = {"lives": "SR", "stopped": "T", "zombie": "Z"}[m.state]
            if found["state"] not in states + ("Z" if m.leader_gone else ""):
                wrong.append(f"{m} should be {m.state}: {found}")
            if m.parent is OUTSIDE:
                if found["parent"] in {o.pid for o in self.members}:
                    wrong.append(f"{m} should have a parent outside: {found}")
            elif m.parent and found["parent"] != m.parent.pid:
                wrong.append(f"{m} should have the parent {m.parent}: {found}")
            if m.alive and any(found[k] != getattr(m, k) for k in
                               ("name", "group", "session", "threads")):
                wrong.append(f"{m}: {m.name!r} {m.group} {m.session} {m.threads}, but {found}")
        return wrong

    def close(self):
        """Ends everybody; says whether it went well."""
        self.process.stdin.close()
        code = self.process.wait(timeout=20)
        self.process.stdout.close()
        for name in os.listdir(self.directory):
            os.unlink(os.path.join(self.directory, name))
        os.rmdir(self.directory)
        return code == 0


class Grower:
    """Grows a family at random."""

    def __init__(self, family, seed, root):
        self.family, self.root = family, root
        self.random = random.Random(seed)

    # ---- who can do what -----------------------------------------------------------

    def living(self, *conditions):
        return [m for m in self.family.members[1:]
                if m.state == "lives" and all(c(m) for c in conditions)]

    def pick(self, *conditions):
        found = self.living(*conditions)
        return self.random.choice(found) if found else None

    @staticmethod
    def not_first(m):
        return m.space is not m  # the first of a namespace is immune to most signals

    def killer(self, target):
        """Who may signal it, and lives on: of the same namespace, or from outside of it."""
        def follows(m):
            return m is target or (m not in (None, OUTSIDE) and m.parent_death and
                                   follows(m.parent))
        found = [m for m in [self.family.members[0], *self.living()]
                 if m.space in (None, target.space) and not follows(m)
                 and not (target.space is target and m.space is target)]
        return self.random.choice(found)

    def how(self, member):
        choices = ["exit", "exit", "abort", "address", "instruction", "pipe", "timer", "itself"]
        if not self.not_first(member):
            choices = ["exit"]
        how = self.random.choice(choices)
        number = 0
        if how == "exit":
            number = self.random.choice((0, 0, 1, 3, 7, 42, 127, 255))
        if how == "itself":
            number = int(getattr(signal, self.random.choice(ENDING_SIGNALS)))
        return how, number

    # ---- steps; each returns False when nobody can take it -------------------------

    def grow(self):
        parents = [self.family.members[0], *self.living()]
        parent = self.random.choice(parents[-6:] if self.random.random() < 0.6 else parents)
        verb = "fork" if self.random.random() < 0.85 else "thread-fork"
        child = self.family.fork(parent, verb)
        if self.random.random() < 0.5:
            self.family.exec(child, self.random.choice(("worker", "server", "logger", "shell one",
                                                        "a(b)c", "fifteen--bytes-")).replace(" ", "_"))
        return child

    def double_fork(self):
        parent = self.pick() or self.family.members[0]
        middle = self.family.fork(parent)
        if self.random.random() < 0.5:
            self.family.set_session(middle)
        self.family.fork(middle)
        self.family.end(middle, "exit", 0)
        if middle.state == "zombie" and self.random.random() < 0.7:
            self.family.wait(parent, middle)

    def new_space(self):
        parent = self.pick(lambda m: m.threads == 1 and not m.space)
        if not parent or not self.root:
            return False
        first = self.family.fork(parent, "namespace")
        for _ in range(self.random.randint(1, 3)):
            self.family.fork(self.family.fork(first))
        return True

    def brief(self):
        parent = self.pick() or self.family.members[0]
        for _ in range(self.random.randint(1, 4)):
            how, number = self.how(parent if parent.number else Member(0, None, "", 0, 0))
            if how in ("exit", "itself", "pipe", "abort", "address") and \
                    (how != "itself" or number not in parent.handled):
                self.family.brief(parent, how, number, self.random.random() < 0.6)

    def end(self):
        member = self.pick()
        if not member:
            return False
        how, number = self.how(member)
        if how == "itself" and number in member.handled:
            return False
        self.family.end(member, how, number)
        return True

    def kill(self):
        target = self.pick()
        if not target:
            return False
        number = int(getattr(signal, self.random.choice(ENDING_SIGNALS)))
        if target.space is target:
            number = int(signal.SIGKILL)
        ways = [w for w in WAYS if w != "tgkill" or not target.leader_gone]
        self.family.kill(self.killer(target), target, number, self.random.choice(ways))
        return True

    def kill_group(self):
        leader = self.pick(lambda m: m.group == m.pid and not m.space)
        if not leader:
            return False
        sender = self.random.choice([m for m in [self.family.members[0], *self.living()]
                                     if m.group != leader.group and not m.space] or [None])
        crew = [m for m in self.family.members if m.group == leader.group and m.alive]
        # Two deaths at once have no order: only those whose ends do not touch each other.
        if not sender or any(m.space or m.parent in crew or m.parent_death for m in crew):
            return False
        self.family.kill(sender, leader, int(signal.SIGTERM), "group")
        return True

    def handled_signal(self):
        member = self.pick(self.not_first)
        if not member:
            return False
        self.family.handle(member, int(signal.SIGTERM))
        self.family.kill(self.killer(member), member, int(signal.SIGTERM))
        return True

    def wait(self):
        zombies = [m for m in self.family.members[1:] if m.state == "zombie"]
        if not zombies:
            return False
        child = self.random.choice(zombies)
        if child.parent.state != "lives":
            return False
        self.family.wait(child.parent, child)
        return True

    def change(self):
        member = self.pick()
        if not member:
            return False
        f = self.family
        what = self.random.choice(("threads", "leader", "exec", "rename", "ignore", "subreaper",
                                   "session", "group", "parent-death"))
        if what == "threads":
            f.threads(member, self.random.randint(1, 3))
        elif what == "leader" and not member.leader_gone and not self.depends(member):
            f.leader(member)
        elif what == "exec" and not self.depends(member, leader=False):
            f.exec(member, self.random.choice(("other", "again", "second")))
        elif what == "rename" and not member.leader_gone:  # else it is the thread's name
            f.rename(member, self.random.choice(("said so", "a\nb", "x) R 1", '"q"', "\x1b[31m")))
        elif what == "ignore":
            f.ignore(member, self.random.random() < 0.3)
        elif what == "subreaper":
            f.subreaper(member)
        elif what == "session" and member.group != member.pid:
            f.set_session(member)
        elif what == "group" and member.group != member.pid:
            f.set_group(member)
        elif what == "parent-death" and member.sharp_parent and not member.space and \
                member.parent is member.first_parent:
            f.set_parent_death(member, self.random.choice((signal.SIGTERM, signal.SIGKILL)) + 0)
        return True

    def depends(self, member, leader=True):
        """A child asked for a signal at the end of the thread that made it."""
        return any(c.parent is member and c.alive and c.parent_death and
                   (leader or not c.sharp_parent) for c in self.family.members)

    def stop(self):
        target = self.pick(lambda m: m.parent is not OUTSIDE and self.not_first(m) and
                           not m.leader_gone)
        if target:
            self.family.stop(self.killer(target), target)

    def run(self, steps):
        table = ((self.grow, 8), (self.double_fork, 2), (self.new_space, 0.7), (self.brief, 3),
                 (self.end, 4), (self.kill, 4), (self.kill_group, 1), (self.handled_signal, 1),
                 (self.wait, 3), (self.change, 7))
        for _ in range(3):
            self.grow()
        for _ in range(steps):
            step, = self.random.choices([s for s, _ in table], [w for _, w in table])
            if len(self.family.members) > 200:
                break
            step()
        # At the end only: an end that leaves a group without a parent would wake them.
        for _ in range(self.random.randint(0, 2)):
            self.stop()
