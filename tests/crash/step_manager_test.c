/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * step_manager_test.c - every changing call on a manager's containers, at each of its
 * instructions: what a death there would leave is as before the call or as after it, and
 * nothing of the memory is lost.
 *
 * A victim goes one instruction at a time, and after each the memory is copied, undone and
 * judged as a survivor would find it.  At some of them victims are really killed.
 */
#include "tests/api/manager_world.h"
#include "tests/api/step.h"

/* Real deaths of each call, each run at other instructions; more with MPT_STEP.  A step costs 10
 * to 40 us, and some of these calls have thousands. */
#define KILLS 3u
#define KILLS_MOST 120u
#define TEXT_MOST 8192

/* ---- at each instruction ---------------------------------------------------- */

struct watch {
	struct world *world;
	const struct operation *operation;
	uint8_t *last; /* the memory when last looked at */
	char before[TEXT_MOST], now[TEXT_MOST], raw[TEXT_MOST];
	uint64_t steps, looks, moments; /* at how many of them something became visible */
};

static void acts(void *arg)
{
	struct watch *w = arg;

	w->operation->act(w->world);
}

static void warms(void *arg)
{
	struct watch *w = arg;

	world_warm(w->world);
}

static void write_all(const struct watch *w, struct heap_head *image, char *text)
{
	text[0] = 0;
	heap_image_write(image, 0, text, TEXT_MOST); /* names */
	heap_image_write(image, mpt_dict_item(w->world->dict).ref.slot, text, TEXT_MOST);
	heap_image_write(image, mpt_list_item(w->world->list).ref.slot, text, TEXT_MOST);
}

/* What readers see, who do not undo anything: seq even means that they may. */
static void look_as_readers_do(struct watch *w, struct heap_head *image)
{
	if (!(image->shown.seq & 1))
		write_all(w, image, w->raw);
	else
		w->raw[0] = 0;
}

static void look_as_survivors_do(struct watch *w)
{
	uint64_t bytes;
	struct heap_head *image = heap_image(WORLD, &bytes);
	const char *wrong;

	look_as_readers_do(w, image);
	heap_image_undo(image);
	wrong = heap_image_wrong(image, bytes);
	if (wrong)
		fail_msg("%s, after instruction %llu: %s", w->operation->name,
			 (unsigned long long)w->steps, wrong);
	write_all(w, image, w->now);
	if (w->raw[0])
		assert_string_equal(w->raw, w->now);
	free(image);
}

static void look(struct watch *w)
{
	uint64_t bytes = heap_image_bytes(WORLD);

	if (w->last && memcmp(w->last, heap_of(WORLD), bytes) == 0)
		return;
	w->last = realloc(w->last, bytes);
	memcpy(w->last, heap_of(WORLD), bytes);
	look_as_survivors_do(w);
	w->looks++;
	if (strcmp(w->now, w->before) != 0)
		w->moments++;
	strcpy(w->before, w->now);
}

static void watch_each_instruction(struct world *world, const struct operation *operation)
{
	struct watch *w = shared(sizeof(*w));
	cpu_set_t before;
	pid_t pid;

	w->world = world;
	w->operation = operation;
	world_prepare(world);
	share_one_processor(&before);
	pid = warm_victim(warms, acts, w);
	look(w);
	w->moments = 0;
	while (step(pid, 1)) {
		w->steps++;
		look(w);
	}
	sched_setaffinity(0, sizeof(before), &before);
	printf("# note: %s: %llu instructions, %llu states\n", operation->name,
	       (unsigned long long)w->steps, (unsigned long long)w->looks);
	assert_int_equal(w->moments, !operation->invisible);
	free(w->last);
}

static void watch_all(const struct operations *group)
{
	struct world *w = world_new();

	for (size_t n = 0; n < group->count; n++)
		watch_each_instruction(w, &group->all[n]);
	world_end(w);
}

static void one_key_is_never_half_changed(void **state)
{
	(void)state;
	watch_all(&world_operations[0]);
}

static void many_keys_are_never_half_changed(void **state)
{
	(void)state;
	watch_all(&world_operations[1]);
}

static void one_item_is_never_half_changed(void **state)
{
	(void)state;
	watch_all(&world_operations[2]);
}

static void many_items_are_never_half_changed(void **state)
{
	(void)state;
	watch_all(&world_operations[3]);
}

static void containers_never_come_or_go_by_half(void **state)
{
	(void)state;
	watch_all(&world_operations[4]);
}

