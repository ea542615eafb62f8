/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue.c - Queue against what a program would use instead: a ring under a mutex and
 * two condition variables, a pipe, a POSIX message queue.
 *
 *	queue         all cases
 */
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <mptrace/mptrace.h>
#include <mqueue.h>
#include <pthread.h>

#define DEPTH 1024
#define SIZE_MOST 65536

/* How a transport is used; returns false when it failed. */
struct transport {
	const char *name;
	void *(*make)(size_t size);
	void (*send)(void *channel, const void *message, size_t size);
	void (*receive)(void *channel, void *message, size_t size);
	size_t most; /* largest message it carries whole */
};

/* ---- ours ------------------------------------------------------------------------ */

static void *mpt_make(size_t size)
{
	struct mpt_queue_options o = { .maxsize = DEPTH, .bytes = DEPTH * size };
	struct mpt_queue *q;

	if (o.bytes > 16u << 20)
		o.bytes = 16u << 20;
	return mpt_queue_create(&q, &o) < 0 ? NULL : q;
}

static void mpt_send(void *channel, const void *message, size_t size)
{
	if (mpt_queue_put(channel, message, size, MPT_FOREVER) < 0)
		_exit(3);
}

static void mpt_receive(void *channel, void *message, size_t size)
{
	if (mpt_queue_get(channel, message, size, MPT_FOREVER) < 0)
		_exit(3);
}

/* ---- mutex and condition variables ------------------------------------------------- */

struct mutex_ring {
	pthread_mutex_t mutex;
	pthread_cond_t not_empty, not_full;
	uint64_t head, tail;
	char slots[];
};

static void *mutex_make(size_t size)
{
	struct mutex_ring *r = bench_shared(sizeof(*r) + DEPTH * size);
	pthread_mutexattr_t ma;
	pthread_condattr_t ca;

	pthread_mutexattr_init(&ma);
	pthread_mutexattr_setpshared(&ma, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&r->mutex, &ma);
	pthread_condattr_init(&ca);
	pthread_condattr_setpshared(&ca, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&r->not_empty, &ca);
	pthread_cond_init(&r->not_full, &ca);
	return r;
}

static void mutex_send(void *channel, const void *message, size_t size)
{
	struct mutex_ring *r = channel;

	pthread_mutex_lock(&r->mutex);
	while (r->tail - r->head == DEPTH)
		pthread_cond_wait(&r->not_full, &r->mutex);
	memcpy(r->slots + r->tail++ % DEPTH * size, message, size);
	pthread_cond_signal(&r->not_empty);
	pthread_mutex_unlock(&r->mutex);
}

static void mutex_receive(void *channel, void *message, size_t size)
{
	struct mutex_ring *r = channel;

	pthread_mutex_lock(&r->mutex);
	while (r->tail == r->head)
		pthread_cond_wait(&r->not_empty, &r->mutex);
	memcpy(message, r->slots + r->head++ % DEPTH * size, size);
	pthread_cond_signal(&r->not_full);
	pthread_mutex_unlock(&r->mutex);
}

/* ---- pipe(2): atomic up to 4 KiB ------------------------------------------------------ */

static void *pipe_make(size_t size)
{
	int *fd = bench_shared(2 * sizeof(int));

	(void)size;
	return pipe(fd) < 0 ? NULL : fd;
}

static void pipe_send(void *channel, const void *message, size_t size)
{
	if (write(((int *)channel)[1], message, size) != (ssize_t)size)
		_exit(3);
}

static void pipe_receive(void *channel, void *message, size_t size)
{
	if (read(((int *)channel)[0], message, size) != (ssize_t)size)
		_exit(3);
}

/* ---- POSIX message queue ---------------------------------------------------------------- */

static void *mq_make(size_t size)
{
	mqd_t *mq = bench_shared(sizeof(*mq));
	char name[64];

	/* As deep as the system allows an ordinary program. */
	for (long depth = DEPTH; depth >= 1; depth /= 2) {
		struct mq_attr attr = { .mq_maxmsg = depth, .mq_msgsize = (long)size };

		snprintf(name, sizeof(name), "/mptrace-bench-%d", getpid());
		*mq = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
		if (*mq != (mqd_t)-1) {
			mq_unlink(name);
			return mq;
		}
	}
	return NULL;
}

static void mq_put(void *channel, const void *message, size_t size)
{
	if (mq_send(*(mqd_t *)channel, message, size, 0) < 0)
		_exit(3);
}

static void mq_get(void *channel, void *message, size_t size)
{
	if (mq_receive(*(mqd_t *)channel, message, size, NULL) < 0)
		_exit(3);
}

