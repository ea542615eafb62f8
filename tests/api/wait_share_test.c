/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wait_share_test.c - waiting beside others: deaths, forks, what is closed or destroyed
 * meanwhile, long messages, and what viewers see.
 */
#include "tests/api/process_support.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

static struct mpt_queue *queue;

static void make_queue(void)
{
	assert_int_equal(mpt_queue_create(&queue, NULL), 0);
}

static void waits(void *unused)
{
	struct mpt_wait_item item = mpt_wait_queue(queue);

	(void)unused;
	child_claims(mpt_wait(&item, 1, 3 * GUARD_NS) == 1);
}

static pid_t waiter(void)
{
	pid_t pid = child(waits, NULL);

	assert_eventually(is_blocked_in(pid, MPT_OP_WAIT_ANY));
	return pid;
}

static const struct mpt_wire_side *give_side(void)
{
	char name[48];

	for (int i = 1; i < 2048; i++) {
		const struct mpt_wire_object *o;

		snprintf(name, sizeof(name), "queue-%d", i);
		o = segment_object(name);
		if (o)
			return &o->give;
	}
	return NULL;
}

/* ---- deaths ------------------------------------------------------------------------------- */

/* As for a killed consumer: the item is for the others. */
static void a_killed_waiter_leaves_the_item_to_others(void **state)
{
	pid_t others;
	char byte;

	(void)state;
	make_queue();
	kill_child(waiter());
	assert_int_equal(mpt_queue_put(queue, "x", 1, 0), 0);
	assert_int_equal(mpt_queue_get(queue, &byte, 1, 0), 1);
	kill_child(waiter());
	others = waiter();
	assert_int_equal(mpt_queue_put(queue, "y", 1, 0), 0);
	assert_ends_well(others);
	assert_int_equal(mpt_queue_get(queue, &byte, 1, 0), 1);
	assert_int_equal(byte, 'y');
	mpt_queue_destroy(queue);
}

/* ---- asking and being asked --------------------------------------------------------------- */

static void who_leaves_asks_no_more(void **state)
{
	struct mpt_wait_item item;
	pid_t others;

	(void)state;
	make_queue();
	item = mpt_wait_queue(queue);
	assert_int_equal(mpt_wait(&item, 1, MPT_MS(20)), -ETIMEDOUT);
	assert_int_equal(give_side()->polled, 0);
	assert_int_equal(segment_thread(getpid())->bell, 0);
	others = waiter();
	assert_int_equal(give_side()->polled, segment_thread(others) - segment_thread(getpid()) + 1);
	assert_int_equal(segment_thread(others)->bell, 1);
	waiter();
	assert_true(give_side()->polled == MPT_POLLED_BY_SEVERAL);
	assert_int_equal(mpt_queue_put(queue, "x", 1, 0), 0);
	assert_ends_well(others);
	assert_int_equal(give_side()->polled, 0);
	mpt_queue_destroy(queue);
}

/* ---- descriptors ------------------------------------------------------------------------------ */

static void *waits_in_a_thread(void *unused)
{
	waits(NULL);
	return unused;
}

static uint32_t kept, may_end;

static void *has_waited(void *unused)
{
	struct mpt_wait_item item = mpt_wait_queue(queue);

	child_claims(mpt_wait(&item, 1, 1) == -ETIMEDOUT);
	reach(&kept);
	child_claims_eventually(reached(&may_end));
	return unused;
}

static int counts_descriptors(void *unused)
{
	(void)unused;
	return (int)process_descriptors();
}

/* One doorbell for each thread that waits; it ends with the thread, and a child has none.
 * The first test: this thread has not waited yet. */
static void doorbells_are_neither_left_nor_inherited(void **state)
{
	struct mpt_wait_item item;
	unsigned int before;
	int of_a_child;
	pthread_t t;

	(void)state;
	make_queue();
	item = mpt_wait_queue(queue);
	kept = may_end = 0;
	of_a_child = process_end(process_run(counts_descriptors, NULL, NULL));
	before = process_descriptors();
	for (int i = 0; i < 3; i++)
		assert_int_equal(mpt_wait(&item, 1, MPT_MS(1)), -ETIMEDOUT);
	assert_int_equal(process_descriptors(), before + 1);
	t = thread(has_waited, NULL);
	assert_eventually(reached(&kept));
	assert_int_equal(process_descriptors(), before + 2);
	assert_int_equal(process_end(process_run(counts_descriptors, NULL, NULL)), of_a_child);
	reach(&may_end);
	join_thread(t);
	assert_int_equal(process_descriptors(), before + 1);
	mpt_queue_destroy(queue);
}

