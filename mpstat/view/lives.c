/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lives.c - see lives.h.
 */
#include "mpstat/model/words.h"
#include "mpstat/util/fmt.h"
#include "mpstat/view/lives.h"

bool lives_zombie(const struct process *process)
{
	return process->fact.state == 'Z' && !process->fact.ended && !process_lives(process);
}

bool lives_ended_badly(const struct process *process)
{
	int32_t code = process->death.exit_code;

	if (!process->fact.ended && !lives_zombie(process))
		return false;
	return code != 0 && code != FACT_EXIT_UNKNOWN;
}

static void add_somebody(struct sentence *out, struct process_id id, const char *name)
{
	if (name[0])
		sentence_add(out, "%s (%s%u)", name, out->brief ? "" : "pid ", id.pid);
	else
		sentence_add(out, "pid %u", id.pid);
}

/* ---- in a column ------------------------------------------------------- */

static void add_ago(struct sentence *out, const struct model *model, uint64_t since_ns,
		    const char *before)
{
	char age[FMT_MAX];

	if (since_ns && since_ns != FACT_UNKNOWN)
		sentence_add(out, "%s%s ago", before,
			     fmt_ns(age, sizeof(age), words_age(model, since_ns)));
}

static void add_parent(struct sentence *out, const struct process *process)
{
	if (process->parent)
		add_somebody(out, process->parent->id, process->parent->fact.name);
	else if (process->fact.parent.pid)
		add_somebody(out, process->fact.parent, "");
	else
		sentence_add(out, "its parent");
}

void lives_zombie_brief(struct sentence *out, const struct model *model,
			const struct process *process)
{
	out->brief = true;
	add_parent(out, process);
	sentence_add(out, " has not waited");
	sentence_add(out, ": ");
	words_cause(out, &process->death);
	add_ago(out, model, process->fact.ended_ns, ", ");
}

void lives_orphan_brief(struct sentence *out, const struct process *process)
{
	out->brief = true;
	sentence_add(out, "orphan");
	if (!process->first_parent.pid)
		return;
	sentence_add(out, " of ");
	add_somebody(out, process->first_parent, process->first_parent_name);
}

void lives_end(struct sentence *out, const struct model *model, const struct process *process)
{
	sentence_add(out, "ended");
	add_ago(out, model, process->fact.ended_ns, " ");
	sentence_add(out, ", ");
	words_cause(out, &process->death);
}

/* ---- on its page ------------------------------------------------------- */

static void tell_birth(struct pane *pane, const struct model *model,
		       const struct process *process)
{
	char text[FACT_TEXT_MAX] = "";
	struct sentence out = sentence_begin(text, sizeof(text));

	add_ago(&out, model, process->fact.started_ns, "");
	if (process->first_parent.pid && process->born_seen)
		sentence_add(&out, "%s", out.used ? ", by " : "by ");
	else if (process->first_parent.pid)
		sentence_add(&out, "%s", out.used ? ", parent when first seen: "
						  : "parent when first seen: ");
	if (process->first_parent.pid)
		add_somebody(&out, process->first_parent, process->first_parent_name);
	else if (out.used)
		sentence_add(&out, ", first parent unknown");
	if (out.used)
		pane_pair(pane, "Born", STYLE_PLAIN, "%s", text);
}

static void tell_orphanhood(struct pane *pane, const struct model *model,
			    const struct process *process)
{
	char text[2 * FACT_TEXT_MAX];
	struct sentence out = sentence_begin(text, sizeof(text));

	if (!process->orphan && !process->probably_orphan)
		return;
	sentence_add(&out, "%s", process->orphan ? "its parent " : "probably");
	if (process->orphan && process->first_parent.pid)
		add_somebody(&out, process->first_parent, process->first_parent_name);
	if (process->orphan) {
		sentence_add(&out, " ");
		words_death(&out, &process->parent_death);
	}
	add_ago(&out, model, process->orphaned_ns, ", ");
	pane_pair(pane, "Orphaned", STYLE_PLAIN, "%s", text);
	if (!process->fact.parent.pid)
		return;
	out = sentence_begin(text, sizeof(text));
	add_parent(&out, process);
	pane_pair(pane, "Adopted by", STYLE_PLAIN, "%s%s", text,
		  process->parent && process->parent->fact.subreaper
			  ? ", which adopts the orphans below it"
			  : "");
}

static void tell_end(struct pane *pane, const struct model *model, const struct process *process)
{
	char text[2 * FACT_TEXT_MAX];
	struct sentence out = sentence_begin(text, sizeof(text));

	if (!process->fact.ended && !lives_zombie(process))
		return;
	words_cause(&out, &process->death);
	add_ago(&out, model, process->fact.ended_ns, ", ");
	pane_pair(pane, lives_zombie(process) ? "Zombie" : "Ended",
		  lives_ended_badly(process) ? STYLE_BAD : STYLE_PLAIN, "%s", text);
}

static void tell_surroundings(struct pane *pane, const struct process *process)
{
	const struct fact_process *fact = &process->fact;

	if (fact->container[0])
		pane_pair(pane, "Container", STYLE_PLAIN, "%s", fact->container);
	if (fact->cgroup[0])
		pane_pair(pane, "Control group", STYLE_PLAIN, "%s", fact->cgroup);
	if (fact->inner_pid && fact->inner_pid != process->id.pid)
		pane_pair(pane, "Pid inside", STYLE_PLAIN, "%u, in its own pid namespace",
			  fact->inner_pid);
	if (fact->ignores_children)
		pane_pair(pane, "Children", STYLE_PLAIN,
			  "SIGCHLD is ignored: they leave no zombies and no exit codes");
	if (fact->subreaper)
		pane_pair(pane, "Subreaper", STYLE_PLAIN, "adopts the orphans below it");
}

void lives_tell(struct pane *pane, const struct model *model, const struct process *process)
{
	pane_section(pane, "Life");
	tell_birth(pane, model, process);
	tell_orphanhood(pane, model, process);
	tell_end(pane, model, process);
	tell_surroundings(pane, process);
}
