/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * manager_test.c - Manager, behaviours 143 to 150; read from the top, it is a tutorial.
 *
 * 151 to 155 are about a server, which there is none of (mptrace/manager.h).  Does not own:
 * processes and deaths (manager_share_test.c, step_manager_test.c, storm_manager_test.c),
 * memory (manager_model_test.c).
 */
#include "tests/api/manager_check.h"

static struct mpt_manager *manager;
static char buffer[256];

static int start(void **state)
{
	struct mpt_manager_options options = { .name = "shop", .bytes = 256 << 10 };
	int rc = support_setup(state);

	return rc ? rc : mpt_manager_create(&manager, &options);
}

static int stop(void **state)
{
	assert_heap_in_order("shop");
	mpt_manager_destroy(manager);
	return support_teardown(state);
}

static struct mpt_list *new_list(const char *name)
{
	struct mpt_list *list;

	assert_int_equal(mpt_list_create(&list, manager, name), 0);
	return list;
}

static struct mpt_dict *new_dict(const char *name)
{
	struct mpt_dict *dict;

	assert_int_equal(mpt_dict_create(&dict, manager, name), 0);
	return dict;
}

/* "1 2.5 yes" and so on. */
static void write_item(char *text, size_t size, const struct mpt_item *item)
{
	size_t at = strlen(text);

	if (at)
		at += (size_t)snprintf(text + at, size - at, " ");
	switch (item->type) {
	case MPT_ITEM_NONE:
		snprintf(text + at, size - at, "none");
		break;
	case MPT_ITEM_BOOL:
		snprintf(text + at, size - at, "%s", item->i64 ? "true" : "false");
		break;
	case MPT_ITEM_I64:
		snprintf(text + at, size - at, "%lld", (long long)item->i64);
		break;
	case MPT_ITEM_F64:
		snprintf(text + at, size - at, "%.1f", item->f64);
		break;
	case MPT_ITEM_BYTES:
		snprintf(text + at, size - at, "%.*s", (int)item->bytes.size,
			 (const char *)item->bytes.data);
		break;
	default:
		snprintf(text + at, size - at, "->%u", item->ref.slot);
	}
}

static void assert_list(struct mpt_list *list, const char *expected)
{
	struct mpt_list_iter iter = mpt_list_iterate(list);
	char text[512] = "";
	struct mpt_item item;

	while (mpt_list_next(&iter, &item, buffer, sizeof(buffer)) == 0)
		write_item(text, sizeof(text), &item);
	assert_string_equal(text, expected);
}

static void assert_dict(struct mpt_dict *dict, const char *expected)
{
	struct mpt_dict_iter iter = mpt_dict_iterate(dict);
	struct mpt_item key, value;
	char text[512] = "";

	while (mpt_dict_next(&iter, &key, &value, buffer, sizeof(buffer)) == 0) {
		write_item(text, sizeof(text), &key);
		write_item(text, sizeof(text), &value);
	}
	assert_string_equal(text, expected);
}

/* ---- 143: list ---------------------------------------------------------- */

static void b143_a_list_grows_and_is_indexed_from_both_ends(void **state)
{
	struct mpt_list *list = new_list("todo");
	struct mpt_item item;

	(void)state;
	assert_int_equal(mpt_list_len(list), 0);
	assert_int_equal(mpt_list_append(list, mpt_i64(1)), 0);
	assert_int_equal(mpt_list_append(list, mpt_text("two")), 0);
	assert_int_equal(mpt_list_append(list, mpt_f64(3.5)), 0);
	assert_int_equal(mpt_list_len(list), 3);
	assert_int_equal(mpt_list_get(list, 0, &item, NULL, 0), 0);
	assert_int_equal(item.i64, 1);
	assert_int_equal(mpt_list_get(list, 1, &item, buffer, sizeof(buffer)), 0);
	assert_int_equal(item.bytes.size, 3);
	assert_memory_equal(item.bytes.data, "two", 3);
	assert_int_equal(mpt_list_get(list, -1, &item, NULL, 0), 0);
	assert_true(item.type == MPT_ITEM_F64 && item.f64 == 3.5);
	assert_int_equal(mpt_list_get(list, 3, &item, NULL, 0), -ERANGE);
	assert_int_equal(mpt_list_get(list, -4, &item, NULL, 0), -ERANGE);
	assert_int_equal(mpt_list_set(list, -3, mpt_bool(true)), 0);
	assert_int_equal(mpt_list_set(list, 3, mpt_none()), -ERANGE);
	assert_list(list, "true two 3.5");
	mpt_list_destroy(list);
}