/* In a forked child while another thread waits: it waits by itself. */
static void forks_and_waits(void *unused)
{
	struct mpt_wait_item item = mpt_wait_queue(queue);
	pthread_t t = thread(waits_in_a_thread, NULL);
	pid_t pid;

	(void)unused;
	child_claims(mpt_wait(&item, 1, 1) == -ETIMEDOUT);
	child_claims_eventually(is_blocked_in(getpid(), MPT_OP_WAIT_ANY));
	pid = child(waits, NULL);
	child_claims_eventually(is_blocked_in(pid, MPT_OP_WAIT_ANY));
	child_claims(mpt_queue_put(queue, "x", 1, 0) == 0);
	child_claims(end_of(pid) == 0);
	join_thread(t);
}

static void a_forked_child_waits_by_itself(void **state)
{
	(void)state;
	make_queue();
	assert_ends_well(child(forks_and_waits, NULL));
	mpt_queue_destroy(queue);
}

static void closes_all(void *unused)
{
	struct mpt_wait_item item = mpt_wait_queue(queue);
	struct mpt_wait_item both[2] = { item };
	char byte = 'a';
	int ends[2];

	(void)unused;
	child_claims(mpt_wait(&item, 1, 1) == -ETIMEDOUT);
	for (int fd = 3; fd < 100; fd++)
		close(fd);
	/* Whatever has those numbers now is not ours to read. */
	for (int i = 0; i < 20; i++) {
		child_claims(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
		child_claims(write(ends[1], "b", 1) == 1);
		both[1] = mpt_wait_descriptor(ends[1]);
		child_claims(mpt_wait(both, 2, 1) == -ETIMEDOUT);
		child_claims(read(ends[0], &byte, 1) == 1 && byte == 'b');
	}
	child_claims(mpt_wait(&item, 1, 3 * GUARD_NS) == 1);
}

static void a_program_may_close_all_descriptors(void **state)
{
	pid_t pid;

	(void)state;
	make_queue();
	pid = child(closes_all, NULL);
	assert_eventually(is_blocked_in(pid, MPT_OP_WAIT_ANY));
	assert_int_equal(mpt_queue_put(queue, "x", 1, 0), 0);
	assert_ends_well(pid);
	mpt_queue_destroy(queue);
}

/* Then it looks again and again. */
static void waits_without_descriptors(void *unused)
{
	struct rlimit l;

	(void)unused;
	child_claims(getrlimit(RLIMIT_NOFILE, &l) == 0);
	l.rlim_cur = 3;
	child_claims(setrlimit(RLIMIT_NOFILE, &l) == 0);
	waits(NULL);
}

static void without_descriptors_it_works_all_the_same(void **state)
{
	pid_t pid;

	(void)state;
	make_queue();
	pid = child(waits_without_descriptors, NULL);
	assert_eventually(is_blocked_in(pid, MPT_OP_WAIT_ANY));
	assert_int_equal(mpt_queue_put(queue, "x", 1, 0), 0);
	assert_ends_well(pid);
	mpt_queue_destroy(queue);
}

/* A name that somebody else has taken, and rings that nobody meant. */
static void a_stranger_on_the_name_costs_only_time(void **state)
{
	const struct mpt_wire_thread *t;
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char id[33];
	pid_t pid;
	int n, fd;

	(void)state;
	make_queue();
	pid = waiter();
	t = segment_thread(pid);
	for (int i = 0; i < 16; i++)
		snprintf(id + 2 * i, 3, "%02x", segment()->domain_id[i]);
	n = snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1, "mptrace.bell/%s/%u.%u", id,
		     (unsigned int)(t - segment_thread(getpid())), t->generation);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	n += (int)offsetof(struct sockaddr_un, sun_path) + 1;
	for (int i = 0; i < 1000; i++)
		sendto(fd, "noise", 5, MSG_DONTWAIT, (struct sockaddr *)&a, (socklen_t)n);
	assert_true(is_blocked_in(pid, MPT_OP_WAIT_ANY));
	kill_child(pid);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, (socklen_t)n), 0); /* it was the name */
	pid = waiter();
	assert_int_equal(mpt_queue_put(queue, "x", 1, 0), 0);
	assert_ends_well(pid);
	close(fd);
	mpt_queue_destroy(queue);
}

