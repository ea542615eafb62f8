#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""70_life - random process trees: every parent, zombie, orphan, end and sender is as it
was made, for a viewer attached before; one attached late says what it cannot know.

    tests/e2e/70_life.py [SEED]      LIFE_TREES=60 says how many, from seed LIFE_SEED=1
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

from family import Family, Grower, Refused  # noqa: E402
from truth import (FAMILY, Tap, Viewer, compare, sees_events, should_see_events,  # noqa: E402
                   snapshot)

STEPS = 30
TREES_PER_VIEWER = 20  # it remembers who has ended, and tells them all in each frame
LATE_EACH = int(os.environ.get("LIFE_LATE", "6"))


class Sums:
    def __init__(self):
        self.members = self.zombies = self.orphans = self.killed = self.late = 0
        self.before, self.after, self.plain, self.truth = [], [], [], []

    def add(self, family):
        self.members += len(family.members)
        self.zombies += sum(m.state == "zombie" for m in family.members)
        self.orphans += sum(m.parent is not m.first_parent for m in family.members)
        self.killed += sum(m.signal is not None for m in family.members)


def tree(seed, viewer, sums, late):
    """Grows one, compares, ends it."""
    family = Family(FAMILY)
    name = f"tree {seed}: "
    try:
        Grower(family, seed, os.geteuid() == 0).run(STEPS)
        frame = viewer.frame_after(family.last)
        wrong = compare(family, frame, True)
        sums.before += [name + w for w in wrong]
        if late:
            sums.after += [name + w for w in compare(family, snapshot("-a"), False)]
            sums.plain += [name + w for w in compare(family, snapshot("-a", "--no-bpf"), False)]
            sums.late += 1
        sums.truth += [name + w for w in family.check()]
        sums.add(family)
    except Refused as refused:
        sums.truth.append(f"{name}{refused}")
    finally:
        if not family.close():
            sums.truth.append(f"{name}somebody was left behind ({family.process.returncode})")


def main():
    count = int(os.environ.get("LIFE_TREES", "60"))
    first = int(os.environ.get("LIFE_SEED", "1"))
    if len(sys.argv) > 1:
        first, count = int(sys.argv[1]), 1
    tap, sums, viewer = Tap(), Sums(), None
    events, left = True, []
    for seed in range(first, first + count):
        if not viewer:
            viewer = Viewer("-a")
            events = events and sees_events(viewer.frame_after(0))
        tree(seed, viewer, sums, seed % LATE_EACH == 0 or count == 1)
        if (seed - first + 1) % TREES_PER_VIEWER == 0 or seed == first + count - 1:
            losses = viewer.frame_after(0)["losses"]
            code = viewer.close()
            left += [f"until seed {seed}: the viewer ended with {code}"] if code else []
            left += [f"until seed {seed}: {losses[what]} {what}"
                     for what in ("life", "facts_rejected", "rows_left_out") if losses[what]]
            viewer = None
    how = "every parent, end and sender" if events else "the tree"
    tap.check("the trees are what /proc says", sums.truth)
    tap.check("events of the kernel are seen", [] if events or not should_see_events() else
              ["the eBPF programs do not work"])
    tap.check(f"attached before, {count} trees: {how} as made", sums.before)
    without = Sums()
    viewer = Viewer("-a", "--no-bpf")
    for seed in range(first, first + max(1, count // 6)):
        tree(seed, viewer, without, False)
    viewer.close()
    tap.check("attached before without eBPF: what is told is right",
              without.before + without.truth)
    tap.check(f"attached late, {sums.late} trees: right, or said to be unknown", sums.after)
    tap.check(f"attached late without eBPF, {sums.late} trees: the same", sums.plain)
    tap.check("the viewers ended well, with no loss and nothing that contradicts", left)
    tap.note(f"{sums.members} processes, {sums.zombies} zombies, {sums.orphans} orphans, "
             f"{sums.killed} ended by a signal")
    return tap.plan()


if __name__ == "__main__":
    sys.exit(main())
