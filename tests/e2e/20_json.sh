#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# 20_json.sh - real documents against the schemas in docs/schema.

set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/tap.sh
. tests/e2e/helpers.sh

if ! "$python" -c 'import jsonschema' 2>/dev/null; then
	skip "documents are valid" "no python3-jsonschema"
	plan
	exit
fi

# valid NAME SCHEMA FILE [lines]: the document, or each line, fits the schema.
valid() {
	check "$1" "$python" - "docs/schema/mptrace.$2.1.json" "$3" "${4:-}" <<'END'
import json, sys
from jsonschema import Draft202012Validator
schema, path, lines = sys.argv[1:]
schema = json.load(open(schema, encoding="utf-8"))
Draft202012Validator.check_schema(schema)
text = open(path, "rb").read().decode("utf-8", errors="strict")
def refuse(word):
    raise ValueError(f"{word} is no JSON")
def load(part):
    return json.loads(part, parse_constant=refuse)
documents = [load(l) for l in text.splitlines()] if lines else [load(text)]
assert documents, "nothing there"
for document in documents:
    for error in Draft202012Validator(schema).iter_errors(document):
        sys.exit(f"{list(error.path)}: {error.message[:500]}")
END
}

# Each document of the machine as it is now.
all_valid() {
	local when=$1
	shift
	look snapshot --json "$@"
	expect "$when: snapshot succeeds" 0
	valid "$when: snapshot" snapshot "$out"
	look list --json "$@"
	expect "$when: list succeeds" 0
	valid "$when: list" list "$out"
	look graph --json "$@"
	expect "$when: graph succeeds" 0
	valid "$when: graph" graph "$out"
	look check --json "$@"
	check "$when: check answers" test "$status" -le 3 -a ! -s "$err"
	valid "$when: check" check "$out"
	json_is "$when: check's exit status is in the document" "$out" "d['exit_code'] == $status"
	look records --json --no-follow "$@"
	expect "$when: records succeeds" 0
	valid "$when: records" records "$out" lines
	json_is "$when: the stream has a header and a footer" "$out" \
		"d[0]['record'] == 'header' and d[-1]['record'] == 'footer'"
	json_is "$when: the footer counts the records" "$out" "d[-1]['records'] == len(d) - 2"
}

for name in snapshot records check list graph doctor; do
	look "$name" --schema
	expect "$name --schema succeeds" 0
	check "docs/schema has what $name --schema prints" \
		cmp "$out" "docs/schema/mptrace.$name.1.json"
done

look doctor --json
check "doctor answers" test "$status" -le 1 -a ! -s "$err"
valid "doctor" doctor "$out"
json_is "doctor: no question is asked twice" "$out" \
	"len({(a['group'], a['name']) for a in d['answers']}) == len(d['answers'])"
look doctor --json --no-bpf
valid "doctor without eBPF" doctor "$out"
json_is "doctor: without eBPF no program of it is loaded" "$out" \
	"not any(a['state'] == 'works' for a in d['answers'] if a['group'] == 'eBPF programs')"

start counted "$programs/counted" || exit 1
all_valid "before anything was done" -p "${pid_of[counted]}"
tell counted go
check "the program did its work" await grep -q '^done' "$TMPDIR/counted.log"
all_valid "after known work" -p "${pid_of[counted]}"
all_valid "everything on the machine" -a
look top --json -n 3 -d 0.1 -p "${pid_of[counted]}"
expect "top --json succeeds" 0
valid "top: each line" snapshot "$out" lines
check "top: as many lines as asked for" test "$(wc -l <"$out")" -eq 3
finish counted

# Three of one name under one parent are a group of workers.
start pool "$python" -c 'import os, sys, time
for i in range(3):
    if os.fork() == 0:
        time.sleep(1000)
print("ready", flush=True)
sys.stdin.read()
os.killpg(0, 9)' || exit 1
all_valid "a group of workers" -p "${pid_of[pool]}"
look snapshot --json -p "${pid_of[pool]}"
json_is "the group is there with its members" "$out" \
	"one('workers', ppid=${pid_of[pool]})['members'] == 3"
look snapshot -p "${pid_of[pool]}"
check "the text has it as well" grep -q "^workers: " "$out"
finish pool

start hostile "$programs/hostile" || exit 1
all_valid "hostile names" -p "${pid_of[hostile]}"
finish hostile

if am_root && unshare -pfn --mount-proc true 2>/dev/null; then
	plain=$mpstat
	printf '#!/bin/sh\nexec unshare -pfn --mount-proc -- "%s" "$@"\n' "$plain" >"$TMPDIR/alone"
	chmod +x "$TMPDIR/alone"
	mpstat=$TMPDIR/alone
	all_valid "no domain at all"
	look snapshot --json
	json_is "no domain at all: no rows" "$out" \
		"d['domains'] == d['processes'] == d['objects'] == d['findings'] == []"
	mpstat=$plain
else
	skip "no domain at all" "no right to make namespaces"
fi

# Every number that is written is what was counted: see 50_truth.sh.
plan