static void b143_insert_pop_remove_and_delete(void **state)
{
	struct mpt_list *list = new_list(NULL);
	struct mpt_item item;

	(void)state;
	for (int n = 0; n < 5; n++)
		assert_int_equal(mpt_list_append(list, mpt_i64(n)), 0);
	assert_int_equal(mpt_list_insert(list, 0, mpt_text("front")), 0);
	assert_int_equal(mpt_list_insert(list, -1, mpt_text("last but one")), 0);
	assert_int_equal(mpt_list_insert(list, 100, mpt_text("end")), 0);
	assert_int_equal(mpt_list_insert(list, -100, mpt_text("very front")), 0);
	assert_list(list, "very front front 0 1 2 3 last but one 4 end");
	assert_int_equal(mpt_list_pop(list, -1, &item, buffer, 2), -EMSGSIZE);
	assert_int_equal(item.bytes.size, 3);
	assert_int_equal(mpt_list_pop(list, -1, &item, buffer, sizeof(buffer)), 0);
	assert_memory_equal(item.bytes.data, "end", 3);
	assert_int_equal(mpt_list_pop(list, 0, &item, buffer, sizeof(buffer)), 0);
	assert_int_equal(mpt_list_remove(list, mpt_text("front")), 0);
	assert_int_equal(mpt_list_remove(list, mpt_text("front")), -ENOENT);
	assert_int_equal(mpt_list_delete(list, 4), 0);
	assert_int_equal(mpt_list_delete(list, 5), -ERANGE);
	assert_list(list, "0 1 2 3 4");
	assert_int_equal(mpt_list_clear(list), 0);
	assert_int_equal(mpt_list_len(list), 0);
	assert_int_equal(mpt_list_pop(list, 0, &item, NULL, 0), -ERANGE);
	mpt_list_destroy(list);
}

static void b143_extend_slice_and_splice(void **state)
{
	struct mpt_item items[20];
	struct mpt_list *list = new_list(NULL), *slice;

	(void)state;
	for (int n = 0; n < 20; n++)
		items[n] = mpt_i64(n);
	assert_int_equal(mpt_list_extend(list, items, 10), 0);
	assert_int_equal(mpt_list_extend(list, NULL, 0), 0);
	assert_list(list, "0 1 2 3 4 5 6 7 8 9");
	assert_int_equal(mpt_list_slice(&slice, list, 2, 5), 0);
	assert_list(slice, "2 3 4");
	assert_int_equal(mpt_list_set(slice, 0, mpt_none()), 0); /* it is a copy */
	mpt_list_destroy(slice);
	assert_int_equal(mpt_list_slice(&slice, list, -3, SSIZE_MAX), 0);
	assert_list(slice, "7 8 9");
	mpt_list_destroy(slice);
	assert_int_equal(mpt_list_slice(&slice, list, 5, 2), 0);
	assert_int_equal(mpt_list_len(slice), 0);
	mpt_list_destroy(slice);
	assert_int_equal(mpt_list_splice(list, 1, 9, items + 15, 2), 0);
	assert_list(list, "0 15 16 9");
	assert_int_equal(mpt_list_splice(list, 1, 3, NULL, 0), 0);
	assert_list(list, "0 9");
	assert_int_equal(mpt_list_splice(list, 1, 1, items, 20), 0);
	assert_int_equal(mpt_list_len(list), 22);
	mpt_list_destroy(list);
}

