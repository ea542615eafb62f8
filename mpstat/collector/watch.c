/* SPDX-License-Identifier: BSD-2-Clause */
/* watch.c - see watch.h. */
#include "mpstat/collector/watch.h"

#include "mpstat/collector/discover.h"
#include "mpstat/util/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define SEARCH_AGAIN_NS 10000000000ull

/* Asked in each refresh, as the limit may be changed while we run (prlimit). */
static size_t most_domains(void)
{
	struct rlimit limit;
	size_t left = WATCH_DESCRIPTORS_LEFT;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= WATCH_DOMAINS + left)
		return WATCH_DOMAINS;
	return limit.rlim_cur > 2 * left ? (size_t)limit.rlim_cur - left :
					   (size_t)limit.rlim_cur / 2;
}

static bool is_full(const struct watch *watch)
{
	return HASH_COUNT(watch->domains) >= watch->most;
}

static struct watched *find(struct watch *watch, const uint8_t id[16])
{
	struct watched *w;

	HASH_FIND(hh, watch->domains, id, sizeof(w->id), w);
	return w;
}

/* Takes over fd, or closes it when there is no room. */
static struct watched *add(struct watch *watch, const uint8_t id[16], int fd)
{
	struct watched *w = NULL;

	if (!is_full(watch))
		w = calloc(1, sizeof(*w));
	if (!w) {
		watch->too_many++;
		close(fd);
		return NULL;
	}
	memcpy(w->id, id, sizeof(w->id));
	w->fd = fd;
	w->staying = true;
	HASH_ADD(hh, watch->domains, id, sizeof(w->id), w);
	if (!w->hh.tbl) {
		watch->too_many++;
		close(fd);
		free(w);
		return NULL;
	}
	return w;
}

static void drop(struct watch *watch, struct watched *w)
{
	HASH_DEL(watch->domains, w);
	claims_free(&w->claims);
	cursors_free(&w->cursors);
	close(w->fd);
	free(w);
}

/* ---- announced ------------------------------------------------------------ */

static void fail(struct watch *watch, const struct announced *first, const struct err *err)
{
	struct watch_failure *f;

	if (watch->failures.count == WATCH_FAILURES) {
		watch->failures.left_out++;
		return;
	}
	f = &watch->failures.items[watch->failures.count++];
	memcpy(f->id, first->domain, sizeof(f->id));
	f->denied = err->code == -EACCES || err->code == -EPERM;
	snprintf(f->text, sizeof(f->text), "domain announced by process %u: %.340s", first->pid,
		 err->text);
}

static void open_announced(struct watch *watch, const struct announced *members, size_t count)
{
	struct err err = { 0 };
	uint32_t pid = 0;
	struct watched *w;
	int fd;

	if (is_full(watch)) {
		watch->too_many++;
		return;
	}
	fd = discover_domain(watch->proc, members, count, &pid, &err);
	if (fd < 0) {
		fail(watch, members, &err);
		return;
	}
	w = add(watch, members[0].domain, fd);
	if (w)
		w->pid = pid;
}

/* Tries the unknown domains from `resume` on, all around the list. */
static void open_unknown(struct watch *watch)
{
	const struct announced_list *list = &watch->announced;
	size_t start = announced_from(list, watch->resume), done = 0, attempts = 0, count;
	const struct announced *first;

	for (; done < list->count && attempts < WATCH_ATTEMPTS; done += count) {
		first = &list->items[(start + done) % list->count];
		count = announced_members(list, first->domain, &first);
		if (find(watch, first->domain))
			continue;
		open_announced(watch, first, count);
		attempts++;
	}
	if (done < list->count)
		memcpy(watch->resume, list->items[(start + done) % list->count].domain,
		       sizeof(watch->resume));
}

static void mark_known(struct watch *watch)
{
	struct watched *w;

	for (w = watch->domains; w; w = w->hh.next) {
		w->announced_count = announced_members(&watch->announced, w->id, &w->announced);
		if (!w->announced_count)
			continue;
		w->staying = true;
		w->searched = false;
	}
}

/* Who ended between the list and our look is no failure. */
static int forget_ended(struct watch *watch, struct err *err)
{
	const struct announced *first;
	size_t kept = 0;
	int rc;

	watch->missing = false;
	if (watch->failures.count == 0)
		return 0;
	rc = announced_read(watch->proc, &watch->announced, err);
	for (size_t i = 0; rc == 0 && i < watch->failures.count; i++) {
		const struct watch_failure *f = &watch->failures.items[i];

		if (!announced_members(&watch->announced, f->id, &first))
			continue;
		watch->missing = watch->missing || !f->denied;
		watch->failures.items[kept++] = *f;
	}
	watch->failures.count = kept;
	return rc;
}

/* Says what could not be opened and was not found elsewhere either. */
static void note_failures(struct watch *watch, struct notes *notes)
{
	for (size_t i = 0; i < watch->failures.count; i++)
		if (!find(watch, watch->failures.items[i].id))
			notes_add(notes, "%s", watch->failures.items[i].text);
	if (watch->failures.left_out)
		notes_add(notes, "%zu more announced domains cannot be opened",
			  watch->failures.left_out);
}

