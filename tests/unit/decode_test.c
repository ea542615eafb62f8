/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decode_test.c - domain, processes, threads: what a valid segment says is what
 * the facts say, as far as /proc confirms it.
 */
#include "tests/unit/child.h"
#include "tests/unit/decoding.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* ---- domain and processes --------------------------------------------------- */

static void the_domain_is_told_with_its_numbers(void **state)
{
	const struct fact_domain *d;

	(void)state;
	fake.header->deaths = 3;
	fake.header->flags = MPT_SEG_NO_RINGS;
	tell();
	d = &fact_log_get(&facts, FACT_DOMAIN, 0)->u.domain;
	assert_int_equal(d->domain, DOMAIN);
	assert_string_equal(d->name, "fake");
	assert_int_equal(d->creator_pid, getpid());
	assert_int_equal(d->rings_bytes, 4 * 4 * 512);
	assert_int_equal(d->deaths, 3);
	assert_true(d->records_off);
	assert_true(d->size_bytes >= MPT_BLOCK && d->size_bytes <= fake.size);
}

static void a_process_that_proc_confirms_is_alive(void **state)
{
	const struct fact_process *p;

	(void)state;
	fake_process(&fake, 0)->flags = MPT_PROC_DAEMON;
	tell();
	p = fact_log_process(&facts, (uint32_t)getpid());
	assert_non_null(p);
	assert_false(p->ended);
	assert_true(p->daemon);
	assert_int_equal(p->id.start, fake_start_ticks(getpid()));
	assert_string_equal(p->name, "process-0");
	assert_int_equal(p->domain, DOMAIN);
	assert_int_equal(p->exit_code, FACT_EXIT_UNKNOWN);
	assert_int_equal(p->cpu_ns, FACT_UNKNOWN);
	assert_int_equal(p->parent.pid, getppid());
}

static void a_child_names_its_parent_with_its_start(void **state)
{
	const struct fact_process *p;

	(void)state;
	tell();
	p = fact_log_process(&facts, FAKE_PID(1));
	assert_non_null(p);
	assert_int_equal(p->parent.pid, getpid());
	assert_int_equal(p->parent.start, fake_start_ticks(getpid()));
}

static void a_pid_that_does_not_exist_has_ended(void **state)
{
	const struct fact_process *p;

	(void)state;
	fake_process(&fake, 1)->exit_code = -9;
	fake_process(&fake, 1)->ended_ns = 777;
	fake_process(&fake, 1)->start_ticks = UINT64_MAX; /* nobody's */
	tell();
	p = fact_log_process(&facts, FAKE_PID(1));
	assert_true(p->ended);
	assert_int_equal(p->exit_code, -9);
	assert_int_equal(p->ended_ns, 777);
}

static void a_recycled_pid_is_another_process(void **state)
{
	(void)state;
	fake_process(&fake, 0)->start_ticks++;
	tell();
	assert_true(fact_log_process(&facts, (uint32_t)getpid())->ended);
}

