/* SPDX-License-Identifier: BSD-2-Clause */
/* methods.c - see methods.h. */
#include "tests/api/methods.h"

#define CALLS_MOST 512 /* handles that are not started yet, at most */

static struct {
	const struct part *parts;
	size_t count;
	const struct method *of_child;
} known;

static const struct part *find(const char *name)
{
	for (size_t i = 0; i < known.count; i++)
		if (strcmp(known.parts[i].name, name) == 0)
			return &known.parts[i];
	return NULL;
}

struct call {
	const struct part *part;
	const char *arg;
};

static int play(void *call)
{
	const struct call *c = call;

	known.of_child = &method_function;
	return c->part->play(c->arg);
}

static struct mpt_process *create_function(const char *part, const char *arg,
					   const struct mpt_process_options *options)
{
	static struct call calls[CALLS_MOST];
	static size_t made;
	struct call *call = &calls[made++ % CALLS_MOST];
	struct mpt_process *p = NULL;

	*call = (struct call){ find(part), arg };
	if (call->part)
		mpt_process_create(&p, play, call, options);
	return p;
}

static struct mpt_process *create_program(const char *part, const char *arg,
					  const struct mpt_process_options *options)
{
	const char *argv[] = { "/proc/self/exe", part, arg ? arg : "", NULL };
	struct mpt_process *p = NULL;

	mpt_process_create_program(&p, argv, options);
	return p;
}

const struct method method_function = { "function", create_function };
const struct method method_program = { "program", create_program };

void methods_main(int argc, char **argv, const struct part *parts, size_t count)
{
	const struct part *part;

	known.parts = parts;
	known.count = count;
	part = argc > 2 ? find(argv[1]) : NULL;
	if (!part)
		return;
	known.of_child = &method_program;
	support_is_no_judge();
	exit(part->play(argv[2]));
}

const struct method *method_of(void **state)
{
	return *state;
}

const struct method *method_of_child(void)
{
	return known.of_child;
}

struct mpt_process *method_run(const struct method *method, const char *part, const char *arg,
			       const struct mpt_process_options *options)
{
	struct mpt_process *p = method->create(part, arg, options);

	if (!p || mpt_process_start(p) < 0)
		child_refutes(__FILE__, __LINE__, "a process can be started");
	return p;
}

int method_code(const struct method *method, const char *part, const char *arg)
{
	return process_end(method_run(method, part, arg, NULL));
}

struct mpt_process *method_run_program(const char *const *argv, const char *const *env)
{
	struct mpt_process_options options = { .env = env };
	struct mpt_process *p = NULL;

	child_claims(mpt_process_create_program(&p, argv, &options) == 0);
	child_claims(mpt_process_start(p) == 0);
	return p;
}

const struct mpt_wire_process *method_slot(pid_t pid)
{
	const struct mpt_wire_section *s = &segment()->section[MPT_SEC_PROCESSES];

	for (uint32_t i = 0; i < s->used; i++) {
		const struct mpt_wire_process *p =
			(const void *)((const uint8_t *)segment() + s->offset + s->stride * i);

		if (p->inner_pid == (uint32_t)pid && p->state != MPT_SLOT_FREE)
			return p;
	}
	return NULL;
}

/* ---- by name ------------------------------------------------------------------------------ */

struct mpt_event *signal_made(const char *name)
{
	struct mpt_event *e;

	child_claims(mpt_event_create(&e, name, 0) == 0);
	return e;
}

struct mpt_event *signal_of(const char *name)
{
	struct mpt_event *e = NULL;

	child_claims(mpt_event_open(&e, name, 0) == 0);
	return e;
}

void signal_awaited(const char *name)
{
	struct mpt_event *e = signal_of(name);

	child_claims(mpt_event_wait(e, 3 * GUARD_NS) == 0);
	mpt_event_destroy(e);
}

struct mpt_queue *telling_made(const char *name)
{
	struct mpt_queue_options options = { .name = name, .maxsize = 64, .bytes = 16384 };
	struct mpt_queue *q;

	child_claims(mpt_queue_create(&q, &options) == 0);
	return q;
}

void tell_the_parent(const char *name, const void *what, size_t size)
{
	struct mpt_queue *q = NULL;

	child_claims(mpt_queue_open(&q, name, 0) == 0);
	child_claims(mpt_queue_put(q, what, size, GUARD_NS) >= 0);
	mpt_queue_destroy(q);
}

void told_by_child(struct mpt_queue *queue, void *what, size_t size)
{
	assert_int_equal(mpt_queue_get(queue, what, size, 3 * GUARD_NS), size);
}
