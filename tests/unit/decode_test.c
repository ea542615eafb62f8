/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decode_test.c - what a valid segment says is what the facts say: exactly.
 */
#include "tests/unit/fact_log.h"
#include "tests/unit/fake_segment.h"
#include "tests/unit/reading.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#define DOMAIN 0x0807060504030201ull /* fake_id */

static const struct fake_shape usual = {
	.processes = 3,
	.threads = 4, /* 0 and 3 are of process 0, which is alive: this test */
	.objects = 4, /* queue, lock, queue, lock */
	.packet_size = 512,
	.packets = 4,
	.storage_blocks = 1,
};

static struct fake fake;
static struct fact_log facts;
static struct reading reading;
static int proc;

static int setup(void **state)
{
	(void)state;
	memset(&reading, 0, sizeof(reading));
	reading.sink = fact_log_sink(&facts);
	reading.proc = proc;
	return fake_make(&fake, &usual) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	reading_free(&reading);
	fact_log_free(&facts);
	fake_free(&fake);
	return 0;
}

static void tell(void)
{
	facts.count = 0;
	assert_int_equal(reading_tell(&reading, fake.fd), SEG_OK);
}

static const struct fact_object *object(uint32_t slot)
{
	for (size_t i = 0; i < facts.count; i++)
		if (facts.items[i].type == FACT_OBJECT && facts.items[i].u.object.id.slot == slot)
			return &facts.items[i].u.object;
	fail_msg("object %u was not told", slot);
	return NULL;
}

static const struct fact_thread *thread(uint32_t slot)
{
	for (size_t i = 0; i < facts.count; i++)
		if (facts.items[i].type == FACT_THREAD && facts.items[i].u.thread.slot == slot)
			return &facts.items[i].u.thread;
	fail_msg("thread %u was not told", slot);
	return NULL;
}

/* NULL: none. */
static const struct fact_use *use(uint32_t pid, uint32_t slot)
{
	for (size_t i = 0; i < facts.count; i++)
		if (facts.items[i].type == FACT_USE && facts.items[i].u.use.process.pid == pid &&
		    facts.items[i].u.use.object.slot == slot)
			return &facts.items[i].u.use;
	return NULL;
}

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
	p = fact_log_process(&facts, 1001);
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
	p = fact_log_process(&facts, 1001);
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
	pid_t child = fork();
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
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		pause();
		_exit(0);
	}
	fake_process(&fake, 1)->pid = fake_process(&fake, 1)->inner_pid = (uint32_t)child;
	fake_process(&fake, 1)->start_ticks = fake_start_ticks(child);
	tell();
	assert_false(fact_log_process(&facts, (uint32_t)child)->ended);
	assert_false(thread(1)->ended);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	tell();
	assert_true(fact_log_process(&facts, (uint32_t)child)->ended);
	assert_true(thread(1)->ended);
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
	child = fork();
	if (child == 0) { /* root, and without the segment */
		close(fake.fd);
		assert_int_equal(write(ends[1], "x", 1), 1);
		pause();
		_exit(0);
	}
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
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(ends[0]);
	close(ends[1]);
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
	*maker = fork();
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
	assert_int_equal(read(ends[0], pid, sizeof(*pid)), sizeof(*pid));
	close(ends[0]);
	close(ends[1]);
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
	p->pid = p->inner_pid = 1;
	p->start_ticks = fake_start_ticks(pid);
	p->pidns_inode = pid_namespace(outer);
	reading.pidns = pid_namespace("self");
	assert_int_not_equal(p->pidns_inode, reading.pidns);
	tell();
	assert_null(fact_log_process(&facts, 1));
	assert_non_null(fact_log_process(&facts, (uint32_t)pid));
	assert_false(fact_log_process(&facts, (uint32_t)pid)->ended);
	assert_int_equal(thread(1)->process.pid, pid);
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