static const struct transport transports[] = {
	{ "mptrace Queue", mpt_make, mpt_send, mpt_receive, SIZE_MOST },
	{ "mutex+cond ring", mutex_make, mutex_send, mutex_receive, SIZE_MOST },
	{ "pipe", pipe_make, pipe_send, pipe_receive, 4096 },
	{ "POSIX mq", mq_make, mq_put, mq_get, SIZE_MOST },
};

/* ---- throughput --------------------------------------------------------------------------- */

struct run {
	const struct transport *t;
	void *there, *back;
	size_t size;
	struct bench_hist trip;
	struct {
		_Alignas(64) _Atomic uint64_t n;
	} got[8];
};

static void producer(void *arg, int me)
{
	static char message[SIZE_MOST];
	struct run *r = arg;

	(void)me;
	for (;;)
		r->t->send(r->there, message, r->size);
}

static void consumer(void *arg, int me)
{
	static char message[SIZE_MOST];
	struct run *r = arg;

	for (;;) {
		r->t->receive(r->there, message, r->size);
		atomic_fetch_add_explicit(&r->got[me].n, 1, memory_order_relaxed);
	}
}

static uint64_t total(struct run *r, int consumers)
{
	uint64_t n = 0;

	for (int i = 0; i < consumers; i++)
		n += atomic_load(&r->got[i].n);
	return n;
}

static void throughput(const struct transport *t, int each, size_t size)
{
	struct run *r = bench_shared(sizeof(*r));
	pid_t pids[16];
	char name[96];
	uint64_t n, ns;

	*r = (struct run){ .t = t, .there = t->make(size), .size = size };
	if (!r->there || size > t->most)
		return;
	for (int i = 0; i < each; i++) {
		pids[i] = bench_child(consumer, r, i, each == 1 ? 1 : -1);
		pids[each + i] = bench_child(producer, r, i, each == 1 ? 0 : -1);
	}
	bench_sleep_ms(60);
	n = total(r, each);
	ns = bench_ns(CLOCK_MONOTONIC);
	bench_sleep_ms(300);
	n = total(r, each) - n;
	ns = bench_ns(CLOCK_MONOTONIC) - ns;
	for (int i = 0; i < 2 * each; i++)
		bench_end(pids[i]);
	snprintf(name, sizeof(name), "%s, %dP/%dC %zu B", t->name, each, each, size);
	bench_out(name, "msgs/s", (double)n * 1e9 / (double)ns);
}

/* ---- ping-pong ------------------------------------------------------------------------------ */

static void answerer(void *arg, int me)
{
	static char message[SIZE_MOST];
	struct run *r = arg;

	(void)me;
	for (;;) {
		r->t->receive(r->there, message, r->size);
		r->t->send(r->back, message, r->size);
	}
}

static void asker(void *arg, int me)
{
	static char message[SIZE_MOST];
	struct run *r = arg;
	uint64_t end = bench_ns(CLOCK_MONOTONIC) + 250000000u, t;

	(void)me;
	for (int i = 0; (t = bench_ns(CLOCK_MONOTONIC)) < end; i++) {
		r->t->send(r->there, message, r->size);
		r->t->receive(r->back, message, r->size);
		if (i > 200)
			bench_hist_add(&r->trip, bench_ns(CLOCK_MONOTONIC) - t);
	}
}

static void ping_pong(const struct transport *t, bool same_cpu)
{
	struct run *r = bench_shared(sizeof(*r));
	char name[96];
	pid_t a, b;

	*r = (struct run){ .t = t, .there = t->make(16), .back = t->make(16), .size = 16 };
	if (!r->there || !r->back)
		return;
	b = bench_child(answerer, r, 0, same_cpu ? 0 : 1);
	a = bench_child(asker, r, 0, 0);
	waitpid(a, NULL, 0);
	bench_end(b);
	snprintf(name, sizeof(name), "%s, ping-pong 16 B %s", t->name,
		 same_cpu ? "one cpu" : "two cpus");
	bench_out(name, "p50 ns", bench_hist_at(&r->trip, 0.5));
}

int main(void)
{
	for (size_t i = 0; i < sizeof(transports) / sizeof(transports[0]); i++) {
		throughput(&transports[i], 1, 16);
		throughput(&transports[i], 4, 16);
		throughput(&transports[i], 1, 4096);
		throughput(&transports[i], 1, SIZE_MOST);
		ping_pong(&transports[i], false);
		ping_pong(&transports[i], true);
	}
	return 0;
}
