/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * storm_queue_test.c - workers under load, killed at random and started again; then
 * every message and every acquisition is accounted for.
 *
 * CRASH_SECONDS=n makes each storm last longer (8 s).  Every other kill is random; the
 * others are steered: the victim is stepped until it is seen in a lock word of the
 * object, then a little further.
 */
#include "tests/api/long_messages.h"

#include <sched.h>

#define WORKERS 6
#define LIVES_MOST 3600 /* thread slots and rings of all the dead find room */
#define PUTS_MOST 20000u /* of one producer's life */
#define BODY 1500u
#define BODY_LONG (BODY + MPT_LONG)
#define PATIENCE_NS MPT_SECONDS(40) /* on a busy machine until there are enough kills */
#define STEPS_MOST (SANITIZED ? 20000u : 3000u)
#define STEPS_INSIDE (SANITIZED ? 2000u : 300u)

/* One life of a worker: written by itself, read after its death. */
struct life {
	uint64_t started, returned; /* puts */
	uint64_t acquired, told;    /* acquisitions; those that were MPT_RECOVERED */
	uint32_t acquiring;	    /* inside mpt_lock_acquire */
	uint32_t in_section;
};

struct storm {
	struct mpt_queue *queue;
	struct mpt_lock *lock;
	const struct mpt_wire_object *object;
	uint32_t finish;     /* no more puts, no more acquisitions */
	uint32_t violations; /* of mutual exclusion */
	uint32_t owner;	     /* who says it is inside, not atomic */
	volatile uint64_t count;
	uint32_t lives;
	uint64_t kills, inside, with_intent, acquiring_holders, copying;
	uint64_t intents_wanted, copying_wanted; /* how many are enough */
	struct life life[LIVES_MOST];
	uint8_t got[][PUTS_MOST];
};

/* What a worker is started with. */
struct worker {
	struct storm *storm;
	uint32_t life;
	pid_t pid;
	void (*body)(void *arg);
};

static size_t storm_size(void)
{
	return sizeof(struct storm) + (size_t)LIVES_MOST * PUTS_MOST;
}

static uint64_t storm_ns(void)
{
	const char *seconds = getenv("CRASH_SECONDS");

	return MPT_SECONDS(seconds ? atoi(seconds) : 8);
}

/* ---- producers and consumers --------------------------------------------------------- */

struct letter {
	uint32_t life, number;
	uint8_t body[BODY_LONG];
};

/* A storm that wants to see victims killed in the middle of a copy has long letters too. */
static size_t body_size(const struct storm *s, uint32_t life, uint32_t number)
{
	size_t size = 1 + (life * 31 + number * 17) % BODY;

	return s->copying_wanted && number % 3 == 0 ? size + MPT_LONG : size;
}

static size_t write_letter(const struct storm *s, struct letter *l, uint32_t life, uint32_t number)
{
	size_t size = body_size(s, life, number);

	l->life = life;
	l->number = number;
	memset(l->body, (int)(life ^ number), size);
	return offsetof(struct letter, body) + size;
}

static bool is_whole(const struct storm *s, const struct letter *l, ssize_t size)
{
	size_t body = body_size(s, l->life, l->number);

	if (size != (ssize_t)(offsetof(struct letter, body) + body))
		return false;
	for (size_t i = 0; i < body; i++)
		if (l->body[i] != (uint8_t)(l->life ^ l->number))
			return false;
	return true;
}

static void produces(void *arg)
{
	struct worker *w = arg;
	struct life *mine = &w->storm->life[w->life];
	struct letter l;

	for (uint32_t n = 0; n < PUTS_MOST && !reached(&w->storm->finish); n++) {
		size_t size = write_letter(w->storm, &l, w->life, n);
		int rc;

		mine->started = n + 1;
		rc = mpt_queue_put(w->storm->queue, &l, size, MPT_FOREVER);
		child_claims(rc == 0 || rc == MPT_RECOVERED);
		mine->returned = n + 1;
	}
	while (!reached(&w->storm->finish))
		nap();
}

/* Each producer's letters come in order to each consumer. */
static void consumes(void *arg)
{
	struct worker *w = arg;
	uint32_t next[LIVES_MOST] = { 0 };
	struct letter l;
	ssize_t n;

	for (;;) {
		n = mpt_queue_get(w->storm->queue, &l, sizeof(l), MPT_MS(100));
		if (n == -ETIMEDOUT && w->storm->finish > 1)
			return;
		if (n == -ETIMEDOUT)
			continue;
		child_claims(n > 0 && is_whole(w->storm, &l, n));
		child_claims(l.life < LIVES_MOST && l.number < PUTS_MOST);
		child_claims(l.number >= next[l.life]);
		next[l.life] = l.number + 1;
		child_claims(__atomic_fetch_add(&w->storm->got[l.life][l.number], 1,
						__ATOMIC_SEQ_CST) == 0);
	}
}

