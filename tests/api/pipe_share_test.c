/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pipe_share_test.c - one end used by many threads and processes at once, and by
 * those who are killed at any moment.
 *
 * Every message says who sent it and which of his it is, and fills the rest with
 * a pattern that follows from both.
 */
#include "tests/api/pipe_ends.h"

#define SENDERS 4
#define RECEIVERS 3
#define MOST (200u << 10) /* some messages take several frames */
#define NUMBERS (1u << 21) /* messages a sender may have numbers for: minutes at full speed */

struct label {
	uint32_t sender, number;
};

/* What the receivers saw, in memory shared by all. */
struct books {
	uint32_t each;		  /* messages per sender */
	uint32_t order_broken, torn;
	uint32_t received[SENDERS]; /* A */
	uint32_t cut;		  /* A: told by -EBADMSG */
	uint8_t seen[SENDERS][NUMBERS]; /* A: times each message was received */
};

struct party {
	struct ends *ends;
	struct books *books;
	uint32_t sender;
};

/* Most are short, some need two frames, some seven. */
static size_t size_of(uint32_t sender, uint32_t number)
{
	uint32_t x = (sender * 7919 + number) * 2654435761u;

	if (x % 61 == 0)
		return 40000 + x % (MOST - 40000);
	return sizeof(struct label) + x % 300;
}

static size_t compose(uint8_t *buffer, uint32_t sender, uint32_t number)
{
	struct label label = { sender, number };
	size_t size = size_of(sender, number);

	memcpy(buffer, &label, sizeof(label));
	for (size_t i = sizeof(label); i < size; i++)
		buffer[i] = (uint8_t)(i * 31 + number + sender);
	return size;
}

static bool sound(const uint8_t *buffer, size_t size)
{
	struct label label;

	memcpy(&label, buffer, sizeof(label));
	if (label.sender >= SENDERS || size != size_of(label.sender, label.number))
		return false;
	for (size_t i = sizeof(label); i < size; i++)
		if (buffer[i] != (uint8_t)(i * 31 + label.number + label.sender))
			return false;
	return true;
}

/* ---- nobody dies -------------------------------------------------------------- */

static void *send_all(void *arg)
{
	struct party *p = arg;
	uint8_t *buffer = malloc(MOST);

	for (uint32_t i = 0; i < p->books->each; i++)
		child_claims(mpt_pipe_send(p->ends->first, buffer,
					   compose(buffer, p->sender, i), MPT_FOREVER) == 0);
	free(buffer);
	return NULL;
}

static void send_all_and_go(void *arg)
{
	struct party *p = arg;

	mpt_pipe_close(p->ends->second);
	send_all(p);
}

/* To one receiver, one sender's messages come in order. */
static void enter_in_books(struct books *books, const uint8_t *buffer, int64_t *last)
{
	struct label label;

	memcpy(&label, buffer, sizeof(label));
	if (label.number <= last[label.sender])
		reach(&books->order_broken);
	last[label.sender] = label.number;
	__atomic_fetch_add(&books->seen[label.sender][label.number], 1, __ATOMIC_SEQ_CST);
	reach(&books->received[label.sender]);
}

static void *receive_all(void *arg)
{
	struct party *p = arg;
	int64_t last[SENDERS];
	uint8_t *buffer = malloc(MOST);
	ssize_t n;

	memset(last, -1, sizeof(last));
	/* Time runs out now and then, also in the middle of messages. */
	for (;;) {
		n = mpt_pipe_recv(p->ends->second, buffer, MOST, MPT_MS(1));
		if (n == -EPIPE)
			break;
		if (n == -ETIMEDOUT || n == -EBADMSG) {
			__atomic_fetch_add(&p->books->cut, n == -EBADMSG, __ATOMIC_SEQ_CST);
			continue;
		}
		child_claims(n > 0);
		if (!sound(buffer, (size_t)n))
			reach(&p->books->torn);
		else
			enter_in_books(p->books, buffer, last);
	}
	free(buffer);
	return NULL;
}

static void receive_all_by_two_threads(void *arg)
{
	struct party *p = arg;
	pthread_t t;

	mpt_pipe_close(p->ends->first);
	t = thread(receive_all, p);
	receive_all(p);
	join_thread(t);
}

