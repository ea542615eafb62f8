/* SPDX-License-Identifier: BSD-2-Clause */
/* model_test.c - identity, sources, snapshots, tree, filter, ledger, bounds. */
#include "mpstat/model/ledger.h"
#include "tests/unit/tell.h"

#include <math.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND 1000000000ull

static struct model *fresh(void)
{
	struct model *model = model_new(8);
	struct model_filter all = {.all = true};

	assert_non_null(model);
	model_set_filter(model, &all);
	return model;
}

static void begin(struct model *model, const char *source, uint64_t time)
{
	tell(model, "snapshot-begin source=%s time=%llu", source, (unsigned long long)time);
}

static void end(struct model *model, const char *source, uint64_t time)
{
	tell(model, "snapshot-end source=%s time=%llu", source, (unsigned long long)time);
}

static size_t count_processes(const struct model *model)
{
	size_t count = 0;

	for (const struct process *p = NULL; (p = model_next_process(model, p));)
		count++;
	return count;
}

static void an_empty_model_answers_nothing(void **state)
{
	struct model *model = model_new(0);

	(void)state;
	assert_non_null(model);
	model_tick(model, SECOND);
	assert_null(model_next_process(model, NULL));
	assert_null(model_next_object(model, NULL));
	assert_null(model_next_domain(model, NULL));
	assert_null(model_record(model, 0));
	assert_null(model_find_pid(model, 1));
	assert_null(model_find_object(model, (struct object_id){1, 2, 3}));
	assert_null(model_find_thread(model, 1, 2, 3));
	assert_null(model_source(model, FACT_FROM_PROC));
	assert_int_equal(model_finding_count(model), 0);
	assert_null(model_finding(model, 0));
	assert_int_equal(model_now(model), SECOND);
	model_tick(model, 5);
	assert_int_equal(model_now(model), SECOND);
	tell(model, "record source=segment time=1 process=1:1 op=lock.hold");
	assert_int_equal(model_records_seen(model), 1);
	model_free(model);
	model_free(NULL);
}

static void a_higher_source_names_it_and_hides_nothing(void **state)
{
	struct model *model = fresh();
	const struct process *p;

	(void)state;
	tell(model, "process source=segment pid=11 start=5 name=\"worker\" domain=d1 slot=3 "
		    "generation=2 exit_code=?");
	tell(model, "process source=proc pid=11 start=5 name=\"a.out\" command=\"./a.out -x\" "
		    "state=S rss_bytes=4096 cpu_ns=7 threads=2 uid=1000 inside=\"do_wait\"");
	model_tick(model, SECOND);
	p = process_of(model, 11);
	assert_string_equal(p->fact.name, "worker");
	assert_string_equal(p->fact.command, "./a.out -x");
	assert_int_equal(p->fact.state, 'S');
	assert_int_equal(p->fact.rss_bytes, 4096);
	assert_int_equal(p->fact.threads, 2);
	assert_int_equal(p->fact.domain, 0xd1);
	assert_int_equal(p->sources, 1u << FACT_FROM_SEGMENT | 1u << FACT_FROM_PROC);
	assert_string_equal(p->waiting_for, "waiting for a child");
	/* The order of telling does not matter. */
	tell(model, "process source=segment pid=11 start=5 domain=d1 slot=3 generation=2");
	model_tick(model, SECOND);
	assert_string_equal(process_of(model, 11)->fact.name, "a.out");
	model_free(model);
}

static void what_a_program_claims_never_beats_the_kernel(void **state)
{
	struct model *model = fresh();
	const struct process *p;

	(void)state;
	tell(model, "process source=proc pid=11 start=5 state=R uid=1000 parent=1:1 rss_bytes=9");
	tell(model, "process source=segment pid=11 start=5 state=Z uid=0 parent=7:1 rss_bytes=1 "
		    "ended=yes domain=d1");
	model_tick(model, SECOND);
	p = process_of(model, 11);
	assert_int_equal(p->fact.state, 'R');
	assert_int_equal(p->fact.uid, 1000);
	assert_int_equal(p->fact.parent.pid, 1);
	assert_int_equal(p->fact.rss_bytes, 9);
	assert_false(p->fact.ended);
	assert_true(process_lives(p));
	model_free(model);
}

