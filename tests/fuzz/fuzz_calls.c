/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_calls.c - any calls of the library in any order, in one process that is alone.
 *
 * An input is a sequence of calls, 4 bytes each: number of the call (calls.def; beyond the
 * last: a handle is destroyed), places of the handles, two numbers.  Claims: each call
 * answers what its header says and leaves errno alone, a manager's memory stays in order,
 * and when all handles are destroyed, no object lives and no storage is given away.
 *
 * Not here: Process and Pool, which fork, and what blocks.
 */
#include "libtrace/domain.h"
#include "libtrace/pipe.h"
#include "tests/api/manager_check.h"
#include "tests/fuzz/calls.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define CALLS_MOST 200
#define DESCRIPTORS_MOST 100

static const char *const names[] = { NULL, "a", "b", "c", NULL, "a", "", "bad/name", "b",
	"a-name-of-forty-seven-bytes-is-the-longest-name",
	"a-name-of-forty-eight-bytes-is-one-byte-too-long" };
#define NAMES (sizeof(names) / sizeof(names[0]))

static bool may_answer(const struct call *call, ssize_t result)
{
	if (result >= 0)
		return result <= call->most;
	for (const int *error = call->errors; *error; error++)
		if (result == -*error)
			return true;
	return false;
}

static void make_call(const struct call *call, struct args *args)
{
	ssize_t result;

	errno = 4711;
	result = call->run(args);
	FUZZ_CLAIM(may_answer(call, result), "%s answered %zd (%s)", call->name, result,
		   result < 0 ? strerror((int)-result) : "");
	FUZZ_CLAIM(errno == 4711, "%s changed errno", call->name);
}

/* Of containers: there is a manager to make them in. */
static bool possible(const struct call *call, const struct args *a)
{
	if (!call->makes)
		return a->it != NULL;
	if (call->sort >= SORT_dict && call->sort <= SORT_cell &&
	    !a->world->at[SORT_manager][a->other])
		return false;
	return *a->out == NULL;
}

static void step(struct world *w, struct input *in)
{
	uint8_t number = input_byte(in), places = input_byte(in);
	const struct call *call = &calls[number % call_count];
	void **place = &w->at[call->sort][places % CALL_PLACES];
	struct args args = { .world = w, .it = *place, .out = place,
			     .other = (places >> 4) % CALL_PLACES };

	args.n = input_byte(in);
	args.m = input_byte(in);
	args.name = names[args.m % NAMES];
	if (number >= call_count || places & 0x08) {
		call_destroy(call->sort, *place);
		*place = NULL;
		return;
	}
	args.size = args.n % 65;
	args.buffer = malloc(args.size);
	if (args.buffer && args.size)
		memset(args.buffer, args.m, args.size);
	if (possible(call, &args))
		make_call(call, &args);
	free(args.buffer);
}

/* ---- what is true at the end ------------------------------------------------------------- */

static void check_managers(void)
{
	const struct mpt_wire_section *s = &domain.header->section[MPT_SEC_OBJECTS];

	for (uint32_t i = 0; i < s->used; i++) {
		const struct mpt_wire_object *o = &domain.objects[i];
		const char *wrong;

		if (o->state != MPT_SLOT_LIVE || o->kind != MPT_KIND_MANAGER)
			continue;
		wrong = heap_wrong(o->name);
		FUZZ_CLAIM(!wrong, "manager %s: %s", o->name, wrong);
	}
}

static void destroy_all(struct world *w, unsigned int turn)
{
	for (unsigned int i = 0; i < CALL_SORT_COUNT * CALL_PLACES; i++) {
		unsigned int at = (i * 5 + turn) % (CALL_SORT_COUNT * CALL_PLACES);

		call_destroy((enum call_sort)(at / CALL_PLACES),
			     w->at[at / CALL_PLACES][at % CALL_PLACES]);
		w->at[at / CALL_PLACES][at % CALL_PLACES] = NULL;
	}
}

static void check_empty(void)
{
	const struct mpt_wire_section *s = &domain.header->section[MPT_SEC_OBJECTS];
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	FUZZ_CLAIM(fd >= 0 && fd < DESCRIPTORS_MOST, "descriptors are left open: %d", fd);
	close(fd);
	/* Directions with messages that nobody will read end when room is needed. */
	pipe_end_collect();
	for (uint32_t i = 0; i < s->used; i++) {
		const struct mpt_wire_object *o = &domain.objects[i];

		FUZZ_CLAIM(o->state == MPT_SLOT_FREE || o->state == MPT_SLOT_ENDED,
			   "object %u (kind %u, '%s') is in state %u", i, o->kind, o->name,
			   o->state);
		FUZZ_CLAIM(o->extent == 0, "object %u (kind %u, '%s') has storage", i, o->kind,
			   o->name);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct world world = { 0 };

	for (int i = 0; i < CALLS_MOST && in.left > 0; i++)
		step(&world, &in);
	if (!domain_exists())
		return 0;
	check_managers();
	destroy_all(&world, (unsigned int)size);
	check_empty();
	return 0;
}
