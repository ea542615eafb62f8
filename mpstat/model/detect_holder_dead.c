/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * detect_holder_dead.c - locks whose holder has ended.
 *
 * A dead process's lock is taken over by the next acquire, so this is a note;
 * a problem when somebody has waited long and it did not happen.  A thread that
 * ended in a living process is not taken over: somebody must release for it.
 */
#include "mpstat/model/detect.h"

#include <ctype.h>
#include <stdio.h>

/* The library looks at least once a second. */
#define OVERDUE_NS 10000000000ull

/* Threads blocked for ever on the object; evidence for each. */
static uint64_t list_waiters(const struct model *model, const struct object *object,
			     struct finding *finding)
{
	uint64_t oldest = 0;

	for (const struct process *process = NULL;
	     (process = model_next_process(model, process));) {
		for (const struct thread *at = process->first_thread; at; at = at->next) {
			if (at->wait_object != object || !process_lives(process))
				continue;
			detect_thread(finding, model, at);
			if (!oldest || at->fact.wait_since_ns < oldest)
				oldest = at->fact.wait_since_ns;
		}
	}
	return oldest;
}

static void say(struct finding *finding, const struct object *object)
{
	struct sentence out = sentence_begin(finding->sentence, sizeof(finding->sentence));
	const struct thread *owner = object->owner;
	bool dead = !process_lives(owner->process);

	words_object(&out, object);
	finding->sentence[0] = (char)toupper((unsigned char)finding->sentence[0]);
	sentence_add(&out, " is held by ");
	if (dead)
		words_process(&out, owner->process);
	else
		words_thread(&out, owner);
	sentence_add(&out, dead ? ", which is dead" : ", a thread that has ended");
	if (object->take_waiters)
		sentence_add(&out, "; %u thread%s wait%s for it", object->take_waiters,
			     detect_plural(object->take_waiters),
			     object->take_waiters == 1 ? "s" : "");
}

/* Has the takeover been due for long, since the death and since somebody waits? */
static bool is_overdue(const struct model *model, const struct process *owner, uint64_t waiting)
{
	uint64_t due = owner->fact.ended_ns > waiting ? owner->fact.ended_ns : waiting;

	/* When a zombie died is not known. */
	return owner->fact.ended && words_age(model, due) > OVERDUE_NS;
}

static const char *advice(bool dead, enum severity severity)
{
	if (!dead)
		return "Nobody takes it over while the process lives: release it from another "
		       "thread, and look for a path that leaves without releasing.";
	if (severity == SEVERITY_PROBLEM)
		return "A waiter should have taken it over within a second: are the waiters "
		       "stopped (state T)?";
	return "The next acquire takes it over and returns MPT_RECOVERED; check what the lock "
	       "protects.";
}

static void add_finding(const struct model *model, const struct object *object,
			struct findings *out)
{
	struct finding *finding = findings_add(out, &detect_holder_dead);
	bool dead = !process_lives(object->owner->process);
	uint64_t waiting;

	if (!finding)
		return;
	say(finding, object);
	detect_process(finding, object->owner->process->id);
	detect_object(finding, object->id);
	finding->since_ns = object->fact.owner_since_ns;
	waiting = object->take_waiters ? list_waiters(model, object, finding) : 0;
	if (waiting && (!dead || is_overdue(model, object->owner->process, waiting)))
		finding->severity = SEVERITY_PROBLEM;
	snprintf(finding->advice, sizeof(finding->advice), "%s", advice(dead, finding->severity));
}

/* ---- outside of any domain: nobody takes over ------------------------------ */

static void say_lost(struct finding *finding, const struct object *object)
{
	struct sentence out = sentence_begin(finding->sentence, sizeof(finding->sentence));
	const struct fact_object *fact = &object->fact;

	words_object(&out, object);
	finding->sentence[0] = (char)toupper((unsigned char)finding->sentence[0]);
	if (fact->owner_state == FACT_OWNER_INHERITED)
		sentence_add(&out, " was held by thread %u of pid %u when that forked: here it is "
				   "locked for ever",
			     fact->owner_tid, fact->owner_process.pid);
	else
		sentence_add(&out, " is held by thread %u, which has ended", fact->owner_tid);
	sentence_add(&out, "; %u thread%s wait%s for it", object->take_waiters,
		     detect_plural(object->take_waiters), object->take_waiters == 1 ? "s" : "");
}

static void add_lost(const struct model *model, const struct object *object,
		     struct findings *out)
{
	struct finding *finding = findings_add(out, &detect_holder_dead);

	if (!finding)
		return;
	finding->severity = SEVERITY_PROBLEM;
	say_lost(finding, object);
	detect_object(finding, object->id);
	finding->since_ns = list_waiters(model, object, finding);
	snprintf(finding->advice, sizeof(finding->advice), "%s",
		 object->fact.owner_state == FACT_OWNER_INHERITED
			 ? "Only the thread that called fork() is copied. Do not fork while other "
			   "threads hold locks, or take and release them around it "
			   "(pthread_atfork)."
			 : "Nobody will release it. Use a robust mutex "
			   "(PTHREAD_MUTEX_ROBUST), and handle EOWNERDEAD.");
}

static bool is_lost(const struct object *object)
{
	return !object->id.domain && object->fact.held && object->matched &&
	       object->fact.owner_state != FACT_OWNER_LIVES &&
	       object->verdict == VERDICT_STUCK;
}

static void check(const struct model *model, struct findings *out)
{
	for (const struct object *at = NULL; (at = model_next_object(model, at));) {
		const struct thread *owner = at->owner;

		if (is_lost(at))
			add_lost(model, at, out);
		if (owner && at->matched && (owner->fact.ended || !process_lives(owner->process)))
			add_finding(model, at, out);
	}
}

const struct detector detect_holder_dead = {
	.name = "holder-dead",
	.help = "locks whose holder has ended without releasing them",
	.check = check,
};
