#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# 62_tui_life.sh - workers in one row, a zombie, the screen of the ended, on a terminal.
# Who sent a signal is known with eBPF only and is not looked at here.

set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/tap.sh
. tests/e2e/helpers.sh
. tests/e2e/tmux.sh

# A parent with twelve children of one name.  It waits for none before it reads a line.
cat >"$TMPDIR/pool.py" <<'END'
import os, signal, sys
children = []
for i in range(12):
    child = os.fork()
    if child == 0:
        os.close(0)
        open("/proc/self/comm", "w").write("worker")
        signal.pause()
        os._exit(0)
    children.append(child)
for child in children:
    while open("/proc/%d/comm" % child).read() != "worker\n":
        pass
open("/proc/self/comm", "w").write("pool")
print(*children, file=open(sys.argv[1], "w"))
print("ready", flush=True)
sys.stdin.readline()
os.waitpid(children[2], 0)
sys.stdin.readline()
for child in children:
    try:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    except (ProcessLookupError, ChildProcessError):
        pass
END
start pool "$python" "$TMPDIR/pool.py" "$TMPDIR/children"
read -ra children <"$TMPDIR/children"

terminal_open 80 24
view -p "${pid_of[pool]}" -d 0.2
sees "twelve workers are one row" "+ worker x12"
sees "that says what they do" "12 workers: 12 sleeping"
misses "and not one each" "${children[1]} "
press End
press k
sees "it gets no signal" "A folded row is several processes"
press f
sees "f unfolds them" "${children[1]} "
misses "instead of the one row" "worker x12"
press -- -
sees "- folds them" "worker x12"
press +
sees "+ unfolds them" "${children[11]} "
press F
sees "F folds all" "Workers are folded."
misses "so that nobody is shown" "${children[11]} "
press F3
type_text "${children[3]}"
press Enter
sees "a search unfolds whom it finds" "${children[3]} "
press f
sees "f folds the group of a worker" "worker x12"
press Enter
sees "Enter shows the workers" "CPU 0.0%, resident memory"
press Enter
sees "and Enter one of them" "worker (${children[0]})"
press Escape
press Escape

kill -KILL "${children[2]}"
sees "a zombie is counted in the row" "12 workers: 1 zombie, 11 sleeping"
sees "and in the header" "(1 zombie)"
press f
sees "its row says whose fault it is" "pool (${pid_of[pool]}) has not waited"
press 6
sees "nobody has ended" "No process has ended"
tell pool reap
sees "then it is among the ended" "!${children[2]} "
sees "with the signal" "killed by SIGKILL"
press Enter
sees "Enter shows its life" "Life"
sees "and how it ended" "killed by SIGKILL"
press Escape
press q
left_well "q leaves" 0

# ---- in ASCII, without colour ---------------------------------------------------

kill -KILL "${children[4]}"
view -p "${pid_of[pool]}" -d 0.2 -U --color never
sees "in ASCII too" "\`+ worker x11"
sees "a zombie" "11 workers: 1 zombie"
press 6
sees "and the screen of the ended" "No process has ended"
press q
left_well "q leaves again" 0

"$mpstat" -b -n 1 -p "${pid_of[pool]}" --screen processes >"$out"
check "printed, each has a row" test "$(grep -c ' worker ' "$out")" -eq 11
tell pool end

plan
