#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# 73_names.sh - processes of any program with names and arguments that attack the
# terminal: living, zombies, orphans, senders of signals, ended.
# shellcheck disable=SC2154 # out, err, mpstat, viewer: helpers.sh, tmux.sh

set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/tap.sh
. tests/e2e/helpers.sh
. tests/e2e/tmux.sh

made=$TMPDIR/made
start names env BUILD="$BUILD" PYTHONPATH=tests/e2e "$python" -B tests/e2e/names.py "$made" || exit 1

# ---- a terminal and a stream, attached before ----------------------------------

terminal_open 150 50 || exit 1
view -p "${pid_of[names]}" -d 0.2
sees "the viewer runs" "python3"
"$mpstat" top --json -d 0.1 -a >"$TMPDIR/top.ndjson" 2>"$TMPDIR/top.err" &
watcher=$!
check "a watcher is attached" await test -s "$TMPDIR/top.ndjson"
tell names go
check "the processes are made" await grep -q '^made' "$TMPDIR/names.log"
family=$(sed -n 's/^made //p' "$TMPDIR/names.log")
seen=$(wc -l <"$TMPDIR/top.ndjson")
more() {
	[ "$(wc -l <"$TMPDIR/top.ndjson")" -gt $((seen + 2)) ]
}
check "the watcher goes on" await more
kill -INT "$watcher"
wait "$watcher"
tail -n 1 "$TMPDIR/top.ndjson" >"$TMPDIR/last.json"
check "its JSON has nothing harmful" harmless "$TMPDIR/last.json"

# names_are_told FILE ROLE...: those of these roles are there under their name.
names_are_told() {
	"$python" - "$made" "$@" <<'END'
import json, sys
made, told, *roles = sys.argv[1:]
rows = {(r["pid"], r["start_ticks"]): r for r in json.load(open(told))["processes"]}
wrong = 0
for m in map(json.loads, open(made)):
    if m["role"] not in roles:
        continue
    row = rows.get((m["pid"], m["start"]))
    if not row or row["name"] != m["name"]:
        print(m, "is shown as", row and row["name"])
        wrong += 1
    elif m["role"] == "living" and m["name"] not in row["command"]:
        print(m, "has the command", row["command"])
        wrong += 1
sys.exit(wrong > 0)
END
}
check "who lives has its name and its command" names_are_told "$TMPDIR/last.json" living orphan zombie
events() {
	am_root && [ -e /sys/kernel/btf/vmlinux ] && [ "${BPF:-1}" != 0 ]
}
if events; then
	check "so has who ended meanwhile" names_are_told "$TMPDIR/last.json" parent brief
	json_is "the stories have the names of senders and parents" "$TMPDIR/last.json" \
		"[p for p in d['processes'] if '?[2J?[31m' in p['story'] and p['killer'] == '?[2J?[31m'] \
		and [p for p in d['processes'] if p['orphan'] and p['first_parent'] == '?' * 15]"
else
	skip "so has who ended meanwhile" "no eBPF events"
fi

# ---- the screens ---------------------------------------------------------------

# screen_is_sound NAME: the frame stands, nothing harmful came through.
screen_is_sound() {
	screen >"$TMPDIR/screen"
	check "$1: nothing harmful on the screen" harmless "$TMPDIR/screen"
	check "$1: still the alternate screen" in_alternate_screen
	check "$1: the title is not theirs" \
		test "$(terminal display-message -p '#{pane_title}' | grep -c pwned)" -eq 0
}
sees "the tree shows them" "?[2J?[31m"
screen_is_sound "processes"
press Enter
screen_is_sound "one process"
press Escape
press 6
events && sees "the ended are shown" "?[2J?[31m"
screen_is_sound "ended"
press q
left_well "the viewer leaves" 0
terminal_close

# ---- text, attached late -------------------------------------------------------

for words in "snapshot" "snapshot --no-bpf" "top -b -n 1" "top -b -n 1 --screen ended" \
	"top -b -n 1 --color=always" "top -b -n 1 -U --no-bpf" "check" "check --json" \
	"snapshot --json" "snapshot --json --no-bpf"; do
	# Words of a command.
	# shellcheck disable=SC2086
	look $words -p "$family"
	check "$words: has output" test -s "$out"
	# Colours of its own are no harm.
	sed 's/\x1b\[[0-9;]*m//g' "$out" >"$TMPDIR/plain"
	[ "$words" = "top -b -n 1 --color=always" ] || cp "$out" "$TMPDIR/plain"
	check "$words: prints nothing harmful" harmless "$TMPDIR/plain" "$err"
done
check "late: who lives has its name and its command" names_are_told "$out" living zombie
finish names
plan