static void the_dead_do_not_wait(void **state)
{
	(void)state;
	fake_thread(&fake, 1)->wait =
		(struct mpt_wire_wait){ .seq = 2, .op = MPT_OP_QUEUE_GET, .since_ns = 9 };
	tell();
	assert_true(thread(1)->ended);
	assert_int_equal(thread(1)->wait_op, 0);
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
	struct mpt_wire_wait *wait;
	_Atomic bool stop;
	_Atomic unsigned long rounds;
};

/* Blocks and unblocks as libmptrace does; all fields of one state agree. */
static void *wait_for_ever(void *arg)
{
	struct waiter *w = arg;
	_Atomic uint32_t *seq = (_Atomic uint32_t *)&w->wait->seq;
	volatile struct mpt_wire_wait *v = w->wait;
	uint32_t s = 0;

	for (uint32_t n = 1; !w->stop; n = n % 60000 + 1) {
		atomic_store_explicit(seq, ++s, memory_order_relaxed);
		atomic_thread_fence(memory_order_release);
		v->object = n;
		v->op = (uint16_t)n;
		v->object_generation = n;
		v->since_ns = n;
		atomic_store_explicit(seq, ++s, memory_order_release);
		w->rounds++;
	}
	return NULL;
}

static void a_wait_that_changes_is_never_told_torn(void **state)
{
	struct waiter w = { .wait = &fake_thread(&fake, 0)->wait };
	pthread_t writer;

	(void)state;
	assert_int_equal(pthread_create(&writer, NULL, wait_for_ever, &w), 0);
	for (int i = 0; i < 20000; i++) {
		const struct fact_thread *t;

		tell();
		t = thread(0);
		assert_int_equal(t->wait_op, t->wait_since_ns);
		assert_int_equal(t->wait_object.slot, t->wait_since_ns);
		assert_int_equal(t->wait_object.generation, t->wait_since_ns);
	}
	w.stop = true;
	pthread_join(writer, NULL);
	assert_true(w.rounds > 0);
}

/* ---- objects ---------------------------------------------------------------------- */

static void an_owner_is_the_thread_in_the_lock_word(void **state)
{
	struct mpt_wire_object *o = fake_object(&fake, 1);

	(void)state;
	o->take.lock = MPT_LOCK_WORD(3, 1) | MPT_LOCK_WAITERS;
	o->owner_since_ns = 42;
	o->hold_ns = 43;
	o->hold_max_ns = 44;
	tell();
	assert_true(object(1)->held);
	assert_int_equal(object(1)->owner_slot, 3);
	assert_int_equal(object(1)->owner_generation, 1);
	assert_int_equal(object(1)->owner_since_ns, 42);
	assert_int_equal(object(1)->hold_ns, 43);
	assert_int_equal(object(1)->hold_max_ns, 44);
	assert_false(object(3)->held);
}

static void a_lock_word_with_waiters_alone_is_free(void **state)
{
	(void)state;
	fake_object(&fake, 1)->take.lock = MPT_LOCK_WAITERS;
	tell();
	assert_false(object(1)->held);
}

static void a_queue_whose_side_is_busy_is_not_held(void **state)
{
	(void)state;
	fake_object(&fake, 0)->take.lock = MPT_LOCK_WORD(3, 1);
	tell();
	assert_false(object(0)->held);
}

