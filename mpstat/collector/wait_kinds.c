/* SPDX-License-Identifier: BSD-2-Clause */
/* wait_kinds.c - the ways to wait: one row each; and what they share.  See wait.h. */
#include "mpstat/collector/wait.h"

#include "mpstat/util/vec.h"

#include <errno.h>
#include <stdlib.h>

extern const struct wait_kind wait_child, wait_file, wait_futex, wait_lock, wait_parked, wait_sysv;

const struct wait_kind *const wait_kinds[] = {
	&wait_parked, /* before wait_futex, that takes all */
	&wait_futex,
	&wait_file,
	&wait_child,
	&wait_lock,
	&wait_sysv,
	NULL,
};

static bool has_call(const struct wait_kind *kind, int32_t call)
{
	for (const int16_t *at = kind->calls; *at >= 0; at++)
		if (*at == call)
			return true;
	return false;
}

bool wait_understand(struct wait_look *w, const struct blocked *thread, struct fact_thread *out)
{
	if (thread->syscall < 0 || (thread->state != 'S' && thread->state != 'D'))
		return false;
	for (size_t i = 0; wait_kinds[i]; i++)
		if (has_call(wait_kinds[i], thread->syscall) &&
		    wait_kinds[i]->understand(w, thread, out))
			return true;
	return false;
}

static int by_inner(const void *a, const void *b)
{
	const struct inner_thread *x = a, *y = b;

	if (x->pid_namespace != y->pid_namespace)
		return x->pid_namespace < y->pid_namespace ? -1 : 1;
	return (x->inner_tid > y->inner_tid) - (x->inner_tid < y->inner_tid);
}

int wait_look_index(struct wait_look *w)
{
	w->inner.count = 0;
	if (VEC_RESERVE(&w->inner, w->look->count))
		return -ENOMEM;
	for (size_t i = 0; i < w->look->count; i++) {
		const struct blocked *thread = &w->look->items[i];

		w->inner.items[w->inner.count++] = (struct inner_thread){
			thread->pid_namespace, thread->inner_tid, thread
		};
	}
	if (w->inner.count)
		qsort(w->inner.items, w->inner.count, sizeof(w->inner.items[0]), by_inner);
	return 0;
}

const struct blocked *wait_find_thread(const struct wait_look *w, const struct blocked *near,
				       uint32_t inner_tid)
{
	struct inner_thread key = { near->pid_namespace, inner_tid, NULL };
	const struct inner_thread *found = NULL;

	if (w->inner.count)
		found = bsearch(&key, w->inner.items, w->inner.count, sizeof(key), by_inner);
	return found ? found->thread : NULL;
}

struct process_id wait_find_process(const struct wait_look *w, uint32_t pid)
{
	size_t low = 0, high = w->look->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (w->look->items[middle].pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < w->look->count && w->look->items[low].pid == pid)
		return wait_process_of(&w->look->items[low]);
	return (struct process_id){ pid, 0 };
}

static enum function function_at(const struct wait_look *w, const struct blocked *thread,
				 uint64_t address)
{
	return functions_at(w->functions, thread->pid, thread->start, thread->place.space,
			    address);
}

/* The innermost function of those known: where it is, or was called from.  Below that lies
 * what was left on the stack by earlier calls, so it has to agree with the words. */
enum function wait_function(const struct wait_look *w, const struct blocked *thread)
{
	enum function found;

	if (!w->functions)
		return FUNCTION_UNKNOWN;
	found = function_at(w, thread, thread->ip);
	for (size_t i = 0; thread->has & BLOCKED_HAS_STACK && i < thread->stack_words; i++) {
		if (found == FUNCTION_UNKNOWN || found > FUNCTION_OUTSIDE)
			break;
		found = function_at(w, thread, thread->stack[i]);
	}
	return found;
}