static void b143_sort_reverse_count_and_index(void **state)
{
	struct mpt_item mixed[] = { mpt_i64(3),	  mpt_f64(-0.5), mpt_bool(true), mpt_i64(1),
				    mpt_f64(2.5), mpt_i64(-7),	 mpt_f64(1.0) };
	struct mpt_list *list = new_list(NULL);

	(void)state;
	assert_int_equal(mpt_list_extend(list, mixed, 7), 0);
	assert_int_equal(mpt_list_count(list, mpt_i64(1)), 3); /* true == 1 == 1.0 */
	assert_int_equal(mpt_list_index(list, mpt_f64(1.0)), 2);
	assert_int_equal(mpt_list_index(list, mpt_text("1")), -ENOENT);
	assert_int_equal(mpt_list_sort(list, false), 0);
	assert_list(list, "-7 -0.5 true 1 1.0 2.5 3"); /* equal ones in their order */
	assert_int_equal(mpt_list_sort(list, true), 0);
	assert_list(list, "3 2.5 true 1 1.0 -0.5 -7");
	assert_int_equal(mpt_list_reverse(list), 0);
	assert_list(list, "-7 -0.5 1.0 1 true 2.5 3");
	assert_int_equal(mpt_list_append(list, mpt_text("x")), 0);
	assert_int_equal(mpt_list_sort(list, false), -EINVAL);
	assert_list(list, "-7 -0.5 1.0 1 true 2.5 3 x");
	assert_int_equal(mpt_list_splice(list, 0, 7, NULL, 0), 0);
	assert_int_equal(mpt_list_append(list, mpt_text("a much longer text")), 0);
	assert_int_equal(mpt_list_append(list, mpt_text("a much longer one")), 0);
	assert_int_equal(mpt_list_append(list, mpt_text("")), 0);
	assert_int_equal(mpt_list_sort(list, false), 0);
	assert_list(list, "a much longer one a much longer text x"); /* after the empty one */
	assert_int_equal(mpt_list_index(list, mpt_text("")), 0);
	mpt_list_destroy(list);
}

static void b143_whole_numbers_that_no_double_holds_are_compared_exactly(void **state)
{
	int64_t big = (1ll << 53) + 1;
	struct mpt_item items[] = { mpt_i64(big),     mpt_f64((double)(1ll << 53)),
				    mpt_i64(big - 1), mpt_f64(1e300),
				    mpt_f64(-1e300),  mpt_i64(INT64_MIN) };
	struct mpt_list *list = new_list(NULL);
	struct mpt_item item;

	(void)state;
	assert_int_equal(mpt_list_extend(list, items, 6), 0);
	assert_int_equal(mpt_list_count(list, mpt_f64((double)(1ll << 53))), 2);
	assert_int_equal(mpt_list_index(list, mpt_i64(big)), 0);
	assert_int_equal(mpt_list_sort(list, false), 0);
	assert_int_equal(mpt_list_get(list, 0, &item, NULL, 0), 0);
	assert_true(item.f64 == -1e300);
	assert_int_equal(mpt_list_get(list, 4, &item, NULL, 0), 0);
	assert_int_equal(item.i64, big);
	mpt_list_destroy(list);
}

/* ---- 144: going through a list ------------------------------------------ */

static void b144_iteration_sees_changes_and_ends_once(void **state)
{
	struct mpt_list *list = new_list(NULL);
	struct mpt_list_iter iter = mpt_list_iterate(list);
	struct mpt_item item;

	(void)state;
	for (int n = 0; n < 3; n++)
		assert_int_equal(mpt_list_append(list, mpt_i64(n)), 0);
	for (int n = 0; n < 6; n++) {
		assert_int_equal(mpt_list_next(&iter, &item, NULL, 0), 0);
		assert_int_equal(item.i64, n);
		if (n < 3)
			assert_int_equal(mpt_list_append(list, mpt_i64(n + 3)), 0);
	}
	assert_int_equal(mpt_list_next(&iter, &item, NULL, 0), -ENODATA);
	assert_int_equal(mpt_list_append(list, mpt_i64(6)), 0);
	assert_int_equal(mpt_list_next(&iter, &item, NULL, 0), -ENODATA);
	mpt_list_destroy(list);
}

/* ---- 145: dict ---------------------------------------------------------- */

