/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * manager_model_test.c - random calls on dicts and lists, compared with plain ones in the
 * test after each; what is full stays whole; all space comes back.
 */
#include "tests/api/manager_check.h"

#define KEYS 40
#define LONGEST 300
#define ITEMS_MOST 200
#define ROUNDS (SANITIZED ? 6000 : 30000)

/* ---- the model ---------------------------------------------------------- */

struct value {
	struct mpt_item item;
	char bytes[LONGEST];
};

struct model {
	struct value values[ITEMS_MOST]; /* in order */
	int64_t keys[ITEMS_MOST];	 /* dict: number of the key */
	size_t len;
};

static uint64_t seed = 1;

static uint64_t any(uint64_t below)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) % below;
}

static void any_value(struct value *v)
{
	size_t size = any(4) ? any(20) : any(LONGEST);

	memset(v, 0, sizeof(*v));
	switch (any(6)) {
	case 0:
		v->item = mpt_none();
		break;
	case 1:
		v->item = mpt_bool(any(2));
		break;
	case 2:
		v->item = mpt_i64((int64_t)any(5) - 2);
		break;
	case 3:
		v->item = mpt_f64((double)any(9) / 2 - 2);
		break;
	default:
		for (size_t n = 0; n < size; n++)
			v->bytes[n] = (char)('a' + any(3));
		v->item = mpt_bytes(v->bytes, size);
	}
}

/* Bytes of a copy are its own. */
static void put(struct value *to, const struct value *from)
{
	*to = *from;
	if (to->item.type == MPT_ITEM_BYTES)
		to->item.bytes.data = to->bytes;
}

static bool same(const struct mpt_item *a, const struct mpt_item *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == MPT_ITEM_BYTES)
		return a->bytes.size == b->bytes.size &&
		       memcmp(a->bytes.data, b->bytes.data, a->bytes.size) == 0;
	return a->i64 == b->i64;
}

static double number(const struct mpt_item *i)
{
	return i->type == MPT_ITEM_F64 ? i->f64 : (double)i->i64;
}

static bool is_number(const struct mpt_item *i)
{
	return i->type == MPT_ITEM_BOOL || i->type == MPT_ITEM_I64 || i->type == MPT_ITEM_F64;
}

/* As Python's ==. */
static bool equal(const struct mpt_item *a, const struct mpt_item *b)
{
	return is_number(a) && is_number(b) ? number(a) == number(b) : same(a, b);
}

static void cut(struct model *m, size_t at)
{
	for (m->len--; at < m->len; at++) {
		put(&m->values[at], &m->values[at + 1]);
		m->keys[at] = m->keys[at + 1];
	}
}

static void open_up(struct model *m, size_t at, const struct value *v)
{
	for (size_t n = m->len++; n > at; n--)
		put(&m->values[n], &m->values[n - 1]);
	put(&m->values[at], v);
}

/* ---- dicts -------------------------------------------------------------- */

static struct mpt_item key_of(int64_t n, char text[32])
{
	if (n % 3 == 0)
		return mpt_i64(n - 20);
	snprintf(text, 32, n % 3 == 1 ? "k%d" : "a rather long key %d", (int)n);
	return mpt_text(text);
}

static size_t model_find(const struct model *m, int64_t key)
{
	size_t n = 0;

	while (n < m->len && m->keys[n] != key)
		n++;
	return n;
}

static void model_set(struct model *m, int64_t key, const struct value *v)
{
	size_t n = model_find(m, key);

	put(&m->values[n], v);
	m->keys[n] = key;
	m->len += n == m->len;
}

static void assert_same_dict(struct mpt_dict *d, const struct model *m)
{
	struct mpt_dict_iter iter = mpt_dict_iterate(d);
	char buffer[2 * LONGEST], text[32];
	struct mpt_item key, value, wanted;

	assert_int_equal(mpt_dict_len(d), m->len);
	for (size_t n = 0; n < m->len; n++) {
		assert_int_equal(mpt_dict_next(&iter, &key, &value, buffer, sizeof(buffer)), 0);
		wanted = key_of(m->keys[n], text);
		assert_true(same(&key, &wanted));
		assert_true(same(&value, &m->values[n].item));
	}
	assert_int_equal(mpt_dict_next(&iter, &key, &value, buffer, sizeof(buffer)), -ENODATA);
}

