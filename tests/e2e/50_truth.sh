#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# 50_truth.sh - 23 puts, 17 gets, 5 contended acquires: text, JSON and records say
# exactly that, attached before, attached late, and from a kept segment.

set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/tap.sh
. tests/e2e/helpers.sh

# What a snapshot must say: $1 when, $2 the file.
snapshot_is_true() {
	json_is "$1: letters got 23 puts" "$2" "one('objects', name='letters')['puts'] == 23"
	json_is "$1: letters gave 17 gets" "$2" "one('objects', name='letters')['gets'] == 17"
	json_is "$1: 6 letters are left" "$2" "one('objects', name='letters')['depth'] == 6"
	json_is "$1: of 32" "$2" "one('objects', name='letters')['capacity'] == 32"
	json_is "$1: none was lost" "$2" "one('objects', name='letters')['lost'] == 0"
	json_is "$1: the gate was taken 10 times" "$2" \
		"one('objects', name='gate')['acquisitions'] == 10"
	json_is "$1: 5 of them had to wait" "$2" "one('objects', name='gate')['contended'] == 5"
	json_is "$1: nobody holds it" "$2" "one('objects', name='gate')['holder'] is None"
	json_is "$1: the writer put all 23" "$2" \
		"one('uses', process='writer', object='letters')['puts'] == 23"
	json_is "$1: the reader got all 17" "$2" \
		"one('uses', process='reader', object='letters')['gets'] == 17"
	json_is "$1: the waiter took the gate 5 times" "$2" \
		"one('uses', process='waiter', object='gate')['gets'] == 5"
}

# What the records must say: $1 when, $2 the file.
records_are_true() {
	json_is "$1: 23 records of a put" "$2" \
		"len([r for r in d if r['record'] == 'op' and r['op'] == 'put']) == 23"
	json_is "$1: 17 records of a get" "$2" \
		"len([r for r in d if r['record'] == 'op' and r['op'] == 'get']) == 17"
	json_is "$1: 5 acquires began to wait" "$2" \
		"len([r for r in d if r['record'] == 'op' and r['op'] == 'acquire' \
		and r['phase'] == 'begin']) == 5"
	json_is "$1: 5 acquires ended" "$2" \
		"len([r for r in d if r['record'] == 'op' and r['op'] == 'acquire' \
		and r['phase'] == 'end' and r['process'] == 'waiter']) == 5"
	json_is "$1: in the order of time" "$2" \
		"[r['time_ns'] for r in d[1:-1]] == sorted(r['time_ns'] for r in d[1:-1])"
	json_is "$1: each unit is named by its number" "$2" \
		"sorted(r['value'] for r in d if r.get('op') == 'get') == \
		sorted(r['value'] for r in d if r.get('op') == 'put')[:17]"
	json_is "$1: nothing was lost" "$2" "not any(d[-1]['lost'].values())"
}

# ---- attached before ---------------------------------------------------------

start before "$programs/counted" || exit 1
pid=${pid_of[before]}
"$mpstat" records --json -p "$pid" >"$TMPDIR/live.ndjson" 2>"$TMPDIR/live.err" &
follower=$!
"$mpstat" top --json -d 0.1 -p "$pid" >"$TMPDIR/top.ndjson" 2>"$TMPDIR/top.err" &
watcher=$!
check "a follower is attached" await grep -q header "$TMPDIR/live.ndjson"
check "a watcher is attached" await test -s "$TMPDIR/top.ndjson"
tell before go
check "the program did its work" await grep -q '^done' "$TMPDIR/before.log"
has_all() {
	[ "$(grep -c '"op":"get"' "$TMPDIR/live.ndjson")" -ge 17 ] &&
		[ "$(grep -c '"op":"acquire"' "$TMPDIR/live.ndjson")" -ge 10 ]
}
check "the follower got it all" await has_all
seen=$(wc -l <"$TMPDIR/top.ndjson")
more() {
	[ "$(wc -l <"$TMPDIR/top.ndjson")" -gt $((seen + 2)) ]
}
check "the watcher goes on" await more
kill -INT "$follower" "$watcher"
wait "$follower"
check "the follower ended in good order" test $? -eq 0
wait "$watcher"
check "so did the watcher" test $? -eq 0
json_is "the stream says that it was interrupted" "$TMPDIR/live.ndjson" \
	"d[-1]['record'] == 'footer' and d[-1]['ending'] == 'interrupted'"
records_are_true "live" "$TMPDIR/live.ndjson"
tail -n 1 "$TMPDIR/top.ndjson" >"$TMPDIR/last.json"
snapshot_is_true "live" "$TMPDIR/last.json"

# ---- attached late -----------------------------------------------------------

look snapshot --json -p "$pid"
expect "late: a snapshot" 0
snapshot_is_true "late" "$out"
look records --json --no-follow -p "$pid"
expect "late: the records" 0
records_are_true "late" "$out"
late=$(($(wc -l <"$out") - 2))
look records --json -n "$late" -p "$pid"
expect "late: as many records as there are" 0
json_is "late: that is why it ended" "$out" "d[-1]['ending'] == 'count' and len(d) == $late + 2"
look records --no-follow -p "$pid"
expect "late: the records as text" 0
check "late: one line per record, a title and a sum" test "$(wc -l <"$out")" -eq $((late + 2))
check "late: 23 lines of puts" test "$(grep -cw put "$out")" -eq 23
check "late: 17 lines of gets" test "$(grep -cw get "$out")" -eq 17
look snapshot -p "$pid"
expect "late: a snapshot as text" 0
row() { # the row of a table that has this name, blanks as one
	grep -w "$1" "$out" | tr -s ' '
}
check "late: the text has the puts" grep -qw 23 <(row letters)
check "late: the text has the gets" grep -qw 17 <(row letters)
look -b -n 1 --screen queues -p "$pid"
expect "late: the screen of queues" 0
check "late: the screen has puts and gets" grep -qE '\b23\b.*\b17\b|\b17\b.*\b23\b' <(row letters)
MPTRACE_RING=8M start noise "$programs/noise" 100000 || exit 1
look records --json --no-follow -p "$pid"
expect "beside 200000 records of others" 0
records_are_true "beside others" "$out"
json_is "beside others: those are left out" "$out" "d[-1]['left_out'] > 190000"
look records --json --no-follow -p "${pid_of[noise]}"
json_is "200000 records and none lost" "$out" \
	"len([r for r in d if r.get('op') in ('put', 'get')]) == 200000 and \
	not any(d[-1]['lost'].values())"
finish noise
finish before

# ---- after the end -----------------------------------------------------------

mkdir "$TMPDIR/kept"
MPTRACE_OUT=$TMPDIR/kept start kept "$programs/counted" || exit 1
tell kept go
check "a kept one did its work" await grep -q '^done' "$TMPDIR/kept.log"
finish kept
segment=$(echo "$TMPDIR"/kept/*)
check "its segment was kept" test -s "$segment"
look snapshot --json -i "$segment"
expect "kept: a snapshot" 0
snapshot_is_true "kept" "$out"
look snapshot --json -i "$TMPDIR/kept"
expect "kept: a snapshot of the whole directory" 0
json_is "kept: the directory has that one domain" "$out" "len(d['domains']) == 1"
look records --json -i "$segment"
expect "kept: the records, which end by themselves" 0
records_are_true "kept" "$out"
plan