static void b145_keys_are_set_got_and_deleted_and_keep_their_order(void **state)
{
	struct mpt_dict *dict = new_dict("ages");
	struct mpt_item value;

	(void)state;
	assert_int_equal(mpt_dict_set(dict, mpt_text("bob"), mpt_i64(41)), 0);
	assert_int_equal(mpt_dict_set(dict, mpt_text("alice"), mpt_i64(39)), 0);
	assert_int_equal(mpt_dict_set(dict, mpt_i64(7), mpt_text("seven")), 0);
	assert_int_equal(mpt_dict_set(dict, mpt_text("bob"), mpt_text("a bit more than forty")), 0);
	assert_int_equal(mpt_dict_len(dict), 3);
	assert_dict(dict, "bob a bit more than forty alice 39 7 seven");
	assert_int_equal(mpt_dict_get(dict, mpt_text("alice"), &value, NULL, 0), 0);
	assert_int_equal(value.i64, 39);
	assert_int_equal(mpt_dict_get(dict, mpt_text("bob"), &value, buffer, 20), -EMSGSIZE);
	assert_int_equal(value.bytes.size, 21);
	assert_int_equal(mpt_dict_get(dict, mpt_text("carol"), &value, NULL, 0), -ENOENT);
	assert_int_equal(mpt_dict_contains(dict, mpt_i64(7)), 1);
	assert_int_equal(mpt_dict_contains(dict, mpt_text("7")), 0);
	assert_int_equal(mpt_dict_delete(dict, mpt_text("bob")), 0);
	assert_int_equal(mpt_dict_delete(dict, mpt_text("bob")), -ENOENT);
	assert_int_equal(mpt_dict_set(dict, mpt_text("bob"), mpt_none()), 0);
	assert_dict(dict, "alice 39 7 seven bob none");
	mpt_dict_destroy(dict);
}

static void b145_pop_setdefault_update_copy_and_clear(void **state)
{
	struct mpt_pair pairs[] = { { mpt_text("b"), mpt_i64(20) },
				    { mpt_text("c"), mpt_i64(3) },
				    { mpt_text("c"), mpt_i64(30) } };
	struct mpt_dict *dict = new_dict(NULL), *copy;
	struct mpt_item value = mpt_i64(1);

	(void)state;
	assert_int_equal(mpt_dict_setdefault(dict, mpt_text("a"), &value, NULL, 0), 1);
	value = mpt_i64(100);
	assert_int_equal(mpt_dict_setdefault(dict, mpt_text("a"), &value, NULL, 0), 0);
	assert_int_equal(value.i64, 1);
	assert_int_equal(mpt_dict_set(dict, mpt_text("b"), mpt_i64(2)), 0);
	assert_int_equal(mpt_dict_update(dict, pairs, 3), 0);
	assert_dict(dict, "a 1 b 20 c 30");
	assert_int_equal(mpt_dict_copy(&copy, dict), 0);
	assert_int_equal(mpt_dict_pop(dict, mpt_text("a"), &value, NULL, 0), 0);
	assert_int_equal(value.i64, 1);
	assert_int_equal(mpt_dict_pop(dict, mpt_text("a"), &value, NULL, 0), -ENOENT);
	assert_int_equal(mpt_dict_set(dict, mpt_text("c"), mpt_text("changed")), 0);
	assert_dict(copy, "a 1 b 20 c 30");
	assert_int_equal(mpt_dict_merge(copy, dict), 0);
	assert_dict(copy, "a 1 b 20 c changed");
	assert_int_equal(mpt_dict_clear(dict), 0);
	assert_int_equal(mpt_dict_clear(dict), 0);
	assert_int_equal(mpt_dict_len(dict), 0);
	assert_dict(copy, "a 1 b 20 c changed");
	mpt_dict_destroy(dict);
	mpt_dict_destroy(copy);
}

static void b145_a_number_is_added_to_at_once(void **state)
{
	struct mpt_dict *dict = new_dict(NULL);
	int64_t sum = 0;

	(void)state;
	assert_int_equal(mpt_dict_add(dict, mpt_text("hits"), 5, &sum), 0);
	assert_int_equal(sum, 5);
	assert_int_equal(mpt_dict_add(dict, mpt_text("hits"), -7, &sum), 0);
	assert_int_equal(sum, -2);
	assert_int_equal(mpt_dict_set(dict, mpt_text("hits"), mpt_i64(INT64_MAX)), 0);
	assert_int_equal(mpt_dict_add(dict, mpt_text("hits"), 1, NULL), -EOVERFLOW);
	assert_int_equal(mpt_dict_set(dict, mpt_text("hits"), mpt_text("many")), 0);
	assert_int_equal(mpt_dict_add(dict, mpt_text("hits"), 1, NULL), -EINVAL);
	mpt_dict_destroy(dict);
}

