/* SPDX-License-Identifier: BSD-2-Clause */
/* life_fact.c - see life_fact.h. */
#include "mpstat/collector/life_fact.h"

#include "mpstat/util/text.h"

#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>

#define BIT(signal) (1ull << (signal))
#define ANY (~0ull)
#define FAULTS (BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGFPE) | BIT(SIGILL) | BIT(SIGTRAP))
#define TIMERS (BIT(SIGALRM) | BIT(SIGVTALRM) | BIT(SIGPROF))
#define TERMINALS                                                                          \
	(BIT(SIGINT) | BIT(SIGQUIT) | BIT(SIGTSTP) | BIT(SIGHUP) | BIT(SIGCONT) |          \
	 BIT(SIGTTIN) | BIT(SIGTTOU))

/* From <asm-generic/siginfo.h>; the libc headers lack some. */
#define CODE_USER_DISPATCH 2 /* SIGSYS */
#define CODE_MACHINE_CHECK 4 /* SIGBUS: BUS_MCEERR_AR and _AO: the memory is broken */
#define CODE_KERNEL 0x80     /* force_sig() and the like */

enum who { ANYBODY, ITSELF, ANOTHER, EXITING };

/* The first row that fits decides. */
static const struct {
	uint8_t origin; /* enum life_origin */
	uint8_t who;	/* enum who */
	uint8_t result; /* enum fact_origin */
	int from, to;	/* si_code */
	uint64_t signals;
} rows[] = {
	/* clang-format off */
	/* A siginfo: its code says who filled it in. */
	{ LIFE_ORIGIN_INFO, ANYBODY, FACT_ORIGIN_TIMER, SI_TIMER, SI_TIMER, ANY },
	{ LIFE_ORIGIN_INFO, ANYBODY, FACT_ORIGIN_KERNEL, SI_SIGIO, SI_MESGQ, ANY },
	{ LIFE_ORIGIN_INFO, ANYBODY, FACT_ORIGIN_KERNEL, SI_ASYNCNL, SI_ASYNCNL, ANY },
	{ LIFE_ORIGIN_INFO, ANYBODY, FACT_ORIGIN_PROCESS, INT_MIN, SI_USER, ANY },
	{ LIFE_ORIGIN_INFO, ANYBODY, FACT_ORIGIN_KERNEL, CODE_MACHINE_CHECK, CODE_MACHINE_CHECK + 1, BIT(SIGBUS) },
	{ LIFE_ORIGIN_INFO, ANYBODY, FACT_ORIGIN_FAULT, CODE_USER_DISPATCH, CODE_USER_DISPATCH, BIT(SIGSYS) },
	/* CODE_KERNEL too: an address no processor has is a general protection fault. */
	{ LIFE_ORIGIN_INFO, ANYBODY, FACT_ORIGIN_FAULT, 1, CODE_KERNEL, FAULTS },
	{ LIFE_ORIGIN_INFO, ANYBODY, FACT_ORIGIN_KERNEL, 1, INT_MAX, ANY },
	/* In the name of whoever runs: reparent_leader(), write to a broken pipe, RLIMIT_FSIZE. */
	{ LIFE_ORIGIN_NOINFO, EXITING, FACT_ORIGIN_PARENT_DEATH, INT_MIN, INT_MAX, ANY },
	{ LIFE_ORIGIN_NOINFO, ITSELF, FACT_ORIGIN_FAULT, INT_MIN, INT_MAX, BIT(SIGPIPE) },
	{ LIFE_ORIGIN_NOINFO, ANOTHER, FACT_ORIGIN_PROCESS, INT_MIN, INT_MAX, ANY },
	{ LIFE_ORIGIN_NOINFO, ANYBODY, FACT_ORIGIN_KERNEL, INT_MIN, INT_MAX, ANY },
	/* By the kernel: whoever runs has nothing to do with it. */
	{ LIFE_ORIGIN_KERNEL, ANYBODY, FACT_ORIGIN_TERMINAL, INT_MIN, INT_MAX, TERMINALS },
	{ LIFE_ORIGIN_KERNEL, ANYBODY, FACT_ORIGIN_TIMER, INT_MIN, INT_MAX, TIMERS },
	{ LIFE_ORIGIN_KERNEL, ANYBODY, FACT_ORIGIN_KERNEL, INT_MIN, INT_MAX, ANY },
	/* clang-format on */
};

