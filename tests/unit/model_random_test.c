/* SPDX-License-Identifier: BSD-2-Clause */
/* model_random_test.c - facts of any bytes, in any order. */
#include "tests/unit/tell.h"

#include <stdlib.h>

#define ROUNDS 100000

/* Mostly small numbers, so that facts meet; some of any size. */
static void fill(struct fact *fact, unsigned *seed)
{
	unsigned char *bytes = (unsigned char *)fact;

	for (size_t i = 0; i < sizeof(*fact); i++)
		bytes[i] = (unsigned char)(rand_r(seed) % 8 ? rand_r(seed) % 3 : rand_r(seed));
	fact->type = (enum fact_type)(rand_r(seed) % 13);
	fact->source = (enum fact_source)(rand_r(seed) % (FACT_SOURCES + 1));
}

/* Flags are C bool: the collector makes them, not the program. */
static void set_flags(struct fact *fact, bool flag)
{
	fact->u.process.daemon = fact->u.process.ended = flag;
	fact->u.process.subreaper = fact->u.process.kernel_thread =
		fact->u.process.ignores_children = fact->u.process.reaper_known = !flag;
	if (fact->type == FACT_LIFE)
		fact->u.life.core = flag;
	if (fact->type == FACT_THREAD)
		fact->u.thread.task_awaited = fact->u.thread.ended = fact->u.thread.wait_over =
			fact->u.thread.wait_children = flag;
	if (fact->type == FACT_USE)
		fact->u.use.can_give = fact->u.use.can_take = flag;
	if (fact->type == FACT_OBJECT)
		fact->u.object.held = fact->u.object.set = fact->u.object.broken =
			fact->u.object.unguarded = fact->u.object.terminated = flag;
	if (fact->type == FACT_SOURCE)
		fact->u.source.ok = flag;
	if (fact->type == FACT_DOMAIN)
		fact->u.domain.records_off = fact->u.domain.post_mortem =
			fact->u.domain.published = flag;
}

/* Many times: no crash, no endless list. */
static void random_facts_never_break_the_model(void **state)
{
	struct model *model = model_new(64);
	struct fact fact;
	unsigned seed = 42;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		fill(&fact, &seed);
		set_flags(&fact, rand_r(&seed) % 2);
		model_apply(model, &fact);
		if (!(rand_r(&seed) % 500))
			model_tick(model, (uint64_t)rand_r(&seed));
	}
	model_tick(model, UINT64_MAX);
	assert_true(model_rejected(model) > 0);
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_facts_never_break_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