/* ---- closed and destroyed meanwhile ------------------------------------------------------------ */

static void finds_it_destroyed(void *unused)
{
	struct mpt_wait_item two[2] = { mpt_wait_descriptor(STDIN_FILENO), mpt_wait_queue(queue) };
	int ends[2];

	(void)unused;
	child_claims(pipe(ends) == 0);
	two[0] = mpt_wait_descriptor(ends[0]);
	child_claims(mpt_wait(two, 2, 3 * GUARD_NS) == -ESHUTDOWN);
	child_claims(!two[0].ready && two[1].ready);
}

static void a_queue_destroyed_meanwhile_is_told(void **state)
{
	pid_t pid;

	(void)state;
	make_queue();
	pid = child(finds_it_destroyed, NULL);
	assert_eventually(is_blocked_in(pid, MPT_OP_WAIT_ANY));
	mpt_queue_destroy(queue);
	assert_ends_well(pid);
}

static struct mpt_pipe *reader, *writer;
static int outcome;

static void *waits_for_the_pipe(void *unused)
{
	struct mpt_wait_item item = mpt_wait_pipe(reader);

	outcome = mpt_wait(&item, 1, 3 * GUARD_NS);
	return unused;
}

static void a_pipe_closed_meanwhile_is_told(void **state)
{
	pthread_t t;

	(void)state;
	assert_int_equal(mpt_pipe_create(&reader, &writer, NULL), 0);
	t = thread(waits_for_the_pipe, NULL);
	assert_eventually(is_blocked_in(getpid(), MPT_OP_WAIT_ANY));
	assert_int_equal(mpt_pipe_close(reader), 0);
	join_thread(t);
	assert_int_equal(outcome, -ESHUTDOWN);
	mpt_pipe_destroy(reader);
	mpt_pipe_destroy(writer);
}

static struct mpt_process *parents;

static void looks_at_the_parents_child(void *unused)
{
	struct mpt_wait_item item = mpt_wait_process(parents);

	(void)unused;
	child_claims(mpt_wait(&item, 1, MPT_FOREVER) == -ECHILD);
}

static void another_process_child_is_not_ours_to_wait_for(void **state)
{
	(void)state;
	parents = process_run(process_pause, NULL, NULL);
	assert_ends_well(child(looks_at_the_parents_child, NULL));
	process_kill_and_free(parents);
}

/* ---- long messages ------------------------------------------------------------------------------ */

#define LONG (4u << 20)

static uint32_t *may_go_on;
static uint8_t bytes[LONG];

static void sends_long(void *unused)
{
	(void)unused;
	child_claims(mpt_pipe_send(writer, bytes, LONG, 3 * GUARD_NS) == 0);
}

/* The kept beginning of a message is no reason to receive: more of it is. */
static void more_of_a_half_received_message_is_ready(void **state)
{
	struct mpt_wait_item item;
	pid_t pid;

	(void)state;
	assert_int_equal(mpt_pipe_create(&reader, &writer, NULL), 0);
	item = mpt_wait_pipe(reader);
	pid = child(sends_long, NULL);
	assert_int_equal(mpt_wait(&item, 1, GUARD_NS), 1);
	stop_child(pid);
	/* All that has come is kept. */
	assert_int_equal(mpt_pipe_recv(reader, bytes, LONG, MPT_MS(1)), -ETIMEDOUT);
	while (mpt_pipe_poll(reader, 0))
		assert_int_equal(mpt_pipe_recv(reader, bytes, LONG, MPT_MS(1)), -ETIMEDOUT);
	assert_int_equal(mpt_wait(&item, 1, MPT_MS(30)), -ETIMEDOUT);
	kill(pid, SIGCONT);
	assert_int_equal(mpt_wait(&item, 1, GUARD_NS), 1);
	assert_int_equal(mpt_pipe_recv(reader, bytes, LONG, GUARD_NS), LONG);
	assert_ends_well(pid);
	assert_int_equal(mpt_wait(&item, 1, 0), -EAGAIN);
	mpt_pipe_destroy(reader);
	mpt_pipe_destroy(writer);
}

