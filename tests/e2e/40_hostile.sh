#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# 40_hostile.sh - names that attack the terminal, segments that lie.

set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/tap.sh
. tests/e2e/helpers.sh

start hostile "$programs/hostile" || exit 1
pid=${pid_of[hostile]}
for words in "top -b -n 1" "top -b -n 1 --color=always" "top -b -n 1 -U" "snapshot" \
	"snapshot --json" "list" "list --json" "check" "check --json" "records --no-follow" \
	"records --no-follow --json" "top --json -n 1"; do
	# Words of a command.
	# shellcheck disable=SC2086
	look $words -p "$pid"
	check "$words: has output" test -s "$out"
	check "$words: prints nothing harmful" harmless "$out" "$err"
done
look snapshot --json -p "$pid"
json_is "the hostile names are there, made harmless" "$out" \
	"[o for o in d['objects'] if '?[2J?]0;pwned' in o['name']]"
json_is "the process pretending to be another is itself" "$out" \
	"one('processes', pid=$pid)['state'] in 'SR'"
finish hostile

# ---- segments that are none --------------------------------------------------

cat >"$TMPDIR/liar.py" <<'END'
"""Announces domains whose segments are empty, garbage, cut short or too new."""
import os, random, socket, struct, sys
random.seed(1)
MAGIC = 0x314543415254504d
contents = {
    "empty": b"",
    "short": struct.pack("<QHH", MAGIC, 1, 0),
    "garbage": bytes(random.randrange(256) for _ in range(65536)),
    "newer": struct.pack("<QHHIQ", MAGIC, 99, 0, 640, 65536) + bytes(65512),
    "lying": struct.pack("<QHHIQII", MAGIC, 1, 0, 640, 1 << 60, 1, 0) + b"\xff" * 65000,
}
keep = []
for name, content in contents.items():
    fd = os.memfd_create("mptrace:" + name)
    os.write(fd, content)
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(b"\0mptrace.1/%032x/%d/%d" % (random.getrandbits(128), os.getpid(), fd))
    keep.append(s)
for odd in (b"mptrace.1/", b"mptrace.1/zz/1/1", b"mptrace.1/%032x/99999999/3" % 7,
            b"mptrace.1/%032x/1/4294967295" % 8, b"mptrace.1/\x1b[31m", b"mptrace.1/" + b"9" * 90):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(b"\0" + odd)
    keep.append(s)
print("ready", flush=True)
sys.stdin.read()
END
MPTRACE_NAME=good-$$ start counted "$programs/counted" || exit 1
tell counted go
check "a good program beside" await grep -q '^done' "$TMPDIR/counted.log"
start liar "$python" "$TMPDIR/liar.py" || exit 1
for words in "top -b -n 1" "snapshot" "list" "records --no-follow"; do
	# shellcheck disable=SC2086
	look $words
	expect "$words: succeeds beside lying segments" 0
	check "$words: prints nothing harmful" harmless "$out" "$err"
done
look snapshot --json
json_is "the good one is shown beside them" "$out" \
	"one('objects', domain='good-$$', name='letters')['puts'] == 23"
json_is "the lying ones are one sentence" "$out" \
	"[s for s in d['sources'] if s['name'] == 'segment' and s['text']]"
json_is "and no rows" "$out" \
	"not [x for x in d['domains'] if x['name'] in ('empty', 'short', 'garbage', 'newer')]"
look check
check "check does not call that fine" test "$status" -eq 3 -o "$status" -eq 1
check "it says so of each of them" test "$(grep -c '^unknown: segment: ' "$out")" -ge 5
look check -p "${pid_of[counted]}"
check "it is not said of a process that has nothing to do with them" \
	test "$(grep -c '^unknown: segment: ' "$out")" -eq 0
look doctor
check "doctor names each of them" test "$(grep -c '^unseen *segment ' "$out")" -ge 5
check "doctor prints nothing harmful" harmless "$out" "$err"
finish liar
finish counted

for content in "" "nonsense" "MPTRACE1"; do
	printf '%s' "$content" >"$TMPDIR/kept"
	look snapshot -i "$TMPDIR/kept"
	expect "a kept file that is none ('$content')" 0
	check "it is said" grep -qE '^segment: not all is seen: .*kept' "$out"
done
plan