/* ---- real deaths ------------------------------------------------------------- */

struct killing {
	struct world *world;
	const struct operation *operation;
	void (*between)(struct killing *k); /* before each victim's call; NULL: nothing */
	char before[TEXT_MOST], after[TEXT_MOST], now[TEXT_MOST];
	uint32_t old, new; /* how often it was as before, as after */
};

static void write_item(struct killing *k, const struct mpt_item *item)
{
	size_t at = strlen(k->now);

	if (item->type == MPT_ITEM_BYTES)
		snprintf(k->now + at, TEXT_MOST - at, "%zu:%.*s ", item->bytes.size,
			 (int)item->bytes.size, (const char *)item->bytes.data);
	else
		snprintf(k->now + at, TEXT_MOST - at, "%u.%lld ", item->type,
			 item->type == MPT_ITEM_CONTAINER ? 0 : (long long)item->i64);
}

static void look_at_dict(struct killing *k, struct mpt_dict *dict)
{
	struct mpt_dict_iter iter = mpt_dict_iterate(dict);
	struct mpt_item key, value;
	char buffer[512];

	strcat(k->now, "{ ");
	while (mpt_dict_next(&iter, &key, &value, buffer, sizeof(buffer)) == 0) {
		write_item(k, &key);
		write_item(k, &value);
	}
	strcat(k->now, "} ");
}

static void see(struct killing *k)
{
	struct mpt_list_iter iter = mpt_list_iterate(k->world->list);
	struct mpt_dict *names;
	struct mpt_item item;
	char buffer[512];

	k->now[0] = 0;
	look_at_dict(k, k->world->dict);
	while (mpt_list_next(&iter, &item, buffer, sizeof(buffer)) == 0)
		write_item(k, &item);
	assert_int_equal(mpt_manager_names(k->world->manager, &names), 0);
	look_at_dict(k, names);
	mpt_dict_destroy(names);
}

static void is_killed_in(void *arg)
{
	struct killing *k = arg;

	k->operation->act(k->world);
}

static void is_warm(void *arg)
{
	struct killing *k = arg;

	world_warm(k->world);
}