static void random_update(struct mpt_dict *d, struct model *m)
{
	struct value values[8];
	struct mpt_pair pairs[8];
	char texts[8][32];
	size_t count = any(8);

	for (size_t n = 0; n < count; n++) {
		int64_t key = (int64_t)any(KEYS);

		any_value(&values[n]);
		pairs[n].key = key_of(key, texts[n]);
		pairs[n].value = values[n].item;
		model_set(m, key, &values[n]);
	}
	assert_int_equal(mpt_dict_update(d, pairs, count), 0);
}

static void random_copy(struct mpt_dict **d, const struct model *m)
{
	struct mpt_dict *copy;

	assert_int_equal(mpt_dict_copy(&copy, *d), 0);
	assert_same_dict(*d, m);
	mpt_dict_destroy(*d);
	*d = copy;
}

static void random_dict_call(struct mpt_dict **d, struct model *m)
{
	int64_t key = (int64_t)any(KEYS);
	size_t at = model_find(m, key);
	bool there = at < m->len;
	char text[32], buffer[LONGEST];
	struct mpt_item k = key_of(key, text), got;
	struct value v;

	any_value(&v);
	switch (any(50) ? any(7) : 7 + any(3)) {
	case 0:
	case 1:
	case 2:
		assert_int_equal(mpt_dict_set(*d, k, v.item), 0);
		model_set(m, key, &v);
		break;
	case 3:
		got = v.item;
		assert_int_equal(mpt_dict_setdefault(*d, k, &got, buffer, sizeof(buffer)), !there);
		if (!there)
			model_set(m, key, &v);
		assert_true(same(&got, &m->values[model_find(m, key)].item));
		break;
	case 4:
		assert_int_equal(mpt_dict_pop(*d, k, &got, buffer, sizeof(buffer)),
				 there ? 0 : -ENOENT);
		if (there) {
			assert_true(same(&got, &m->values[at].item));
			cut(m, at);
		}
		break;
	case 5:
		assert_int_equal(mpt_dict_delete(*d, k), there ? 0 : -ENOENT);
		if (there)
			cut(m, at);
		break;
	case 6:
		assert_int_equal(mpt_dict_contains(*d, k), there);
		break;
	case 7:
		random_update(*d, m);
		break;
	case 8:
		random_copy(d, m);
		break;
	default:
		assert_int_equal(mpt_dict_clear(*d), 0);
		m->len = 0;
	}
}

static void a_dict_is_what_a_plain_one_would_be(void **state)
{
	static struct model m;
	struct mpt_manager *manager;
	struct mpt_dict *d;

	(void)state;
	m.len = 0;
	assert_int_equal(
		mpt_manager_create(&manager, &(struct mpt_manager_options){ .name = "dicts",
									    .bytes = 256 << 10 }),
		0);
	assert_int_equal(mpt_dict_create(&d, manager, NULL), 0);
	for (int n = 0; n < ROUNDS; n++) {
		random_dict_call(&d, &m);
		if (n % 16 == 0)
			assert_same_dict(d, &m);
		if (n % 256 == 0)
			assert_heap_in_order("dicts");
	}
	assert_same_dict(d, &m);
	mpt_dict_destroy(d);
	assert_true(mpt_manager_collect(manager) >= 1);
	assert_heap_in_order("dicts");
	mpt_manager_destroy(manager);
}

/* ---- lists -------------------------------------------------------------- */

static void assert_same_list(struct mpt_list *l, const struct model *m)
{
	struct mpt_list_iter iter = mpt_list_iterate(l);
	char buffer[LONGEST];
	struct mpt_item got;

	assert_int_equal(mpt_list_len(l), m->len);
	for (size_t n = 0; n < m->len; n++) {
		assert_int_equal(mpt_list_next(&iter, &got, buffer, sizeof(buffer)), 0);
		assert_true(same(&got, &m->values[n].item));
	}
	assert_int_equal(mpt_list_next(&iter, &got, buffer, sizeof(buffer)), -ENODATA);
}