static void sides_and_histograms_are_told_as_they_are(void **state)
{
	struct mpt_wire_object *o = fake_object(&fake, 0);
	const struct fact_object *f;

	(void)state;
	o->give = (struct mpt_wire_side){ .index = 23, .bytes = 230, .waits = 3, .wait_ns = 4,
					  .wait_max_ns = 5, .timeouts = 6 };
	o->take = (struct mpt_wire_side){ .index = 17, .bytes = 170, .waits = 7, .wait_ns = 8,
					  .wait_max_ns = 9, .timeouts = 10 };
	o->give.wait.bucket[39] = 11;
	o->take.wait.bucket[0] = 12;
	o->hold.bucket[20] = 13;
	o->recovered = 2;
	o->recovered_pid = 99;
	o->recovered_ns = 100;
	o->lost = 1;
	tell();
	f = object(0);
	assert_int_equal(f->kind, MPT_KIND_QUEUE);
	assert_int_equal(f->capacity, 8);
	assert_int_equal(f->give.count, 23);
	assert_int_equal(f->give.bytes, 230);
	assert_int_equal(f->give.waits, 3);
	assert_int_equal(f->give.wait_ns, 4);
	assert_int_equal(f->give.wait_max_ns, 5);
	assert_int_equal(f->give.timeouts, 6);
	assert_int_equal(f->take.count, 17);
	assert_int_equal(f->take.timeouts, 10);
	assert_int_equal(f->give.wait.bucket[39], 11);
	assert_int_equal(f->take.wait.bucket[0], 12);
	assert_int_equal(f->hold.bucket[20], 13);
	assert_int_equal(f->recovered, 2);
	assert_int_equal(f->recovered_pid, 99);
	assert_int_equal(f->lost, 1);
	assert_int_equal(f->creator.pid, getpid());
}

static void the_oldest_item_is_the_one_to_be_taken_next(void **state)
{
	struct mpt_wire_object *o = fake_object(&fake, 0);
	struct mpt_wire_message *m = fake_arena(&fake, o->extent);

	(void)state;
	for (int i = 0; i < 8; i++)
		m[i].time_ns = 100 + (uint64_t)i;
	o->give.index = 23;
	o->take.index = 17;
	tell();
	assert_int_equal(object(0)->oldest_ns, 100 + 17 % 8);
	o->take.index = 23;
	tell();
	assert_int_equal(object(0)->oldest_ns, 0); /* empty */
}

static void storage_that_lies_has_no_oldest_item(void **state)
{
	struct mpt_wire_object *o = fake_object(&fake, 0);

	(void)state;
	o->give.index = 5;
	o->slots = 1u << 20; /* more than the storage holds */
	tell();
	assert_int_equal(object(0)->oldest_ns, 0);
	o->slots = 8;
	o->extent = UINT64_MAX;
	tell();
	assert_int_equal(object(0)->oldest_ns, 0);
}

static void names_are_cleaned(void **state)
{
	static const char escape[] = "a\033[31m\n\xff\xc2\x9b" "b";

	(void)state;
	memcpy(fake_object(&fake, 0)->name, escape, sizeof(escape));
	memcpy(fake_process(&fake, 0)->name, escape, sizeof(escape));
	memcpy(fake_thread(&fake, 0)->name, escape, sizeof(escape));
	memcpy(fake.header->name, escape, sizeof(escape));
	memcpy(fake_object(&fake, 0)->site_module, escape, sizeof(escape));
	memset(fake_object(&fake, 1)->name, 'n', MPT_NAME_MAX); /* without its NUL */
	tell();
	assert_string_equal(object(0)->name, "a?[31m???b");
	assert_string_equal(object(0)->site, "a?[31m???b+0x0");
	assert_string_equal(fact_log_process(&facts, (uint32_t)getpid())->name, "a?[31m???b");
	assert_string_equal(thread(0)->name, "a?[31m???b");
	assert_string_equal(fact_log_get(&facts, FACT_DOMAIN, 0)->u.domain.name, "a?[31m???b");
	assert_int_equal(strlen(object(1)->name), MPT_NAME_MAX);
}

static void an_unknown_kind_is_told(void **state)
{
	(void)state;
	fake_object(&fake, 0)->kind = 200;
	tell();
	assert_int_equal(object(0)->kind, 200);
}

static void a_retired_object_is_told_only_after_the_end(void **state)
{
	(void)state;
	fake_object(&fake, 0)->state = MPT_SLOT_ENDED;
	tell();
	assert_int_equal(fact_log_count(&facts, FACT_OBJECT), 3);
	reading.post_mortem = true;
	tell();
	assert_int_equal(fact_log_count(&facts, FACT_OBJECT), 4);
}

