# SPDX-License-Identifier: BSD-2-Clause
"""names - processes whose names and arguments attack whoever shows them; for 73_names.sh.

Prints "ready", makes them when it reads a line, writes to the file given who they are and
what is true of them, one JSON object a line, prints "made", ends when its input does.
"""
import json
import os
import signal
import sys

from family import Family
from truth import FAMILY, clean

# As bytes: 15 fit into a name.  An argument is longer.
NAMES = (b"\x1b[2J\x1b[31m", b"\x1b]0;pwned\x07", b"a\nb\nc", b"\r\rx", b"\t\x08\x7f", b"%s%n%d%x",
         b"'\"\\`$(x)", b"\xff" * 15, b"cut \xe6\x97", b"\xe2\x80\xae rtl", b"\xe2\x80\xa8line",
         b"\xc2\x9b2J", b"a) Z 1 1 1 (", b" ", b"<b>&amp;{}", b"\xf0\x9f\x92\xa9\xe6\x97\xa5",
         b"\xed\xa0\x80sur", b"zero\xe2\x80\x8bw")


def make(family, text):
    """One that lives, one killed by it that is a zombie, an orphan of it that lives, one
    that has ended.  The file name has no slash; the arguments are that name."""
    name = os.fsdecode(text)
    root = family.members[0]
    living, middle = family.fork(root), family.fork(root)
    family.exec(living, name)
    family.exec(middle, name)
    orphan = family.fork(middle)
    zombie, brief = family.fork(root), family.fork(root)
    family.exec(zombie, name)
    family.rename(brief, name)
    family.kill(living, zombie, int(signal.SIGTERM))
    family.end(middle, "exit", 3)
    family.wait(root, middle)
    family.end(brief, "exit", 4)
    family.wait(root, brief)
    return [{"role": role, "pid": m.pid, "start": m.start, "name": clean(m.name)}
            for role, m in zip(("living", "orphan", "zombie", "parent", "brief"),
                               (living, orphan, zombie, middle, brief))]


def main():
    print("ready", flush=True)
    sys.stdin.readline()
    family = Family(FAMILY)
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        for text in NAMES:
            for row in make(family, text):
                file.write(json.dumps(row) + "\n")
    print(f"made {family.members[0].pid}", flush=True)
    sys.stdin.read()
    family.close()


main()