static void random_splice(struct mpt_list *l, struct model *m)
{
	size_t start = any(m->len + 1), end = start + any(m->len - start + 1), count = any(12);
	struct value values[12];
	struct mpt_item items[12];

	for (size_t n = 0; n < count; n++) {
		any_value(&values[n]);
		items[n] = values[n].item;
	}
	assert_int_equal(mpt_list_splice(l, (ssize_t)start, (ssize_t)end, items, count), 0);
	for (size_t n = start; n < end; n++)
		cut(m, start);
	for (size_t n = 0; n < count; n++)
		open_up(m, start + n, &values[n]);
}

static void random_slice(struct mpt_list **l, struct model *m)
{
	struct mpt_list *slice;
	size_t start = any(2) ? 0 : any(m->len + 1),
	       end = m->len - any(3) * any(m->len - start + 1) / 4;

	assert_int_equal(mpt_list_slice(&slice, *l, (ssize_t)start, (ssize_t)end), 0);
	while (m->len > end)
		cut(m, m->len - 1);
	for (size_t n = 0; n < start; n++)
		cut(m, 0);
	mpt_list_destroy(*l);
	*l = slice;
}

static size_t model_index(const struct model *m, const struct mpt_item *item)
{
	size_t n = 0;

	while (n < m->len && !equal(&m->values[n].item, item))
		n++;
	return n;
}

static void random_by_value(struct mpt_list *l, struct model *m)
{
	size_t at, count = 0;
	struct value v;

	any_value(&v);
	at = model_index(m, &v.item);
	for (size_t n = 0; n < m->len; n++)
		count += equal(&m->values[n].item, &v.item);
	assert_int_equal(mpt_list_count(l, v.item), count);
	assert_int_equal(mpt_list_index(l, v.item), at < m->len ? (ssize_t)at : -ENOENT);
	assert_int_equal(mpt_list_remove(l, v.item), at < m->len ? 0 : -ENOENT);
	if (at < m->len)
		cut(m, at);
}

static void model_reverse(struct model *m)
{
	static struct value v;

	for (size_t n = 0; n < m->len / 2; n++) {
		put(&v, &m->values[n]);
		put(&m->values[n], &m->values[m->len - 1 - n]);
		put(&m->values[m->len - 1 - n], &v);
	}
}

/* What can be sorted: numbers only. */
static void random_sort(struct mpt_list *l, struct model *m)
{
	bool descending = any(2), sortable = true;

	for (size_t n = 1; n < m->len; n++)
		sortable &= is_number(&m->values[n].item) && is_number(&m->values[0].item);
	if (!sortable) {
		assert_int_equal(mpt_list_reverse(l), 0);
		model_reverse(m);
		return;
	}
	assert_int_equal(mpt_list_sort(l, descending), 0);
	for (size_t n = 1; n < m->len; n++)
		for (size_t i = n; i > 0; i--) {
			double a = number(&m->values[i - 1].item), b = number(&m->values[i].item);
			static struct value v;

			if (descending ? a >= b : a <= b)
				break;
			put(&v, &m->values[i]);
			put(&m->values[i], &m->values[i - 1]);
			put(&m->values[i - 1], &v);
		}
}