/* ---- 146: a dict changed while somebody goes through it ----------------- */

static void b146_a_dict_cleared_during_iteration_is_an_error_not_a_crash(void **state)
{
	struct mpt_dict *dict = new_dict(NULL);
	struct mpt_dict_iter iter = mpt_dict_iterate(dict);
	struct mpt_item key, value;

	(void)state;
	for (int n = 0; n < 5; n++)
		assert_int_equal(mpt_dict_set(dict, mpt_i64(n), mpt_i64(n)), 0);
	assert_int_equal(mpt_dict_next(&iter, &key, NULL, NULL, 0), 0);
	assert_int_equal(mpt_dict_set(dict, mpt_i64(1), mpt_i64(11)), 0); /* no key more or less */
	assert_int_equal(mpt_dict_next(&iter, NULL, &value, NULL, 0), 0);
	assert_int_equal(value.i64, 11);
	assert_int_equal(mpt_dict_clear(dict), 0);
	assert_int_equal(mpt_dict_next(&iter, &key, &value, NULL, 0), -ESTALE);
	assert_int_equal(mpt_dict_set(dict, mpt_i64(0), mpt_none()), 0);
	assert_int_equal(mpt_dict_next(&iter, &key, &value, NULL, 0), -ESTALE);
	iter = mpt_dict_iterate(dict);
	assert_int_equal(mpt_dict_next(&iter, &key, &value, NULL, 0), 0);
	assert_int_equal(mpt_dict_next(&iter, &key, &value, NULL, 0), -ENODATA);
	assert_int_equal(mpt_dict_set(dict, mpt_i64(1), mpt_none()), 0);
	assert_int_equal(mpt_dict_next(&iter, &key, &value, NULL, 0), -ENODATA);
	mpt_dict_destroy(dict);
}

static void b146_what_does_not_fit_into_the_buffer_comes_again(void **state)
{
	struct mpt_dict *dict = new_dict(NULL);
	struct mpt_dict_iter iter = mpt_dict_iterate(dict);
	struct mpt_item key, value;

	(void)state;
	assert_int_equal(mpt_dict_set(dict, mpt_text("a key"), mpt_text("and a value")), 0);
	assert_int_equal(mpt_dict_next(&iter, &key, &value, buffer, 15), -EMSGSIZE);
	assert_int_equal(key.bytes.size + value.bytes.size, 16);
	assert_int_equal(mpt_dict_next(&iter, &key, &value, buffer, 16), 0);
	assert_memory_equal(key.bytes.data, "a key", 5);
	assert_memory_equal(value.bytes.data, "and a value", 11);
	mpt_dict_destroy(dict);
}

/* ---- 147: containers in containers -------------------------------------- */

static void b147_a_change_through_one_path_is_seen_through_all(void **state)
{
	struct mpt_dict *outer = new_dict("outer"), *again;
	struct mpt_list *inner = new_list(NULL), *same;
	struct mpt_item item;

	(void)state;
	assert_int_equal(mpt_dict_set(outer, mpt_text("list"), mpt_list_item(inner)), 0);
	assert_int_equal(mpt_list_append(inner, mpt_dict_item(outer)), 0); /* a ring */
	assert_int_equal(mpt_list_append(inner, mpt_i64(1)), 0);
	assert_int_equal(mpt_dict_get(outer, mpt_text("list"), &item, NULL, 0), 0);
	assert_int_equal(item.type, MPT_ITEM_CONTAINER);
	assert_int_equal(item.kind, MPT_LIST);
	assert_int_equal(mpt_dict_open_item(&again, manager, &item), -EINVAL);
	assert_int_equal(mpt_list_open_item(&same, manager, &item), 0);
	assert_int_equal(mpt_list_append(same, mpt_i64(2)), 0);
	assert_int_equal(mpt_list_get(inner, 2, &item, NULL, 0), 0);
	assert_int_equal(item.i64, 2);
	assert_int_equal(mpt_list_get(inner, 0, &item, NULL, 0), 0);
	assert_int_equal(mpt_dict_open_item(&again, manager, &item), 0);
	assert_int_equal(mpt_dict_contains(again, mpt_text("list")), 1);
	mpt_dict_destroy(outer);
	mpt_dict_destroy(again);
	mpt_list_destroy(inner);
	mpt_list_destroy(same);
}

