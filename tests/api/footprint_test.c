/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * footprint_test.c - what a domain costs: bytes per domain, process, thread and object, and
 * that no operation allocates.  The numbers stated in docs/wire-format.md.
 *
 * The segment is sparse: what counts is what the kernel has given it (st_blocks).
 */
#include "tests/api/support.h"

#include <malloc.h>
#include <sys/stat.h>

#define KIB 1024ll

/* ---- what the segment takes ---------------------------------------------------------- */

/* Our mapping's descriptor; the segment is the only memfd of this name. */
static int segment_fd(void)
{
	char path[64], target[256];
	ssize_t n;

	for (int fd = 0; fd < 1024; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, target, sizeof(target) - 1);
		if (n <= 0)
			continue;
		target[n] = 0;
		if (strncmp(target, "/memfd:mptrace:", 15) == 0)
			return fd;
	}
	fail_msg("this process is in no domain");
	return -1;
}

static long long segment_bytes(void)
{
	struct stat st;

	assert_int_equal(fstat(segment_fd(), &st), 0);
	return (long long)st.st_blocks * 512;
}

/* Makes the domain if there is none, and nothing else. */
static void be_a_member(void)
{
	struct mpt_event *event;

	assert_int_equal(mpt_event_create(&event, "member", 0), 0);
	mpt_event_destroy(event);
}

static void a_domain_of_one_process_takes_256_kib_at_most(void **state)
{
	long long bytes;

	(void)state;
	be_a_member();
	bytes = segment_bytes();
	printf("# note: a domain of one process: %lld KiB\n", bytes / KIB);
	assert_true(bytes > 0 && bytes <= 256 * KIB);
}

struct crowd {
	uint32_t in, go;
};

static void stays(void *arg)
{
	struct crowd *c = arg;

	be_a_member();
	__atomic_fetch_add(&c->in, 1, __ATOMIC_SEQ_CST);
	child_claims_eventually(reached(&c->go));
}

static void each_process_takes_256_kib_at_most(void **state)
{
	enum { MANY = 20 };
	struct crowd *c = shared(sizeof(*c));
	long long before, after;
	pid_t pid[MANY];

	(void)state;
	be_a_member();
	before = segment_bytes();
	for (int i = 0; i < MANY; i++) {
		/* One after the other: the name is unique. */
		pid[i] = child(stays, c);
		assert_eventually(__atomic_load_n(&c->in, __ATOMIC_SEQ_CST) == (uint32_t)i + 1);
	}
	after = segment_bytes();
	reach(&c->go);
	for (int i = 0; i < MANY; i++)
		assert_ends_well(pid[i]);
	printf("# note: each further process: %lld KiB\n", (after - before) / MANY / KIB);
	assert_true(after > before && (after - before) / MANY <= 256 * KIB);
}

static void a_lock_takes_its_slot_and_no_more(void **state)
{
	enum { MANY = 100 };
	struct mpt_lock *lock[MANY];
	long long before;

	(void)state;
	be_a_member();
	before = segment_bytes();
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(mpt_lock_create(&lock[i], NULL, 0), 0);
		assert_int_equal(mpt_lock_acquire(lock[i], 0), 0);
	}
	printf("# note: a lock: %lld bytes\n", (segment_bytes() - before) / MANY);
	assert_true(segment_bytes() - before <= MANY * 2048ll + 8192);
	for (int i = 0; i < MANY; i++)
		mpt_lock_destroy(lock[i]);
}

/* ---- what an operation takes ------------------------------------------------------------ */

struct things {
	struct mpt_queue *queue;
	struct mpt_lock *lock;
	struct mpt_rlock *rlock;
	struct mpt_semaphore *semaphore;
	struct mpt_event *event;
	struct mpt_pipe *in, *out;
};

static void make(struct things *t)
{
	struct mpt_queue_options options = { .joinable = true };
	struct mpt_pipe_options simplex = { .simplex = true };

	assert_int_equal(mpt_queue_create(&t->queue, &options), 0);
	assert_int_equal(mpt_lock_create(&t->lock, NULL, 0), 0);
	assert_int_equal(mpt_rlock_create(&t->rlock, NULL, 0), 0);
	assert_int_equal(mpt_semaphore_create(&t->semaphore, NULL), 0);
	assert_int_equal(mpt_event_create(&t->event, NULL, 0), 0);
	assert_int_equal(mpt_pipe_create(&t->out, &t->in, &simplex), 0);
}

static void use_once(struct things *t)
{
	char text[64] = "", back[64];

	assert_int_equal(mpt_queue_put(t->queue, text, sizeof(text), 0), 0);
	assert_int_equal(mpt_queue_get(t->queue, back, sizeof(back), 0), sizeof(text));
	assert_int_equal(mpt_queue_task_done(t->queue), 0);
	assert_int_equal(mpt_queue_join(t->queue, 0), 0);
	assert_int_equal(mpt_lock_acquire(t->lock, 0), 0);
	assert_int_equal(mpt_lock_acquire(t->lock, 0), -EAGAIN);
	assert_int_equal(mpt_lock_release(t->lock), 0);
	assert_int_equal(mpt_rlock_acquire(t->rlock, 0), 0);
	assert_int_equal(mpt_rlock_release(t->rlock), 0);
	assert_int_equal(mpt_semaphore_acquire(t->semaphore, 0), 0);
	assert_int_equal(mpt_semaphore_release(t->semaphore), 0);
	assert_int_equal(mpt_event_set(t->event), 0);
	assert_int_equal(mpt_event_wait(t->event, 0), 0);
	assert_int_equal(mpt_event_clear(t->event), 0);
	assert_int_equal(mpt_pipe_send(t->in, text, sizeof(text), 0), 0);
	assert_int_equal(mpt_pipe_recv(t->out, back, sizeof(back), 0), sizeof(text));
}

static void destroy(struct things *t)
{
	mpt_queue_destroy(t->queue);
	mpt_lock_destroy(t->lock);
	mpt_rlock_destroy(t->rlock);
	mpt_semaphore_destroy(t->semaphore);
	mpt_event_destroy(t->event);
	mpt_pipe_destroy(t->in);
	mpt_pipe_destroy(t->out);
}

static void no_operation_allocates(void **state)
{
	struct mallinfo2 before, after;
	struct things t;
	long long bytes;

	(void)state;
	make(&t);
	use_once(&t);
	bytes = segment_bytes();
	before = mallinfo2();
	for (int i = 0; i < 3000; i++)
		use_once(&t);
	after = mallinfo2();
	/* A sanitizer's allocator tells mallinfo nothing: 0 is 0. */
	assert_int_equal(after.uordblks, before.uordblks);
	assert_int_equal(after.hblks, before.hblks);
	assert_int_equal(segment_bytes(), bytes);
	destroy(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(a_domain_of_one_process_takes_256_kib_at_most),
		api_test(each_process_takes_256_kib_at_most),
		api_test(a_lock_takes_its_slot_and_no_more),
		api_test(no_operation_allocates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