static void random_list_call(struct mpt_list **l, struct model *m)
{
	size_t at = any(m->len + 1), n = m->len ? any(m->len) : 0;
	char buffer[LONGEST];
	struct mpt_item got;
	struct value v;

	any_value(&v);
	switch (any(60) ? any(7) : 7 + any(3)) {
	case 0:
	case 1:
		assert_int_equal(mpt_list_append(*l, v.item), 0);
		open_up(m, m->len, &v);
		break;
	case 2:
		assert_int_equal(mpt_list_insert(*l, (ssize_t)at, v.item), 0);
		open_up(m, at, &v);
		break;
	case 3:
		assert_int_equal(mpt_list_set(*l, (ssize_t)n, v.item), m->len ? 0 : -ERANGE);
		if (m->len)
			put(&m->values[n], &v);
		break;
	case 4:
		n = any(2) ? 0 : n;
		assert_int_equal(mpt_list_pop(*l, (ssize_t)n, &got, buffer, sizeof(buffer)),
				 m->len ? 0 : -ERANGE);
		if (m->len) {
			assert_true(same(&got, &m->values[n].item));
			cut(m, n);
		}
		break;
	case 5:
		random_by_value(*l, m);
		break;
	case 6:
		random_splice(*l, m);
		break;
	case 7:
		random_sort(*l, m);
		break;
	case 8:
		random_slice(l, m);
		break;
	default:
		assert_int_equal(mpt_list_clear(*l), 0);
		m->len = 0;
	}
}

static void a_list_is_what_a_plain_one_would_be(void **state)
{
	static struct model m;
	struct mpt_manager *manager;
	struct mpt_list *l;

	(void)state;
	m.len = 0;
	assert_int_equal(
		mpt_manager_create(&manager, &(struct mpt_manager_options){ .name = "lists",
									    .bytes = 256 << 10 }),
		0);
	assert_int_equal(mpt_list_create(&l, manager, NULL), 0);
	for (int n = 0; n < ROUNDS; n++) {
		if (m.len + 12 >= ITEMS_MOST) {
			assert_int_equal(mpt_list_splice(l, 20, SSIZE_MAX, NULL, 0), 0);
			m.len = 20;
		}
		random_list_call(&l, &m);
		if (n % 16 == 0)
			assert_same_list(l, &m);
		if (n % 256 == 0)
			assert_heap_in_order("lists");
	}
	assert_same_list(l, &m);
	mpt_list_destroy(l);
	assert_true(mpt_manager_collect(manager) >= 1);
	assert_heap_in_order("lists");
	mpt_manager_destroy(manager);
}

/* ---- memory ------------------------------------------------------------- */

static uint64_t used(const struct mpt_manager *m)
{
	struct mpt_manager_info info;

	assert_int_equal(mpt_manager_status(m, &info), 0);
	return info.used;
}

/* As many as fit, of all sizes. */
static size_t fill(struct mpt_dict *d, struct mpt_list *l)
{
	static char bytes[2000];
	size_t n = 0;
	int rc = 0;

	for (; rc == 0; n++)
		rc = n % 2 ? mpt_dict_set(d, mpt_i64((int64_t)n), mpt_bytes(bytes, any(700)))
			   : mpt_list_insert(l, (ssize_t)any(n + 1), mpt_bytes(bytes, any(700)));
	assert_int_equal(rc, -ENOSPC);
	return n;
}

static void b112_blocks_do_not_overlap_and_all_space_comes_back(void **state)
{
	const int times = SANITIZED ? 100 : 1000;
	struct mpt_manager *m;
	struct mpt_dict *d;
	struct mpt_list *l;
	uint64_t empty;

	(void)state;
	assert_int_equal(mpt_manager_create(&m, &(struct mpt_manager_options){ .name = "space",
									       .bytes = 64 << 10 }),
			 0);
	assert_int_equal(mpt_dict_create(&d, m, "dict"), 0);
	assert_int_equal(mpt_list_create(&l, m, "list"), 0);
	empty = used(m);
	for (int n = 0; n < times; n++) {
		assert_true(fill(d, l) > 40);
		if (n % 2) {
			while (mpt_list_delete(l, (ssize_t)any(50)) == 0 ||
			       mpt_list_delete(l, -1) == 0)
				;
			for (int64_t key = 1; mpt_dict_len(d) > 0; key += 2)
				mpt_dict_delete(d, mpt_i64(key));
		} else {
			assert_int_equal(mpt_dict_clear(d), 0);
			assert_int_equal(mpt_list_clear(l), 0);
		}
		assert_int_equal(used(m), empty);
		assert_heap_in_order("space");
	}
	mpt_dict_destroy(d);
	mpt_list_destroy(l);
	mpt_manager_destroy(m);
}

