/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * screen_locks.c - what one waits for and nothing is in: every object that has an
 * owner or units, is set or clear, is memory, where all must come, or where one sleeps
 * until notified.
 */
#include "mpstat/model/kind.h"
#include "mpstat/view/object_rows.h"
#include "mpstat/view/view_state.h"

static const struct table_column columns[] = {
	{.key = "name", .grow = 20, .style = object_rows_name_style},
	{.key = "domain", .drop = 10},
	{.key = "kind", .drop = 9},
	{.key = "state", .title = "HOLDER", .grow = 20},
	{.key = "held_for_ns"},
	{.key = "waiters", .style = object_rows_take_style},
	{.key = "acquisitions_per_s"},
	{.key = "contended_percent"},
	{.key = "wait_p50_ns", .drop = 4},
	{.key = "wait_p99_ns", .drop = 1},
	{.key = "wait_max_ns", .drop = 5},
	{.key = "hold_p50_ns", .drop = 3},
	{.key = "hold_p99_ns", .drop = 2},
	{.key = "acquisitions", .drop = 6},
	{.key = "size_bytes", .drop = 8},
	{.key = "recovered", .drop = 7, .style = object_rows_lost_style},
	{.key = NULL},
};

static const struct table_spec spec = {
	.entity = ENTITY_OBJECT,
	.columns = columns,
	.style = object_rows_style,
};

static void update(struct page *page, const struct view *view)
{
	object_rows_fill(page, view,
			 MPT_T_HELD | MPT_T_FLAG | MPT_T_PARTIES | MPT_T_SLEEPERS | MPT_T_SIZE |
				 MPT_T_HOLDERS | MPT_T_WAITED,
			 "No lock, semaphore, event, barrier, condition or memory is open, or waited for, "
			 "here.");
}

const struct screen screen_locks = {
	.name = "locks",
	.title = "Locks",
	.key = '3',
	.help = "Locks, semaphores, events, barriers, conditions, memory: holder, waiters.",
	.table = &spec,
	.keys = object_rows_keys,
	.update = update,
};
