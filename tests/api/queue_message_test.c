/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue_message_test.c - messages of every size, and those that are turned down
 * (behaviours 36 and 37).
 */
#include "tests/api/support.h"

static struct mpt_queue *queue_of(int64_t maxsize, size_t bytes)
{
	struct mpt_queue_options options = { .maxsize = maxsize, .bytes = bytes };
	struct mpt_queue *q;

	assert_int_equal(mpt_queue_create(&q, &options), 0);
	return q;
}

static void put_text(struct mpt_queue *q, const char *text)
{
	assert_int_equal(mpt_queue_put(q, text, strlen(text), 0), 0);
}

static void assert_gets_text(struct mpt_queue *q, const char *text)
{
	char buffer[64];
	ssize_t n = mpt_queue_get(q, buffer, sizeof(buffer), 0);

	assert_int_equal(n, strlen(text));
	assert_memory_equal(buffer, text, (size_t)n);
}

/* ---- rejected ------------------------------------------------------------------ */

static void b36_a_message_too_large_leaves_size_and_order_untouched(void **state)
{
	struct mpt_queue *q = queue_of(10, 4096);
	char *large = calloc(1, mpt_queue_bytes(q) + 1);

	(void)state;
	put_text(q, "one");
	assert_int_equal(mpt_queue_put(q, large, mpt_queue_bytes(q) + 1, MPT_FOREVER), -EMSGSIZE);
	assert_int_equal(mpt_queue_put(q, large, SIZE_MAX, MPT_FOREVER), -EMSGSIZE);
	assert_int_equal(mpt_queue_size(q), 1);
	put_text(q, "two");
	assert_gets_text(q, "one");
	assert_gets_text(q, "two");
	assert_int_equal(mpt_queue_put(q, large, mpt_queue_bytes(q), 0), 0);
	free(large);
	mpt_queue_destroy(q);
}

static ssize_t refuses(const void *item, void *buffer, size_t size)
{
	(void)item;
	(void)buffer;
	(void)size;
	return -EBADMSG;
}

static void b36_an_item_that_cannot_be_encoded_leaves_the_queue_untouched(void **state)
{
	struct mpt_queue_item item = { "x", refuses };
	struct mpt_queue *q = queue_of(10, 0);

	(void)state;
	put_text(q, "one");
	assert_int_equal(mpt_queue_put_item(q, &item, 0), -EBADMSG);
	assert_int_equal(mpt_queue_size(q), 1);
	put_text(q, "two");
	assert_gets_text(q, "one");
	assert_gets_text(q, "two");
	mpt_queue_destroy(q);
}

/* As many bytes as the item says: needs to be called twice beyond 4096. */
static ssize_t as_many(const void *item, void *buffer, size_t size)
{
	size_t n = *(const size_t *)item;

	if (n <= size)
		memset(buffer, 'e', n);
	return (ssize_t)n;
}

static void an_item_is_encoded_whatever_its_size(void **state)
{
	static const size_t sizes[] = { 0, 1, 4096, 4097, 100000 };
	struct mpt_queue *q = queue_of(10, 0);
	char buffer[100000];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct mpt_queue_item item = { &sizes[i], as_many };

		assert_int_equal(mpt_queue_put_item(q, &item, 0), 0);
		assert_int_equal(mpt_queue_get(q, buffer, sizeof(buffer), 0), sizes[i]);
		for (size_t b = 0; b < sizes[i]; b++)
			assert_int_equal(buffer[b], 'e');
	}
	assert_int_equal(mpt_queue_put_item(q, NULL, 0), -EINVAL);
	assert_int_equal(mpt_queue_put_item(q, &(struct mpt_queue_item){ "x", NULL }, 0), -EINVAL);
	mpt_queue_destroy(q);
}

struct rejected {
	unsigned int calls;
	const void *item;
	size_t size;
	int error;
};

static void remember(struct mpt_queue *q, const void *item, size_t size, int error, void *arg)
{
	struct rejected *r = arg;

	assert_non_null(q);
	*r = (struct rejected){ r->calls + 1, item, size, error };
}

static void b37_the_error_hook_is_called_with_the_item_that_failed(void **state)
{
	struct mpt_queue *q = queue_of(10, 4096);
	struct mpt_queue_item item = { "not me", refuses };
	struct rejected r = { 0 };
	char *large = calloc(1, mpt_queue_bytes(q) + 1);

	(void)state;
	mpt_queue_on_reject(q, remember, &r);
	assert_int_equal(mpt_queue_put(q, large, mpt_queue_bytes(q) + 1, 0), -EMSGSIZE);
	assert_int_equal(r.calls, 1);
	assert_ptr_equal(r.item, large);
	assert_int_equal(r.size, mpt_queue_bytes(q) + 1);
	assert_int_equal(r.error, -EMSGSIZE);
	assert_int_equal(mpt_queue_put_item(q, &item, 0), -EBADMSG);
	assert_int_equal(r.calls, 2);
	assert_ptr_equal(r.item, item.item);
	assert_int_equal(r.size, 0);
	assert_int_equal(r.error, -EBADMSG);
	put_text(q, "fine");
	assert_int_equal(r.calls, 2);
	mpt_queue_on_reject(q, NULL, NULL);
	assert_int_equal(mpt_queue_put(q, large, mpt_queue_bytes(q) + 1, 0), -EMSGSIZE);
	assert_int_equal(r.calls, 2);
	free(large);
	mpt_queue_destroy(q);
}

