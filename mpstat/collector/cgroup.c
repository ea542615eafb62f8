/* SPDX-License-Identifier: BSD-2-Clause */
/* cgroup.c - see cgroup.h. */
#include "mpstat/collector/cgroup.h"

#include "mpstat/util/text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PATH_BYTES 4096
#define HEX_ID 64
#define HEX_SHOWN 12

/* ---- which line --------------------------------------------------------------- */

struct line {
	const char *controllers, *path;
	size_t controllers_size, path_size;
};

static const char *find(const char *text, const char *end, char c)
{
	return text < end ? memchr(text, c, (size_t)(end - text)) : NULL;
}

/* "4:memory,cpu:/a/b": *at moves behind it.  False: no more. */
static bool next_line(const char **at, const char *end, struct line *out)
{
	const char *begin = *at, *stop = find(begin, end, '\n'), *first, *second;

	if (!stop)
		return false;
	*at = stop + 1;
	memset(out, 0, sizeof(*out));
	first = find(begin, stop, ':');
	second = first ? find(first + 1, stop, ':') : NULL;
	if (!second)
		return true;
	out->controllers = first + 1;
	out->controllers_size = (size_t)(second - first - 1);
	out->path = second + 1;
	out->path_size = (size_t)(stop - second - 1);
	return true;
}

static bool has_controller(const struct line *line, const char *name)
{
	const char *at = line->controllers, *end = at + line->controllers_size, *stop;

	if (*name == '\0')
		return line->controllers_size == 0;
	for (; at < end; at = stop + 1) {
		stop = find(at, end, ',');
		if (!stop)
			stop = end;
		if ((size_t)(stop - at) == strlen(name) && memcmp(at, name, strlen(name)) == 0)
			return true;
	}
	return false;
}

/* The unified hierarchy, else the one of systemd, else the controllers that every
 * runtime uses, else the longest path. */
static unsigned worth(const struct line *line)
{
	static const char *const best[] = { "", "name=systemd", "pids", "memory" };
	const unsigned count = sizeof(best) / sizeof(best[0]);

	if (line->path_size < 2)
		return 0; /* the root */
	for (unsigned i = 0; i < count; i++)
		if (has_controller(line, best[i]))
			return count + 1 - i;
	return 1;
}

static struct line choose(const char *text, size_t size)
{
	const char *at = text, *end = text + size;
	struct line best = { 0 }, line;

	while (next_line(&at, end, &line)) {
		unsigned a = worth(&line), b = worth(&best);

		if (a > b || (a == b && line.path_size > best.path_size))
			best = line;
	}
	return best;
}

/* ---- containers --------------------------------------------------------------- */

enum id { HEX, NAME };

/* One component of the path; the first row that fits decides. */
static const struct {
	const char *label;
	const char *parent; /* the component above, with its slash, begins with it */
	const char *begins, *ends;
	enum id id;
} forms[] = {
	{ "docker", "", "docker-", ".scope", HEX },
	{ "podman", "", "libpod-", ".scope", HEX },
	{ "podman", "", "libpod-payload-", "", HEX },
	{ "podman", "", "libpod-", "", HEX },
	{ "containerd", "", "cri-containerd-", ".scope", HEX },
	{ "nerdctl", "", "nerdctl-", ".scope", HEX },
	{ "crio", "", "crio-", ".scope", HEX },
	{ "crio", "", "crio-", "", HEX },
	{ "docker", "docker/", "", "", HEX },
	{ "pod", "pod", "", "", HEX },	   /* /kubepods/burstable/podUID/ID */
	{ "pod", "kubepods", "", "", HEX }, /* /kubepods-besteffort-podUID.slice/ID */
	{ "lxc", "", "lxc.payload.", "", NAME },
	{ "lxc", "lxc/", "", "", NAME },
	{ "lxc", "lxc.payload/", "", "", NAME },
	{ "nspawn", "machine.slice/", "systemd-nspawn@", ".service", NAME },
	{ "machine", "machine.slice/", "machine-", ".scope", NAME },
	{ "container", "", "", "", HEX }, /* nobody else has such names */
};

struct part {
	const char *text;
	size_t size;
};

static bool begins(struct part part, const char *with)
{
	return part.size >= strlen(with) && memcmp(part.text, with, strlen(with)) == 0;
}

static bool is_hex(struct part part)
{
	if (part.size != HEX_ID)
		return false;
	for (size_t i = 0; i < part.size; i++)
		if (!isxdigit((unsigned char)part.text[i]))
			return false;
	return true;
}

static bool fits(size_t form, struct part parent, struct part part, struct part *id)
{
	size_t first = strlen(forms[form].begins), last = strlen(forms[form].ends);

	parent.size += parent.size > 0; /* its slash */
	if (!begins(parent, forms[form].parent) || !begins(part, forms[form].begins) ||
	    part.size <= first + last)
		return false;
	id->text = part.text + first;
	id->size = part.size - first - last;
	if (memcmp(id->text + id->size, forms[form].ends, last) != 0)
		return false;
	return forms[form].id == NAME || is_hex(*id);
}

static bool name_container(struct part parent, struct part part, char out[FACT_CONTAINER_MAX])
{
	char whole[FACT_CONTAINER_MAX + PATH_BYTES];
	struct part id;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (fits(i, parent, part, &id)) {
			if (forms[i].id == HEX)
				id.size = HEX_SHOWN;
			snprintf(whole, sizeof(whole), "%s %.*s", forms[i].label, (int)id.size,
				 id.text);
			text_copy(out, FACT_CONTAINER_MAX, whole);
			return true;
		}
	return false;
}

/* The component that ends at `end`. */
static struct part part_before(const char *path, const char *end)
{
	const char *begin = end;

	while (begin > path && begin[-1] != '/')
		begin--;
	return (struct part){ begin, (size_t)(end - begin) };
}

/* The innermost: what is in a container may have containers. */
static void find_container(const char *path, char out[FACT_CONTAINER_MAX])
{
	struct part part = part_before(path, path + strlen(path)), parent;

	out[0] = '\0';
	for (;; part = parent) {
		bool top = part.text == path;

		parent = top ? (struct part){ path, 0 } : part_before(path, part.text - 1);
		if (name_container(parent, part, out) || top)
			return;
	}
}

/* ---- both --------------------------------------------------------------------- */

static void keep_end(char *out, size_t size, const char *path)
{
	size_t length = strlen(path);

	if (length < size) {
		memcpy(out, path, length + 1);
		return;
	}
	path += length - (size - 4);
	while (((unsigned char)*path & 0xc0) == 0x80)
		path++; /* not in the middle of a character */
	snprintf(out, size, "...%s", path);
}

void cgroup_parse(const char *text, size_t size, struct cgroup *out)
{
	struct line line = choose(text, size);
	char path[PATH_BYTES];

	memset(out, 0, sizeof(*out));
	if (line.path_size < 2)
		return;
	text_clean(path, sizeof(path), line.path, line.path_size);
	keep_end(out->path, sizeof(out->path), path);
	find_container(path, out->container);
}