static void a_reused_pid_is_another_process(void **state)
{
	struct model *model = fresh();

	(void)state;
	begin(model, "segment", 1);
	tell(model, "process source=segment pid=11 start=5 name=\"old\" domain=d1");
	end(model, "segment", 1);
	begin(model, "proc", 2);
	tell(model, "process source=proc pid=11 start=900 name=\"new\" state=S");
	end(model, "proc", 2);
	model_tick(model, SECOND);
	assert_int_equal(count_processes(model), 2);
	assert_string_equal(process_of(model, 11)->fact.name, "new");
	assert_true(model_next_process(model, NULL)->fact.ended);
	assert_string_equal(model_next_process(model, NULL)->fact.name, "old");
	model_free(model);
}

static void proc_decides_who_lives_once_it_has_looked(void **state)
{
	struct model *model = fresh();

	(void)state;
	/* /proc looked before the segment was found: no judgement yet. */
	begin(model, "proc", 1);
	end(model, "proc", 1);
	begin(model, "segment", 1);
	tell(model, "process source=segment pid=11 start=5 domain=d1");
	end(model, "segment", 1);
	model_tick(model, SECOND);
	assert_false(process_of(model, 11)->fact.ended);
	begin(model, "proc", 2 * SECOND);
	end(model, "proc", 2 * SECOND);
	model_tick(model, 2 * SECOND);
	assert_true(process_of(model, 11)->fact.ended);
	assert_int_equal(process_of(model, 11)->fact.ended_ns, 2 * SECOND);
	model_free(model);
}

static void what_is_not_told_again_vanishes(void **state)
{
	struct model *model = fresh();

	(void)state;
	for (int round = 0; round < 2; round++) {
		uint64_t time = (uint64_t)(round + 1) * SECOND;

		begin(model, "segment", time);
		tell(model, "process source=segment pid=11 start=5 domain=d1");
		if (!round) {
			tell(model, "domain source=segment domain=d2");
			tell(model, "thread source=segment process=11:5 tid=11 domain=d1 slot=1");
			tell(model, "object source=segment id=d1:1.1 kind=lock");
			tell(model, "use source=segment process=11:5 object=d1:1.1 takes=3");
		}
		model_tick(model, time);
		/* Not before the snapshot is whole. */
		assert_non_null(model_find_object(model, (struct object_id){0xd1, 1, 1}));
		end(model, "segment", time);
		model_tick(model, time);
	}
	assert_null(model_find_object(model, (struct object_id){0xd1, 1, 1}));
	assert_null(model_find_thread(model, 0xd1, 1, 0));
	assert_null(process_of(model, 11)->first_thread);
	assert_int_equal(model_next_domain(model, NULL)->id, 0xd1);
	assert_null(model_next_domain(model, model_next_domain(model, NULL)));
	assert_int_equal(model_rejected(model), 0);
	model_free(model);
}

static void an_end_without_a_beginning_sweeps_nothing(void **state)
{
	struct model *model = fresh();

	(void)state;
	tell(model, "process source=proc pid=11 start=5");
	end(model, "proc", 1);
	model_tick(model, SECOND);
	assert_false(process_of(model, 11)->fact.ended);
	assert_int_equal(model_rejected(model), 1);
	model_free(model);
}

