/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process_seen_test.c - what a viewer finds in the domain about processes: who they
 * are, who waits for whom, how they ended.
 */
#include "tests/api/process_support.h"

#include "libtrace/contract/ring.h"

#define FLAG_OF(p, flag) (((p)->flags & (flag)) != 0)

static uint32_t slot_of_process(const struct mpt_wire_process *p)
{
	const uint8_t *table = (const uint8_t *)segment() +
			       segment()->section[MPT_SEC_PROCESSES].offset;

	return (uint32_t)((size_t)((const uint8_t *)p - table) / sizeof(*p));
}

static void a_child_has_a_slot_that_tells_who_it_is(void **state)
{
	struct mpt_process_options named = { .name = "a daemon", .daemon = MPT_DAEMON_YES };
	const struct mpt_wire_process *me, *it;
	uint32_t *may_end = shared(sizeof(*may_end));
	struct mpt_process *p = process_run(process_await, may_end, &named);
	pid_t pid = mpt_process_pid(p);

	(void)state;
	assert_eventually(segment_process(pid) != NULL);
	it = segment_process(pid);
	me = segment_process(getpid());
	assert_int_equal(it->state, MPT_SLOT_LIVE);
	assert_string_equal(it->name, "a daemon");
	assert_true(FLAG_OF(it, MPT_PROC_CHILD));
	assert_true(FLAG_OF(it, MPT_PROC_DAEMON));
	assert_false(FLAG_OF(it, MPT_PROC_REAPED));
	assert_int_equal(it->parent, slot_of_process(me));
	assert_int_equal(it->parent_pid, getpid());
	assert_int_equal(it->exit_code, MPT_EXIT_UNKNOWN);
	assert_string_equal(me->name, "MainProcess");
	assert_false(FLAG_OF(me, MPT_PROC_CHILD));
	assert_eventually(segment_thread(pid) != NULL);
	assert_string_equal(segment_thread(pid)->name, "a daemon");
	reach(may_end);
	assert_int_equal(process_end(p), 0);
}

/* ---- waiting --------------------------------------------------------------------------- */

static struct {
	struct mpt_process *process;
	uint64_t timeout_ns;
} join_of;

static void *join_it(void *unused)
{
	mpt_process_join(join_of.process, join_of.timeout_ns);
	return unused;
}

/* The wait of whichever of our threads joins. */
static struct mpt_wire_wait wait_of_join(void)
{
	const struct mpt_wire_section *s = &segment()->section[MPT_SEC_THREADS];
	struct mpt_wire_wait none = { 0 };

	for (uint32_t i = 0; i < s->used; i++) {
		const struct mpt_wire_thread *t =
			(const void *)((const uint8_t *)segment() + s->offset + s->stride * i);

		if (t->wait.since_ns && t->wait.op == MPT_OP_PROCESS_JOIN)
			return t->wait;
	}
	return none;
}

static void join_is_seen(uint64_t timeout_ns)
{
	struct mpt_process *p = process_run(process_pause, NULL, NULL);
	const struct mpt_wire_process *it;
	struct mpt_wire_wait wait;
	pthread_t t;

	assert_eventually(segment_process(mpt_process_pid(p)) != NULL);
	it = segment_process(mpt_process_pid(p));
	join_of.process = p;
	join_of.timeout_ns = timeout_ns;
	t = thread(join_it, NULL);
	assert_eventually(is_blocked_in(getpid(), MPT_OP_PROCESS_JOIN));
	wait = wait_of_join();
	assert_int_equal(wait.object, MPT_REF_PROCESS | slot_of_process(it));
	assert_int_equal(wait.object_generation, it->generation);
	assert_int_equal(wait.flags & MPT_WAIT_TIMED, timeout_ns == MPT_FOREVER ? 0 : MPT_WAIT_TIMED);
	assert_int_equal(wait.deadline_ns != 0, timeout_ns != MPT_FOREVER);
	assert_int_equal(mpt_process_kill(p), 0);
	join_thread(t);
	assert_false(is_blocked_in(getpid(), MPT_OP_PROCESS_JOIN));
	assert_int_equal(process_end(p), -SIGKILL);
}

static void a_join_is_seen_as_waiting_for_that_child(void **state)
{
	(void)state;
	join_is_seen(MPT_FOREVER);
	join_is_seen(GUARD_NS);
}

static struct {
	uint32_t may_end;
	pid_t worker;
} *leaving; /* shared */

static int leave_a_worker(void *unused)
{
	struct mpt_process *p = process_run(process_await, &leaving->may_end, NULL);

	(void)unused;
	leaving->worker = mpt_process_pid(p);
	mpt_process_destroy(p);
	return 0;
}

static int leave_a_worker_by_exit(void *unused)
{
	exit(leave_a_worker(unused));
}

static void waiting_at_the_end_is_seen(mpt_process_main *run)
{
	const struct mpt_wire_process *it;
	struct mpt_process *p;

	leaving = shared(sizeof(*leaving));
	p = process_run(run, NULL, NULL);
	assert_eventually(is_blocked_in(mpt_process_pid(p), MPT_OP_PROCESS_JOIN));
	assert_eventually(segment_process(leaving->worker) != NULL);
	it = segment_process(mpt_process_pid(p));
	assert_int_equal(it->state, MPT_SLOT_LIVE);
	assert_int_equal(wait_of_join().object,
			 MPT_REF_PROCESS | slot_of_process(segment_process(leaving->worker)));
	reach(&leaving->may_end);
	assert_int_equal(process_end(p), 0);
	assert_int_equal(it->state, MPT_SLOT_ENDED);
}