static void judge(struct killing *k, uint64_t at, bool finished)
{
	bool old, new;

	see(k); /* which takes over */
	old = strcmp(k->now, k->before) == 0;
	new = strcmp(k->now, k->after) == 0;
	if (!old && !new)
		fail_msg("%s, killed after %llu: %s\nbefore %s\nafter  %s", k->operation->name,
			 (unsigned long long)at, k->now, k->before, k->after);
	assert_true(new || !finished);
	k->old += old;
	k->new += new;
	assert_heap_in_order(WORLD);
	world_prepare(k->world);
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

/* Kills one victim after so many instructions of the call.  False: it came to its end. */
static bool kill_after(struct killing *k, uint64_t at)
{
	pid_t pid = warm_victim(is_warm, is_killed_in, k);
	bool killed;

	if (k->between)
		k->between(k);
	killed = step(pid, at);
	if (killed)
		kill_child(pid);
	judge(k, at, !killed);
	return killed;
}

static void kill_all_along(struct killing *k, const struct operation *operation)
{
	uint64_t stride, at, kills = 0;
	cpu_set_t before;

	share_one_processor(&before);
	k->operation = operation;
	k->old = k->new = 0;
	world_prepare(k->world);
	see(k);
	strcpy(k->before, k->now);
	stride = stride_of(length_of(warm_victim(is_warm, is_killed_in, k)));
	see(k);
	strcpy(k->after, k->now);
	assert_int_equal(strcmp(k->before, k->after) == 0, operation->invisible);
	world_prepare(k->world);
	for (at = step_phase(stride); kill_after(k, at); at += stride)
		kills++;
	sched_setaffinity(0, sizeof(before), &before);
	printf("# note: %s: %llu kills\n", operation->name, (unsigned long long)kills);
	assert_true(kills > 1);
}

static void kill_in_all(const struct operations *group)
{
	struct killing *k = shared(sizeof(*k));

	k->world = world_new();
	for (size_t n = 0; n < group->count; n++)
		kill_all_along(k, &group->all[n]);
	assert_true(segment_object(WORLD)->recovered > 0);
	world_end(k->world);
}

static void killed_while_changing_keys(void **state)
{
	(void)state;
	kill_in_all(&world_operations[0]);
	kill_in_all(&world_operations[1]);
}

static void killed_while_changing_items(void **state)
{
	(void)state;
	kill_in_all(&world_operations[2]);
	kill_in_all(&world_operations[3]);
}

static void killed_while_containers_come_and_go(void **state)
{
	(void)state;
	kill_in_all(&world_operations[4]);
}

/* ---- two deaths -------------------------------------------------------------- */

static bool is_half_done(void *arg, pid_t pid)
{
	(void)arg;
	(void)pid;
	return heap_of(WORLD)->undo_count >= 8;
}

static void sets_another_key(void *arg)
{
	struct killing *k = arg;

	child_claims(mpt_dict_set(k->world->dict, mpt_text("newer"), mpt_i64(1)) == 0);
}

static void leave_it_half_done(struct killing *k)
{
	pid_t pid = warm_victim(is_warm, sets_another_key, k);

	assert_true(step_until(pid, is_half_done, NULL, 100000));
	kill_child(pid);
	assert_true(heap_of(WORLD)->undo_count >= 8);
}

static void a_second_death_while_undoing_does_no_harm(void **state)
{
	struct killing *k = shared(sizeof(*k));

	(void)state;
	k->world = world_new();
	k->between = leave_it_half_done;
	kill_all_along(k, &world_operations[0].all[2]);
	assert_true(segment_object(WORLD)->recovered > 3);
	world_end(k->world);
}

/* ---- the making ---------------------------------------------------------------- */

static void makes_a_manager(void *unused)
{
	struct mpt_manager_options options = { .name = WORLD, .bytes = 64 << 10 };
	struct mpt_manager *m;

	(void)unused;
	child_claims(mpt_manager_create(&m, &options) == 0);
}

/* Wherever its maker died, it is not there or it is good. */
static bool is_made(void)
{
	struct mpt_wire_object *o;
	struct mpt_manager *m;
	struct mpt_dict *dict;
	int rc = mpt_manager_open(&m, WORLD, 0);

	if (rc == -ENOENT)
		return false;
	assert_int_equal(rc, 0);
	assert_int_equal(mpt_dict_create(&dict, m, "dict"), 0);
	assert_int_equal(mpt_dict_set(dict, mpt_text("a"), mpt_i64(1)), 0);
	assert_heap_in_order(WORLD);
	mpt_dict_destroy(dict);
	mpt_manager_destroy(m);
	o = (struct mpt_wire_object *)(uintptr_t)segment_object(WORLD);
	o->state = MPT_SLOT_DEAD; /* as nobody who could end it lives */
	return true;
}

/* Killed at system call number `calls` and so many instructions after it.  False: it came to
 * its end before. */
static bool making_is_killed(uint64_t calls, uint64_t instructions)
{
	pid_t pid = victim(makes_a_manager, NULL, true);
	bool killed = step_syscalls(pid, calls) && step(pid, instructions);

	if (killed)
		kill_child(pid);
	return killed;
}

/* At each of its system calls, and after the last one, where the object is there and its
 * memory is laid out. */
static void a_manager_is_made_whole_or_not_at_all(void **state)
{
	struct mpt_trace_info status;
	uint64_t calls = 0, at, not_there = 0;
	cpu_set_t before;

	(void)state;
	assert_int_equal(mpt_trace_status(&status), 0); /* in one domain with the victims */
	share_one_processor(&before);
	while (making_is_killed(calls + 1, 0)) {
		calls++;
		not_there += !is_made();
	}
	assert_true(is_made());
	for (at = (uint64_t)getpid() % 97; at < 400; at += 97) {
		assert_true(making_is_killed(calls - 1, at));
		assert_true(is_made());
	}
	sched_setaffinity(0, sizeof(before), &before);
	assert_true(not_there > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(a_manager_is_made_whole_or_not_at_all),
		api_test(one_key_is_never_half_changed),
		api_test(many_keys_are_never_half_changed),
		api_test(one_item_is_never_half_changed),
		api_test(many_items_are_never_half_changed),
		api_test(containers_never_come_or_go_by_half),
		api_test(killed_while_changing_keys),
		api_test(killed_while_changing_items),
		api_test(killed_while_containers_come_and_go),
		api_test(a_second_death_while_undoing_does_no_harm),
	};

	/* Small rings, so that those of all the dead find room. */
	setenv("MPTRACE_RING", "8K", 1);
	setenv("MPTRACE_SIZE", "256M", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
