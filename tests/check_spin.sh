#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# check_spin.sh - the models of tests/spin hold, and what their mutants break is found.
#
#   SPIN=full    the larger sizes and all mutants as well (make check-full)
#
# A run without a mutant must be complete, without an error, and must see as many states as
# its row says: a model that cannot move proves nothing.  That of a mutant must end in an
# error.  Without SPIN=full what has no time left, as on a machine that is busy otherwise, is
# skipped.  The sizes are switches of the models, which say there what they mean.

set -u
cd "$(dirname "$0")/.." || exit 1
. tests/tap.sh

limit=600 # seconds for one run
patience=80 # seconds for all but the last, without SPIN=full
memory=2048 # MiB for one run
models=$PWD/tests/spin
scratch=$(mktemp -d) || exit 1
trap 'rm -rf -- "$scratch"' EXIT

# when | model | states at least, or MUTANT_x | sizes
runs() {
	cat <<'END'
check|lockword|200000|KILLS=2 LOSSY=1
check|lockword|10000|KILLS=0 SLICES=0 TIMEOUTS=1
check|lockword|MUTANT_TAKE_OVER_BY_STORE|KILLS=2 LOSSY=1
check|lockword|MUTANT_FORGETS_OTHERS|KILLS=0 SLICES=0
check|lockword|MUTANT_GIVES_UP_WITH_THE_WAKE|KILLS=0 SLICES=0 TIMEOUTS=1 ROUNDS=2
full|lockword|MUTANT_SLEEP_WITHOUT_WAITERS|KILLS=0 SLICES=0
full|lockword|MUTANT_NO_LOOK_AT_THE_OWNER|KILLS=2 LOSSY=1
full|lockword|MUTANT_WAKE_BEFORE_RELEASE|KILLS=0 SLICES=0
full|lockword|MUTANT_RELEASE_WAKES_NOBODY|KILLS=0 SLICES=0
full|lockword|500000|KILLS=0 SLICES=0 TIMEOUTS=1 ROUNDS=2
full|lockword|400000|KILLS=2 LOSSY=1 TIMEOUTS=1
full|queue|5000|KILLS=1 PUTS=2 PUTTERS=1 GETTERS=1
check|queue|50000|KILLS=1 GETTERS=1
check|queue|100000|KILLS=1 SLEEP=1 LOSSY=1 PUTS=2 PUTTERS=1 GETTERS=1
check|queue|MUTANT_COMMIT_BEFORE_WRITE|KILLS=1 PUTTERS=1 GETTERS=1
check|queue|MUTANT_RECOVERY_ADDS|KILLS=1 PUTTERS=1 GETTERS=1
check|queue|MUTANT_SETTLES_THE_LAST_HOLDER_ONLY|KILLS=2 GETTERS=1
full|queue|MUTANT_NO_SECOND_LOOK|KILLS=0 SLEEP=1 SLICES=0 PUTTERS=1 GETTERS=1
full|queue|MUTANT_NO_INTENT|KILLS=1 PUTTERS=1 GETTERS=1
full|queue|MUTANT_TAKE_BEFORE_COPY|KILLS=1 PUTS=2 PUTTERS=1 GETTERS=1
full|queue|MUTANT_GET_CLOSES_AT_COMMIT|KILLS=1 PUTTERS=1 GETTERS=1
full|queue|MUTANT_RECOVERY_FORGETS_LOST|KILLS=1 PUTTERS=1 GETTERS=1
full|queue|MUTANT_PUT_WAKES_NOBODY|KILLS=0 SLEEP=1 SLICES=0 PUTTERS=1 GETTERS=1
full|queue|1000000|KILLS=1
full|queue|4000000|KILLS=2
full|queue|1000000|KILLS=0 SLEEP=1 SLICES=0 GETTERS=1
full|queue|1000000|KILLS=0 SLEEP=1 SLICES=0 PUTTERS=1 PUTS=2
check|record|5000|
check|record|MUTANT_LIVING_TOO|
check|record|MUTANT_ONE_LOOK|
check|record|MUTANT_ANY_GENERATION|
check|barrier|30000|KILLS=2 PARTIES=1 COMERS=2
check|barrier|30000|KILLS=0 SLICES=0 COMERS=2 WAITS=2
check|barrier|MUTANT_EARLY_DO_NOT_LOOK|KILLS=1 PARTIES=1 COMERS=2
check|barrier|MUTANT_FREE_SEAT_OF_ANY_OTHER_GENERATION|KILLS=1 COMERS=2 RESETS=1
check|barrier|MUTANT_LAST_DOES_NOT_LOOK|KILLS=1 COMERS=2
full|barrier|MUTANT_SLEEP_WITHOUT_A_SECOND_LOOK|KILLS=0 SLICES=0 COMERS=2
full|barrier|MUTANT_COUNT_BEFORE_SEAT|KILLS=1 COMERS=2
full|barrier|MUTANT_GIVES_UP_ALONE|KILLS=1 COMERS=2 TIMEOUTS=1
full|barrier|MUTANT_WAKE_WITHOUT_SEQ|KILLS=0 SLICES=0 COMERS=2
full|barrier|2000000|KILLS=1 COMERS=2 RESETS=1
full|barrier|2000000|KILLS=1 LOSSY=1 COMERS=2 ABORTS=1 TIMEOUTS=1
full|barrier|8000000|KILLS=1 PARTIES=1 COMERS=3
END
}