static void a_process_that_waits_for_its_children_at_the_end_is_seen_too(void **state)
{
	(void)state;
	waiting_at_the_end_is_seen(leave_a_worker);
	waiting_at_the_end_is_seen(leave_a_worker_by_exit);
}

/* ---- the end ----------------------------------------------------------------------------- */

static int leave_by_exit(void *code)
{
	exit((int)(intptr_t)code);
}

static int die(void *unused)
{
	(void)unused;
	return raise(SIGKILL);
}

static void end_is_seen(mpt_process_main *run, int code, uint32_t state)
{
	struct mpt_process *p = process_run(run, (void *)(intptr_t)code, NULL);
	const struct mpt_wire_process *it;

	assert_eventually(process_gone(mpt_process_pid(p)));
	it = segment_process(mpt_process_pid(p));
	assert_non_null(it);
	/* A zombie.  What it left in order is readable already. */
	assert_false(FLAG_OF(it, MPT_PROC_REAPED));
	if (state == MPT_SLOT_ENDED) {
		assert_int_equal(it->state, MPT_SLOT_ENDED);
		assert_int_equal(it->exit_code, code);
	}
	assert_int_equal(mpt_process_join(p, GUARD_NS), 0);
	assert_true(FLAG_OF(it, MPT_PROC_REAPED));
	assert_int_equal(it->state, state);
	assert_int_equal(it->exit_code, mpt_process_exit_code(p));
	assert_true(it->ended_ns > it->attached_ns);
	mpt_process_destroy(p);
}

static void how_a_process_ended_stays_in_its_slot(void **state)
{
	(void)state;
	end_is_seen(process_return, 7, MPT_SLOT_ENDED);
	end_is_seen(leave_by_exit, 8, MPT_SLOT_ENDED);
	end_is_seen(die, 0, MPT_SLOT_DEAD);
}

/* ---- records ------------------------------------------------------------------------------- */

static uint64_t records(void)
{
	struct mpt_trace_info info;

	assert_int_equal(mpt_trace_status(&info), 0);
	return info.records;
}

/* Record number n of this thread, the newest of which was just written. */
static struct mpt_record record(uint64_t n)
{
	const struct mpt_wire_thread *t = segment_thread(getpid());
	uint64_t per = mpt_ring_per_packet(t->packet_size);
	const uint8_t *at = (const uint8_t *)segment() +
			    segment()->section[MPT_SEC_ARENA].offset +
			    ((t->extent & UINT32_MAX) + MPT_USES_BLOCKS) * MPT_BLOCK +
			    n / per % t->packets * t->packet_size + sizeof(struct mpt_wire_packet);

	return ((const struct mpt_record *)(const void *)at)[n % per];
}

static void assert_record(uint64_t n, enum mpt_op op, uint32_t slot, int64_t value)
{
	struct mpt_record r = record(n);

	assert_int_equal(r.op, op);
	assert_int_equal(r.phase, MPT_PHASE_END);
	assert_int_equal(r.object, MPT_REF_PROCESS | slot);
	assert_int_equal((int64_t)r.value, value);
}

static void start_signals_end_and_join_are_records(void **state)
{
	struct mpt_process *p;
	uint64_t n = records();
	uint32_t slot;
	pid_t pid;

	(void)state;
	p = process_run(process_pause, NULL, NULL);
	pid = mpt_process_pid(p);
	slot = record(n).object & ~MPT_REF_PROCESS;
	assert_record(n, MPT_OP_PROCESS_START, slot, pid);
	assert_eventually(segment_process(pid) != NULL);
	assert_int_equal(slot, slot_of_process(segment_process(pid)));

	assert_int_equal(mpt_process_join(p, 0), -EAGAIN);
	assert_record(n + 1, MPT_OP_PROCESS_JOIN, slot, EAGAIN);
	assert_int_equal(record(n + 1).flags, MPT_REC_FAILED);

	assert_int_equal(mpt_process_terminate(p), 0);
	assert_record(n + 2, MPT_OP_PROCESS_TERMINATE, slot, pid);
	assert_eventually(process_gone(pid));
	assert_int_equal(mpt_process_join(p, MPT_FOREVER), 0);
	assert_record(n + 3, MPT_OP_PROCESS_EXIT, slot, -SIGTERM);
	assert_record(n + 4, MPT_OP_PROCESS_JOIN, slot, pid);
	assert_int_equal(record(n + 4).flags, 0);
	assert_int_equal(mpt_process_kill(p), 0); /* nobody there: no record */
	assert_int_equal(records(), n + 5);
	mpt_process_destroy(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		process_test(a_child_has_a_slot_that_tells_who_it_is),
		process_test(a_join_is_seen_as_waiting_for_that_child),
		process_test(a_process_that_waits_for_its_children_at_the_end_is_seen_too),
		process_test(how_a_process_ended_stays_in_its_slot),
		process_test(start_signals_end_and_join_are_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