static void ended_processes_stay_five_minutes_and_at_most_4096(void **state)
{
	struct model *model = fresh();

	(void)state;
	begin(model, "proc", SECOND);
	for (int i = 0; i < 5000; i++)
		tell(model, "process source=proc time=%llu pid=%d start=5", SECOND, 100 + i);
	end(model, "proc", SECOND);
	model_tick(model, SECOND);
	assert_int_equal(count_processes(model), 5000);
	begin(model, "proc", 2 * SECOND);
	end(model, "proc", 2 * SECOND);
	model_tick(model, 2 * SECOND); /* shows each end, then */
	model_tick(model, 3 * SECOND);
	assert_int_equal(count_processes(model), 4096);
	model_tick(model, 302 * SECOND);
	assert_int_equal(count_processes(model), 4096);
	model_tick(model, 303 * SECOND);
	assert_int_equal(count_processes(model), 0);
	model_free(model);
}

static void a_tree_has_no_rings_and_no_younger_parents(void **state)
{
	struct model *model = fresh();
	const struct process *p;

	(void)state;
	tell(model, "process source=proc pid=10 start=5 parent=12:5");
	tell(model, "process source=proc pid=11 start=5 parent=10:5");
	tell(model, "process source=proc pid=12 start=5 parent=11:5");
	tell(model, "process source=proc pid=13 start=5 parent=13:5");
	tell(model, "process source=proc pid=14 start=5 parent=15:9");
	tell(model, "process source=proc pid=15 start=9 parent=10:0");
	model_tick(model, SECOND);
	p = process_of(model, 10);
	assert_null(p->parent);
	assert_int_equal(p->first_child->id.pid, 11);
	assert_int_equal(p->first_child->next_sibling->id.pid, 15);
	assert_null(p->first_child->next_sibling->next_sibling);
	assert_int_equal(p->first_child->first_child->id.pid, 12);
	assert_null(p->first_child->first_child->first_child);
	assert_null(process_of(model, 13)->parent);
	assert_null(process_of(model, 14)->parent);
	model_free(model);
}

static void a_pid_filter_keeps_descendants_ever_seen(void **state)
{
	static const uint32_t pids[] = {20, 10};
	struct model_filter filter = {.pids = pids, .pid_count = 2};
	struct model *model = fresh();

	(void)state;
	model_set_filter(model, &filter);
	begin(model, "proc", 1);
	tell(model, "process source=proc pid=10 start=5 parent=1:1 session=10 group=10");
	tell(model, "process source=proc pid=11 start=6 parent=10:5 session=10 group=11");
	tell(model, "process source=proc pid=12 start=7 parent=11:6 session=12 group=12");
	tell(model, "process source=proc pid=30 start=7 parent=1:1 session=30 group=30");
	tell(model, "process source=proc pid=31 start=7 parent=1:1 session=10 group=31");
	end(model, "proc", 1);
	model_tick(model, SECOND);
	assert_true(process_of(model, 12)->matched);
	assert_false(process_of(model, 12)->probably);
	assert_false(process_of(model, 30)->matched);
	assert_true(process_of(model, 31)->matched);
	assert_true(process_of(model, 31)->probably);
	/* Its parent ends and init adopts it. */
	begin(model, "proc", 2);
	tell(model, "process source=proc pid=10 start=5 parent=1:1");
	tell(model, "process source=proc pid=12 start=7 parent=1:1 session=12 group=12");
	end(model, "proc", 2);
	model_tick(model, 2 * SECOND);
	assert_true(process_of(model, 12)->matched);
	filter.pids = NULL;
	filter.pid_count = 0;
	model_set_filter(model, &filter);
	assert_false(process_of(model, 12)->matched);
	model_free(model);
}