# Fails with the reason unless `pan` can be made of model $1 with the switches $2...
build() {
	local model=$1
	shift
	rm -rf -- "${scratch:?}/run"
	mkdir "$scratch/run" && cd "$scratch/run" || return
	if ! spin -a "${@/#/-D}" "$models/$model.pml" >said 2>&1 || [ ! -s pan.c ]; then
		cat said
		return 1
	fi
	cc "$optimize" -w -DSAFETY -DCOLLAPSE "-DMEMLIM=$memory" -DVECTORSZ=1024 -o pan pan.c
}

# Leaves what spin says of model $1 with the switches $2... in $scratch/run/out.
verify() (
	build "$@" || return
	timeout "$limit" ./pan -m20000 -w20 >out 2>&1
)

states() {
	sed -nE 's/^ *([0-9]+) states, stored.*/\1/p' "$scratch/run/out"
}

holds() {
	local least=$2 out=$scratch/run/out
	verify "$1" "${@:3}" || { tail -n 20 "$out"; return 1; }
	if ! grep -q 'errors: 0$' "$out" || grep -qE 'not completed|too small|reached limit' "$out" ||
		[ "$(states)" -lt "$least" ]; then
		cat "$out"
		return 1
	fi
}

# An error that stopped the search: an assertion, or a state in which all wait for ever.
is_caught() {
	local out=$scratch/run/out
	verify "$1" "${@:2}" || { tail -n 20 "$out"; return 1; }
	grep -qE '^pan:1: (assertion violated|invalid end state)' "$out" && return
	cat "$out"
	return 1
}

missing() {
	command -v spin >/dev/null || { echo "no spin (Debian package spin)"; return; }
	command -v cc >/dev/null || echo "no C compiler"
}

run_all() {
	local when model what switches
	local -a sizes
	while IFS='|' read -r when model what switches; do
		[ "$when" = check ] || [ "${SPIN:-}" = full ] || continue
		if [ "${SPIN:-}" != full ] && [ "$SECONDS" -gt $patience ]; then
			skip "$model: $what ($switches)" "no time left after $patience s"
			continue
		fi
		read -ra sizes <<<"$switches"
		optimize=-O0
		[ "$when" = check ] || optimize=-O1
		case $what in
		MUTANT_*)
			optimize=-O0
			check "$model: $what is caught ($switches)" is_caught "$model" "$what" "${sizes[@]}"
			;;
		*)
			check "$model holds ($switches)" holds "$model" "$what" "${sizes[@]}"
			note "$model ($switches): $(states) states"
			;;
		esac
	done < <(runs)
}

why=$(missing)
if [ -n "$why" ]; then
	skip "the models hold and their mutants are caught" "$why"
else
	run_all
fi
plan
