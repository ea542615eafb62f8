/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * manager_step_test.c - every changing call on a manager's containers, killed after single
 * instructions: what survivors see is as before the call or as after it, never anything
 * else; the memory is in order and nothing of it is lost.
 */
#include "tests/api/manager_check.h"
#include "tests/api/step.h"

/* Of each call, evenly, each run at other instructions; more with MPT_STEP.  A step costs 10 to
 * 40 us, and some of these calls have thousands. */
#define KILLS 4u
#define KILLS_MOST 120u
#define TEXT_MOST 8192

struct world {
	struct mpt_manager *manager;
	struct mpt_dict *dict, *other;
	struct mpt_list *list;
	const struct operation *operation;
	void (*between)(struct world *w); /* before each victim's call; NULL: nothing */
	char before[TEXT_MOST], after[TEXT_MOST], now[TEXT_MOST];
	uint64_t used, containers; /* before, and after it was all thrown away */
	uint32_t old, new; /* how often it was as before, as after */
};

struct operation {
	const char *name;
	void (*act)(struct world *w);
	bool invisible; /* the containers look the same after it */
};

/* ---- what survivors see -------------------------------------------------------------- */

static void write_item(struct world *w, const struct mpt_item *item)
{
	size_t at = strlen(w->now);

	if (item->type == MPT_ITEM_BYTES)
		snprintf(w->now + at, TEXT_MOST - at, "%zu:%.*s ", item->bytes.size,
			 (int)item->bytes.size, (const char *)item->bytes.data);
	else
		snprintf(w->now + at, TEXT_MOST - at, "%u.%lld ", item->type,
			 item->type == MPT_ITEM_CONTAINER ? 0 : (long long)item->i64);
}

static void look_at_dict(struct world *w, struct mpt_dict *dict)
{
	struct mpt_dict_iter iter = mpt_dict_iterate(dict);
	struct mpt_item key, value;
	char buffer[512];

	strcat(w->now, "{ ");
	while (mpt_dict_next(&iter, &key, &value, buffer, sizeof(buffer)) == 0) {
		write_item(w, &key);
		write_item(w, &value);
	}
	strcat(w->now, "} ");
}

static void look(struct world *w)
{
	struct mpt_list_iter iter = mpt_list_iterate(w->list);
	struct mpt_dict *names;
	struct mpt_item item;
	char buffer[512];

	w->now[0] = 0;
	look_at_dict(w, w->dict);
	while (mpt_list_next(&iter, &item, buffer, sizeof(buffer)) == 0)
		write_item(w, &item);
	assert_int_equal(mpt_manager_names(w->manager, &names), 0);
	look_at_dict(w, names);
	mpt_dict_destroy(names);
}

/* ---- the calls ------------------------------------------------------------------------- */

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

/* ---- killing -------------------------------------------------------------------------------- */

static void fill_dict(struct mpt_dict *dict)
{
	assert_int_equal(mpt_dict_clear(dict), 0);
	assert_int_equal(mpt_dict_set(dict, mpt_text("k1"), mpt_text("fifteen letters")), 0);
	assert_int_equal(mpt_dict_set(dict, mpt_text("k2"), mpt_bytes(long_text, 150)), 0);
	assert_int_equal(mpt_dict_set(dict, mpt_i64(3), mpt_i64(3)), 0);
	assert_int_equal(mpt_dict_set(dict, mpt_text("k4"), mpt_none()), 0);
}

/* All as it was; what the dead had made goes. */
static void prepares(void *arg)
{
	struct mpt_item items[9];
	struct world *w = arg;
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

/* Its handles are its own already (a fork copied them). */
static void warms(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_dict_len(w->dict) >= 0 && mpt_list_len(w->list) >= 0);
}

static void acts(void *arg)
{
	struct world *w = arg;

	w->operation->act(w);
}

static void assert_nothing_is_lost(struct world *w)
{
	struct mpt_manager_info info;

	assert_int_equal(mpt_manager_status(w->manager, &info), 0);
	assert_int_equal(info.used, w->used);
	assert_int_equal(info.containers, w->containers);
}

static void judges(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	bool old, new;

	look(w); /* which takes over */
	old = strcmp(w->now, w->before) == 0;
	new = strcmp(w->now, w->after) == 0;
	if (!old && !new)
		fail_msg("%s, killed after %llu: %s\nbefore %s\nafter  %s", w->operation->name,
			 (unsigned long long)k, w->now, w->before, w->after);
	assert_true(new || !finished);
	w->old += old;
	w->new += new;
	assert_heap_in_order("world");
	prepares(w);
	assert_heap_in_order("world");
	assert_nothing_is_lost(w);
}

