#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# 51_pool.sh - a pool at work, idle, stuck, and after a worker's death: what the viewer says.

set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/tap.sh
. tests/e2e/helpers.sh

# ---- at work -----------------------------------------------------------------

start busy "$programs/pool" busy || exit 1
pid=${pid_of[busy]}
at_work() {
	look snapshot --json -p "$pid"
	# shellcheck disable=SC2016 # the backquotes are mpstat's
	[ "$(grep -o 'running task `resize`' "$out" | wc -l)" -ge 3 ]
}
check "three workers are at work" await at_work
json_is "the pool: workers, those busy, nothing in line" "$out" \
	"[one('objects', name='images')[k] for k in ('workers', 'busy', 'depth')] == [3, 2, 0]"
json_is "the pool of one: seven in line" "$out" \
	"[one('objects', name='narrow')[k] for k in ('workers', 'busy', 'depth')] == [1, 1, 7]"
json_is "its task runs for a while" "$out" \
	"one('objects', name='narrow')['oldest_task_ns'] > 0"
json_is "what the workers do is told in words" "$out" \
	"sorted(p['waiting_for'].split(' for ')[0] for p in rows('processes') \
	if p['name'] != 'MainProcess') == ['running task \`resize\` of pool \`images\`'] * 2 + \
	['running task \`resize\` of pool \`narrow\`', 'waiting']"
json_is "and as a field" "$out" "len(rows('processes', task='resize')) == 3"
json_is "the idle one waits for a task" "$out" \
	"len([p for p in rows('processes') if p['waiting_for'].startswith( \
	'waiting for a task from pool \`images\`')]) == 1"
json_is "main waits for a result" "$out" \
	"one('processes', name='MainProcess')['waiting_for'].startswith( \
	'waiting for the result of \`resize\` from pool \`images\` for ')"
json_is "tasks are in the ledger" "$out" \
	"one('uses', process='MainProcess', object='narrow')['puts'] == 8 and \
	one('uses', process='narrow-1', object='narrow')['gets'] == 1"
look -b -n 1 --screen queues -p "$pid"
expect "the screen of queues" 0
check "it says how many are busy" grep -q "(2 of 3 busy)" "$out"
look check -p "$pid"
expect "a busy pool is fine" 0
end_by_kill busy
# shellcheck disable=SC2016 # for that shell
none "workers of a killed creator leave" "$(await sh -c '! pgrep -f "$0" >/dev/null' \
	"^$programs/pool busy" || pgrep -af "$programs/pool busy")"

# ---- idle --------------------------------------------------------------------

start idle "$programs/pool" idle || exit 1
look check --strict -p "${pid_of[idle]}"
expect "an idle pool is fine, however long" 0
end_by_kill idle

# ---- stuck -------------------------------------------------------------------

start stuck "$programs/pool" stuck || exit 1
pid=${pid_of[stuck]}
is_stuck() {
	look check -p "$pid"
	[ "$status" -eq 1 ]
}
await is_stuck
expect "tasks that wait for a lock of who waits for them are a deadlock" 1
# shellcheck disable=SC2016 # the backquotes are mpstat's
check "the pool is named" grep -q 'finish a task of pool `images`' "$out"
# shellcheck disable=SC2016 # the backquotes are mpstat's
check "the lock is named, and who has it" grep -q 'waits for lock `disk` held by MainProcess' "$out"
end_by_kill stuck

# ---- a death -----------------------------------------------------------------

start lost "$programs/pool" lost || exit 1
look check -p "${pid_of[lost]}"
# shellcheck disable=SC2016 # the backquotes are mpstat's
check "a lost task is told" grep -q '1 task of pool `images` was lost: its worker died in it' "$out"
look snapshot --json -p "${pid_of[lost]}"
json_is "and counted, and the worker replaced" "$out" \
	"[one('objects', name='images')[k] for k in ('lost', 'workers_lost', 'workers')] == [1, 1, 3]"
end_by_kill lost
plan
