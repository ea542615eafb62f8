/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * words_death.c - how a process came to its end, in words.
 *
 * What nobody saw is said, never guessed.
 */
#include "mpstat/model/words.h"

#include <string.h>

static void add_signal(struct sentence *out, int signal)
{
	const char *name = sigabbrev_np(signal);

	if (name)
		sentence_add(out, "SIG%s", name);
	else
		sentence_add(out, "signal %d", signal);
}

static void add_sender(struct sentence *out, const struct death *death)
{
	if (death->by_name[0] && death->by.pid)
		sentence_add(out, "%s (%s%u)", death->by_name, out->brief ? "" : "pid ",
			     death->by.pid);
	else if (death->by.pid)
		sentence_add(out, "pid %u", death->by.pid);
	else
		sentence_add(out, "a process out of sight");
}

static void add_process(struct sentence *out, const struct death *death)
{
	if (death->itself) {
		sentence_add(out, ", sent by itself");
		return;
	}
	sentence_add(out, " from ");
	add_sender(out, death);
}

static void add_parent_death(struct sentence *out, const struct death *death)
{
	sentence_add(out, ", its parent-death signal");
	if (!death->by.pid)
		return;
	sentence_add(out, ", when ");
	add_sender(out, death);
	sentence_add(out, " ended");
}

/* What follows the signal's name. */
static void add_origin(struct sentence *out, const struct death *death)
{
	static const char *const words[FACT_ORIGINS] = {
		[FACT_ORIGIN_UNKNOWN] = ", nobody saw who sent it",
		[FACT_ORIGIN_FAULT] = ", its own fault",
		[FACT_ORIGIN_TIMER] = ", a timer it had set",
		[FACT_ORIGIN_TERMINAL] = " from the terminal",
		[FACT_ORIGIN_KERNEL] = " from the kernel",
	};

	if (death->origin == FACT_ORIGIN_PROCESS)
		add_process(out, death);
	else if (death->origin == FACT_ORIGIN_PARENT_DEATH)
		add_parent_death(out, death);
	else if (death->origin < FACT_ORIGINS && words[death->origin])
		sentence_add(out, "%s", words[death->origin]);
}

static bool was_killed(const struct death *death)
{
	return death->exit_code < 0 && death->exit_code != FACT_EXIT_UNKNOWN;
}

void words_cause(struct sentence *out, const struct death *death)
{
	if (death->exit_code == FACT_EXIT_UNKNOWN) {
		sentence_add(out, "nobody saw how it ended");
		return;
	}
	if (!was_killed(death)) {
		sentence_add(out, "exit code %d", death->exit_code);
		return;
	}
	if (death->origin == FACT_ORIGIN_MEMORY) {
		sentence_add(out, "killed: memory ran out");
	} else {
		sentence_add(out, "killed by ");
		add_signal(out, -death->exit_code);
		add_origin(out, death);
	}
	if (death->core)
		sentence_add(out, ", core dumped");
}

void words_death(struct sentence *out, const struct death *death)
{
	if (death->exit_code == FACT_EXIT_UNKNOWN) {
		sentence_add(out, "ended, nobody saw how");
		return;
	}
	sentence_add(out, was_killed(death) ? "was " : "ended with ");
	words_cause(out, death);
}
