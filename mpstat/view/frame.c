/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frame.c - what surrounds a page: header, tabs, key bar.
 *
 * Owns: the numbers of the header and its layout.  Does not own: keys' rows
 * (actions.c, screens), which are only read here.
 */
#include "mpstat/model/finding.h"
#include "mpstat/util/fmt.h"
#include "mpstat/util/text.h"
#include "mpstat/view/lives.h"
#include "mpstat/view/view_state.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define BAR_KEYS_MAX 24
#define SOURCE_LINES 2	 /* sources that see nothing, told in the header */
#define ROOMY_LINES 16	 /* with fewer, the header is cut to the essential */

static void count_processes(const struct model *model, struct summary *summary)
{
	const struct process *process = NULL;

	while ((process = model_next_process(model, process))) {
		if (!process->matched || process->fact.ended)
			continue;
		summary->processes++;
		summary->zombies += lives_zombie(process);
		summary->orphans += process->orphan && !lives_zombie(process);
		summary->waiting += process->verdict == VERDICT_WAITING;
		summary->stuck += process->verdict == VERDICT_STUCK;
	}
}

static void count_objects(const struct model *model, struct summary *summary)
{
	const struct object *object = NULL;
	uint64_t domain = 0;

	/* in the order of identity: all of a domain come together */
	while ((object = model_next_object(model, object))) {
		if (!object->matched)
			continue;
		summary->objects++;
		summary->domains += object->id.domain != domain;
		domain = object->id.domain;
	}
}

/* Detectors are listed from deadlock down: an earlier one is graver. */
static bool graver(const struct finding *a, const struct finding *b)
{
	if (!b || a->severity != b->severity)
		return !b || a->severity == SEVERITY_PROBLEM;
	for (size_t i = 0; detectors[i] && a->detector != b->detector; i++) {
		if (detectors[i] == a->detector)
			return true;
		if (detectors[i] == b->detector)
			return false;
	}
	return false; /* the same detector: the one told first */
}

static void count_findings(const struct model *model, struct summary *summary)
{
	for (size_t i = 0; i < model_finding_count(model); i++) {
		const struct finding *finding = model_finding(model, i);
		bool problem = finding->severity == SEVERITY_PROBLEM;

		if (graver(finding, summary->first))
			summary->first = finding;
		summary->problems += problem;
		summary->notes += !problem;
	}
}

void frame_summary(struct view *view)
{
	const struct model *model = view->config.model;

	view->summary = (struct summary){.first = NULL};
	count_processes(model, &view->summary);
	count_objects(model, &view->summary);
	count_findings(model, &view->summary);
	for (int cause = 0; cause < FACT_LOSS_CAUSES; cause++)
		view->summary.lost += model_lost(model, (enum fact_loss_cause)cause);
}

/* Text from the right end; returns the column it begins in. */
static int draw_right(struct canvas *canvas, int right, int y, enum style style, const char *text)
{
	int x = right - canvas_measure(canvas, text);

	canvas_text(canvas, x, y, style, text);
	return x;
}

static void draw_name(const struct view *view, struct canvas *canvas, int y)
{
	time_t now = view->config.clock ? view->config.clock() : time(NULL);
	int width = canvas_columns(canvas), right = width, x;
	char text[64];
	struct tm tm;

	if (localtime_r(&now, &tm) && strftime(text, sizeof(text), "%H:%M:%S", &tm))
		right = draw_right(canvas, width, y, STYLE_PLAIN, text);
	snprintf(text, sizeof(text), "every %gs  ", view->delay_s);
	right = draw_right(canvas, right, y, STYLE_FAINT, text);
	if (view->paused)
		right = draw_right(canvas, right, y, STYLE_WAITING, "PAUSED (Z)  ");
	x = canvas_printf(canvas, 0, y, STYLE_STRONG, "%s  ",
			  view->config.program ? view->config.program : "mpstat");
	if (right - x > 1)
		canvas_cell(canvas, (struct rect){x, y, right - x - 1, 1}, STYLE_PLAIN,
			    view->config.scope ? view->config.scope : "", CANVAS_LEFT);
}