static void a_zombie_has_ended(void **state)
{
	pid_t child = child_fork();
	siginfo_t info;

	(void)state;
	if (child == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	fake_process(&fake, 1)->pid = fake_process(&fake, 1)->inner_pid = (uint32_t)child;
	fake_process(&fake, 1)->start_ticks = fake_start_ticks(child);
	tell();
	assert_true(fact_log_process(&facts, (uint32_t)child)->ended);
	waitpid(child, NULL, 0);
}

static void a_process_that_dies_is_ended_at_the_next_look(void **state)
{
	pid_t child = child_sleeping();

	(void)state;
	fake_process(&fake, 1)->pid = fake_process(&fake, 1)->inner_pid = (uint32_t)child;
	fake_process(&fake, 1)->start_ticks = fake_start_ticks(child);
	tell();
	assert_false(fact_log_process(&facts, (uint32_t)child)->ended);
	assert_false(thread(1)->ended);
	child_kill(child);
	tell();
	assert_true(fact_log_process(&facts, (uint32_t)child)->ended);
	assert_true(thread(1)->ended);
}

/* In a large domain an announcement is believed, but not for ever: a child may have
 * inherited it. */
static void the_dead_in_a_large_domain_are_found_within_a_few_looks(void **state)
{
	struct fake_shape shape = { .processes = 700, .threads = 1 };
	pid_t child = child_sleeping();
	int looks = 0;

	(void)state;
	fake_free(&fake);
	assert_true(fake_make(&fake, &shape));
	fake_process(&fake, 650)->pid = fake_process(&fake, 650)->inner_pid = (uint32_t)child;
	fake_process(&fake, 650)->start_ticks = fake_start_ticks(child);
	reading.announced[0].pid = (uint32_t)child;
	reading.announced_count = 1;
	for (int i = 0; i < 4; i++) {
		tell();
		assert_false(fact_log_process(&facts, (uint32_t)child)->ended);
	}
	child_kill(child);
	do {
		tell();
		looks++;
	} while (!fact_log_process(&facts, (uint32_t)child)->ended && looks < 10);
	assert_true(looks <= 3);
}

static void the_dead_in_a_large_domain_are_found_at_once_by_their_silence(void **state)
{
	struct fake_shape shape = { .processes = 700, .threads = 1 };
	pid_t child = child_sleeping();

	(void)state;
	fake_free(&fake);
	assert_true(fake_make(&fake, &shape));
	fake_process(&fake, 10)->pid = fake_process(&fake, 10)->inner_pid = (uint32_t)child;
	fake_process(&fake, 10)->start_ticks = fake_start_ticks(child);
	reading.announced[0].pid = (uint32_t)child;
	reading.announced_count = 1;
	tell();
	tell();
	assert_false(fact_log_process(&facts, (uint32_t)child)->ended);
	child_kill(child);
	reading.announced_count = 0;
	tell();
	assert_true(fact_log_process(&facts, (uint32_t)child)->ended);
}

/* A segment of one user cannot make another user's process a member of it. */
static void a_process_of_another_user_must_hold_the_segment(void **state)
{
	int child, ends[2];
	char byte;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(fchown(fake.fd, 65534, 65534), 0);
	assert_int_equal(pipe(ends), 0);
	child = child_fork();
	if (child == 0) { /* root, and without the segment */
		close(fake.fd);
		if (write(ends[1], "x", 1) == 1)
			pause();
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	fake_process(&fake, 1)->pid = fake_process(&fake, 1)->inner_pid = (uint32_t)child;
	fake_process(&fake, 1)->start_ticks = fake_start_ticks(child);
	tell();
	assert_null(fact_log_process(&facts, (uint32_t)child));
	assert_int_equal(reading.claims.forged, 1);
	/* This process is of another user too, but has it open. */
	assert_non_null(fact_log_process(&facts, (uint32_t)getpid()));
	for (size_t i = 0; i < facts.count; i++)
		if (facts.items[i].type == FACT_THREAD)
			assert_int_not_equal(facts.items[i].u.thread.slot, 1);
	child_kill(child);
	close(ends[0]);
}

static uint64_t pid_namespace(const char *which)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%s/ns/pid", which);
	return stat(path, &st) == 0 ? st.st_ino : 0;
}

/* Makes process 1 of a new pid namespace; *pid is its number here.  False: no right. */
static bool start_elsewhere(pid_t *maker, pid_t *pid)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	*pid = -1;
	*maker = child_fork();
	if (*maker == 0) {
		pid_t child = unshare(CLONE_NEWPID) == 0 ? fork() : -1;

		if (child == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			pause();
			_exit(0);
		}
		if (write(ends[1], &child, sizeof(child)) == sizeof(child) && child > 0)
			waitpid(child, NULL, 0);
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], pid, sizeof(*pid)), sizeof(*pid));
	close(ends[0]);
	return *pid > 0;
}