static void keeps_half(void *unused)
{
	(void)unused;
	child_claims(mpt_pipe_recv(reader, bytes, LONG, MPT_MS(1)) == -ETIMEDOUT);
	reach(may_go_on);
	for (;;)
		pause();
}

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The descriptor has input, and yet there is nothing for us: no turning in circles. */
static void anothers_half_message_is_nothing_to_us(void **state)
{
	struct mpt_wait_item item;
	pid_t sender, keeper;
	uint64_t cpu;

	(void)state;
	assert_int_equal(mpt_pipe_create(&reader, &writer, NULL), 0);
	item = mpt_wait_pipe(reader);
	may_go_on = shared(sizeof(*may_go_on));
	sender = child(sends_long, NULL);
	assert_int_equal(mpt_wait(&item, 1, GUARD_NS), 1);
	stop_child(sender);
	keeper = child(keeps_half, NULL);
	assert_eventually(reached(may_go_on));
	kill(sender, SIGCONT);
	cpu = cpu_ns();
	assert_int_equal(mpt_wait(&item, 1, MPT_MS(400)), -ETIMEDOUT);
	assert_in_range(cpu_ns() - cpu, 0, MPT_MS(100));
	kill_child(keeper);
	kill_child(sender);
	assert_int_equal(mpt_wait(&item, 1, MPT_MS(1)), -ETIMEDOUT);
	assert_int_equal(mpt_pipe_send(writer, "next", 4, GUARD_NS), 0);
	assert_int_equal(mpt_wait(&item, 1, GUARD_NS), 1);
	assert_int_equal(mpt_pipe_recv(reader, bytes, LONG, 0), 4);
	mpt_pipe_destroy(reader);
	mpt_pipe_destroy(writer);
}

/* ---- what viewers see --------------------------------------------------------------------------- */

#define SEEN 9

static int nothing_comes; /* a descriptor */

static void waits_for_much(void *unused)
{
	struct mpt_process_options with_me = { .parent_death = MPT_PARENT_DEATH_KILL };
	struct mpt_wait_item of[SEEN];

	(void)unused;
	parents = process_run(process_pause, NULL, &with_me);
	for (int i = 0; i < SEEN; i++)
		of[i] = mpt_wait_queue(queue);
	of[1] = mpt_wait_process(parents);
	of[2] = mpt_wait_pipe(reader);
	of[3] = mpt_wait_descriptor(nothing_comes);
	mpt_wait(of, SEEN, MPT_FOREVER);
}

static void a_wait_tells_what_it_is_for(void **state)
{
	struct mpt_pipe_options named = { .name = "seen", .simplex = true };
	const struct mpt_wire_thread *t;
	const struct mpt_wire_object *o;
	int ends[2];
	pid_t pid;

	(void)state;
	make_queue();
	assert_int_equal(mpt_pipe_create(&reader, &writer, &named), 0);
	o = segment_object("seen");
	assert_int_equal(pipe(ends), 0);
	nothing_comes = ends[0];
	pid = child(waits_for_much, NULL);
	assert_eventually(is_blocked_in(pid, MPT_OP_WAIT_ANY));
	t = segment_thread(pid);
	assert_int_equal(t->wait.seq % 2, 0);
	assert_true(t->wait.object == MPT_REF_NONE);
	assert_int_equal(t->wait.flags & MPT_WAIT_TIMED, 0);
	assert_int_equal(t->any.count, SEEN);
	assert_int_equal(t->any.ref[0].object, t->any.ref[5].object);
	assert_true((t->any.ref[1].object & MPT_REF_PROCESS) && t->any.ref[1].object != MPT_REF_NONE);
	assert_int_equal(t->any.ref[2].object, segment_slot(o));
	assert_int_equal(t->any.ref[2].generation, o->generation);
	assert_true(t->any.ref[3].object == MPT_REF_NONE);
	assert_int_equal(t->any.ref[3].generation, nothing_comes);
	kill_child(pid);
	close(ends[0]);
	close(ends[1]);
	mpt_queue_destroy(queue);
	mpt_pipe_destroy(reader);
	mpt_pipe_destroy(writer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		process_test(doorbells_are_neither_left_nor_inherited),
		process_test(a_killed_waiter_leaves_the_item_to_others),
		process_test(who_leaves_asks_no_more),
		process_test(a_forked_child_waits_by_itself),
		process_test(a_program_may_close_all_descriptors),
		process_test(without_descriptors_it_works_all_the_same),
		process_test(a_stranger_on_the_name_costs_only_time),
		process_test(a_queue_destroyed_meanwhile_is_told),
		process_test(a_pipe_closed_meanwhile_is_told),
		process_test(another_process_child_is_not_ours_to_wait_for),
		process_test(more_of_a_half_received_message_is_ready),
		process_test(anothers_half_message_is_nothing_to_us),
		process_test(a_wait_tells_what_it_is_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