/* " (3 zombies, 1 orphan)" */
static int draw_lives(const struct summary *now, struct canvas *canvas, int x, int y)
{
	const char *before = " (";
	int begin = x;

	if (now->zombies) {
		x += canvas_printf(canvas, x, y, STYLE_WAITING, "%s%zu zombie%s", before,
				   now->zombies, now->zombies == 1 ? "" : "s");
		before = ", ";
	}
	if (now->orphans)
		x += canvas_printf(canvas, x, y, STYLE_PLAIN, "%s%zu orphan%s", before,
				   now->orphans, now->orphans == 1 ? "" : "s");
	if (x > begin)
		x += canvas_text(canvas, x, y, STYLE_PLAIN, ")");
	return x - begin;
}

/* "Processes 7 (1 zombie), 2 waiting, 2 stuck" and so on; what is zero is not said. */
static void draw_numbers(const struct view *view, struct canvas *canvas, int y)
{
	const struct summary *now = &view->summary;
	char number[FMT_MAX], lost[FMT_MAX + 32] = "", domains[48] = "";
	int x = 0;

	if (now->lost)
		snprintf(lost, sizeof(lost), "   %s records lost",
			 fmt_count(number, sizeof(number), now->lost));
	if (now->domains)
		snprintf(domains, sizeof(domains), " in %zu domain%s", now->domains,
			 now->domains == 1 ? "" : "s");
	x += canvas_printf(canvas, x, y, STYLE_PLAIN, "Processes %zu", now->processes);
	x += draw_lives(now, canvas, x, y);
	if (now->waiting)
		x += canvas_printf(canvas, x, y, STYLE_WAITING, ", %zu waiting", now->waiting);
	if (now->stuck)
		x += canvas_printf(canvas, x, y, STYLE_BAD, ", %zu stuck", now->stuck);
	x += canvas_printf(canvas, x, y, STYLE_PLAIN, "   Objects %zu", now->objects);
	if (x + (int)(strlen(domains) + strlen(lost)) <= canvas_columns(canvas))
		x += canvas_text(canvas, x, y, STYLE_PLAIN, domains);
	canvas_text(canvas, x, y, STYLE_WAITING, lost);
}

static void draw_verdict(const struct view *view, struct canvas *canvas, int y)
{
	const struct summary *now = &view->summary;
	size_t count = now->problems ? now->problems : now->notes;
	int width = canvas_columns(canvas), x;

	if (!now->first) {
		canvas_text(canvas, 0, y, STYLE_GOOD, "No problem found");
		return;
	}
	x = canvas_printf(canvas, 0, y, now->problems ? STYLE_BAD : STYLE_WAITING, "%zu %s%s: ",
			  count, now->problems ? "problem" : "note", count == 1 ? "" : "s");
	canvas_cell(canvas, (struct rect){x, y, width - x, 1},
		    now->problems ? STYLE_BAD : STYLE_WAITING, now->first->sentence, CANVAS_LEFT);
}

/* Sources that see nothing; returns lines used. */
static int draw_sources(const struct view *view, struct canvas *canvas, int y)
{
	int width = canvas_columns(canvas), told = 0, more = 0;
	char text[FACT_TEXT_MAX + 32];

	for (int i = FACT_FROM_NONE + 1; i < FACT_SOURCES; i++) {
		const struct fact_source_state *source =
			model_source(view->config.model, (enum fact_source)i);

		if (!source || source->ok || !source->name[0])
			continue;
		if (told == SOURCE_LINES) {
			more++;
			continue;
		}
		snprintf(text, sizeof(text), "%s: %s", source->name, source->text);
		/* most users may not look into the kernel: nothing to worry about */
		canvas_cell(canvas, (struct rect){0, y + told++, width, 1},
			    i == FACT_FROM_KERNEL ? STYLE_FAINT : STYLE_WAITING, text, CANVAS_LEFT);
	}
	if (more) {
		snprintf(text, sizeof(text), " (%d more: doctor)", more);
		draw_right(canvas, width, y + told - 1, STYLE_WAITING, text);
	}
	return told;
}

static int draw_tab(const struct view *view, struct canvas *canvas, size_t tab, struct rect at,
		    bool narrow)
{
	const struct screen *screen = view->tab_screens[tab];
	bool here = tab == view->tab;
	enum style style = here ? STYLE_TAB_HERE : STYLE_TAB;
	int x = at.x;

	x += canvas_printf(canvas, x, at.y, style, " %c", screen->key);
	if (here || !narrow)
		x += canvas_printf(canvas, x, at.y, style, " %s", screen->title);
	return x + canvas_text(canvas, x, at.y, style, " ");
}

