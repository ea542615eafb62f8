#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""mutants.py - are the crash tests able to fail?

Each mutant is the library with one line of its recovery wrong; the tests named beside it
must fail with it, and pass without.  Works on a copy of the tree.

    tests/crash/mutants.py [TEXT...]     only those whose name contains one of the texts

CLEAN=0 leaves out that they pass without.  Prints TAP.  A mutant whose line is not found
exactly once is a failure too: the library has moved on, and the mutant must follow it.
"""
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIMIT = 400  # seconds: a test that hangs has failed

# name, file of libtrace/, line as it is, line as it becomes, tests
MUTANTS = [
    ("a dead holder is not told", "lockword.c",
     "			return MPT_RECOVERED;\n		if (once &&",
     "			return 0;\n		if (once &&", ["step_lock"]),
    ("a lock is taken over from the living", "lockword.c",
     "	if (member_alive(seen & ~MPT_LOCK_WAITERS))\n		return false;\n", "",
     ["storm_queue"]),
    ("a message is committed before it says where it is", "queue_move.c",
     "	d->offset = offset;\n	d->time_ns = now;\n	d->size = (uint32_t)size;\n"
     "	d->giver = me->slot;\n"
     "	store64_release(&side->index, side->index + 1); /* COMMIT */\n",
     "	store64_release(&side->index, side->index + 1); /* COMMIT */\n"
     "	d->offset = offset;\n	d->time_ns = now;\n	d->size = (uint32_t)size;\n"
     "	d->giver = me->slot;\n", ["step_queue"]),
    ("what a dead one was doing is not settled", "object_recover.c",
     "			settle(&t->oprec[i], t, h, side);\n", "			(void)settle;\n",
     ["step_queue"]),
    ("a message in a dead hand is not lost", "queue_move.c",
     "	oprec_phase(r, MPT_OPREC_COMMITTED);\n	return r;\n",
     "	oprec_phase(r, MPT_OPREC_IDLE);\n	return r;\n", ["step_queue"]),
    ("who is dead when the last comes is not seen", "barrier.c",
     "	if (broken_by_death(b, v))\n		return -ECANCELED;\n", "", ["step_barrier"]),
    ("units of the dead stay out", "semaphore.c",
     "	if (!units_of_dead(h, &o->give) ||", "	if (units_of_dead(h, &o->give) + 1 ||",
     ["step_units"]),
    ("a half done store is not settled", "hold.c",
     "		journal_settle(me, h);\n", "		(void)journal_settle;\n", ["step_value"]),
    ("a half done change is not undone", "turn.c",
     "	if (heap_is_made(t->heap)) {\n		heap_undo(t->heap);\n",
     "	if (heap_is_made(t->heap)) {\n", ["step_manager"]),
    ("a dead waiter counts as notified", "seat.c",
     "count += !bury(s, me, found[i].at) && notify_one(&found[i]);",
     "count += notify_one(&found[i]);", ["step_condition"]),
    ("a done task of a dead worker is lost", "pool_collect.c",
     "		if (pool_collect_slot(pool, slot)) {\n			/* Done,",
     "		if (slot > pool->slots && pool_collect_slot(pool, slot)) {\n			/* Done,",
     ["step_pool"]),
    ("a dead worker's task is not looked for", "pool_collect.c",
     "		if (!pool->flights[slot].busy || MPT_TASK_WORKER(state) != mark)\n",
     "		if (!pool->flights[slot].busy || MPT_TASK_WORKER(state) != mark + 1)\n",
     ["step_pool"]),
    ("who sleeps relies on being woken", "await.c",
     "	rc = futex_wait(&side->seq, s, slice, how->deadline);\n",
     "	slice->next_ns = 1ull << 60;\n"
     "	rc = futex_wait(&side->seq, s, slice, how->deadline);\n", ["step_event"]),
    ("a ring is had by two when its heir dies", "arena.c",
     "	extent = t->extent;\n	give_up(t);\n"
     "	return take_at(word, EXTENT_FIRST(extent), blocks) == 0;\n",
     "	extent = t->extent;\n"
     "	if (take_at(word, EXTENT_FIRST(extent), blocks) < 0)\n		return false;\n"
     "	give_up(t);\n	return true;\n", ["step_attach"]),
    ("the first slot that will do is taken again and again", "slot.c",
     "		s->next = *slot + 1;\n", "", ["api/attach_cost"]),
]


def say(ok, text, why=""):
    say.count += 1
    print(f"{'ok' if ok else 'not ok'} {say.count} - {text}", flush=True)
    if why:
        print("\n".join("# " + line for line in why.splitlines()[-12:]), flush=True)


say.count = 0


def copy_tree(to):
    for name in ("Makefile", "libtrace", "tests", "bpf", "mpstat", "docs"):
        source = os.path.join(ROOT, name)
        target = os.path.join(to, name)
        if os.path.isdir(source):
            shutil.copytree(source, target)
        else:
            shutil.copy2(source, target)


def run(tree, test):
    """Builds and runs one test, of tests/crash if it names no place: (built, passed, output)."""
    program = f"build/tests/{test if '/' in test else 'crash/' + test}_test"
    built = subprocess.run(["make", "-s", "DEPS=0", "BPF=0", program], cwd=tree, text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if built.returncode:
        return False, False, built.stdout
    ran = subprocess.run(["setsid", "-w", "timeout", "-k", "5", str(LIMIT),
                          os.path.join(tree, program)], cwd=tree, text=True, errors="replace",
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return True, ran.returncode == 0, ran.stdout


def judge(tree, mutant):
    name, file, old, new, tests = mutant
    path = os.path.join(tree, "libtrace", file)
    with open(path) as f:
        text = f.read()
    if text.count(old) != 1:
        say(False, name, f"libtrace/{file} has its line {text.count(old)} times")
        return
    with open(path, "w") as f:
        f.write(text.replace(old, new))
    for test in tests:
        built, passed, output = run(tree, test)
        say(built and not passed, f"{name}: {test}_test finds it",
            "" if built and not passed else output)
    with open(path, "w") as f:
        f.write(text)


def main():
    texts = sys.argv[1:] or [""]
    chosen = [m for m in MUTANTS if any(text in m[0] for text in texts)]
    with tempfile.TemporaryDirectory() as tree:
        copy_tree(tree)
        if os.environ.get("CLEAN") != "0":
            for test in sorted({test for mutant in chosen for test in mutant[4]}):
                built, passed, output = run(tree, test)
                say(built and passed, f"{test}_test passes", "" if passed else output)
        for mutant in chosen:
            judge(tree, mutant)
    print(f"1..{say.count}")


if __name__ == "__main__":
    main()
