/* SPDX-License-Identifier: BSD-2-Clause */
/* manager_world.c - see manager_world.h. */
#include "tests/api/manager_world.h"

/* ---- the calls ---------------------------------------------------------- */

static char long_text[300];

static void sets_a_new_key(struct world *w)
{
	child_claims(mpt_dict_set(w->dict, mpt_text("new"), mpt_text("some value")) == 0);
}

static void sets_in_place(struct world *w)
{
	child_claims(mpt_dict_set(w->dict, mpt_text("k1"), mpt_text("sixteen letters!")) == 0);
}

static void sets_a_longer_value(struct world *w)
{
	child_claims(mpt_dict_set(w->dict, mpt_text("k1"), mpt_bytes(long_text, 300)) == 0);
}

static void sets_a_container(struct world *w)
{
	child_claims(mpt_dict_set(w->dict, mpt_text("k2"), mpt_list_item(w->list)) == 0);
}

static void adds(struct world *w)
{
	child_claims(mpt_dict_add(w->dict, mpt_i64(3), 10, NULL) == 0);
}

static void deletes(struct world *w)
{
	child_claims(mpt_dict_delete(w->dict, mpt_text("k2")) == 0);
}

static void pops(struct world *w)
{
	struct mpt_item value;
	char buffer[64];

	child_claims(mpt_dict_pop(w->dict, mpt_text("k1"), &value, buffer, 64) == 0);
}

static void sets_a_default(struct world *w)
{
	struct mpt_item value = mpt_i64(9);

	child_claims(mpt_dict_setdefault(w->dict, mpt_text("default"), &value, NULL, 0) == 1);
}

static void updates(struct world *w)
{
	struct mpt_pair pairs[] = { { mpt_text("u1"), mpt_bytes(long_text, 100) },
				    { mpt_text("k2"), mpt_bytes(long_text, 50) } };

	child_claims(mpt_dict_update(w->dict, pairs, 2) == 0);
}

static void merges(struct world *w)
{
	child_claims(mpt_dict_merge(w->dict, w->other) == 0);
}

static void copies(struct world *w)
{
	struct mpt_dict *copy;

	child_claims(mpt_dict_copy(&copy, w->dict) == 0);
}

static void clears(struct world *w)
{
	child_claims(mpt_dict_clear(w->dict) == 0);
}

static void appends(struct world *w)
{
	child_claims(mpt_list_append(w->list, mpt_text("one more, at the end")) == 0);
}

static void inserts(struct world *w)
{
	child_claims(mpt_list_insert(w->list, 3, mpt_text("one more, in the middle")) == 0);
}

static void sets_an_item(struct world *w)
{
	child_claims(mpt_list_set(w->list, 2, mpt_text("another one altogether")) == 0);
}

static void pops_the_first(struct world *w)
{
	struct mpt_item item;
	char buffer[64];

	child_claims(mpt_list_pop(w->list, 0, &item, buffer, sizeof(buffer)) == 0);
}

static void removes(struct world *w)
{
	child_claims(mpt_list_remove(w->list, mpt_i64(4)) == 0);
}

static void extends(struct world *w)
{
	struct mpt_item items[5];

	for (int n = 0; n < 5; n++)
		items[n] = mpt_bytes(long_text, (size_t)n * 5);
	child_claims(mpt_list_extend(w->list, items, 5) == 0);
}

static void splices(struct world *w)
{
	struct mpt_item items[5];

	for (int n = 0; n < 5; n++)
		items[n] = mpt_bytes(long_text, (size_t)n * 5);
	child_claims(mpt_list_splice(w->list, 1, 6, items, 5) == 0);
}

static void deletes_many(struct world *w)
{
	child_claims(mpt_list_splice(w->list, 4, SSIZE_MAX, NULL, 0) == 0);
}

static void reverses(struct world *w)
{
	child_claims(mpt_list_reverse(w->list) == 0);
}

static void slices(struct world *w)
{
	struct mpt_list *slice;

	child_claims(mpt_list_slice(&slice, w->list, 1, 5) == 0);
}

static void creates_with_a_name(struct world *w)
{
	struct mpt_list *list;

	child_claims(mpt_list_create(&list, w->manager, "made by the dead") == 0);
}

static void opens_and_closes(struct world *w)
{
	struct mpt_dict *dict;

	child_claims(mpt_dict_open(&dict, w->manager, "dict") == 0);
	mpt_dict_destroy(dict);
}

static void makes_garbage_and_collects(struct world *w)
{
	struct mpt_dict *dict;

	child_claims(mpt_dict_create(&dict, w->manager, NULL) == 0);
	child_claims(mpt_dict_set(dict, mpt_text("self"), mpt_dict_item(dict)) == 0);
	mpt_dict_destroy(dict);
	child_claims(mpt_manager_collect(w->manager) >= 0);
}