static void assert_nothing_wrong(const struct books *books)
{
	assert_int_equal(books->order_broken, 0);
	assert_int_equal(books->torn, 0);
	for (uint32_t s = 0; s < SENDERS; s++)
		for (uint32_t i = 0; i < books->each; i++)
			assert_in_range(books->seen[s][i], 0, 1);
}

static void many_senders_and_receivers_keep_each_senders_order(void **state)
{
	struct ends e = simplex();
	struct books *books = shared(sizeof(*books));
	struct party parties[SENDERS];
	struct party receiver = { &e, books, 0 };
	pid_t senders[SENDERS], receivers[RECEIVERS];
	struct mpt_pipe *keep = e.first;
	struct ledger sum;

	(void)state;
	/* In a simplex pipe the second end sends. */
	e.first = e.second;
	e.second = keep;
	books->each = 3000;
	for (uint32_t i = 0; i < RECEIVERS; i++)
		receivers[i] = child(receive_all_by_two_threads, &receiver);
	for (uint32_t i = 0; i < SENDERS; i++) {
		parties[i] = (struct party){ &e, books, i };
		senders[i] = child(send_all_and_go, &parties[i]);
	}
	mpt_pipe_close(e.first);
	for (uint32_t i = 0; i < SENDERS; i++)
		assert_ends_well(senders[i]);
	for (uint32_t i = 0; i < RECEIVERS; i++)
		assert_ends_well(receivers[i]);
	assert_nothing_wrong(books);
	for (uint32_t i = 0; i < SENDERS; i++)
		assert_int_equal(books->received[i], books->each);
	sum = segment_ledger(e.there);
	assert_int_equal(sum.gives, SENDERS * books->each);
	assert_int_equal(sum.takes, SENDERS * books->each);
	assert_int_equal(e.there->missing + books->cut, 0);
	destroy_ends(&e);
}

static void threads_share_an_end(void **state)
{
	struct ends e = duplex();
	struct books *books = shared(sizeof(*books));
	struct party parties[SENDERS], receiver = { &e, books, 0 };
	pthread_t senders[SENDERS], receivers[RECEIVERS];

	(void)state;
	books->each = 3000;
	for (uint32_t i = 0; i < RECEIVERS; i++)
		receivers[i] = thread(receive_all, &receiver);
	for (uint32_t i = 0; i < SENDERS; i++) {
		parties[i] = (struct party){ &e, books, i };
		senders[i] = thread(send_all, &parties[i]);
	}
	for (uint32_t i = 0; i < SENDERS; i++)
		join_thread(senders[i]);
	mpt_pipe_close(e.first);
	for (uint32_t i = 0; i < RECEIVERS; i++)
		join_thread(receivers[i]);
	assert_nothing_wrong(books);
	for (uint32_t i = 0; i < SENDERS; i++)
		assert_int_equal(books->received[i], books->each);
	destroy_ends(&e);
}

static void *send_long_and_end(void *arg)
{
	struct ends *e = arg;
	uint8_t *bytes = patterned(MIB, 7);

	child_claims(mpt_pipe_send(e->first, bytes, MIB, MPT_FOREVER) == 0);
	free(bytes);
	pthread_testcancel();
	child_claims(!"cancelled by now");
	return NULL;
}

/* Cancelled in the middle, it would hold the sending side for ever. */
static void a_cancelled_thread_finishes_its_message(void **state)
{
	struct ends e = duplex();
	pthread_t t = thread(send_long_and_end, &e);
	uint8_t *buffer = malloc(MIB);

	(void)state;
	assert_eventually(is_blocked_in(getpid(), MPT_OP_PIPE_SEND));
	assert_int_equal(pthread_cancel(t), 0);
	assert_int_equal(mpt_pipe_recv(e.second, buffer, MIB, GUARD_NS), MIB);
	assert_true(is_patterned(buffer, MIB, 7));
	join_thread(t);
	assert_int_equal(mpt_pipe_send(e.first, "next", 4, GUARD_NS), 0);
	assert_int_equal(mpt_pipe_recv(e.second, buffer, MIB, GUARD_NS), 4);
	free(buffer);
	destroy_ends(&e);
}