/* In there it is number 1; here it has another, and its start time tells which. */
static void a_member_of_another_pid_namespace_is_told_by_its_number_here(void **state)
{
	struct mpt_wire_process *p = fake_process(&fake, 1);
	char outer[16];
	pid_t maker, pid;

	(void)state;
	if (!start_elsewhere(&maker, &pid)) {
		waitpid(maker, NULL, 0);
		skip();
	}
	snprintf(outer, sizeof(outer), "%d", pid);
	p->pid = p->inner_pid = fake.header->creator_pid = 1;
	p->parent = MPT_REF_NONE; /* in there nobody knows its parent */
	p->start_ticks = fake_start_ticks(pid);
	p->pidns_inode = pid_namespace(outer);
	reading.pidns = pid_namespace("self");
	assert_int_not_equal(p->pidns_inode, reading.pidns);
	tell();
	assert_null(fact_log_process(&facts, 1));
	assert_non_null(fact_log_process(&facts, (uint32_t)pid));
	assert_false(fact_log_process(&facts, (uint32_t)pid)->ended);
	assert_int_equal(fact_log_process(&facts, (uint32_t)pid)->parent.pid, 0);
	assert_int_equal(thread(1)->process.pid, pid);
	assert_int_equal(fact_log_get(&facts, FACT_DOMAIN, 0)->u.domain.creator_pid, pid);
	kill(pid, SIGKILL);
	waitpid(maker, NULL, 0);
	tell();
	assert_true(fact_log_process(&facts, (uint32_t)pid)->ended);
}

static void free_and_reserved_slots_are_not_told(void **state)
{
	(void)state;
	fake_process(&fake, 1)->state = MPT_SLOT_FREE;
	fake_process(&fake, 2)->state = MPT_SLOT_STARTING;
	fake_process(&fake, 2)->pid = 0;
	tell();
	assert_int_equal(fact_log_count(&facts, FACT_PROCESS), 1);
	assert_int_equal(fact_log_count(&facts, FACT_THREAD), 2);
}

/* ---- threads ------------------------------------------------------------------ */

static void a_thread_of_an_earlier_process_in_the_slot_is_not_told(void **state)
{
	(void)state;
	fake_process(&fake, 0)->generation = 2;
	fake_thread(&fake, 3)->process_generation = 2;
	tell();
	assert_int_equal(fact_log_count(&facts, FACT_THREAD), 3);
	assert_int_equal(thread(3)->process.pid, getpid());
}

static void a_wait_is_told_with_object_and_times(void **state)
{
	struct mpt_wire_wait *w = &fake_thread(&fake, 0)->wait;
	const struct fact_thread *t;

	(void)state;
	*w = (struct mpt_wire_wait){ .seq = 4,
				     .op = MPT_OP_LOCK_ACQUIRE,
				     .flags = MPT_WAIT_TIMED,
				     .object = 1,
				     .object_generation = 1,
				     .since_ns = 123,
				     .deadline_ns = 456 };
	tell();
	t = thread(0);
	assert_int_equal(t->wait_op, MPT_OP_LOCK_ACQUIRE);
	assert_int_equal(t->wait_object.domain, DOMAIN);
	assert_int_equal(t->wait_object.slot, 1);
	assert_int_equal(t->wait_object.generation, 1);
	assert_int_equal(t->wait_since_ns, 123);
	assert_int_equal(t->wait_deadline_ns, 456);
	assert_int_equal(t->tid, 2000);
	assert_string_equal(t->name, "thread-0");
	assert_int_equal(reading.snapshot.unstable, 0);
}

static void a_wait_without_timeout_has_no_deadline(void **state)
{
	(void)state;
	fake_thread(&fake, 0)->wait = (struct mpt_wire_wait){
		.seq = 2, .op = MPT_OP_QUEUE_GET, .since_ns = 9, .deadline_ns = 77
	};
	tell();
	assert_int_equal(thread(0)->wait_deadline_ns, 0);
}

/* Thread 0 sits in seat 2 of object 2, its wait is number 5. */
static struct mpt_wire_seat *sit(void)
{
	struct mpt_wire_object *o = fake_object(&fake, 2);
	struct mpt_wire_thread *t = fake_thread(&fake, 0);
	struct mpt_wire_seat *seat = (struct mpt_wire_seat *)fake_arena(&fake, o->extent) + 2;

	o->kind = MPT_KIND_CONDITION;
	o->slots = 8;
	o->latch = MPT_LATCH_FRESH(o->generation);
	t->wait = (struct mpt_wire_wait){ .op = MPT_OP_CONDITION_WAIT, .object = 2,
					  .object_generation = o->generation, .since_ns = 123 };
	t->oprec[1] = (struct mpt_wire_oprec){ .phase = MPT_OPREC_VISIT, .arg = 2, .object = 2,
					       .op = MPT_OP_CONDITION_WAIT,
					       .object_generation = o->generation };
	seat->state = MPT_SEAT(5, MPT_SEAT_WAITING);
	seat->who = MPT_LOCK_WORD(0, t->generation);
	return seat;
}

