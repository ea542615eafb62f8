#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# 41_zoo.sh - whatever is called like a segment, and segments that change under the reader,
# lie about whom they have, or are far too many: the viewer says what it cannot read,
# shows the rest, and ends.

set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/tap.sh
. tests/e2e/helpers.sh

zoo() {
	"$python" tests/e2e/zoo.py "$@"
}

# A good segment, kept by a program that has ended.
kept=$TMPDIR/kept
mkdir "$kept"
MPTRACE_OUT=$kept MPTRACE_SIZE=1M MPTRACE_NAME=good start counted "$programs/counted" || exit 1
tell counted go
check "a good program" await grep -q '^done' "$TMPDIR/counted.log"
finish counted
good=$(echo "$kept"/*.mptrace)

# ---- files of every sort ----------------------------------------------------

zoo files "$kept" "$good"
for words in "snapshot" "list" "top -b -n 2 -d 0.1" "records --no-follow"; do
	# Words of a command.
	# shellcheck disable=SC2086
	check "$words: ends beside strange files" timeout 60 "$mpstat" $words -i "$kept"
	# shellcheck disable=SC2086
	look $words -i "$kept"
	check "$words: prints nothing harmful" harmless "$out" "$err"
done
look snapshot --json -i "$kept"
json_is "the good one is shown" "$out" \
	"one('objects', domain='good', name='letters')['puts'] == 23"
look check -i "$kept"
check "check says that not all was seen" test "$status" -eq 3 -o "$status" -eq 1
for name in fifo directory link loop dangling socket empty half head zeros twice thrice huge; do
	check "it names $name.mptrace" grep -q "^unknown: segment: .*/$name\.mptrace " "$out"
done
if am_root; then
	for name in null zero random; do
		check "it does not read from the device $name" \
			grep -q "/$name\.mptrace is not a regular file" "$out"
	done
	chmod 755 "$TMPDIR" "$kept"
	chmod 644 "$good"
	as_nobody "$mpstat" check -i "$kept" >"$out" 2>"$err"
	check "without the right to read it says so" \
		grep -q "/secret\.mptrace cannot be opened: Permission denied" "$out"
else
	skip "devices and other users" "not root"
fi

# ---- while they change --------------------------------------------------------

mkdir "$TMPDIR/cut"
cp "$good" "$TMPDIR/cut/one.mptrace"
start cut "$python" tests/e2e/zoo.py cut "$TMPDIR/cut/one.mptrace" || exit 1
start wild "$python" tests/e2e/zoo.py wild "$good" || exit 1
survived=yes
for round in 1 2 3; do
	[ "$survived" = yes ] || break
	for words in "snapshot --json -i $TMPDIR/cut" "snapshot --json -p ${pid_of[wild]}" \
		"records --no-follow -p ${pid_of[wild]}" "check -p ${pid_of[wild]}"; do
		# shellcheck disable=SC2086
		timeout 60 "$mpstat" $words >"$out" 2>"$err"
		status=$?
		case $status in 0 | 1 | 3) ;; *) survived="round $round: $words: $(show)" ;; esac
		harmless "$out" "$err" >/dev/null || survived="$words: prints something harmful"
	done
done
check "segments cut short and written over while they are read" test "$survived" = yes
[ "$survived" = yes ] || printf '# %s\n' "${survived//$'\n'/$'\n# '}"
check "the same for a viewer that stays" \
	timeout 60 "$mpstat" top -b -n 10 -d 0.1 -p "${pid_of[wild]}"
finish wild
finish cut

# ---- claims ---------------------------------------------------------------------

# Root's word would be taken.
if am_root; then
	start planted setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$python" tests/e2e/zoo.py planted "$good" || exit 1
	look snapshot --json
	json_is "who is in a domain only because it says so is not shown there" "$out" \
		"not [p for p in d['processes'] if p['pid'] in (1, $$) and p['domain'] == 'good']"
	look check
	check "the claim is said" grep -q '^unknown: segment: .* processes of other users' "$out"
	finish planted
else
	skip "claims of another user" "not root"
fi

# ---- too many ---------------------------------------------------------------------

mkdir "$TMPDIR/many" "$TMPDIR/copies"
zoo many "$TMPDIR/many" 100000
cp "$good" "$TMPDIR/many/good.mptrace"
timeout 120 "$python" - "$mpstat" "$TMPDIR/many" >"$out" <<'END'
import resource, subprocess, sys
done = subprocess.run([sys.argv[1], "snapshot", "-i", sys.argv[2]], capture_output=True, text=True)
print(done.stdout)
use = resource.getrusage(resource.RUSAGE_CHILDREN)
print("used", done.returncode, use.ru_maxrss, round(use.ru_utime + use.ru_stime, 1))
END
read -r _ status kib seconds < <(grep '^used' "$out")
check "100,000 files that are none are looked at" test "$status" -eq 0
check "the good one among them is shown" grep -q letters "$out"
check "it says how many are not" grep -q 'and 99999 more: doctor' "$out"
# The sanitizers take memory of their own.
if nm "$mpstat" 2>/dev/null | grep -q __asan_init; then
	skip "in less than 40 MiB" "built with sanitizers"
else
	check "in less than 40 MiB" test "$kib" -lt 40960
fi
note "100,000 kept files: $seconds s of a processor, $kib KiB"

zoo copies "$TMPDIR/copies" "$good" 300
(ulimit -n 100 && look snapshot -i "$TMPDIR/copies")
check "more domains than descriptors are left out" \
	grep -q 'domains are left out: [0-9]* are read at most with so few descriptors' "$out"
plan
