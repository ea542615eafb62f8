/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blind.c - sleeping processes that no source can explain.
 *
 * Owns: the list of kernel functions and calls whose sleepers need no
 * explanation.  Does not own: reading them (collector/).
 */
#include "mpstat/commands/blind.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * Where /proc says a process sleeps, and nothing inside the observed programs
 * is needed to end it, or the model judges it itself: timers, the outside world
 * (terminal, network, any of several descriptors), children, stopped by a
 * debugger or job control.  Beginnings of names, as the kernel spells its
 * functions (wchan) and we spell system calls.
 */
/* clang-format off: one per line says no more */
static const char *const understood[] = {
	"do_wait", "wait4", "waitid", "kernel_wait4", "hrtimer_nanosleep", "do_nanosleep",
	"nanosleep", "clock_nanosleep", "common_nsleep", "do_sys_poll", "do_poll", "poll",
	"ppoll", "do_select", "core_sys_select", "select", "pselect6", "ep_poll",
	"do_epoll_wait", "epoll_", "io_cqring_wait", "io_uring_enter", "n_tty_read",
	"wait_woken", "do_sigtimedwait", "sigtimedwait", "do_sigsuspend", "sigsuspend",
	"rt_sig", "do_pause", "pause", "signalfd_", "timerfd_read", "inotify_read",
	"inet_csk_accept", "inet_stream_connect", "tcp_", "sk_wait_data", "do_signal_stop",
	"ptrace_stop",
};
/* clang-format on */

static void __attribute__((format(printf, 2, 3))) add(struct blind *blind, const char *text, ...)
{
	va_list args;

	if (blind->count < BLIND_MAX) {
		va_start(args, text);
		vsnprintf(blind->text[blind->count], BLIND_TEXT, text, args);
		va_end(args);
	}
	blind->count++;
}

static bool is_understood(const char *inside)
{
	size_t i;

	for (i = 0; i < sizeof(understood) / sizeof(*understood); i++)
		if (strncmp(inside, understood[i], strlen(understood[i])) == 0)
			return true;
	return false;
}

static void look_at(struct blind *blind, const struct process *process)
{
	const struct fact_process *fact = &process->fact;

	/* Members of a domain tell every wait on our objects themselves. */
	if (!process->matched || process->domain || fact->ended)
		return;
	if (fact->state != 'S' && fact->state != 'D')
		return; /* runs, is stopped, or is dead */
	if (!fact->inside[0])
		add(blind,
		    "process %u (%s) sleeps, and where is not readable: needs its user or root",
		    process->id.pid, fact->name);
	else if (!is_understood(fact->inside))
		add(blind,
		    "process %u (%s) sleeps in %s, and who could wake it is not known: needs "
		    "libmptrace in that program",
		    process->id.pid, fact->name, fact->inside);
}

void blind_find(struct blind *blind, const struct session *session)
{
	const struct process *process = NULL;
	int from;

	memset(blind, 0, sizeof(*blind));
	for (from = FACT_FROM_NONE + 1; from < FACT_SOURCES; from++) {
		const struct fact_source_state *state =
			model_source(session->model, (enum fact_source)from);

		if (state && state->name[0] && !state->ok)
			add(blind, "%s: %s", state->name, state->text);
	}
	while ((process = model_next_process(session->model, process)))
		look_at(blind, process);
}