/* ---- sizes ---------------------------------------------------------------------- */

static void an_empty_message_is_a_message(void **state)
{
	struct mpt_queue *q = queue_of(10, 0);
	char byte = 'x';

	(void)state;
	assert_int_equal(mpt_queue_put(q, NULL, 0, 0), 0);
	assert_int_equal(mpt_queue_put(q, "", 0, 0), 0);
	put_text(q, "a");
	assert_int_equal(mpt_queue_put(q, NULL, 1, 0), -EINVAL);
	assert_int_equal(mpt_queue_size(q), 3);
	assert_int_equal(mpt_queue_next_size(q), 0);
	assert_int_equal(mpt_queue_get(q, NULL, 0, 0), 0);
	assert_int_equal(mpt_queue_get(q, NULL, 1, 0), -EINVAL);
	assert_int_equal(mpt_queue_get(q, &byte, 1, 0), 0);
	assert_int_equal(byte, 'x');
	assert_gets_text(q, "a");
	mpt_queue_destroy(q);
}

static void a_buffer_too_small_keeps_the_message_the_oldest(void **state)
{
	struct mpt_queue *q = queue_of(10, 0);
	char small[3] = "no";

	(void)state;
	assert_int_equal(mpt_queue_next_size(q), -EAGAIN);
	put_text(q, "four");
	put_text(q, "2");
	assert_int_equal(mpt_queue_get(q, small, 3, MPT_FOREVER), -EMSGSIZE);
	assert_string_equal(small, "no");
	assert_int_equal(mpt_queue_size(q), 2);
	assert_int_equal(mpt_queue_next_size(q), 4);
	assert_gets_text(q, "four");
	assert_int_equal(mpt_queue_next_size(q), 1);
	assert_gets_text(q, "2");
	mpt_queue_destroy(q);
}

static size_t fill(uint8_t *buffer, uint64_t n)
{
	size_t size = (size_t)(n * 2654435761u % 997);

	for (size_t i = 0; i < size; i++)
		buffer[i] = (uint8_t)(n + i);
	return size;
}

static bool is_filled(const uint8_t *buffer, ssize_t size, uint64_t n)
{
	uint8_t expected[1024];

	return size == (ssize_t)fill(expected, n) && memcmp(buffer, expected, (size_t)size) == 0;
}

/* So that payloads lie across the end of the byte ring at every offset. */
static void messages_come_out_whole_however_they_lie_in_the_ring(void **state)
{
	static const int64_t capacities[] = { 1, 2, 3, 5, 8 };
	uint8_t buffer[1024];

	(void)state;
	for (size_t c = 0; c < sizeof(capacities) / sizeof(capacities[0]); c++) {
		struct mpt_queue *q = queue_of(capacities[c], 1024);
		uint64_t put = 0, got = 0;

		while (got < 20000) {
			while (put < 20000) {
				size_t size = fill(buffer, put);

				if (mpt_queue_put(q, buffer, size, 0) != 0)
					break;
				put++;
			}
			for (uint64_t n = 1 + got % 3; n > 0 && got < put; n--, got++)
				assert_true(is_filled(
					buffer, mpt_queue_get(q, buffer, sizeof(buffer), 0), got));
		}
		assert_int_equal(mpt_queue_size(q), 0);
		mpt_queue_destroy(q);
	}
}

static void a_queue_is_full_when_its_bytes_are(void **state)
{
	struct mpt_queue *q = queue_of(100, 4096);
	char half[2048] = { 0 }, out[4096];

	(void)state;
	assert_int_equal(mpt_queue_bytes(q), 4096);
	assert_int_equal(mpt_queue_put(q, half, 2048, 0), 0);
	assert_int_equal(mpt_queue_put(q, half, 2048, 0), 0);
	assert_int_equal(mpt_queue_put(q, half, 1, 0), -EAGAIN);
	assert_int_equal(mpt_queue_put(q, half, 0, 0), 0);
	assert_int_equal(mpt_queue_get(q, out, sizeof(out), 0), 2048);
	assert_int_equal(mpt_queue_put(q, half, 2048, 0), 0);
	mpt_queue_destroy(q);
}

struct sized {
	struct mpt_queue *queue;
	size_t size;
};

static void put_sized(void *arg)
{
	static char zeroes[4096];
	struct sized *s = arg;

	child_claims(mpt_queue_put(s->queue, zeroes, s->size, MPT_FOREVER) == 0);
}