/* ---- by search --------------------------------------------------------------- */

static bool adopt(void *arg, const struct discover_found *what)
{
	struct watch *watch = arg;
	const uint8_t *id = what->segment->header.domain_id;
	struct watched *w = find(watch, id);

	if (w) {
		close(what->fd);
		return true;
	}
	w = add(watch, id, what->fd);
	if (w) {
		w->pid = what->pid;
		w->searched = true;
	}
	return true;
}

static void search(struct watch *watch, uint64_t now_ns, struct notes *notes)
{
	uint64_t *due = watch->missing ? &watch->everywhere_ns : &watch->search_ns;
	size_t left_out;

	if (now_ns < *due)
		return;
	*due = now_ns + SEARCH_AGAIN_NS;
	left_out = discover_search(watch->proc, watch->missing, adopt, watch);
	if (left_out)
		notes_add(notes, "%zu more descriptors look like segments and were not looked at",
			  left_out);
}

/* ---- kept files ----------------------------------------------------------------- */

static size_t count_files(const struct watch *watch)
{
	size_t n = 0;

	for (const struct watched *w = watch->domains; w; w = w->hh.next)
		n += w->path != NULL;
	return n;
}

static bool is_open(const struct watch *watch, const char *path)
{
	for (const struct watched *w = watch->domains; w; w = w->hh.next)
		if (w->path == path)
			return true;
	return false;
}

static void open_file(struct watch *watch, const char *path, struct notes *notes)
{
	struct err err = { 0 };
	struct segment segment;
	char name[NOTE_TEXT / 2];
	struct watched *w;
	int fd = discover_file(path, &err);

	if (fd >= 0 && segment_load(&segment, fd, &err) != SEG_OK) {
		close(fd);
		fd = -1;
	}
	if (fd < 0) {
		text_clean(name, sizeof(name), path, strlen(path));
		notes_add(notes, "%s %s", name, err.text);
		return;
	}
	/* Also read as a living domain, or named twice: once is enough. */
	w = find(watch, segment.header.domain_id);
	if (w)
		close(fd);
	else
		w = add(watch, segment.header.domain_id, fd);
	if (w && !w->path)
		w->path = path;
}

/* When there is no room for more, files are not even looked at: there may be many. */
static void refresh_files(struct watch *watch, struct notes *notes)
{
	size_t count = watch->options->file_count, open = 0;

	for (size_t i = 0; i < count; i++) {
		if (is_open(watch, watch->options->files[i])) {
			open++;
			continue;
		}
		if (is_full(watch)) {
			/* Those not yet passed are open already. */
			watch->too_many += count - i - (count_files(watch) - open);
			return;
		}
		open_file(watch, watch->options->files[i], notes);
		open += is_open(watch, watch->options->files[i]);
	}
}

/* ---- all of it --------------------------------------------------------------------- */

static int refresh_living(struct watch *watch, uint64_t now_ns, struct notes *notes,
			  struct err *err)
{
	int rc = announced_read(watch->proc, &watch->announced, err);

	watch->failures.count = watch->failures.left_out = 0;
	open_unknown(watch);
	if (rc == 0)
		rc = forget_ended(watch, err);
	search(watch, now_ns, notes);
	mark_known(watch);
	note_failures(watch, notes);
	if (watch->announced.left_out)
		notes_add(notes, "%zu announcements of members were left out beyond %u",
			  watch->announced.left_out, ANNOUNCED_MAX);
	return rc;
}

int watch_refresh(struct watch *watch, uint64_t now_ns, struct notes *notes, struct err *err)
{
	struct watched *w;
	int rc = 0;

	watch->most = most_domains();
	watch->too_many = 0;
	for (w = watch->domains; w; w = w->hh.next) {
		w->staying = w->path != NULL || w->searched;
		w->announced_count = 0;
	}
	if (!watch->options->only_files)
		rc = refresh_living(watch, now_ns, notes, err);
	refresh_files(watch, notes);
	for (w = watch->domains; w; w = w->hh.next)
		w->published = announced_is_published(&watch->announced, w->id);
	if (watch->too_many)
		notes_add(notes, "%zu domains are left out: %zu are read at most%s",
			  watch->too_many, watch->most,
			  watch->most < WATCH_DOMAINS ? " with so few descriptors (ulimit -n)" : "");
	return rc;
}

void watch_expire(struct watch *watch)
{
	struct watched *w, *next;

	HASH_ITER(hh, watch->domains, w, next)
		if (!w->staying || (w->searched && !w->path && w->claims.alive == 0))
			drop(watch, w);
}

void watch_free(struct watch *watch)
{
	struct watched *w, *next;

	HASH_ITER(hh, watch->domains, w, next)
		drop(watch, w);
	announced_free(&watch->announced);
}
