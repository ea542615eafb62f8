#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# 83_graph.sh - the wait graph of programs that hang: text, graphviz, JSON, screen.

set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/tap.sh
. tests/e2e/helpers.sh
. tests/e2e/tmux.sh

# hang NAME SCENARIO KIND: one of tests/programs/hangs, once it is where it should be.
hang() {
	local name=$1 fd
	mkfifo "$TMPDIR/$name.in"
	exec {fd}<>"$TMPDIR/$name.in"
	fifo_of[$name]=$fd
	setsid "$programs/hangs/$2" "$3" <"$TMPDIR/$name.in" >"$TMPDIR/$name.log" 2>&1 {fd}>&- &
	pid_of[$name]=$!
	started+=("$name")
	await grep -q members "$TMPDIR/$name.log"
}

# ---- of a program that knows no library ----------------------------------------

if hang abba abba_processes normal; then
	pass "two processes lock each other out"
else
	fail "two processes lock each other out" "$(<"$TMPDIR/abba.log")"
	plan
	exit
fi
abba=${pid_of[abba]}
ring() {
	look graph -p "$abba" "$@"
	grep -q '^Deadlock: ' "$out"
}
check "text begins with the ring" await ring
look graph -p "$abba"
expect "a deadlock is not the graph's failure" 0
tr -s '\n ' ' ' <"$out" >"$TMPDIR/joined"
check "the ring is closed: A -> B -> A" grep -qE \
	'^Deadlock: ([^ ]*) \(([0-9]+)\) -> [^ ]* \([0-9]+\) -> [^ ]* \(\2\) ' "$TMPDIR/joined"
check "each of it waits and is held" test \
	"$(grep -oE ' waits for mutex [^ ]* held by ' "$TMPDIR/joined" | wc -l)" -eq 2
check "nothing is wider than 80 columns" test -z \
	"$(grep -v '^Not all is seen' "$out" | grep -E '.{81}')"
ring --no-bpf
check "the same without eBPF" grep -q '^Deadlock: ' "$out"
look graph -p "$abba" --json
expect "as JSON" 0
json_is "the ring is in it" "$out" "len(d['rings']) == 1 and len(d['rings'][0]) == 2"
json_is "its threads are nodes that are stuck" "$out" \
	"all(one('nodes', id=n)['verdict'] == 'stuck' for n in d['rings'][0])"
json_is "each waits for a mutex that the other holds" "$out" \
	"all(one('edges', **{'from': one('edges', **{'from': a})['to']})['to'] == b \
	for a, b in (d['rings'][0], d['rings'][0][::-1]))"
json_is "both ends of each edge are there" "$out" \
	"{e[k] for e in d['edges'] for k in ('from', 'to')} <= {n['id'] for n in d['nodes']}"
cp "$out" "$TMPDIR/graph.json"
look graph --schema
check "docs/schema has what graph --schema prints" cmp "$out" docs/schema/mptrace.graph.1.json
if "$python" -c 'import jsonschema' 2>/dev/null; then
	check "the document fits it" "$python" - "$out" "$TMPDIR/graph.json" <<'END'
import json, sys
from jsonschema import Draft202012Validator
schema, document = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:])
for error in Draft202012Validator(schema).iter_errors(document):
    sys.exit(f"{list(error.path)}: {error.message[:500]}")
END
else
	skip "the document fits it" "no python3-jsonschema"
fi
look graph -p "$abba" --format dot
expect "for graphviz" 0
check "the ring is red" grep -q 'color=red' "$out"
if command -v dot >/dev/null; then
	check "dot draws it" dot -Tsvg -o "$TMPDIR/graph.svg" "$out"
	check "both processes are in the picture" test "$(grep -c '(pid ' "$TMPDIR/graph.svg")" -ge 2
else
	skip "dot draws it" "no graphviz"
fi
look graph -p "$abba" --format nonsense
expect "an unknown format" 2 "unknown format 'nonsense'; there is: text, dot, json"

# ---- names that want out --------------------------------------------------------

# shellcheck disable=SC2016 # Python's
cat >"$TMPDIR/evil.py" <<'END'
import os, sys, ctypes
name = b'a"];b\\&lt;\x1b[1m'
ctypes.CDLL(None).prctl(15, name, 0, 0, 0)
r, w = os.pipe()
if os.fork() == 0:
    os.close(w)
    os.read(r, 1)
    os._exit(0)
print("ready", flush=True)
sys.stdin.read()
END
start evil "$python" "$TMPDIR/evil.py" || exit 1
waits() {
	look graph -p "${pid_of[evil]}" --format dot
	grep -q os_pipe "$out"
}
check "a reader of an empty pipe is in the graph" await waits
check "its name stays within its quotes" grep -qF 'a\"];b\\&amp;lt;?[1m' "$out"
check "and is harmless" harmless "$out"
if command -v dot >/dev/null; then
	check "dot takes it" dot -Tsvg -o "$TMPDIR/evil.svg" "$out"
fi
look graph -p "${pid_of[evil]}"
check "text says who could fill the pipe" grep -q 'could fill it: ' "$out"
finish evil

# ---- nothing ---------------------------------------------------------------------

start_sleeper || exit 1
look graph -p "$sleeper"
expect "nothing is no failure" 0
check "it is a sentence" grep -q '^Nobody waits for anybody\.$' "$out"
end_by_kill sleeper

# ---- on the screen ---------------------------------------------------------------

terminal_open 80 24
view -p "$abba" -d 0.2
sees "the header names the deadlock before any key" "Deadlock: 2 "
press 7
sees "7 shows the graph" "WHO WAITS FOR WHOM"
sees "the ring on top" "─ abba_processes ("
press Home Down Enter
sees "Enter opens the process of a row" "→ abba_processes ("
sees "what it holds" "Holds"
misses "nothing is counted that nobody counts" "acquired 0"
press Escape
sees "Esc goes back" "WHO WAITS FOR WHOM"
press o
sees "o opens the object" "→ mutex "
sees "its holder" "Holder"
misses "no time that nobody knows" " for 0"
press 4
sees "Findings" "DETECTOR"
press Enter
sees "a finding in full shows whom it is about" "WAITING FOR"
press Enter
sees "and Enter opens one of them" "→ abba_processes ("
press q
left_well "q leaves" 0
end_by_kill abba

plan
