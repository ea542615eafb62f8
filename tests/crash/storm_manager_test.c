/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * storm_manager_test.c - processes use a manager's containers all at once and are killed at
 * any moment: what was done stays done, what was not is not there, nothing is ever torn,
 * and in the end no memory is lost.
 *
 * STORM_SECONDS (of each test) makes it longer.
 */
#include "tests/api/manager_check.h"

#define WORKERS 4
#define LIVES_MOST 4000
#define TWINS 8
#define COUNTERS 5

struct life {
	uint64_t started[COUNTERS], returned[COUNTERS]; /* additions */
	uint64_t sent_started, sent_returned;		/* letters into the list */
	uint64_t got;					/* out of it */
};

struct storm {
	struct mpt_manager *manager;
	struct mpt_dict *counters, *twins, *mess;
	struct mpt_list *letters;
	uint32_t finish, lives;
	struct life life[LIVES_MOST];
};

struct worker {
	struct storm *storm;
	struct life *mine;
	uint32_t life;
	uint64_t seed;
};

static uint64_t seconds(void)
{
	const char *text = getenv("STORM_SECONDS");

	return MPT_SECONDS(text ? atoi(text) : 3);
}

static uint64_t any(struct worker *w, uint64_t below)
{
	w->seed = w->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (w->seed >> 33) % below;
}

/* ---- what workers do ---------------------------------------------------- */

static void counts(struct worker *w)
{
	uint64_t n = any(w, COUNTERS);

	w->mine->started[n]++;
	child_claims(mpt_dict_add(w->storm->counters, mpt_i64((int64_t)n), 1, NULL) == 0);
	w->mine->returned[n]++;
}

/* Two keys are always set together, to the same: sometimes in place, sometimes longer. */
static void sets_twins(struct worker *w)
{
	char left[16], right[16], value[200];
	struct mpt_pair pairs[2];
	uint64_t n = any(w, TWINS), size = any(w, 5) ? any(w, 60) : any(w, sizeof(value));

	snprintf(left, sizeof(left), "left %d", (int)n);
	snprintf(right, sizeof(right), "right %d", (int)n);
	memset(value, (int)('a' + any(w, 26)), size);
	pairs[0] = (struct mpt_pair){ mpt_text(left), mpt_bytes(value, size) };
	pairs[1] = (struct mpt_pair){ mpt_text(right), mpt_bytes(value, size) };
	child_claims(mpt_dict_update(w->storm->twins, pairs, 2) == 0);
}

/* A value that readers must find whole: all letters the same. */
static void sets_a_value_of_one_letter(struct worker *w)
{
	char value[64];
	uint64_t size = 1 + any(w, sizeof(value));

	memset(value, (int)('a' + any(w, 26)), size);
	child_claims(
		mpt_dict_set(w->storm->counters, mpt_text("letters"), mpt_bytes(value, size)) == 0);
}

static void is_of_one_letter(const struct mpt_item *item)
{
	const char *got = item->bytes.data;

	for (size_t n = 1; item->type == MPT_ITEM_BYTES && n < item->bytes.size; n++)
		child_claims(got[n] == got[0]);
}

static void reads_it(struct worker *w)
{
	struct mpt_item item;
	char value[64];
	int rc = mpt_dict_get(w->storm->counters, mpt_text("letters"), &item, value, sizeof(value));

	child_claims(rc == 0 || rc == -ENOENT);
	if (rc == 0)
		is_of_one_letter(&item);
}

static void receives(struct worker *w)
{
	struct mpt_item item;
	unsigned long long number;
	char letter[80] = "";
	unsigned int life;
	int rc = mpt_list_pop(w->storm->letters, 0, &item, letter, sizeof(letter) - 1);

	child_claims(rc == 0 || rc == -ERANGE);
	if (rc == -ERANGE)
		return;
	child_claims(sscanf(letter, "%u %llu", &life, &number) == 2 && life < LIVES_MOST);
	child_claims(number < w->storm->life[life].sent_started);
	w->mine->got++;
}

static void sends(struct worker *w)
{
	char letter[80];

	if (mpt_list_len(w->storm->letters) > 100) {
		receives(w); /* or it would fill the memory in the long run */
		return;
	}
	snprintf(letter, sizeof(letter), "%u %llu %.*s", w->life,
		 (unsigned long long)w->mine->sent_started, (int)any(w, 50),
		 "and some more words to make letters of many sizes");
	w->mine->sent_started++;
	child_claims(mpt_list_append(w->storm->letters, mpt_text(letter)) == 0);
	w->mine->sent_returned++;
}