static void b147_what_is_inside_survives_the_deletion_of_what_is_outside(void **state)
{
	struct mpt_dict *outer = new_dict(NULL);
	struct mpt_list *inner = new_list(NULL), *gone;
	struct mpt_item item = mpt_list_item(inner);

	(void)state;
	assert_int_equal(mpt_list_append(inner, mpt_text("still here, in a block of its own")), 0);
	assert_int_equal(mpt_dict_set(outer, mpt_i64(0), item), 0);
	assert_int_equal(mpt_dict_set(outer, mpt_i64(1), mpt_dict_item(outer)), 0);
	mpt_dict_destroy(outer);
	assert_int_equal(mpt_manager_collect(manager), 1); /* though it refers to itself */
	assert_list(inner, "still here, in a block of its own");
	mpt_list_destroy(inner);
	assert_int_equal(mpt_manager_collect(manager), 1);
	assert_int_equal(mpt_list_open_item(&gone, manager, &item), -ESTALE);
	assert_null(gone);
}

static void b147_a_name_keeps_a_container_until_it_is_deleted(void **state)
{
	struct mpt_dict *kept = new_dict("kept"), *names;

	(void)state;
	mpt_dict_destroy(kept);
	assert_int_equal(mpt_manager_collect(manager), 0);
	assert_int_equal(mpt_dict_create(&kept, manager, "kept"), -EEXIST);
	assert_int_equal(mpt_dict_open(&kept, manager, "kept"), 0);
	mpt_dict_destroy(kept);
	assert_int_equal(mpt_manager_names(manager, &names), 0);
	assert_int_equal(mpt_dict_delete(names, mpt_text("kept")), 0);
	mpt_dict_destroy(names);
	assert_int_equal(mpt_manager_collect(manager), 1);
	assert_int_equal(mpt_dict_open(&kept, manager, "kept"), -ENOENT);
}

/* ---- 148: queues in containers ------------------------------------------ */

static void b148_queues_lie_in_a_list(void **state)
{
	struct mpt_list *list = new_list(NULL);
	struct mpt_queue *queues[3], *queue;
	char path[MPT_ITEM_PATH];
	struct mpt_item item;
	int n, got;

	(void)state;
	for (n = 0; n < 3; n++) {
		assert_int_equal(mpt_queue_create(&queues[n], NULL), 0);
		assert_int_equal(mpt_queue_put(queues[n], &n, sizeof(n), MPT_FOREVER), 0);
		assert_int_equal(mpt_item_object(&item, queues[n]), 0);
		assert_int_equal(mpt_list_append(list, item), 0);
	}
	for (n = 0; n < 3; n++) {
		assert_int_equal(mpt_list_get(list, n, &item, NULL, 0), 0);
		assert_true(item.type == MPT_ITEM_OBJECT && item.kind == MPT_KIND_QUEUE);
		assert_int_equal(mpt_item_path(&item, path), 0);
		assert_int_equal(mpt_queue_open(&queue, path, 0), 0);
		assert_int_equal(mpt_queue_get(queue, &got, sizeof(got), 0), sizeof(got));
		assert_int_equal(got, n);
		mpt_queue_destroy(queue);
		mpt_queue_destroy(queues[n]);
		assert_int_equal(mpt_queue_open(&queue, path, 0),
				 -ENOENT); /* its creator ended it */
	}
	mpt_list_destroy(list);
}

/* ---- 149: namespace; cell ----------------------------------------------- */

