#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# 80_tutorials.sh - each lesson (tests/programs/tutorial_*.c) ends with 0 and prints what
# its comment says; and the viewer says what the lessons about it promise.

set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/tap.sh
. tests/e2e/helpers.sh

# The block below "It prints:" of a lesson, up to the end of the comment.
promised() {
	awk '/^ \* It prints(, in any order)?:$/ { on = 1; next }
		/^ \*\/$/ { exit }
		on && /^ \*\t/ { sub(/^ \*\t/, ""); print }' "$1"
}

# Runs a lesson without input; sets status, and the file $out.
lesson() {
	timeout 60 "$programs/$1" </dev/null >"$out" 2>"$err"
	status=$?
}

as_promised() {
	local source=tests/programs/$1.c
	promised "$source" >"$TMPDIR/promised"
	if grep -q '^ \* It prints, in any order:$' "$source"; then
		diff <(sort "$TMPDIR/promised") <(sort "$out")
	else
		diff "$TMPDIR/promised" "$out"
	fi
}

# ---- every lesson ------------------------------------------------------------

lessons=0
for source in tests/programs/tutorial_*.c; do
	name=$(basename "$source" .c)
	lessons=$((lessons + 1))
	check "$name tells what it prints" test -n "$(promised "$source")"
	lesson "$name"
	expect "$name ends well" 0
	check "$name prints what it promises" as_promised "$name"
done
check "there are lessons" test "$lessons" -ge 15

# ---- the zombie --------------------------------------------------------------

start zombie "$programs/tutorial_zombie" || exit 1
zombie_is_told() {
	look check -p "${pid_of[zombie]}"
	grep -q '^note: 1 child of MainProcess' "$out"
}
check "check notes the zombie" await zombie_is_told
check "and that its parent has not waited for it" \
	grep -q 'has ended, but the parent has not waited for it' "$out"
check "and which child it is, and how it ended" \
	grep -qE 'short \(pid [0-9]+\) ended with exit code 3, a zombie for' "$out"
check "and what to do" grep -q 'What to do: .*mpt_process_join' "$out"
look snapshot --json -p "${pid_of[zombie]}"
expect "the lesson about zombies: a snapshot" 0
json_is "the snapshot has it as a zombie" "$out" \
	"one('processes', name='short')['state'] == 'Z'"
finish zombie
check "then it was joined" grep -q '^joined: exit code 3$' "$TMPDIR/zombie.log"

# ---- the orphan --------------------------------------------------------------

start orphan "$programs/tutorial_orphan" || exit 1
look snapshot --json -p "${pid_of[orphan]}"
expect "the lesson about orphans: a snapshot" 0
json_is "it is said that the parent was killed" "$out" \
	"one('processes', name='parent')['exit_code'] == -9"
json_is "and that the child was adopted" "$out" \
	"'adopted' in one('processes', name='child')['story']"
json_is "and by whom: not the killed one" "$out" \
	"one('processes', name='child')['ppid'] != one('processes', name='parent')['pid']"
json_is "and what the orphan waits for" "$out" \
	"'event \`leave\`' in one('processes', name='child')['waiting_for']"
finish orphan
check "then it ended" grep -q '^the orphan has ended$' "$TMPDIR/orphan.log"

# ---- the queue that lost data ------------------------------------------------

start shop "$programs/tutorial_lost_data" || exit 1
look snapshot --json -p "${pid_of[shop]}"
expect "the lesson about lost data: a snapshot" 0
got() {
	json_is "the snapshot says that $1 got $2" "$out" \
		"one('uses', process='$1', object='orders')['gets'] == $2"
}
got honest 5
got silent 3
got unlucky 2
json_is "it says that main put 12" "$out" \
	"one('uses', process='MainProcess', object='orders')['puts'] == 12"
json_is "and 2 are in the queue" "$out" "one('objects', name='orders')['depth'] == 2"
json_is "and put = got + queued + lost, by process" "$out" \
	"sum(u['puts'] for u in rows('uses', object='orders')) == 12 == \
	sum(u['gets'] + u['lost'] for u in rows('uses', object='orders')) + \
	one('objects', name='orders')['depth']"
finish shop
plan