/* Few keys, so that one overwrites what another takes away. */
static void makes_a_mess(struct worker *w)
{
	struct mpt_dict *mess = w->storm->mess;
	struct mpt_item key = mpt_i64((int64_t)any(w, 3));
	char value[150];

	memset(value, (int)('a' + any(w, 26)), sizeof(value));
	switch (any(w, 12)) {
	case 0:
		child_claims(mpt_dict_clear(mess) == 0);
		break;
	case 1:
		child_claims(mpt_dict_merge(mess, w->storm->twins) == 0);
		break;
	case 2:
	case 3:
		child_claims(mpt_dict_delete(mess, key) <= 0);
		break;
	case 4:
		child_claims(mpt_dict_set(mess, key, mpt_bytes(value, sizeof(value))) == 0);
		break;
	default:
		child_claims(mpt_dict_set(mess, key, mpt_bytes(value, any(w, 64))) == 0);
	}
}

static void reads_the_mess(struct worker *w)
{
	struct mpt_dict_iter iter = mpt_dict_iterate(w->storm->mess);
	struct mpt_item value;
	char buffer[256];
	int rc = mpt_dict_get(w->storm->mess, mpt_i64((int64_t)any(w, 3)), &value, buffer,
			      sizeof(buffer));

	if (rc == 0)
		is_of_one_letter(&value);
	while (mpt_dict_next(&iter, NULL, &value, buffer, sizeof(buffer)) == 0)
		is_of_one_letter(&value);
}

/* A dict in a dict that nobody keeps. */
static void makes_garbage(struct worker *w)
{
	struct mpt_dict *dict;

	child_claims(mpt_dict_create(&dict, w->storm->manager, NULL) == 0);
	child_claims(mpt_dict_set(dict, mpt_i64(1), mpt_dict_item(dict)) == 0);
	child_claims(mpt_dict_set(w->storm->counters, mpt_text("garbage"), mpt_dict_item(dict)) ==
		     0);
	child_claims(mpt_dict_set(w->storm->counters, mpt_text("garbage"), mpt_none()) == 0);
	mpt_dict_destroy(dict);
	if (any(w, 10) == 0)
		child_claims(mpt_manager_collect(w->storm->manager) >= 0);
}

static void works(void *arg)
{
	static void (*const deeds[])(struct worker * w) = {
		counts,	      counts,	    sets_twins,	    sets_a_value_of_one_letter,
		reads_it,     reads_it,	    sends,	    receives,
		makes_a_mess, makes_a_mess, reads_the_mess, makes_garbage,
	};
	struct worker *w = arg;

	while (!reached(&w->storm->finish))
		deeds[any(w, sizeof(deeds) / sizeof(deeds[0]))](w);
}

/* ---- what must be true -------------------------------------------------- */

static void twins_are_equal(struct storm *s)
{
	char left[16], right[16], a[256], b[256];
	struct mpt_dict *copy;
	struct mpt_item x, y;

	assert_int_equal(mpt_dict_copy(&copy, s->twins), 0);
	for (int n = 0; n < TWINS; n++) {
		int one, two;

		snprintf(left, sizeof(left), "left %d", n);
		snprintf(right, sizeof(right), "right %d", n);
		one = mpt_dict_get(copy, mpt_text(left), &x, a, sizeof(a));
		two = mpt_dict_get(copy, mpt_text(right), &y, b, sizeof(b));
		assert_int_equal(one, two);
		if (one == -ENOENT)
			continue;
		assert_int_equal(one, 0);
		assert_int_equal(x.bytes.size, y.bytes.size);
		assert_memory_equal(x.bytes.data, y.bytes.data, x.bytes.size);
	}
	mpt_dict_destroy(copy);
}

/* Each addition that returned is there, each that was begun at most once. */
static void counters_are_exact(struct storm *s)
{
	for (int n = 0; n < COUNTERS; n++) {
		uint64_t begun = 0, done = 0;
		struct mpt_item item;

		for (uint32_t i = 0; i < s->lives; i++) {
			begun += s->life[i].started[n];
			done += s->life[i].returned[n];
		}
		assert_int_equal(mpt_dict_get(s->counters, mpt_i64(n), &item, NULL, 0), 0);
		assert_in_range(item.i64, done, begun);
	}
}

static void no_letter_is_lost(struct storm *s)
{
	uint64_t begun = 0, sent = 0, got = 0, left = (uint64_t)mpt_list_len(s->letters);

	for (uint32_t i = 0; i < s->lives; i++) {
		begun += s->life[i].sent_started;
		sent += s->life[i].sent_returned;
		got += s->life[i].got;
	}
	/* Who was killed while it received may have taken one and not have said so. */
	assert_in_range(got + left + s->lives, sent, begun + s->lives);
	assert_true(got + left <= begun);
}

/* Slots of containers are kept for the next ones. */
static uint64_t more_slots(void)
{
	uint64_t bytes = 0;

	for (int n = 1; n < (int)HEAP_CHUNKS; n++)
		if (heap_of("storm")->chunk[n])
			bytes += (HEAP_CHUNK << n) * sizeof(struct heap_box) + HEAP_GRAIN;
	return bytes;
}