/* ---- lockers --------------------------------------------------------------------------- */

static void in_section(struct storm *s, struct life *mine, uint32_t me, bool recovered)
{
	mine->in_section = 1;
	if (s->owner != 0 && !recovered)
		reach(&s->violations);
	s->owner = me;
	s->count = s->count + 1;
	for (volatile int i = 0; i < 200; i++)
		;
	if (s->owner != me)
		reach(&s->violations);
	s->owner = 0;
	mine->acquired++;
	mine->in_section = 0;
}

static void locks(void *arg)
{
	struct worker *w = arg;
	struct storm *s = w->storm;
	struct life *mine = &s->life[w->life];

	while (!reached(&s->finish)) {
		int rc;

		mine->acquiring = 1;
		rc = mpt_lock_acquire(s->lock, MPT_FOREVER);
		mine->told += rc == MPT_RECOVERED;
		mine->acquiring = 0;
		child_claims(rc == 0 || rc == MPT_RECOVERED);
		in_section(s, mine, w->life + 1, rc == MPT_RECOVERED);
		child_claims(mpt_lock_release(s->lock) == 0);
	}
}

/* ---- the killer -------------------------------------------------------------------------- */

static void start(struct worker *w)
{
	w->life = w->storm->lives++;
	w->pid = child(w->body, w);
}

/* Is the stopped victim's name in one of the object's lock words? */
static bool holds(void *arg, pid_t pid)
{
	const struct storm *s = arg;
	const struct mpt_wire_side *sides[] = { &s->object->take, &s->object->give };

	for (int i = 0; i < 2; i++) {
		uint32_t word = __atomic_load_n(&sides[i]->lock, __ATOMIC_SEQ_CST);

		if (word && segment_owner(word)->tid == (uint32_t)pid)
			return true;
	}
	return false;
}

static bool has_intent(pid_t pid)
{
	const struct mpt_wire_thread *t = segment_thread(pid);

	for (int i = 0; t && i < MPT_OPRECS; i++)
		if (t->oprec[i].phase == MPT_OPREC_INTENT)
			return true;
	return false;
}

static uint32_t random_below(uint32_t n)
{
	static uint32_t x = 2463534242u;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x % n;
}

static void wait_ns(uint64_t ns)
{
	uint64_t until = now_ns() + ns;

	while (now_ns() < until)
		nanosleep(&(struct timespec){ 0, 50000 }, NULL);
}

static void steer(struct storm *s, pid_t pid)
{
	interrupt(pid);
	if (step_until(pid, holds, s, STEPS_MOST))
		step(pid, random_below(STEPS_INSIDE));
}

static void kill_one(struct storm *s, struct worker *w, bool steered)
{
	const struct life *life = &s->life[w->life];
	bool inside;

	if (steered)
		steer(s, w->pid);
	else
		stop_child(w->pid);
	inside = holds(s, w->pid);
	s->kills++;
	s->inside += inside;
	s->with_intent += has_intent(w->pid);
	s->acquiring_holders += inside && life->acquiring;
	s->copying += s->copying_wanted && row_of(s->object, w->pid);
	kill_child(w->pid);
}

/* A storm that hit nobody inside has shown nothing. */
static bool enough(const struct storm *s)
{
	uint64_t part = SANITIZED ? 5 : 1; /* the sanitizer's steps are many */

	return s->kills >= 50 / part && s->inside >= 15 / part &&
	       s->with_intent >= s->intents_wanted / part &&
	       s->copying >= s->copying_wanted / part;
}

static void rage(struct storm *s, struct worker *workers)
{
	uint64_t from = now_ns(), until = from + storm_ns();

	for (int i = 0; i < WORKERS; i++)
		start(&workers[i]);
	while ((now_ns() < until || (!enough(s) && now_ns() < from + PATIENCE_NS)) &&
	       s->lives < LIVES_MOST) {
		struct worker *w = &workers[random_below(WORKERS)];

		wait_ns(random_below(1500000));
		kill_one(s, w, s->kills & 1);
		start(w);
	}
}

static struct storm *new_storm(struct worker *workers)
{
	struct storm *s = shared(storm_size());

	for (int i = 0; i < WORKERS; i++)
		workers[i].storm = s;
	return s;
}

/* ---- the account --------------------------------------------------------------------------- */

static uint64_t letters_got(const struct storm *s, uint64_t *missing)
{
	uint64_t got = 0;

	*missing = 0;
	for (uint32_t i = 0; i < s->lives; i++) {
		for (uint64_t n = 0; n < s->life[i].started; n++) {
			assert_true(s->got[i][n] <= 1);
			got += s->got[i][n];
			*missing += n < s->life[i].returned && !s->got[i][n];
		}
	}
	return got;
}