static void assert_is_over(bool over)
{
	tell();
	assert_int_equal(thread(0)->wait_op, MPT_OP_CONDITION_WAIT);
	assert_int_equal(thread(0)->wait_over, over);
}

static void a_wait_for_a_notify_is_over_when_the_seat_or_the_latch_says_so(void **state)
{
	struct mpt_wire_object *o = fake_object(&fake, 2);
	struct mpt_wire_seat *seat = sit();

	(void)state;
	assert_is_over(false);
	seat->state = MPT_SEAT(5, MPT_SEAT_NOTIFIED);
	assert_is_over(true);
	seat->state = MPT_SEAT(5, MPT_SEAT_WAITING);
	o->latch = MPT_LATCH_FRESH(o->generation) + 5;
	assert_is_over(false);
	o->latch++;
	assert_is_over(true);
}

static void a_seat_that_cannot_be_found_is_not_waited_in_for_ever(void **state)
{
	struct mpt_wire_thread *t = fake_thread(&fake, 0);
	struct mpt_wire_object *o = fake_object(&fake, 2);
	struct mpt_wire_seat *seat = sit();

	(void)state;
	seat->who++;
	assert_is_over(true);
	seat->who--;
	t->oprec[1].phase = MPT_OPREC_IDLE;
	assert_is_over(true);
	t->oprec[1].phase = MPT_OPREC_VISIT;
	t->oprec[1].arg = 8;
	assert_is_over(true);
	t->oprec[1].arg = 2;
	assert_is_over(false);
	o->slots = MPT_BLOCK; /* more than the storage holds */
	assert_is_over(true);
	o->slots = UINT64_MAX;
	assert_is_over(true);
	o->slots = 8;
	o->extent = UINT64_MAX;
	assert_is_over(true);
}

static void the_dead_do_not_wait(void **state)
{
	(void)state;
	fake_thread(&fake, 1)->wait =
		(struct mpt_wire_wait){ .seq = 2, .op = MPT_OP_QUEUE_GET, .since_ns = 9 };
	tell();
	assert_true(thread(1)->ended);
	assert_int_equal(thread(1)->wait_op, 0);
}

static void a_wait_for_any_of_several_is_told_with_all_that_are_listed(void **state)
{
	struct mpt_wire_thread *t = fake_thread(&fake, 0);
	const struct fact_thread *f;

	(void)state;
	t->wait = (struct mpt_wire_wait){ .seq = 4, .op = MPT_OP_WAIT_ANY, .object = MPT_REF_NONE,
					  .since_ns = 123 };
	t->any = (struct mpt_wire_any){ .count = UINT32_MAX };
	t->any.ref[0].object = 1;
	t->any.ref[0].generation = 7;
	t->any.ref[1].object = MPT_REF_PROCESS | 2;
	t->any.ref[5].object = MPT_REF_NONE;
	t->any.ref[5].generation = 9;
	tell();
	f = thread(0);
	assert_int_equal(f->wait_op, MPT_OP_WAIT_ANY);
	assert_int_equal(f->wait_object.domain, 0);
	assert_int_equal(f->wait_any.count, UINT32_MAX);
	assert_int_equal(f->wait_any.of[0].slot, 1);
	assert_int_equal(f->wait_any.of[0].generation, 7);
	assert_int_equal(f->wait_any.of[1].slot, FACT_REF_PROCESS | 2);
	assert_int_equal(f->wait_any.of[5].slot, FACT_REF_NONE);
	assert_int_equal(f->wait_any.of[5].generation, 9);
	/* What was left there by an earlier wait is nobody's. */
	t->wait.op = MPT_OP_QUEUE_GET;
	tell();
	assert_int_equal(thread(0)->wait_any.count, 0);
}

static void a_wait_that_stays_odd_is_not_told_but_counted(void **state)
{
	(void)state;
	fake_thread(&fake, 0)->wait =
		(struct mpt_wire_wait){ .seq = 3, .op = MPT_OP_QUEUE_GET, .since_ns = 9 };
	tell();
	assert_int_equal(thread(0)->wait_op, 0);
	assert_int_equal(reading.snapshot.unstable, 1);
}

struct waiter {
	struct mpt_wire_thread *thread;
	uint16_t op; /* 0: another each time */
	_Atomic bool stop;
	_Atomic unsigned long rounds;
};