/* How many instructions the victim has to go. */
static uint64_t length_of(pid_t pid)
{
	uint64_t n = 0;

	while (step(pid, 1))
		n++;
	return n;
}

static uint64_t stride_of(uint64_t length)
{
	uint64_t least = length / KILLS_MOST + 1, finer = finer_stride(length / KILLS + 1);

	return finer > least ? finer : least;
}

/* Kills one victim after k instructions of the call.  False: it came to its end. */
static bool kill_after(struct world *w, uint64_t k)
{
	pid_t pid = warm_victim(warms, acts, w);
	bool killed;

	if (w->between)
		w->between(w);
	killed = step(pid, k);

	if (killed)
		kill_child(pid);
	judges(w, k, !killed);
	return killed;
}

static void kill_all_along(struct world *w, const struct operation *operation)
{
	uint64_t stride, k, kills = 0;
	cpu_set_t before;

	share_one_processor(&before);
	w->operation = operation;
	w->old = w->new = 0;
	prepares(w);
	look(w);
	strcpy(w->before, w->now);
	stride = stride_of(length_of(warm_victim(warms, acts, w)));
	look(w);
	strcpy(w->after, w->now);
	assert_int_equal(strcmp(w->before, w->after) == 0, operation->invisible);
	prepares(w);
	for (k = (uint64_t)getpid() % stride; kill_after(w, k); k += stride)
		kills++;
	sched_setaffinity(0, sizeof(before), &before);
	printf("# note: %s: %llu kills in %llu instructions\n", operation->name,
	       (unsigned long long)kills, (unsigned long long)k);
	assert_true(kills > 1 && w->old + w->new > 0);
}

static struct world *new_world(void)
{
	struct mpt_manager_options options = { .name = "world", .bytes = 64 << 10 };
	struct world *w = shared(sizeof(*w));
	struct mpt_manager_info info;

	memset(long_text, 'x', sizeof(long_text));
	assert_int_equal(mpt_manager_create(&w->manager, &options), 0);
	assert_int_equal(mpt_dict_create(&w->dict, w->manager, "dict"), 0);
	assert_int_equal(mpt_dict_create(&w->other, w->manager, NULL), 0);
	assert_int_equal(mpt_list_create(&w->list, w->manager, NULL), 0);
	assert_int_equal(mpt_dict_set(w->other, mpt_text("k1"), mpt_text("one")), 0);
	assert_int_equal(mpt_dict_set(w->other, mpt_text("k5"), mpt_text("five")), 0);
	prepares(w);
	assert_int_equal(mpt_manager_status(w->manager, &info), 0);
	w->used = info.used;
	w->containers = info.containers;
	return w;
}

static void end_world(struct world *w)
{
	printf("# note: %llu taken over\n",
	       (unsigned long long)segment_object("world")->recovered);
	mpt_dict_destroy(w->dict);
	mpt_dict_destroy(w->other);
	mpt_list_destroy(w->list);
	mpt_manager_destroy(w->manager);
}

static void kill_in_all(const struct operation *operations, size_t count)
{
	struct world *w = new_world();

	for (size_t n = 0; n < count; n++)
		kill_all_along(w, &operations[n]);
	assert_true(segment_object("world")->recovered > count);
	end_world(w);
}

#define ALL(operations) operations, sizeof(operations) / sizeof((operations)[0])

static void one_key_is_changed_whole_or_not_at_all(void **state)
{
	static const struct operation operations[] = {
		{ "set, a new key", sets_a_new_key, false },
		{ "set, in place", sets_in_place, false },
		{ "set, a longer value", sets_a_longer_value, false },
		{ "set, a container", sets_a_container, false },
		{ "add", adds, false },
		{ "delete", deletes, false },
		{ "pop", pops, false },
		{ "setdefault", sets_a_default, false },
	};

	(void)state;
	kill_in_all(ALL(operations));
}

static void many_keys_are_changed_all_or_none(void **state)
{
	static const struct operation operations[] = {
		{ "update", updates, false },
		{ "merge", merges, false },
		{ "copy", copies, true },
		{ "clear", clears, false },
	};

	(void)state;
	kill_in_all(ALL(operations));
}

