/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signals.c - the dialog that sends a signal: choose, confirm, say what happened.
 *
 * Owns: whom the dialog is about, fixed when it is opened, so that a refresh
 * in between cannot change the target.  Does not own: sending
 * (view_config.signal_process).
 */
#include "mpstat/util/text.h"
#include "mpstat/view/view_state.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIGNALS_LAST 31 /* without the real-time ones */

/* Signal numbers have gaps on some machines: the menu holds those with a name. */
static int signal_at(size_t index)
{
	for (int number = 1; number <= SIGNALS_LAST; number++)
		if (sigabbrev_np(number) && index-- == 0)
			return number;
	return 0;
}

static const char *name_of(const struct view *view, struct process_id id, char *name, size_t size)
{
	const struct process *process = model_find_pid(view->config.model, id.pid);

	if (process && process->id.start == id.start && process->fact.name[0])
		snprintf(name, size, "%s (pid %u)", process->fact.name, id.pid);
	else
		snprintf(name, size, "pid %u", id.pid);
	return name;
}

static void send(struct view *view, const char *text)
{
	size_t sent = 0;
	char failed[120] = "", name[FACT_NAME_MAX + 32];
	const char *word = sigabbrev_np(view->signal);

	(void)text;
	for (size_t i = 0; i < view->target_count; i++) {
		int ret = view->config.signal_process(view->config.arg, view->targets[i],
						      view->signal);

		if (ret == 0)
			sent++;
		else if (!failed[0])
			snprintf(failed, sizeof(failed), "%s: %s",
				 name_of(view, view->targets[i], name, sizeof(name)),
				 ret == -ESRCH ? "has ended already" : strerror(-ret));
	}
	if (failed[0])
		view_say(view, STYLE_BAD, "SIG%s sent to %zu of %zu; %s", word, sent,
			 view->target_count, failed);
	else
		view_say(view, STYLE_GOOD, "SIG%s sent to %s", word, view->target_name);
	view->refresh_now = true;
}

static void cancelled(struct view *view)
{
	view_say(view, STYLE_PLAIN, "No signal sent.");
}

static void chosen(struct view *view, size_t index)
{
	view->signal = signal_at(index);
	view->prompt = (struct prompt){
		.active = true, .question = true, .accepted = send, .cancelled = cancelled};
	snprintf(view->prompt.label, sizeof(view->prompt.label),
		 "Send SIG%s to %s? y: send, any other key: no ", sigabbrev_np(view->signal),
		 view->target_name);
}

static void add_target(struct view *view, struct process_id id)
{
	if (id.pid)
		view->targets[view->target_count++] = id;
}

/* A row that stands for several is no target: nobody could tell who gets it. */
static bool wants_folded(const struct page *page)
{
	const struct table *table = page->table;

	if (!table)
		return false;
	if (!table_tags(table))
		return table_selected_folded(table);
	for (size_t i = 0; i < table_count(table); i++)
		if (table_tagged(table, i) && table_folded(table, i))
			return true;
	return false;
}

/* Tagged rows, else the selected one, else what the page is about. */
static bool find_targets(struct view *view, const struct page *page)
{
	const struct screen *screen = page->screen;
	size_t rows = page->table ? table_count(page->table) : 0;
	size_t tags = page->table ? table_tags(page->table) : 0;

	free(view->targets);
	view->target_count = 0;
	view->targets = calloc(tags ? tags : 1, sizeof(*view->targets));
	if (!view->targets || !screen->process)
		return false;
	for (size_t i = 0; tags && i < rows; i++)
		if (table_tagged(page->table, i))
			add_target(view, screen->process(page, view, table_row(page->table, i)));
	if (!tags)
		add_target(view, screen->process(page, view,
						 page->table ? table_selected(page->table) : NULL));
	return view->target_count > 0;
}

/* There are processes here: those chosen have ended, or nothing is. */
static void say_none(struct view *view, const struct page *page)
{
	bool some = page->screen->process && (!page->table || table_selected(page->table) ||
					      table_tags(page->table));

	view_say(view, STYLE_WAITING, "%s",
		 some ? "It has ended: nobody is there to get a signal." :
			"Select a process first (screen 1).");
}

void signals_ask(struct view *view, struct page *page)
{
	char label[MENU_LABEL_MAX];
	int number;

	if (view->config.readonly || !view->config.signal_process) {
		view_say(view, STYLE_WAITING, "Read-only: signals are switched off.");
		return;
	}
	if (wants_folded(page)) {
		view_say(view, STYLE_WAITING,
			 "A folded row is several processes: f unfolds them, then choose.");
		return;
	}
	if (!find_targets(view, page)) {
		say_none(view, page);
		return;
	}
	if (view->target_count == 1)
		name_of(view, view->targets[0], view->target_name, sizeof(view->target_name));
	else
		snprintf(view->target_name, sizeof(view->target_name), "%zu tagged processes",
			 view->target_count);
	menu_open(&view->menu, "Send signal", chosen);
	for (size_t i = 0; (number = signal_at(i)); i++) {
		snprintf(label, sizeof(label), "%2d SIG%s", number, sigabbrev_np(number));
		menu_add(&view->menu, label);
		if (number == SIGTERM)
			view->menu.selected = i;
	}
	view_say(view, STYLE_LABEL, "Signal for %s   Enter: choose   Esc: cancel",
		 view->target_name);
}