static void a_group_is_a_domain_a_name_or_a_command(void **state)
{
	struct model_filter filter = {.group = "web"};
	struct model *model = model_new(0);

	(void)state;
	tell(model, "domain source=segment domain=d1 name=\"web\"");
	tell(model, "process source=segment pid=10 start=5 domain=d1 slot=1 name=\"x\"");
	tell(model, "process source=proc pid=11 start=5 name=\"web\"");
	tell(model, "process source=proc pid=12 start=5 name=\"y\" command=\"/usr/bin/web --port 1\"");
	tell(model, "process source=proc pid=13 start=5 name=\"webber\" command=\"webber\"");
	tell(model, "process source=proc pid=14 start=5 parent=12:5");
	tell(model, "object source=segment id=d1:1.1 kind=lock");
	tell(model, "object source=segment id=d2:1.1 kind=lock");
	model_tick(model, SECOND);
	/* Nothing said: members of domains and what is below them. */
	assert_true(process_of(model, 10)->matched);
	assert_false(process_of(model, 11)->matched);
	model_set_filter(model, &filter);
	for (uint32_t pid = 10; pid <= 14; pid++)
		assert_int_equal(process_of(model, pid)->matched, pid != 13);
	assert_true(model_find_object(model, (struct object_id){0xd1, 1, 1})->matched);
	assert_false(model_find_object(model, (struct object_id){0xd2, 1, 1})->matched);
	model_free(model);
}

/* put = got + queued + lost, for the object and over its rows. */
static void assert_balance(const struct object *object)
{
	uint64_t gives = 0, gets = 0, lost = 0;

	for (const struct use *use = object->first_use; use; use = use->next) {
		gives += use->gives;
		gets += use_gets(use);
		lost += use->lost;
	}
	assert_int_equal(gives, ledger_puts(object));
	assert_int_equal(gets, ledger_gets(object));
	assert_int_equal(lost, ledger_lost(object));
	assert_int_equal(gives, gets + lost + ledger_depth(object));
}

static void the_ledger_adds_up_when_processes_and_rows_go(void **state)
{
	struct model *model = fresh();
	const struct use *use;

	(void)state;
	for (int round = 0; round < 3; round++) {
		uint64_t time = (uint64_t)(round + 1) * SECOND;

		begin(model, "segment", time);
		tell(model, "process source=segment pid=10 start=5 name=\"p\" domain=d1 slot=1%s",
		     round == 2 ? " ended=yes" : "");
		if (round < 2)
			tell(model, "process source=segment pid=11 start=5 name=\"c\" domain=d1 slot=2");
		tell(model, "object source=segment id=d1:1.1 kind=queue gives=23 takes=17 lost=1");
		tell(model, "use source=segment process=10:5 object=d1:1.1 gives=20");
		if (round < 2)
			tell(model, "use source=segment process=11:5 object=d1:1.1 takes=17 lost=1");
		end(model, "segment", time);
		model_tick(model, time);
		assert_balance(object_of(model, 1));
	}
	/* The consumer's row stays, under its name, with its end. */
	use = object_of(model, 1)->first_use;
	assert_string_equal(use->process_name, "p");
	assert_true(use->process_ended);
	assert_string_equal(use->next->process_name, "c");
	assert_true(use->next->process_ended);
	assert_int_equal(use->next->lost, 1);
	assert_true(use_is_rest(use->next->next));
	assert_int_equal(use->next->next->gives, 3);
	assert_null(use->next->next->next);
	/* It is forgotten: its numbers are not. */
	begin(model, "segment", 400 * SECOND);
	tell(model, "process source=segment pid=10 start=5 name=\"p\" domain=d1 slot=1");
	tell(model, "object source=segment id=d1:1.1 kind=queue gives=23 takes=17 lost=1");
	tell(model, "use source=segment process=10:5 object=d1:1.1 gives=20");
	end(model, "segment", 400 * SECOND);
	model_tick(model, 400 * SECOND);
	model_tick(model, 401 * SECOND);
	assert_balance(object_of(model, 1));
	assert_true(use_is_rest(object_of(model, 1)->first_use->next));
	model_free(model);
}