static bool is_who(const struct life_event *event, unsigned who)
{
	bool itself = event->other_pid == event->pid;

	if (who == ITSELF)
		return itself;
	if (who == ANOTHER)
		return !itself && event->other_pid;
	if (who == EXITING)
		return !itself && event->flags & LIFE_SENDER_EXITS;
	return true;
}

enum fact_origin life_fact_origin(const struct life_event *event)
{
	uint64_t signal = event->signal < 64 ? BIT(event->signal) : 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].origin == event->origin && event->code >= rows[i].from &&
		    event->code <= rows[i].to &&
		    (rows[i].signals == ANY || rows[i].signals & signal) &&
		    is_who(event, rows[i].who))
			return (enum fact_origin)rows[i].result;
	return FACT_ORIGIN_UNKNOWN;
}

int32_t life_fact_exit_code(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : FACT_EXIT_UNKNOWN;
}

static void fill_other(const struct life_event *event, const struct ticks *ticks,
		       struct fact_life *life)
{
	if (!event->other_pid)
		return;
	life->other.pid = event->other_pid;
	if (event->other_start_ns)
		life->other.start = ticks_of_boot(ticks, event->other_start_ns);
	text_clean(life->other_name, sizeof(life->other_name), event->other_comm, LIFE_COMM);
}

/* Who merely ran when the kernel sent a signal is not named. */
static void fill_signal(const struct life_event *event, const struct ticks *ticks,
			struct fact_life *life)
{
	life->origin = (uint8_t)life_fact_origin(event);
	life->signal = event->signal;
	if (life->origin == FACT_ORIGIN_PROCESS || life->origin == FACT_ORIGIN_PARENT_DEATH)
		fill_other(event, ticks, life);
}

static void fill_exit(const struct life_event *event, const struct ticks *ticks,
		      struct fact_life *life)
{
	life->exit_code = life_fact_exit_code(event->status);
	life->core = event->flags & LIFE_CORE || (event->status & 0x80 &&
						  WIFSIGNALED(event->status));
	fill_other(event, ticks, life);
}

static void fill_nothing(const struct life_event *event, const struct ticks *ticks,
			 struct fact_life *life)
{
	(void)event;
	(void)ticks;
	(void)life;
}

static const struct {
	uint8_t what; /* enum fact_life_what; 0: there is none */
	void (*fill)(const struct life_event *event, const struct ticks *ticks,
		     struct fact_life *life);
} kinds[] = {
	[LIFE_FORK] = { FACT_LIFE_FORK, fill_other },
	[LIFE_EXEC] = { FACT_LIFE_EXEC, fill_nothing },
	[LIFE_EXIT] = { FACT_LIFE_EXIT, fill_exit },
	[LIFE_SIGNAL] = { FACT_LIFE_SIGNAL, fill_signal },
	[LIFE_OOM] = { FACT_LIFE_OOM, fill_nothing },
};

bool life_fact(const struct life_event *event, const struct ticks *ticks, struct fact *out)
{
	struct fact_life *life = &out->u.life;

	memset(out, 0, sizeof(*out));
	if (event->what >= sizeof(kinds) / sizeof(kinds[0]) || !kinds[event->what].what ||
	    !event->pid)
		return false;
	out->type = FACT_LIFE;
	out->source = FACT_FROM_KERNEL;
	out->time_ns = ticks_monotonic(ticks, event->time_ns);
	life->what = kinds[event->what].what;
	life->process.pid = event->pid;
	life->process.start = ticks_of_boot(ticks, event->start_ns);
	text_clean(life->name, sizeof(life->name), event->comm, LIFE_COMM);
	life->uid = event->uid;
	life->session = event->session;
	life->group = event->group;
	life->exit_code = FACT_EXIT_UNKNOWN;
	kinds[event->what].fill(event, ticks, life);
	return true;
}