static void b149_names_are_set_got_and_deleted(void **state)
{
	struct mpt_namespace *space;
	struct mpt_item value;

	(void)state;
	assert_int_equal(mpt_namespace_create(&space, manager, "settings"), 0);
	assert_int_equal(mpt_namespace_set(space, "name", mpt_text("Bob")), 0);
	assert_int_equal(mpt_namespace_set(space, "job", mpt_text("Builder")), 0);
	assert_int_equal(mpt_namespace_get(space, "job", &value, buffer, sizeof(buffer)), 0);
	assert_memory_equal(value.bytes.data, "Builder", 7);
	assert_int_equal(mpt_namespace_delete(space, "job"), 0);
	assert_int_equal(mpt_namespace_delete(space, "job"), -ENOENT);
	assert_int_equal(mpt_namespace_get(space, "job", &value, NULL, 0), -ENOENT);
	assert_int_equal(mpt_namespace_has(space, "name"), 1);
	assert_int_equal(mpt_namespace_has(space, "job"), 0);
	assert_int_equal(mpt_namespace_add(space, "count", 3, NULL), 0);
	assert_int_equal(mpt_namespace_set(space, "", mpt_none()), -EINVAL);
	mpt_namespace_destroy(space);
}

static void b149_hidden_names_stay_local(void **state)
{
	struct mpt_namespace *one, *other;
	struct mpt_item value;

	(void)state;
	assert_int_equal(mpt_namespace_create(&one, manager, "space"), 0);
	assert_int_equal(mpt_namespace_open(&other, manager, "space"), 0);
	assert_int_equal(mpt_namespace_get(one, "_hidden", &value, NULL, 0), -ENOENT);
	assert_int_equal(mpt_namespace_set(one, "_hidden", mpt_i64(1)), 0);
	assert_int_equal(mpt_namespace_has(other, "_hidden"), 0);
	assert_int_equal(mpt_namespace_set(other, "_hidden", mpt_i64(2)), 0);
	assert_int_equal(mpt_namespace_get(one, "_hidden", &value, NULL, 0), 0);
	assert_int_equal(value.i64, 1);
	assert_int_equal(mpt_namespace_delete(one, "_hidden"), 0);
	assert_int_equal(mpt_namespace_has(one, "_hidden"), 0);
	assert_int_equal(mpt_namespace_has(other, "_hidden"), 1);
	mpt_namespace_destroy(one);
	mpt_namespace_destroy(other);
	assert_int_equal(mpt_manager_collect(manager), 2); /* what was hidden */
}

static void a_cell_holds_one_value_of_any_type(void **state)
{
	struct mpt_cell *cell, *other;
	struct mpt_item value;
	int64_t sum;

	(void)state;
	assert_int_equal(mpt_cell_create(&cell, manager, "cell"), 0);
	assert_int_equal(mpt_cell_get(cell, &value, NULL, 0), 0);
	assert_int_equal(value.type, MPT_ITEM_NONE);
	assert_int_equal(mpt_cell_open(&other, manager, "cell"), 0);
	assert_int_equal(mpt_cell_set(cell, mpt_text("some text")), 0);
	assert_int_equal(mpt_cell_get(other, &value, buffer, sizeof(buffer)), 0);
	assert_memory_equal(value.bytes.data, "some text", 9);
	assert_int_equal(mpt_cell_set(other, mpt_i64(40)), 0);
	assert_int_equal(mpt_cell_add(cell, 2, &sum), 0);
	assert_int_equal(sum, 42);
	mpt_cell_destroy(cell);
	mpt_cell_destroy(other);
}

#define shop_test(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		shop_test(b143_a_list_grows_and_is_indexed_from_both_ends),
		shop_test(b143_insert_pop_remove_and_delete),
		shop_test(b143_extend_slice_and_splice),
		shop_test(b143_sort_reverse_count_and_index),
		shop_test(b143_whole_numbers_that_no_double_holds_are_compared_exactly),
		shop_test(b144_iteration_sees_changes_and_ends_once),
		shop_test(b145_keys_are_set_got_and_deleted_and_keep_their_order),
		shop_test(b145_pop_setdefault_update_copy_and_clear),
		shop_test(b145_a_number_is_added_to_at_once),
		shop_test(b146_a_dict_cleared_during_iteration_is_an_error_not_a_crash),
		shop_test(b146_what_does_not_fit_into_the_buffer_comes_again),
		shop_test(b147_a_change_through_one_path_is_seen_through_all),
		shop_test(b147_what_is_inside_survives_the_deletion_of_what_is_outside),
		shop_test(b147_a_name_keeps_a_container_until_it_is_deleted),
		shop_test(b148_queues_lie_in_a_list),
		shop_test(b149_names_are_set_got_and_deleted),
		shop_test(b149_hidden_names_stay_local),
		shop_test(a_cell_holds_one_value_of_any_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