static void one_item_is_changed_whole_or_not_at_all(void **state)
{
	static const struct operation operations[] = {
		{ "append", appends, false },	      { "insert", inserts, false },
		{ "set, an item", sets_an_item, false }, { "pop, the first", pops_the_first, false },
		{ "remove", removes, false },
	};

	(void)state;
	kill_in_all(ALL(operations));
}

static void many_items_are_changed_all_or_none(void **state)
{
	static const struct operation operations[] = {
		{ "extend", extends, false },	{ "splice", splices, false },
		{ "delete many", deletes_many, false }, { "reverse", reverses, false },
		{ "slice", slices, true },
	};

	(void)state;
	kill_in_all(ALL(operations));
}

static void containers_come_and_go_whole(void **state)
{
	static const struct operation operations[] = {
		{ "create, with a name", creates_with_a_name, false },
		{ "open and close", opens_and_closes, true },
		{ "collect", makes_garbage_and_collects, true },
	};

	(void)state;
	kill_in_all(ALL(operations));
}

/* ---- two deaths ----------------------------------------------------------------------------------- */

static bool is_half_done(void *arg, pid_t pid)
{
	(void)arg;
	(void)pid;
	return heap_of("world")->undo_count >= 8;
}

static void leaves_it_half_done(struct world *w)
{
	pid_t pid = warm_victim(warms, (void (*)(void *))sets_a_new_key, w);

	assert_true(step_until(pid, is_half_done, NULL, 100000));
	kill_child(pid);
	assert_true(heap_of("world")->undo_count >= 8);
}

static void a_second_death_while_undoing_does_no_harm(void **state)
{
	static const struct operation again = { "set after a death", sets_a_longer_value, false };
	struct world *w = new_world();

	(void)state;
	w->between = leaves_it_half_done;
	kill_all_along(w, &again);
	assert_true(segment_object("world")->recovered > 3);
	end_world(w);
}

/* ---- the making ------------------------------------------------------------------------------------- */

static void makes_a_manager(void *arg)
{
	struct mpt_manager_options options = { .name = "world", .bytes = 64 << 10 };
	struct world *w = arg;

	child_claims(mpt_manager_create(&w->manager, &options) == 0);
}

/* Wherever its maker died, it is not there or it is good. */
static bool is_made(struct world *w)
{
	struct mpt_wire_object *o;
	struct mpt_manager *m;
	int rc = mpt_manager_open(&m, "world", 0);

	if (rc == -ENOENT)
		return false;
	assert_int_equal(rc, 0);
	assert_int_equal(mpt_dict_create(&w->dict, m, "dict"), 0);
	assert_int_equal(mpt_dict_set(w->dict, mpt_text("a"), mpt_i64(1)), 0);
	assert_heap_in_order("world");
	mpt_dict_destroy(w->dict);
	mpt_manager_destroy(m);
	o = (struct mpt_wire_object *)(uintptr_t)segment_object("world");
	o->state = MPT_SLOT_DEAD; /* as nobody who could end it lives */
	return true;
}

static void a_manager_is_made_whole_or_not_at_all(void **state)
{
	struct world *w = shared(sizeof(*w));
	struct mpt_trace_info status;
	uint64_t length, stride, k;
	pid_t pid;

	(void)state;
	assert_int_equal(mpt_trace_status(&status), 0); /* in one domain with the victims */
	length = length_of(victim(makes_a_manager, w, true));
	assert_true(is_made(w));
	stride = stride_of(length);
	for (k = (uint64_t)getpid() % stride; k < length; k += stride) {
		pid = victim(makes_a_manager, w, true);
		if (!step(pid, k))
			assert_true(is_made(w));
		else
			kill_child(pid);
		w->old += !is_made(w);
	}
	assert_true(w->old > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(a_manager_is_made_whole_or_not_at_all),
		api_test(one_key_is_changed_whole_or_not_at_all),
		api_test(many_keys_are_changed_all_or_none),
		api_test(one_item_is_changed_whole_or_not_at_all),
		api_test(many_items_are_changed_all_or_none),
		api_test(containers_come_and_go_whole),
		api_test(a_second_death_while_undoing_does_no_harm),
	};

	/* Small rings, so that those of all the dead find room. */
	setenv("MPTRACE_RING", "8K", 1);
	setenv("MPTRACE_SIZE", "256M", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