/* Blocks and unblocks as libmptrace does; all fields of one state agree. */
static void *wait_for_ever(void *arg)
{
	struct waiter *w = arg;
	_Atomic uint32_t *seq = (_Atomic uint32_t *)&w->thread->wait.seq;
	volatile struct mpt_wire_wait *v = &w->thread->wait;
	volatile struct mpt_wire_any *any = &w->thread->any;
	uint32_t s = 0;

	for (uint32_t n = 1; !w->stop; n = n % 60000 + 1) {
		atomic_store_explicit(seq, ++s, memory_order_relaxed);
		atomic_thread_fence(memory_order_release);
		v->object = n;
		v->op = w->op ? w->op : (uint16_t)n;
		any->count = any->ref[0].generation = any->ref[5].generation = n;
		v->object_generation = n;
		v->since_ns = n;
		atomic_store_explicit(seq, ++s, memory_order_release);
		w->rounds++;
	}
	return NULL;
}

static void a_wait_that_changes_is_never_told_torn(void **state)
{
	struct waiter w = { .thread = fake_thread(&fake, 0) };
	pthread_t writer;

	(void)state;
	assert_int_equal(pthread_create(&writer, NULL, wait_for_ever, &w), 0);
	for (int i = 0; i < 5000; i++) {
		const struct fact_thread *t;

		tell();
		t = thread(0);
		assert_int_equal(t->wait_op, t->wait_since_ns);
		if (t->wait_op == MPT_OP_WAIT_ANY)
			continue; /* of several there is no such object */
		assert_int_equal(t->wait_object.slot, t->wait_since_ns);
		assert_int_equal(t->wait_object.generation, t->wait_since_ns);
	}
	w.stop = true;
	pthread_join(writer, NULL);
	assert_true(w.rounds > 0);
}

static void a_wait_for_any_that_changes_is_never_told_torn(void **state)
{
	struct waiter w = { .thread = fake_thread(&fake, 0), .op = MPT_OP_WAIT_ANY };
	pthread_t writer;

	(void)state;
	assert_int_equal(pthread_create(&writer, NULL, wait_for_ever, &w), 0);
	for (int i = 0; i < 5000; i++) {
		const struct fact_thread *t;

		tell();
		t = thread(0);
		assert_int_equal(t->wait_any.count, t->wait_since_ns);
		if (!t->wait_op)
			continue;
		assert_int_equal(t->wait_any.of[0].generation, t->wait_since_ns);
		assert_int_equal(t->wait_any.of[5].generation, t->wait_since_ns);
	}
	w.stop = true;
	pthread_join(writer, NULL);
	assert_true(w.rounds > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(the_domain_is_told_with_its_numbers),
		FRESH(a_process_that_proc_confirms_is_alive),
		FRESH(a_child_names_its_parent_with_its_start),
		FRESH(a_pid_that_does_not_exist_has_ended),
		FRESH(a_recycled_pid_is_another_process),
		FRESH(a_zombie_has_ended),
		FRESH(a_process_that_dies_is_ended_at_the_next_look),
		FRESH(the_dead_in_a_large_domain_are_found_within_a_few_looks),
		FRESH(the_dead_in_a_large_domain_are_found_at_once_by_their_silence),
		FRESH(a_process_of_another_user_must_hold_the_segment),
		FRESH(a_member_of_another_pid_namespace_is_told_by_its_number_here),
		FRESH(free_and_reserved_slots_are_not_told),
		FRESH(a_thread_of_an_earlier_process_in_the_slot_is_not_told),
		FRESH(a_wait_is_told_with_object_and_times),
		FRESH(a_wait_without_timeout_has_no_deadline),
		FRESH(a_wait_for_a_notify_is_over_when_the_seat_or_the_latch_says_so),
		FRESH(a_seat_that_cannot_be_found_is_not_waited_in_for_ever),
		FRESH(the_dead_do_not_wait),
		FRESH(a_wait_for_any_of_several_is_told_with_all_that_are_listed),
		FRESH(a_wait_that_stays_odd_is_not_told_but_counted),
		FRESH(a_wait_that_changes_is_never_told_torn),
		FRESH(a_wait_for_any_that_changes_is_never_told_torn),
	};

	proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