/* Releases are counted for the lock, not for who released it. */
static void the_rows_of_a_lock_are_acquisitions(void **state)
{
	struct model *model = fresh();
	const struct use *use;

	(void)state;
	tell(model, "process source=segment pid=10 start=5 name=\"p\" domain=d1 slot=1");
	tell(model, "object source=segment id=d1:1.1 kind=lock gives=9 takes=10");
	tell(model, "use source=segment process=10:5 object=d1:1.1 takes=7");
	model_tick(model, SECOND);
	use = object_of(model, 1)->first_use;
	assert_int_equal(use_gets(use), 7);
	assert_true(use_is_rest(use->next));
	assert_int_equal(use_gets(use->next), 3);
	assert_int_equal(use->next->gives, 0);
	assert_int_equal(model_rejected(model), 0);
	model_free(model);
}

static void rates_come_from_two_snapshots(void **state)
{
	struct model *model = fresh();
	char buf[256];

	(void)state;
	for (int round = 0; round < 2; round++) {
		uint64_t time = (uint64_t)(round * 2 + 1) * SECOND;

		begin(model, "segment", time);
		tell(model, "process source=proc time=%llu pid=10 start=5 cpu_ns=%d",
		     (unsigned long long)time, round * 500000000);
		tell(model, "object source=segment id=d1:1.1 kind=queue gives=%d takes=%d",
		     round * 30, round * 10);
		tell(model, "use source=segment process=10:5 object=d1:1.1 gives=%d", round * 30);
		end(model, "segment", time);
		model_tick(model, time);
		if (!round) {
			assert_true(isnan(object_of(model, 1)->gives.per_second));
			assert_string_equal(shown(model, ENTITY_PROCESS, "cpu_percent",
						  process_of(model, 10), buf),
					    "-");
		}
	}
	assert_true(object_of(model, 1)->gives.per_second == 15);
	assert_true(object_of(model, 1)->takes.per_second == 5);
	assert_true(object_of(model, 1)->first_use->gives_rate.per_second == 15);
	assert_string_equal(shown(model, ENTITY_PROCESS, "cpu_percent", process_of(model, 10), buf),
			    "25");
	model_free(model);
}

static void the_newest_records_are_kept_in_order_of_time(void **state)
{
	struct model *model = fresh(); /* keeps 8 */

	(void)state;
	for (int i = 0; i < 100; i++)
		tell(model, "record source=segment time=%d process=7:1 op=lock.hold value=%d",
		     1000 + i * 37 % 100, i);
	tell(model, "process source=segment pid=7 start=1 name=\"late\" domain=d1");
	model_tick(model, SECOND);
	assert_int_equal(model_records_seen(model), 100);
	assert_int_equal(model_record_count(model), 8);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(model_record(model, i)->time_ns, 1092 + i);
		assert_string_equal(model_record(model, i)->process_name, "late");
	}
	assert_null(model_record(model, 8));
	model_free(model);
}

static void nonsense_facts_are_counted_and_left_out(void **state)
{
	static const struct fact bad[] = {
		{.type = FACT_NONE, .source = FACT_FROM_PROC},
		{.type = (enum fact_type)99, .source = FACT_FROM_PROC},
		{.type = FACT_PROCESS, .source = FACT_FROM_NONE, .u.process.id.pid = 1},
		{.type = FACT_PROCESS, .source = (enum fact_source)99, .u.process.id.pid = 1},
		{.type = FACT_PROCESS, .source = FACT_FROM_PROC},
		{.type = FACT_DOMAIN, .source = FACT_FROM_SEGMENT},
		{.type = FACT_OBJECT, .source = FACT_FROM_SEGMENT},
		{.type = FACT_THREAD, .source = FACT_FROM_SEGMENT},
		{.type = FACT_USE, .source = FACT_FROM_SEGMENT},
		{.type = FACT_LOSS, .source = FACT_FROM_SEGMENT,
		 .u.loss.cause = FACT_LOSS_CAUSES},
	};
	struct model *model = fresh();

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		model_apply(model, &bad[i]);
		assert_int_equal(model_rejected(model), i + 1);
	}
	model_tick(model, SECOND);
	assert_int_equal(count_processes(model), 0);
	assert_non_null(found(model, "left-out"));
	model_free(model);
}

