/* SPDX-License-Identifier: BSD-2-Clause */
/* watch.c - see watch.h. */
#include "mpstat/collector/watch.h"

#include "mpstat/collector/discover.h"
#include "mpstat/util/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEARCH_AGAIN_NS 10000000000ull

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

	if (HASH_COUNT(watch->domains) < WATCH_DOMAINS)
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

/* NULL: it cannot be had. */
static struct watched *open_announced(struct watch *watch, const struct announced *members,
				      size_t count, struct notes *notes)
{
	struct err err = { 0 };
	uint32_t pid = 0;
	struct watched *w;
	int fd;

	if (HASH_COUNT(watch->domains) >= WATCH_DOMAINS) {
		watch->too_many++;
		return NULL;
	}
	fd = discover_domain(watch->proc, members, count, &pid, &err);
	if (fd < 0) {
		if (notes)
			notes_add(notes, "domain announced by process %u: %s", members[0].pid,
				  err.text);
		/* No right is no reason to search: nobody else can be asked. */
		if (err.code != -EACCES && err.code != -EPERM)
			watch->missing = true;
		return NULL;
	}
	w = add(watch, members[0].domain, fd);
	if (w)
		w->pid = pid;
	return w;
}

/* notes may be NULL: nothing is said then. */
static void refresh_announced(struct watch *watch, struct notes *notes)
{
	const struct announced_list *list = &watch->announced;
	struct watched *w;
	size_t end;

	for (size_t i = 0; i < list->count; i = end) {
		const struct announced *first = &list->items[i];

		for (end = i + 1; end < list->count; end++)
			if (memcmp(list->items[end].domain, first->domain, 16) != 0)
				break;
		w = find(watch, first->domain);
		if (!w)
			w = open_announced(watch, first, end - i, notes);
		if (!w)
			continue;
		w->staying = true;
		w->searched = false;
		w->announced = first;
		w->announced_count = end - i;
	}
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

static void refresh_files(struct watch *watch, struct notes *notes)
{
	for (size_t i = 0; i < watch->options->file_count; i++)
		if (!is_open(watch, watch->options->files[i]))
			open_file(watch, watch->options->files[i], notes);
}

/* ---- all of it --------------------------------------------------------------------- */

static int refresh_living(struct watch *watch, uint64_t now_ns, struct notes *notes,
			  struct err *err)
{
	int rc = announced_read(watch->proc, &watch->announced, err);

	watch->missing = false;
	refresh_announced(watch, NULL);
	search(watch, now_ns, notes);
	watch->too_many = 0;
	refresh_announced(watch, notes);
	if (watch->announced.left_out)
		notes_add(notes, "%zu announcements of members were left out beyond %u",
			  watch->announced.left_out, ANNOUNCED_MAX);
	return rc;
}

int watch_refresh(struct watch *watch, uint64_t now_ns, struct notes *notes, struct err *err)
{
	struct watched *w;
	int rc = 0;

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
		notes_add(notes, "%zu domains are left out: %u are read at most",
			  watch->too_many, WATCH_DOMAINS);
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