#define GROUP(title, group)                                                                        \
	{                                                                                          \
		title, group, sizeof(group) / sizeof((group)[0])                                   \
	}

static const struct operation one_key[] = {
	{ "set, a new key", sets_a_new_key, false },
	{ "set, in place", sets_in_place, false },
	{ "set, a longer value", sets_a_longer_value, false },
	{ "set, a container", sets_a_container, false },
	{ "add", adds, false },
	{ "delete", deletes, false },
	{ "pop", pops, false },
	{ "setdefault", sets_a_default, false },
};

static const struct operation many_keys[] = {
	{ "update", updates, false },
	{ "merge", merges, false },
	{ "copy", copies, true },
	{ "clear", clears, false },
};

static const struct operation one_item[] = {
	{ "append", appends, false },
	{ "insert", inserts, false },
	{ "set, an item", sets_an_item, false },
	{ "pop, the first", pops_the_first, false },
	{ "remove", removes, false },
};

static const struct operation many_items[] = {
	{ "extend", extends, false },
	{ "splice", splices, false },
	{ "delete many", deletes_many, false },
	{ "reverse", reverses, false },
	{ "slice", slices, true },
};

static const struct operation whole_containers[] = {
	{ "create, with a name", creates_with_a_name, false },
	{ "open and close", opens_and_closes, true },
	{ "collect", makes_garbage_and_collects, true },
};

const struct operations world_operations[] = {
	GROUP("one key", one_key),
	GROUP("many keys", many_keys),
	GROUP("one item", one_item),
	GROUP("many items", many_items),
	GROUP("containers", whole_containers),
};
const size_t world_groups = sizeof(world_operations) / sizeof(world_operations[0]);

/* ---- the world ------------------------------------------------------------- */

static void fill_dict(struct mpt_dict *dict)
{
	assert_int_equal(mpt_dict_clear(dict), 0);
	assert_int_equal(mpt_dict_set(dict, mpt_text("k1"), mpt_text("fifteen letters")), 0);
	assert_int_equal(mpt_dict_set(dict, mpt_text("k2"), mpt_bytes(long_text, 150)), 0);
	assert_int_equal(mpt_dict_set(dict, mpt_i64(3), mpt_i64(3)), 0);
	assert_int_equal(mpt_dict_set(dict, mpt_text("k4"), mpt_none()), 0);
}

static void fill(struct world *w)
{
	struct mpt_item items[9];
	struct mpt_dict *names;

	fill_dict(w->dict);
	for (int n = 0; n < 9; n++)
		items[n] = n % 3 ? mpt_i64(n) : mpt_bytes(long_text, 10 + (size_t)n);
	assert_int_equal(mpt_list_clear(w->list), 0);
	assert_int_equal(mpt_list_extend(w->list, items, 9), 0);
	assert_int_equal(mpt_manager_names(w->manager, &names), 0);
	mpt_dict_delete(names, mpt_text("made by the dead"));
	mpt_dict_destroy(names);
	assert_true(mpt_manager_collect(w->manager) >= 0);
}

void world_warm(void *world)
{
	struct world *w = world;

	child_claims(mpt_dict_len(w->dict) >= 0 && mpt_list_len(w->list) >= 0);
}

static void measure(const struct world *w, struct mpt_manager_info *info)
{
	assert_int_equal(mpt_manager_status(w->manager, info), 0);
	assert_heap_in_order(WORLD);
}

void world_prepare(struct world *w)
{
	struct mpt_manager_info info;

	fill(w);
	measure(w, &info);
	assert_int_equal(info.used, w->used);
	assert_int_equal(info.containers, w->containers);
}

struct world *world_new(void)
{
	struct mpt_manager_options options = { .name = WORLD, .bytes = 64 << 10 };
	struct world *w = shared(sizeof(*w));
	struct mpt_manager_info info;

	memset(long_text, 'x', sizeof(long_text));
	assert_int_equal(mpt_manager_create(&w->manager, &options), 0);
	assert_int_equal(mpt_dict_create(&w->dict, w->manager, "dict"), 0);
	assert_int_equal(mpt_dict_create(&w->other, w->manager, NULL), 0);
	assert_int_equal(mpt_list_create(&w->list, w->manager, NULL), 0);
	assert_int_equal(mpt_dict_set(w->other, mpt_text("k1"), mpt_text("one")), 0);
	assert_int_equal(mpt_dict_set(w->other, mpt_text("k5"), mpt_text("five")), 0);
	fill(w);
	measure(w, &info);
	w->used = info.used;
	w->containers = info.containers;
	return w;
}

void world_end(struct world *w)
{
	mpt_dict_destroy(w->dict);
	mpt_dict_destroy(w->other);
	mpt_list_destroy(w->list);
	mpt_manager_destroy(w->manager);
}
