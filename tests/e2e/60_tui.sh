#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# 60_tui.sh - the viewer on a terminal: screens, keys, sizes, and leaving.

set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/tap.sh
. tests/e2e/helpers.sh
. tests/e2e/tmux.sh

"$programs/demo" 0.2 >"$TMPDIR/demo.log" 2>&1 &
pid_of[demo]=$!
started+=(demo)
deadlocked() {
	"$mpstat" check -p "${pid_of[demo]}" 2>/dev/null | grep -qi deadlock
}
check "the demo gets stuck" await deadlocked

child_named() {
	"$mpstat" snapshot --json -p "${pid_of[demo]}" | "$python" -c '
import json, sys
for p in json.load(sys.stdin)["processes"]:
    if p["name"] == sys.argv[1]:
        print(p["pid"])' "$1"
}
auditor=$(child_named auditor)

# ---- screens -----------------------------------------------------------------

terminal_open 80 24
view -p "${pid_of[demo]}" -d 0.2
sees "the first screen shows processes" "WAITING FOR"
sees "it shows the tree" "─ transfer-a"
sees "who is stuck, and on what" "STUCK: lock \`account-"
sees "the header tells the finding" "Deadlock: 2 processes wait for each other"
sees "the key bar is below" "F1Help"
check "nothing wraps or scrolls" test "$(screen | wc -l)" -eq 24
first_and_last() {
	screen | sed -n '1p;$p' | tr '\n' ' ' | grep -qE '^mpstat .*F10Quit *$'
}
check "the header is the first line, the key bar the last" await first_and_last
press 2
sees "2 shows queues" "BLKPUT"
sees "with a bar of the depth" "█] 3"
press 3
sees "3 shows locks and holders" "transfer-a ("
press 4
sees "4 shows the findings in full" "take the locks in the same order everywhere"
press 5
sees "5 shows records" "RESULT"
sees "they come in" "jobs"
press 6
sees "6 shows who has ended" "No process has ended"
press 7
sees "7 shows who waits for whom" "WHO WAITS FOR WHOM"
sees "the ring on top" "Deadlock: transfer-"
press Tab
sees "Tab goes to the first screen again" "WAITING FOR"
press BTab
sees "Shift-Tab goes back" "WHO WAITS FOR WHOM"

# ---- keys --------------------------------------------------------------------

press 1
press F7
sees "a key without a meaning says so" "F7 does nothing here: F1 shows all keys."
press x
sees "so does a letter" "x does nothing here"
press Up
press F1
sees "F1 shows help" "Keys (as in htop"
press Escape
sees "Escape leaves it" "WAITING FOR"
press F4
type_text transfer
misses "F4 filters while typing" "consumer-1"
sees "and keeps what matches" "transfer-b"
press Enter
sees "the filter is shown" "filter: transfer"
press F4
press BSpace BSpace BSpace BSpace BSpace BSpace BSpace BSpace Enter
sees "an empty filter shows all" "consumer-1"
press F5
misses "F5 makes it a list" "─ transfer-a"
press t
sees "t makes it a tree" "─ transfer-a"
press F6
sees "F6 asks for the column" "Sort by"
press Escape
misses "Escape closes the menu" "Sort by"
press M
sees "M sorts by memory" "RSS▼"
press I
sees "I inverts" "RSS▲"
press t
press 2
press Enter
sees "Enter shows an object" "Ledger"
sees "with its balance" "put "
press Escape
press Z
sees "Z pauses" "PAUSED"
press Z
misses "and goes on" "PAUSED"
press d
press BSpace BSpace BSpace
type_text 0.3
press Enter
sees "d changes the delay" "every 0.3s"

# ---- signals -----------------------------------------------------------------

press 1
press F3
type_text auditor
press Enter
press F9
sees "F9 offers signals" "15 SIGTERM"
press Escape
press k
press Enter
sees "it asks, with name and pid" "Send SIGTERM to auditor (pid $auditor)?"
press n
sees "no is no" "No signal sent."
check "and the process lives" test -d "/proc/$auditor"
press k
press Enter
press y
sees "yes sends it" "SIGTERM sent to auditor"
auditor_ended() {
	! grep -q '^State:.[^ZX]' "/proc/$auditor/status" 2>/dev/null
}
check "and the process ends" await auditor_ended

# ---- size --------------------------------------------------------------------

terminal resize-window -x 200 -y 50
sees "a larger window shows more columns" "COMMAND"
fills_the_window() {
	screen | tail -n 1 | grep -q F10Quit
}
check "down to its last line" await fills_the_window
terminal resize-window -x 20 -y 5
sees "a tiny one says it is too small" "Too small: 20x5"
terminal resize-window -x 2 -y 1
press Down
terminal resize-window -x 80 -y 24
sees "and back" "WAITING FOR"

# ---- leaving -----------------------------------------------------------------

press C-z
sees "Ctrl-Z gives the shell back" "Stopped"
check "off the alternate screen" await eval '! in_alternate_screen'
type_line fg
sees "fg brings the viewer back" "WAITING FOR"
press q
left_well "q leaves, and the terminal is as before" 0
sees "with the shell's screen" "left with 0"

view -p "${pid_of[demo]}"
sees "again" "WAITING FOR"
kill -TERM "$viewer"
left_well "SIGTERM leaves, and the terminal is as before" 0
view -p "${pid_of[demo]}"
sees "and again" "WAITING FOR"
press C-c
left_well "Ctrl-C leaves, and the terminal is as before" 0
view -p "${pid_of[demo]}" -n 2 -d 0.1
left_well "-n leaves by itself" 0

view -p "${pid_of[demo]}" --readonly
sees "with --readonly" "WAITING FOR"
press k
sees "no signal can be sent" "Read-only: signals are switched off."

terminal_close
check "closing the window ends the viewer" await viewer_gone
terminal_open 80 24
type_line "trap '' HUP"
view -p "${pid_of[demo]}"
sees "with SIGHUP ignored" "WAITING FOR"
terminal_close
check "closing the window ends the viewer too" await viewer_gone

plan