/* Producers are let go first, then consumers, who leave an empty queue. */
static void rage_in_queue(struct storm *s, struct worker *workers,
			  const struct mpt_queue_options *options)
{
	assert_int_equal(mpt_queue_create(&s->queue, options), 0);
	s->object = segment_object(options->name);
	s->intents_wanted = 5;
	for (int i = 0; i < WORKERS; i++)
		workers[i].body = i % 2 ? consumes : produces;
	rage(s, workers);
	reach(&s->finish);
	for (int i = 0; i < WORKERS; i += 2)
		assert_ends_well(workers[i].pid);
	reach(&s->finish);
	for (int i = 1; i < WORKERS; i += 2)
		assert_ends_well(workers[i].pid);
}

static void assert_account_is_exact(struct storm *s)
{
	struct ledger sum = segment_ledger(s->object);
	uint64_t missing, got = letters_got(s, &missing), taken = s->object->take.index,
		 lost = s->object->lost + sum.committed;

	printf("# note: queue: %llu kills, %llu holding a side, %llu inside a put or get, "
	       "%llu copying aside; %llu got, %llu counted lost, %llu recoveries\n",
	       (unsigned long long)s->kills, (unsigned long long)s->inside,
	       (unsigned long long)s->with_intent, (unsigned long long)s->copying,
	       (unsigned long long)got, (unsigned long long)lost,
	       (unsigned long long)s->object->recovered);
	assert_int_equal(s->object->give.index, taken);
	assert_true(got <= taken && taken - got <= s->kills);
	assert_true(lost <= taken - got);
	assert_true(missing <= taken - got);
	assert_int_equal(segment()->reclaimed, 0);
	assert_int_equal(sum.gives, taken);
	assert_int_equal(sum.takes, taken);
	assert_true(enough(s));
}

static void every_letter_is_got_once_or_was_in_a_killed_consumers_hand(void **state)
{
	struct mpt_queue_options options = { .name = "storm", .maxsize = 16, .bytes = 16384 };
	struct worker workers[WORKERS];
	struct storm *s = new_storm(workers);

	(void)state;
	rage_in_queue(s, workers, &options);
	assert_account_is_exact(s);
	mpt_queue_destroy(s->queue);
}

static void long_letters_too_and_all_bytes_come_back(void **state)
{
	struct mpt_queue_options options = { .name = "long", .maxsize = 16, .bytes = 4 * LONG };
	struct worker workers[WORKERS];
	struct storm *s = new_storm(workers);

	(void)state;
	s->copying_wanted = 10;
	rage_in_queue(s, workers, &options);
	assert_account_is_exact(s);
	assert_all_bytes_are_free(s->queue);
	mpt_queue_destroy(s->queue);
}

/* Told exactly when a holder was killed; only a victim killed inside acquire may have
 * taken the news with it. */
static void holders_exclude_each_other_and_each_death_of_one_is_told(void **state)
{
	struct worker workers[WORKERS];
	struct storm *s = new_storm(workers);
	uint64_t told = 0, acquired = 0, cut = 0;

	(void)state;
	assert_int_equal(mpt_lock_create(&s->lock, "storm lock", 0), 0);
	s->object = segment_object("storm lock");
	for (int i = 0; i < WORKERS; i++)
		workers[i].body = locks;
	rage(s, workers);
	reach(&s->finish);
	for (int i = 0; i < WORKERS; i++)
		assert_ends_well(workers[i].pid);
	told = mpt_lock_acquire(s->lock, GUARD_NS) == MPT_RECOVERED;
	for (uint32_t i = 0; i < s->lives; i++) {
		told += s->life[i].told;
		acquired += s->life[i].acquired;
		cut += s->life[i].in_section;
	}
	printf("# note: lock: %llu kills, %llu of a holder; told %llu times; "
	       "%llu acquisitions\n",
	       (unsigned long long)s->kills, (unsigned long long)s->inside,
	       (unsigned long long)told, (unsigned long long)acquired);
	assert_int_equal(s->violations, 0);
	assert_true(told <= s->inside && told + s->acquiring_holders >= s->inside);
	assert_true(s->count >= acquired && s->count <= acquired + cut);
	assert_true(enough(s));
	mpt_lock_destroy(s->lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(every_letter_is_got_once_or_was_in_a_killed_consumers_hand),
		api_test(long_letters_too_and_all_bytes_come_back),
		api_test(holders_exclude_each_other_and_each_death_of_one_is_told),
	};

	/* Small rings, so that those of all the dead find room and no ledger is lost. */
	setenv("MPTRACE_RING", "8K", 1);
	setenv("MPTRACE_SIZE", "256M", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