/* Without room for all names, and for what a detail is about, the other tabs show
 * only their digits. */
static bool is_narrow(const struct view *view, const struct canvas *canvas, const char *title)
{
	int room = canvas_columns(canvas) - (title[0] ? canvas_measure(canvas, title) : 0);

	for (size_t i = 0; i < view->tab_count; i++)
		room -= 4 + canvas_measure(canvas, view->tab_screens[i]->title);
	return room < 0;
}

static void draw_tabs(const struct view *view, struct canvas *canvas, int y)
{
	const struct page *page = view_page(view);
	int width = canvas_columns(canvas), x = 0;
	const char *filter = page && page->table ? table_filter_text(page->table) : "";
	char text[FACT_NAME_MAX + 32], title[sizeof(page->title) + 8] = "";
	bool narrow;

	if (view->detail_count && page)
		snprintf(title, sizeof(title), " \u2192 %s ", page->title);
	narrow = is_narrow(view, canvas, title);
	for (size_t i = 0; i < view->tab_count; i++)
		x = draw_tab(view, canvas, i, (struct rect){x, y, width, 1}, narrow);
	x += canvas_text(canvas, x, y, STYLE_STRONG, title);
	if (filter[0]) {
		snprintf(text, sizeof(text), " filter: %s ", filter);
		draw_right(canvas, width, y, STYLE_LABEL, text);
	} else if (view->detail_count && x + 10 <= width) {
		draw_right(canvas, width, y, STYLE_FAINT, "Esc: back");
	}
}

int frame_header(const struct view *view, struct canvas *canvas)
{
	bool roomy = canvas->height >= ROOMY_LINES;
	int y = 0;

	draw_name(view, canvas, y++);
	if (roomy)
		draw_numbers(view, canvas, y++);
	draw_verdict(view, canvas, y++);
	if (roomy)
		y += draw_sources(view, canvas, y);
	draw_tabs(view, canvas, y++);
	return y;
}

struct bar {
	const struct key *keys[BAR_KEYS_MAX];
	size_t count;
};

static int label_width(const struct key *key)
{
	char name[KEY_NAME_MAX];

	return (int)(strlen(keys_name(key->codes[0], name)) + strlen(key->label));
}

static void add_key(struct bar *bar, const struct key *key)
{
	if (key->label && bar->count < BAR_KEYS_MAX)
		bar->keys[bar->count++] = key;
}

/* The first common key, the screen's own, the other common ones. */
static void collect_keys(const struct key *own, struct bar *bar)
{
	add_key(bar, &actions[0]);
	for (; own && own->press; own++)
		add_key(bar, own);
	for (const struct key *key = &actions[1]; key->press; key++)
		add_key(bar, key);
}

/* Removes keys before the last, which leaves the program, until they fit. */
static void fit_keys(struct bar *bar, int width)
{
	int total = -1;

	for (size_t i = 0; i < bar->count; i++)
		total += label_width(bar->keys[i]) + 1;
	while (total > width && bar->count > 1) {
		total -= label_width(bar->keys[bar->count - 2]) + 1;
		bar->keys[bar->count - 2] = bar->keys[bar->count - 1];
		bar->count--;
	}
}

static void draw_keys(const struct key *own, struct canvas *canvas, int y)
{
	struct bar bar = {.count = 0};
	char name[KEY_NAME_MAX];
	int x = 0;

	collect_keys(own, &bar);
	fit_keys(&bar, canvas_columns(canvas));
	for (size_t i = 0; i < bar.count; i++) {
		x += canvas_text(canvas, x, y, STYLE_KEY, keys_name(bar.keys[i]->codes[0], name));
		x += canvas_text(canvas, x, y, STYLE_LABEL, bar.keys[i]->label) + 1;
	}
}

void frame_footer(const struct view *view, struct canvas *canvas, int y)
{
	const struct page *page = view_page(view);
	int width = canvas_columns(canvas);

	if (view->prompt.active) {
		prompt_draw(&view->prompt, canvas, y);
	} else if (view->status[0]) {
		canvas_cell(canvas, (struct rect){0, y, width, 1}, view->status_style, view->status,
			    CANVAS_LEFT);
	} else {
		draw_keys(page ? page->screen->keys : NULL, canvas, y);
	}
}