static void what_was_large_gives_back_what_it_does_not_need(void **state)
{
	struct mpt_manager *m;
	struct mpt_dict *d;
	struct mpt_list *l;
	uint64_t empty;

	(void)state;
	assert_int_equal(mpt_manager_create(&m, &(struct mpt_manager_options){ .name = "large" }),
			 0);
	assert_int_equal(mpt_dict_create(&d, m, "dict"), 0);
	assert_int_equal(mpt_list_create(&l, m, "list"), 0);
	empty = used(m);
	for (int n = 0; n < 5000; n++) {
		assert_int_equal(mpt_dict_set(d, mpt_i64(n), mpt_i64(n)), 0);
		assert_int_equal(mpt_list_append(l, mpt_i64(n)), 0);
	}
	assert_true(used(m) - empty > 300000);
	for (int n = 5; n < 5000; n++) {
		assert_int_equal(mpt_dict_delete(d, mpt_i64(n)), 0);
		assert_int_equal(mpt_list_delete(l, n % 2 ? -1 : 0), 0);
	}
	assert_true(used(m) - empty < 4000);
	assert_int_equal(mpt_dict_len(d), 5);
	assert_int_equal(mpt_list_len(l), 5);
	assert_heap_in_order("large");
	mpt_dict_destroy(d);
	mpt_list_destroy(l);
	mpt_manager_destroy(m);
}

static void what_does_not_fit_changes_nothing(void **state)
{
	static char big[40000];
	struct mpt_pair pairs[] = { { mpt_text("a"), mpt_i64(2) },
				    { mpt_text("b"), mpt_bytes(big, 30000) },
				    { mpt_text("c"), mpt_bytes(big, 30000) } };
	struct mpt_item items[] = { mpt_i64(7), mpt_bytes(big, 30000), mpt_bytes(big, 30000),
				    mpt_i64(8), mpt_i64(9) };
	struct mpt_item got;
	struct mpt_manager *m;
	struct mpt_dict *d;
	struct mpt_list *l;

	(void)state;
	assert_int_equal(mpt_manager_create(&m, &(struct mpt_manager_options){ .name = "full",
									       .bytes = 64 << 10 }),
			 0);
	assert_int_equal(mpt_dict_create(&d, m, NULL), 0);
	assert_int_equal(mpt_list_create(&l, m, NULL), 0);
	assert_int_equal(mpt_dict_set(d, mpt_text("a"), mpt_i64(1)), 0);
	assert_int_equal(mpt_list_append(l, mpt_i64(1)), 0);
	assert_int_equal(mpt_dict_update(d, pairs, 3), -ENOSPC);
	assert_int_equal(mpt_dict_set(d, mpt_text("a"), mpt_bytes(big, sizeof(big))), -ENOSPC);
	assert_int_equal(mpt_list_extend(l, items, 5), -ENOSPC);
	assert_int_equal(mpt_list_splice(l, 0, 1, items, 4), -ENOSPC);
	assert_int_equal(mpt_list_set(l, 0, mpt_bytes(big, sizeof(big))), -ENOSPC);
	assert_int_equal(mpt_dict_len(d), 1);
	assert_int_equal(mpt_dict_get(d, mpt_text("a"), &got, NULL, 0), 0);
	assert_int_equal(got.i64, 1);
	assert_int_equal(mpt_list_len(l), 1);
	assert_int_equal(mpt_list_get(l, -1, &got, NULL, 0), 0);
	assert_int_equal(got.i64, 1);
	assert_heap_in_order("full");
	mpt_dict_destroy(d);
	mpt_list_destroy(l);
	mpt_manager_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(a_dict_is_what_a_plain_one_would_be),
		api_test(a_list_is_what_a_plain_one_would_be),
		api_test(b112_blocks_do_not_overlap_and_all_space_comes_back),
		api_test(what_was_large_gives_back_what_it_does_not_need),
		api_test(what_does_not_fit_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