/* One that needs many bytes sleeps in front of one that needs few. */
static void a_small_message_is_not_stuck_behind_a_large_one(void **state)
{
	struct mpt_queue *q = queue_of(100, 4096);
	struct sized large = { q, 4096 }, small = { q, 1000 };
	char out[4096] = { 0 };
	pid_t pids[2];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(mpt_queue_put(q, out, 1024, 0), 0);
	pids[0] = child(put_sized, &large);
	assert_eventually(is_blocked_in(pids[0], MPT_OP_QUEUE_PUT));
	pids[1] = child(put_sized, &small);
	assert_eventually(is_blocked_in(pids[1], MPT_OP_QUEUE_PUT));
	assert_int_equal(mpt_queue_get(q, out, sizeof(out), 0), 1024);
	assert_ends_well(pids[1]);
	for (int i = 0; i < 4; i++)
		assert_true(mpt_queue_get(q, out, sizeof(out), 0) > 0);
	assert_ends_well(pids[0]);
	assert_int_equal(mpt_queue_get(q, out, sizeof(out), 0), 4096);
	mpt_queue_destroy(q);
}

/* The same, but the small one waits for a slot, not for bytes. */
static void a_message_that_lacks_a_slot_is_not_stuck_behind_one_that_lacks_bytes(void **state)
{
	struct mpt_queue *q = queue_of(5, 4096);
	struct sized large = { q, 4096 }, empty = { q, 0 };
	char out[4096] = { 0 };
	pid_t pids[2];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(mpt_queue_put(q, out, 1024, 0), 0);
	pids[0] = child(put_sized, &large);
	assert_eventually(is_blocked_in(pids[0], MPT_OP_QUEUE_PUT));
	assert_int_equal(mpt_queue_put(q, out, 0, 0), 0);
	pids[1] = child(put_sized, &empty);
	assert_eventually(is_blocked_in(pids[1], MPT_OP_QUEUE_PUT));
	assert_int_equal(mpt_queue_get(q, out, sizeof(out), 0), 1024);
	assert_ends_well(pids[1]);
	for (int i = 0; i < 5; i++)
		assert_true(mpt_queue_get(q, out, sizeof(out), 0) >= 0);
	assert_ends_well(pids[0]);
	assert_int_equal(mpt_queue_get(q, out, sizeof(out), 0), 4096);
	mpt_queue_destroy(q);
}

/* ---- arguments -------------------------------------------------------------------- */

static void nonsense_is_refused(void **state)
{
	char long_name[49] = { 0 };
	struct mpt_queue *q = (void *)state;

	memset(long_name, 'n', 48);
	assert_int_equal(mpt_queue_create(NULL, NULL), -EINVAL);
	assert_int_equal(mpt_queue_create(&q, &(struct mpt_queue_options){ .flags = 8 }), -EINVAL);
	assert_null(q);
	assert_int_equal(mpt_queue_create(&q, &(struct mpt_queue_options){ .name = "" }), -EINVAL);
	assert_int_equal(mpt_queue_create(&q, &(struct mpt_queue_options){ .name = "a/b" }),
			 -EINVAL);
	assert_int_equal(mpt_queue_create(&q, &(struct mpt_queue_options){ .name = long_name }),
			 -EINVAL);
	assert_int_equal(
		mpt_queue_create(&q, &(struct mpt_queue_options){ .bytes = (size_t)1 << 31 }),
		-EINVAL);
	long_name[47] = '\0';
	assert_int_equal(mpt_queue_create(&q, &(struct mpt_queue_options){ .name = long_name }), 0);
	mpt_queue_destroy(q);
}

static void errno_is_never_touched(void **state)
{
	struct mpt_queue *q;
	char byte;

	(void)state;
	errno = 4711;
	assert_int_equal(mpt_queue_open(&q, "nowhere", 0), -ENOENT);
	assert_int_equal(errno, 4711);
	q = queue_of(1, 0);
	assert_int_equal(mpt_queue_get(q, &byte, 1, MPT_MS(1)), -ETIMEDOUT);
	assert_int_equal(mpt_queue_put(q, "x", 1, 0), 0);
	assert_int_equal(mpt_queue_put(q, "x", 1, MPT_MS(1)), -ETIMEDOUT);
	mpt_queue_close(q);
	mpt_queue_destroy(q);
	assert_int_equal(errno, 4711);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(b36_a_message_too_large_leaves_size_and_order_untouched),
		api_test(b36_an_item_that_cannot_be_encoded_leaves_the_queue_untouched),
		api_test(b37_the_error_hook_is_called_with_the_item_that_failed),
		api_test(an_item_is_encoded_whatever_its_size),
		api_test(an_empty_message_is_a_message),
		api_test(a_buffer_too_small_keeps_the_message_the_oldest),
		api_test(messages_come_out_whole_however_they_lie_in_the_ring),
		api_test(a_queue_is_full_when_its_bytes_are),
		api_test(a_small_message_is_not_stuck_behind_a_large_one),
		api_test(a_message_that_lacks_a_slot_is_not_stuck_behind_one_that_lacks_bytes),
		api_test(nonsense_is_refused),
		api_test(errno_is_never_touched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