/* ---- the ledger ------------------------------------------------------------------- */

static void count(uint32_t slot, size_t row, uint32_t of, uint64_t gives, uint64_t takes)
{
	fake_uses(&fake, slot)[row] = (struct mpt_wire_use){ .object = of,
							     .object_generation = 1,
							     .gives = gives,
							     .takes = takes,
							     .last_ns = gives + takes };
}

static void uses_are_summed_over_the_threads_of_a_process(void **state)
{
	const struct fact_use *u;

	(void)state;
	count(0, 0, 0, 5, 2);
	count(0, 1, 2, 1, 0);
	count(3, 0, 0, 10, 20);
	count(1, 0, 0, 100, 0);
	tell();
	u = use((uint32_t)getpid(), 0);
	assert_int_equal(u->gives, 15);
	assert_int_equal(u->takes, 22);
	assert_int_equal(u->last_ns, 30);
	assert_int_equal(use((uint32_t)getpid(), 2)->gives, 1);
	assert_int_equal(use(1001, 0)->gives, 100);
	assert_int_equal(fact_log_count(&facts, FACT_USE), 3);
}

static void a_full_table_of_uses_is_read_to_its_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < MPT_USES; i++)
		count(0, i, i % 4, 1, 0);
	tell();
	assert_int_equal(use((uint32_t)getpid(), 3)->gives, MPT_USES / 4);
}

static void uses_of_an_earlier_object_in_the_slot_are_not_told(void **state)
{
	(void)state;
	count(0, 0, 0, 5, 2);
	fake_object(&fake, 0)->generation = 2;
	tell();
	assert_null(use((uint32_t)getpid(), 0));
}

static void operation(uint32_t slot, uint16_t op, enum mpt_oprec_phase phase, uint64_t arg,
		      uint64_t total)
{
	fake_thread(&fake, slot)->oprec[0] = (struct mpt_wire_oprec){ .phase = phase,
								      .op = op,
								      .use = 0,
								      .object = 0,
								      .object_generation = 1,
								      .arg = arg,
								      .count = total };
}

static void what_the_dead_took_but_did_not_get_is_lost(void **state)
{
	(void)state;
	count(1, 0, 0, 0, 7);
	fake_object(&fake, 0)->take.index = 7;
	fake_object(&fake, 0)->lost = 2; /* of earlier dead */
	operation(1, MPT_OP_QUEUE_GET, MPT_OPREC_COMMITTED, 6, 7);
	tell();
	assert_int_equal(use(1001, 0)->lost, 1);
	assert_int_equal(use(1001, 0)->takes, 7);
	assert_int_equal(object(0)->lost, 3);
}

static void a_death_between_commit_and_mark_is_settled(void **state)
{
	(void)state;
	count(1, 0, 0, 0, 6);
	fake_object(&fake, 0)->take.index = 7;
	operation(1, MPT_OP_QUEUE_GET, MPT_OPREC_INTENT, 6, 7);
	tell();
	assert_int_equal(use(1001, 0)->takes, 7);
	assert_int_equal(use(1001, 0)->lost, 1);
	assert_int_equal(object(0)->lost, 1);
}

static void a_death_before_the_commit_loses_nothing(void **state)
{
	(void)state;
	count(1, 0, 0, 0, 6);
	fake_object(&fake, 0)->take.index = 6;
	operation(1, MPT_OP_QUEUE_GET, MPT_OPREC_INTENT, 6, 7);
	tell();
	assert_int_equal(use(1001, 0)->takes, 6);
	assert_int_equal(use(1001, 0)->lost, 0);
	operation(1, MPT_OP_QUEUE_GET, MPT_OPREC_ABORTED, 5, 7);
	tell();
	assert_int_equal(use(1001, 0)->lost, 0);
}