static void no_memory_is_lost(struct storm *s, uint64_t empty)
{
	struct mpt_manager_info info;

	assert_int_equal(mpt_dict_clear(s->counters), 0);
	assert_int_equal(mpt_dict_clear(s->twins), 0);
	assert_int_equal(mpt_dict_clear(s->mess), 0);
	assert_int_equal(mpt_list_clear(s->letters), 0);
	assert_true(mpt_manager_collect(s->manager) >= 0);
	assert_heap_in_order("storm");
	assert_int_equal(mpt_manager_status(s->manager, &info), 0);
	assert_int_equal(info.used, empty + more_slots());
	printf("# note: %u lives, %llu changes, %llu reads, %llu taken over, %llu collected\n",
	       s->lives, (unsigned long long)info.changes, (unsigned long long)info.reads,
	       (unsigned long long)info.recovered, (unsigned long long)info.collected);
}

/* ---- the storm ---------------------------------------------------------- */

static pid_t a_worker(struct storm *s)
{
	struct worker w = { s, &s->life[s->lives], s->lives, s->lives * 77 + 5 };

	s->lives++;
	return child(works, &w);
}

static struct storm *new_storm(uint64_t *empty)
{
	struct mpt_manager_options options = { .name = "storm", .bytes = 512 << 10 };
	struct storm *s = shared(sizeof(*s));
	struct mpt_manager_info info;

	assert_int_equal(mpt_manager_create(&s->manager, &options), 0);
	assert_int_equal(mpt_dict_create(&s->counters, s->manager, NULL), 0);
	assert_int_equal(mpt_dict_create(&s->twins, s->manager, NULL), 0);
	assert_int_equal(mpt_dict_create(&s->mess, s->manager, NULL), 0);
	assert_int_equal(mpt_list_create(&s->letters, s->manager, NULL), 0);
	assert_int_equal(mpt_manager_status(s->manager, &info), 0);
	*empty = info.used;
	for (int n = 0; n < COUNTERS; n++)
		assert_int_equal(mpt_dict_set(s->counters, mpt_i64(n), mpt_i64(0)), 0);
	return s;
}

static void end_storm(struct storm *s, const pid_t pids[WORKERS], uint64_t empty)
{
	reach(&s->finish);
	for (int i = 0; i < WORKERS; i++)
		assert_ends_well(pids[i]);
	assert_true(mpt_manager_collect(s->manager) >= 0);
	assert_heap_in_order("storm");
	twins_are_equal(s);
	counters_are_exact(s);
	no_letter_is_lost(s);
	no_memory_is_lost(s, empty);
	mpt_dict_destroy(s->counters);
	mpt_dict_destroy(s->twins);
	mpt_dict_destroy(s->mess);
	mpt_list_destroy(s->letters);
	mpt_manager_destroy(s->manager);
}

static void four_at_once_do_each_thing_whole(void **state)
{
	uint64_t until = now_ns() + seconds(), empty;
	struct storm *s = new_storm(&empty);
	pid_t pids[WORKERS];

	(void)state;
	for (int i = 0; i < WORKERS; i++)
		pids[i] = a_worker(s);
	while (now_ns() < until) {
		twins_are_equal(s);
		nap();
	}
	end_storm(s, pids, empty);
	assert_int_equal(segment_object("storm") != NULL, 0);
}

static void killed_at_any_moment_nobody_leaves_half_a_change(void **state)
{
	uint64_t until = now_ns() + seconds(), empty, rest = 12345;
	struct storm *s = new_storm(&empty);
	pid_t pids[WORKERS];

	(void)state;
	for (int i = 0; i < WORKERS; i++)
		pids[i] = a_worker(s);
	while (now_ns() < until && s->lives < LIVES_MOST) {
		struct timespec pause = { 0, (long)(rest % 3000000) };
		int i = (int)(rest >> 40) & (WORKERS - 1);

		rest = rest * 6364136223846793005ull + 1442695040888963407ull;
		nanosleep(&pause, NULL);
		kill_child(pids[i]);
		pids[i] = a_worker(s);
		twins_are_equal(s);
	}
	end_storm(s, pids, empty);
}

static void when_all_but_one_are_killed_it_goes_on(void **state)
{
	uint64_t empty;
	struct storm *s = new_storm(&empty);
	pid_t pids[WORKERS];

	(void)state;
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < WORKERS; i++)
			pids[i] = a_worker(s);
		for (int n = 0; n < 3; n++)
			nap();
		for (int i = 0; i < WORKERS; i++)
			kill_child(pids[i]);
		twins_are_equal(s);
		counters_are_exact(s);
		no_letter_is_lost(s);
		assert_true(mpt_manager_collect(s->manager) >= 0);
		assert_heap_in_order("storm");
	}
	for (int i = 0; i < WORKERS; i++)
		pids[i] = a_worker(s);
	end_storm(s, pids, empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(four_at_once_do_each_thing_whole),
		api_test(killed_at_any_moment_nobody_leaves_half_a_change),
		api_test(when_all_but_one_are_killed_it_goes_on),
	};

	setenv("MPTRACE_RING", "8K", 1);
	setenv("MPTRACE_SIZE", "128M", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
