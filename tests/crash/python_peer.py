#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""python_peer.py - the storms of this directory, against Python's multiprocessing.

Workers use one object; one of them after the other is killed at random and replaced, until
nothing has moved for STILL seconds (hang), a worker was told nonsense (broken), a message is
missing that no killed consumer can have had (loss), or KILLS have been killed.

    tests/crash/python_peer.py [TRIALS, default 5] [KILLS, default 2000]

Prints, for each object, how each trial ended and after how many kills.  Not a test: the
figures are in docs/crash-safety.md.
"""
import multiprocessing as mp
import os
import queue
import random
import signal
import statistics
import sys
import time

WORKERS = 6
STILL = 4.0
NUMBERS = 1 << 22
GRACE = 0.5  # before the first kill: all have begun


class Shared:
    """What workers note down, in memory that no lock guards."""

    def __init__(self):
        self.moves = mp.RawArray("Q", WORKERS * 2)  # calls that returned, per seat
        self.put = mp.RawArray("B", NUMBERS)
        self.got = mp.RawArray("B", NUMBERS)
        self.broken = mp.RawValue("i", 0)


class Messages:
    """Even seats put numbers of their own, odd ones get them."""

    def __init__(self, make):
        self.object = make()
        self.consumer_kills = 0

    def act(self, seat, life, shared):
        if seat % 2:
            number = self.object.get()
            if not isinstance(number, int) or shared.got[number]:
                raise ValueError("not a number, or twice")
            shared.got[number] = 1
        else:
            number = (life * 4096 + shared.moves[seat] % 4096) % NUMBERS
            if shared.put[number]:
                time.sleep(0.001)
                return
            self.object.put(number)
            shared.put[number] = 1

    def killed(self, seat):
        self.consumer_kills += seat % 2

    def missing(self, shared):
        """Returned puts that nobody got, beyond what killed consumers may have had."""
        put, got = bytes(shared.put), bytes(shared.got)
        lost = sum(1 for p, g in zip(put, got) if p and not g)
        return lost - self.consumer_kills


class Lock:
    def __init__(self):
        self.object = mp.Lock()

    def act(self, _seat, _life, _shared):
        with self.object:
            for _ in range(20):
                pass

    def killed(self, seat):
        pass


class Condition(Lock):
    def __init__(self):
        self.object = mp.Condition()

    def act(self, seat, _life, _shared):
        with self.object:
            if seat % 2:
                self.object.wait(0.002)
            else:
                self.object.notify()


class Barrier(Lock):
    def __init__(self):
        self.object = mp.Barrier(2)

    def act(self, _seat, _life, _shared):
        try:
            self.object.wait(0.02)
        except Exception:  # broken: whoever sees it mends it
            self.object.reset()


def works(kind, seat, life, shared):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        while True:
            kind.act(seat, life, shared)
            shared.moves[seat] += 1
    except Exception:
        shared.broken.value = 1


def start(kind, seat, life, shared):
    process = mp.Process(target=works, args=(kind, seat, life, shared), daemon=True)
    process.start()
    return process


def drained(kind, shared):
    """Only consumers go on, until nothing comes any more."""
    before = -1
    while True:
        now = sum(shared.got)
        if now == before:
            return
        before = now
        time.sleep(0.7)


def storm(make, limit):
    kind, shared = make(), Shared()
    workers = [start(kind, seat, seat, shared) for seat in range(WORKERS)]
    kills, lives, before, since = 0, WORKERS, -1, time.monotonic()
    result = "no fault"
    time.sleep(GRACE)
    while kills < limit:
        time.sleep(random.uniform(0.001, 0.02))
        moved = sum(shared.moves)
        if moved != before:
            before, since = moved, time.monotonic()
        if shared.broken.value:
            result = "broken"
            break
        if time.monotonic() - since > STILL:
            result = "hang"
            break
        if time.monotonic() - since > 0.5:
            continue  # it may have hung already: no more kills
        seat = random.randrange(WORKERS)
        os.kill(workers[seat].pid, signal.SIGKILL)
        workers[seat].join()
        kind.killed(seat)
        kills += 1
        workers[seat] = start(kind, seat, lives, shared)
        lives += 1
    if result == "no fault" and isinstance(kind, Messages):
        for seat in range(0, WORKERS, 2):
            os.kill(workers[seat].pid, signal.SIGTERM)
            kind.killed(1)  # a feeder thread may have had one
        drained(kind, shared)
        if kind.missing(shared) > 0:
            result = f"loss of {kind.missing(shared)}"
    for worker in workers:
        worker.kill()
        worker.join()
    return result, kills


def nothing(_=None):
    return None


def pool_storm(limit):
    """Workers of a Pool; a task whose worker died never comes back, so a timeout is a hang."""
    pool, kills = mp.Pool(WORKERS), 0
    try:
        while kills < limit:
            results = [pool.apply_async(nothing) for _ in range(50)]
            pids = [worker.pid for worker in mp.active_children()]
            os.kill(random.choice(pids), signal.SIGKILL)
            kills += 1
            for result in results:
                result.get(timeout=STILL)
        return "no fault", kills
    except mp.TimeoutError:
        return "hang", kills
    finally:
        for child in mp.active_children():
            child.kill()
        pool._state = "TERMINATE"


OBJECTS = [
    ("Queue", lambda limit: storm(lambda: Messages(lambda: mp.Queue(64)), limit)),
    ("SimpleQueue", lambda limit: storm(lambda: Messages(mp.SimpleQueue), limit)),
    ("JoinableQueue", lambda limit: storm(lambda: Messages(lambda: mp.JoinableQueue(64)),
                                          limit)),
    ("Lock", lambda limit: storm(Lock, limit)),
    ("Condition", lambda limit: storm(Condition, limit)),
    ("Barrier", lambda limit: storm(Barrier, limit)),
    ("Pool", pool_storm),
]


def in_a_process_of_its_own(run, limit):
    """A hung trial is left behind, with its whole session."""
    answer = queue.Queue
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.close(reader)
        result, kills = run(limit)
        os.write(writer, f"{result}|{kills}".encode())
        os.killpg(0, signal.SIGKILL)
    os.close(writer)
    with os.fdopen(reader) as end:
        answer = end.read()
    os.waitpid(pid, 0)
    result, kills = answer.split("|")
    return result, int(kills)


def main():
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    limit = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    print(f"{'object':<16}{'kills until the first fault: median (all)':<46}how")
    for name, run in OBJECTS:
        ends = [in_a_process_of_its_own(run, limit) for _ in range(trials)]
        kills = [k for _, k in ends]
        ways = ", ".join(sorted({how for how, _ in ends}))
        print(f"{name:<16}{statistics.median(kills):>6.0f}   "
              f"{str(sorted(kills)):<37}{ways}", flush=True)


if __name__ == "__main__":
    main()