static void a_put_of_the_dead_counts_once_committed(void **state)
{
	(void)state;
	count(1, 0, 0, 4, 0);
	fake_object(&fake, 0)->give.index = 5;
	operation(1, MPT_OP_QUEUE_PUT, MPT_OPREC_INTENT, 4, 5);
	tell();
	assert_int_equal(use(1001, 0)->gives, 5);
	assert_int_equal(use(1001, 0)->lost, 0);
	assert_int_equal(object(0)->lost, 0);
}

static void the_living_lose_nothing(void **state)
{
	(void)state;
	count(0, 0, 0, 0, 7);
	fake_object(&fake, 0)->take.index = 7;
	operation(0, MPT_OP_QUEUE_GET, MPT_OPREC_COMMITTED, 6, 7);
	tell();
	assert_int_equal(use((uint32_t)getpid(), 0)->lost, 0);
	assert_int_equal(object(0)->lost, 0);
}

/* ---- a newer minor version --------------------------------------------------------- */

static void slots_of_a_newer_minor_are_read_by_their_stride(void **state)
{
	static const uint32_t wider[] = { 8, 104, 4096, 200000 };
	struct fake_shape shape = usual;

	(void)state;
	for (size_t i = 0; i < sizeof(wider) / sizeof(wider[0]); i++) {
		fake_free(&fake);
		shape.wider = wider[i];
		assert_true(fake_make(&fake, &shape));
		count(3, 0, 2, 1, 2);
		fake_thread(&fake, 3)->wait = (struct mpt_wire_wait){ .seq = 2,
								      .op = MPT_OP_QUEUE_GET,
								      .object = 2,
								      .since_ns = 5 };
		tell();
		assert_int_equal(fact_log_count(&facts, FACT_PROCESS), 3);
		assert_int_equal(fact_log_count(&facts, FACT_THREAD), 4);
		assert_int_equal(fact_log_count(&facts, FACT_OBJECT), 4);
		assert_string_equal(object(3)->name, "object-3");
		assert_int_equal(thread(3)->wait_since_ns, 5);
		assert_int_equal(use((uint32_t)getpid(), 2)->takes, 2);
	}
}

#define FRESH(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
		FRESH(a_process_of_another_user_must_hold_the_segment),
		FRESH(a_member_of_another_pid_namespace_is_told_by_its_number_here),
		FRESH(free_and_reserved_slots_are_not_told),
		FRESH(a_thread_of_an_earlier_process_in_the_slot_is_not_told),
		FRESH(a_wait_is_told_with_object_and_times),
		FRESH(a_wait_without_timeout_has_no_deadline),
		FRESH(the_dead_do_not_wait),
		FRESH(a_wait_that_stays_odd_is_not_told_but_counted),
		FRESH(a_wait_that_changes_is_never_told_torn),
		FRESH(an_owner_is_the_thread_in_the_lock_word),
		FRESH(a_lock_word_with_waiters_alone_is_free),
		FRESH(a_queue_whose_side_is_busy_is_not_held),
		FRESH(sides_and_histograms_are_told_as_they_are),
		FRESH(the_oldest_item_is_the_one_to_be_taken_next),
		FRESH(storage_that_lies_has_no_oldest_item),
		FRESH(names_are_cleaned),
		FRESH(an_unknown_kind_is_told),
		FRESH(a_retired_object_is_told_only_after_the_end),
		FRESH(uses_are_summed_over_the_threads_of_a_process),
		FRESH(a_full_table_of_uses_is_read_to_its_end),
		FRESH(uses_of_an_earlier_object_in_the_slot_are_not_told),
		FRESH(what_the_dead_took_but_did_not_get_is_lost),
		FRESH(a_death_between_commit_and_mark_is_settled),
		FRESH(a_death_before_the_commit_loses_nothing),
		FRESH(a_put_of_the_dead_counts_once_committed),
		FRESH(the_living_lose_nothing),
		FRESH(slots_of_a_newer_minor_are_read_by_their_stride),
	};

	proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