static void names_without_an_end_are_ended(void **state)
{
	struct fact fact = {.type = FACT_PROCESS, .source = FACT_FROM_SEGMENT};
	struct model *model = fresh();

	(void)state;
	fact.u.process.id.pid = 7;
	memset(fact.u.process.name, 'n', sizeof(fact.u.process.name));
	memset(fact.u.process.command, 'c', sizeof(fact.u.process.command));
	memset(fact.u.process.inside, 'i', sizeof(fact.u.process.inside));
	model_apply(model, &fact);
	model_tick(model, SECOND);
	assert_int_equal(strlen(process_of(model, 7)->fact.name), FACT_NAME_MAX - 1);
	assert_int_equal(strlen(process_of(model, 7)->fact.command), FACT_TEXT_MAX - 1);
	model_free(model);
}

/* In a child whose memory ends soon: 0 when the model stayed whole. */
static int fill_until_memory_ends(struct model *model)
{
	struct fact fact = {.type = FACT_PROCESS, .source = FACT_FROM_PROC};
	unsigned long pages = 0;
	struct rlimit limit;
	FILE *in = fopen("/proc/self/statm", "r");

	if (!in || fscanf(in, "%lu", &pages) != 1)
		return 2;
	fclose(in);
	limit.rlim_cur = limit.rlim_max = pages * 4096 + (8 << 20);
	if (setrlimit(RLIMIT_AS, &limit))
		return 3;
	for (uint32_t pid = 1; pid <= 100000; pid++) {
		fact.u.process.id = (struct process_id){pid, 1};
		model_apply(model, &fact);
		if (pid % 5000 == 0)
			model_tick(model, pid * SECOND);
	}
	if (!model_left_out(model) || model_left_out(model) > 100000)
		return 4;
	for (const struct process *p = NULL; (p = model_next_process(model, p));) {
		if (!p->id.pid)
			return 5;
	}
	model_free(model);
	return 0;
}

static void no_memory_is_counted_and_survived(void **state)
{
	int status = -1;
	pid_t child;

	(void)state;
#ifdef __SANITIZE_ADDRESS__
	skip(); /* the sanitizer needs the address space itself */
#endif
	child = fork();
	assert_true(child >= 0);
	if (!child)
		_exit(fill_until_memory_ends(fresh()));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_model_answers_nothing),
		cmocka_unit_test(a_higher_source_names_it_and_hides_nothing),
		cmocka_unit_test(what_a_program_claims_never_beats_the_kernel),
		cmocka_unit_test(a_reused_pid_is_another_process),
		cmocka_unit_test(proc_decides_who_lives_once_it_has_looked),
		cmocka_unit_test(what_is_not_told_again_vanishes),
		cmocka_unit_test(an_end_without_a_beginning_sweeps_nothing),
		cmocka_unit_test(ended_processes_stay_five_minutes_and_at_most_4096),
		cmocka_unit_test(a_tree_has_no_rings_and_no_younger_parents),
		cmocka_unit_test(a_pid_filter_keeps_descendants_ever_seen),
		cmocka_unit_test(a_group_is_a_domain_a_name_or_a_command),
		cmocka_unit_test(the_ledger_adds_up_when_processes_and_rows_go),
		cmocka_unit_test(the_rows_of_a_lock_are_acquisitions),
		cmocka_unit_test(rates_come_from_two_snapshots),
		cmocka_unit_test(the_newest_records_are_kept_in_order_of_time),
		cmocka_unit_test(nonsense_facts_are_counted_and_left_out),
		cmocka_unit_test(names_without_an_end_are_ended),
		cmocka_unit_test(no_memory_is_counted_and_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