/* ---- many die ------------------------------------------------------------------- */

/* Sends for ever; a successor goes on with numbers nobody used. */
static void send_until_killed(void *arg)
{
	struct party *p = arg;
	uint32_t *next = &p->ends->point[1 + p->sender];
	uint8_t *buffer = malloc(MOST);

	while (!reached(p->ends->point)) {
		uint32_t number = __atomic_fetch_add(next, 1, __ATOMIC_SEQ_CST);

		child_claims(number < NUMBERS);
		child_claims(mpt_pipe_send(p->ends->first, buffer,
					   compose(buffer, p->sender, number), MPT_FOREVER) == 0);
	}
}

static void receive_until_killed(void *arg)
{
	struct party *p = arg;

	mpt_pipe_close(p->ends->first);
	receive_all(p);
}

struct storm {
	struct ends ends;
	struct books *books;
	struct party parties[SENDERS + RECEIVERS];
	pid_t pids[SENDERS + RECEIVERS];
};

static void start_one(struct storm *s, uint32_t i)
{
	s->parties[i] = (struct party){ &s->ends, s->books, i };
	s->pids[i] = child(i < SENDERS ? send_until_killed : receive_until_killed,
			   &s->parties[i]);
}

static uint64_t received_in_all(const struct books *books)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < SENDERS; i++)
		n += __atomic_load_n(&books->received[i], __ATOMIC_SEQ_CST);
	return n;
}

/* Kills one after the other, each as soon as some messages went through. */
static void rage(struct storm *s, int kills)
{
	for (int k = 0; k < kills; k++) {
		uint64_t before = received_in_all(s->books);
		uint32_t i = (uint32_t)rand() % (SENDERS + RECEIVERS);

		assert_eventually(received_in_all(s->books) > before + (uint64_t)(rand() % 20));
		kill_child(s->pids[i]);
		start_one(s, i);
	}
}

/* All that was counted as given was received, or is known to be missing: no message
 * is in two books, or in none. */
static void assert_books_balance(struct storm *s)
{
	const struct mpt_wire_object *o = s->ends.there;
	struct ledger sum = segment_ledger(o);
	uint64_t received = received_in_all(s->books);

	assert_nothing_wrong(s->books);
	assert_int_equal(o->take.index, o->give.index);
	assert_int_equal(sum.gives, o->give.index);
	assert_int_equal(sum.takes + o->missing, o->take.index);
	/* A receiver may die between its recv and its entry in our books. */
	assert_true(received <= sum.takes);
}

static void a_storm_of_kills_loses_only_what_the_dead_had(void **state)
{
	struct storm s = { .ends = duplex(), .books = shared(sizeof(struct books)) };
	int kills = SANITIZED ? 60 : 150;
	uint64_t handed, received;
	uint8_t *buffer = malloc(MOST);

	(void)state;
	s.ends.point = shared(4096);
	s.books->each = NUMBERS;
	srand((unsigned int)getpid());
	for (uint32_t i = 0; i < SENDERS + RECEIVERS; i++)
		start_one(&s, i);
	rage(&s, kills);
	reach(s.ends.point);
	for (uint32_t i = 0; i < SENDERS; i++)
		assert_ends_well(s.pids[i]);
	mpt_pipe_close(s.ends.first);
	for (uint32_t i = SENDERS; i < SENDERS + RECEIVERS; i++)
		assert_ends_well(s.pids[i]);
	assert_int_equal(mpt_pipe_recv(s.ends.second, buffer, MOST, GUARD_NS), -EPIPE);
	assert_books_balance(&s);
	handed = segment_ledger(s.ends.there).takes;
	received = received_in_all(s.books);
	assert_true(handed - received <= (uint64_t)kills);
	assert_true(s.ends.there->missing <= (uint64_t)kills);
	free(buffer);
	destroy_ends(&s.ends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(many_senders_and_receivers_keep_each_senders_order),
		api_test(threads_share_an_end),
		api_test(a_cancelled_thread_finishes_its_message),
		api_test(a_storm_of_kills_loses_only_what_the_dead_had),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
