/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * step_process_test.c - mpt_process_start killed after single instructions, for functions
 * and for programs, and a program killed while it enters its place.
 *
 * The domain is so small that slots must be used again: one that a death left taken for
 * good would soon be missed.
 */
#include "tests/api/methods.h"
#include "tests/api/step.h"

#include <poll.h>
#include <sys/ptrace.h>

/* Thousands of instructions: strings, flushing, fork handlers. */
#define STRIDE (SANITIZED ? 9001 : 701)
#define FINE (SANITIZED ? 901 : 53)
#define AROUND (SANITIZED ? 4000u : 300u)
#define ARRIVAL_STRIDE (SANITIZED ? 80021 : 9001)
#define FINEST 97 /* what the environment may ask for */

struct world {
	const struct method *method;
	struct mpt_event *ran;
	struct moment commit;
	int ends[2]; /* the victim and its child have the second one */
};

static int runs(const char *unused)
{
	(void)unused;
	mpt_event_set(signal_of("ran"));
	return 0;
}

static int returns(const char *code)
{
	return atoi(code);
}

static void prepares(void *arg)
{
	struct world *w = arg;

	fflush(NULL); /* or a start flushes it again */
	assert_int_equal(pipe(w->ends), 0);
}

static void acts_start(void *arg)
{
	struct world *w = arg;
	struct mpt_process *p = w->method->create("runs", "", NULL);

	child_claims(mpt_process_start(p) == 0);
}

static void await_all_gone(struct world *w)
{
	struct pollfd gone = { .fd = w->ends[0], .events = POLLIN };

	close(w->ends[1]);
	assert_int_equal(poll(&gone, 1, 30000), 1);
	close(w->ends[0]);
}

/* Whole or not at all, and whoever comes next finds everything usable. */
static void judges_start(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	bool ran;

	await_all_gone(w);
	ran = seen(&w->commit, k, mpt_event_is_set(w->ran));
	assert_true(ran || !finished);
	assert_int_equal(mpt_event_clear(w->ran), 0);
	assert_int_equal(method_code(w->method, "returns", "3"), 3);
}

static void a_start_killed_anywhere_has_started_or_not(void **state)
{
	struct world *w = shared(sizeof(*w));
	struct stepped start = { "start", prepares, acts_start, judges_start };
	uint64_t at;

	w->method = method_of(state);
	w->ran = signal_made("ran");
	w->commit = (struct moment)NOT_YET;
	assert_true(step_range(&start, w, 0, TO_THE_END, STRIDE) > 5);
	at = w->commit.first;
	step_range(&start, w, at > AROUND ? at - AROUND : 0, at + AROUND, FINE);
	assert_true(w->commit.first != NEVER && w->commit.last_without > 0);
	mpt_event_destroy(w->ran);
}

/* ---- the program's side ---------------------------------------------------------------------- */

/* Everything up to main has run; the first call has not. */
static int stops_before_its_first_call(const char *unused)
{
	(void)unused;
	child_claims(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
	raise(SIGSTOP);
	mpt_event_set(signal_of("ran"));
	_exit(0);
}

/* Killed after k instructions, or system calls entered and left; false: it ended before. */
static bool arrival_killed(uint64_t k, bool (*advance)(pid_t pid, uint64_t k))
{
	struct mpt_process *p =
		method_run(&method_program, "stops_before_its_first_call", "", NULL);
	pid_t pid = mpt_process_pid(p);
	int status;
	bool killed;

	assert_int_equal(waitpid(pid, &status, __WALL | WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	killed = advance(pid, k);
	if (killed)
		kill_child(pid);
	assert_int_equal(mpt_process_join(p, GUARD_NS), 0);
	mpt_process_destroy(p);
	assert_int_equal(method_code(&method_program, "returns", "4"), 4);
	return killed;
}

static void a_program_killed_while_it_enters_its_place_leaves_it(void **state)
{
	uint64_t stride = finer_stride(ARRIVAL_STRIDE), kills = 0;
	struct mpt_event *ran = signal_made("ran");
	cpu_set_t before;

	(void)state;
	share_one_processor(&before);
	for (uint64_t k = 0; arrival_killed(k, step_syscalls); k++)
		kills++;
	for (uint64_t k = 0; arrival_killed(k, step); k += stride)
		kills++;
	sched_setaffinity(0, sizeof(before), &before);
	assert_true(kills > 10);
	assert_int_equal(mpt_event_is_set(ran), 1);
	printf("# note: first call of a program: %llu kills\n", (unsigned long long)kills);
	mpt_event_destroy(ran);
}

/* Each byte of it costs instructions of a start. */
static void shorten_environment(void)
{
	const char *step = getenv("MPT_STEP"), *output = getenv("CMOCKA_MESSAGE_OUTPUT");
	char stride[20] = "", format[20];

	if (step)
		snprintf(stride, sizeof(stride), "%d", atoi(step) < FINEST ? FINEST : atoi(step));
	snprintf(format, sizeof(format), "%s", output ? output : "STDOUT");
	clearenv();
	setenv("CMOCKA_MESSAGE_OUTPUT", format, 1);
	setenv("MPTRACE_RING", "8K", 1);
	setenv("MPTRACE_SIZE", "2M", 1);
	if (step)
		setenv("MPT_STEP", stride, 1);
}

#define PART(play) { #play, play }

int main(int argc, char **argv)
{
	static const struct part parts[] = {
		PART(runs),
		PART(returns),
		PART(stops_before_its_first_call),
	};
	const struct CMUnitTest tests[] = {
		by_both(a_start_killed_anywhere_has_started_or_not),
		process_test(a_program_killed_while_it_enters_its_place_leaves_it),
	};

	shorten_environment();
	methods_main(argc, argv, parts, sizeof(parts) / sizeof(parts[0]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
