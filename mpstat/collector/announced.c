/* SPDX-License-Identifier: BSD-2-Clause */
/* announced.c - see announced.h. */
#include "mpstat/collector/announced.h"

#include "mpstat/util/vec.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "@mptrace.1/"
#define NAME_PREFIX "@mptrace.name/"
#define CHUNK 65536

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 2 * size hex digits and a slash. */
static bool parse_id(const char **at, const char *end, uint8_t *id, ptrdiff_t size)
{
	const char *p = *at;

	if (end - p < 2 * size + 1 || p[2 * size] != '/')
		return false;
	for (ptrdiff_t i = 0; i < size; i++, p += 2) {
		int high = hex_digit(p[0]), low = hex_digit(p[1]);

		if (high < 0 || low < 0)
			return false;
		id[i] = (uint8_t)(high << 4 | low);
	}
	*at = p + 1;
	return true;
}

/* A decimal number up to 2^31 - 1 without leading zeros; false: none, or more. */
static bool parse_int(const char **at, const char *end, uint32_t *out)
{
	const char *p = *at;
	uint64_t n = 0;

	if (p == end || (*p == '0' && end - p > 1 && p[1] != '/'))
		return false;
	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		n = n * 10 + (uint64_t)(*p - '0');
		if (n > INT32_MAX)
			return false;
	}
	if (p == *at)
		return false;
	*at = p;
	*out = (uint32_t)n;
	return true;
}

/* What follows `prefix` in the name, the eighth column and the only one that may
 * hold a '@'; NULL: another name. */
static const char *after_prefix(const char *line, size_t size, const char *prefix)
{
	const char *p = memchr(line, '@', size);
	size_t n = strlen(prefix);

	if (!p || p == line || p[-1] != ' ' || size - (size_t)(p - line) < n ||
	    memcmp(p, prefix, n) != 0)
		return NULL;
	return p + n;
}

/* "<pid>/<fd>" up to the end. */
static bool parse_member(const char *p, const char *end, uint32_t *pid, uint32_t *fd)
{
	return parse_int(&p, end, pid) && *pid && p < end && *p++ == '/' &&
	       parse_int(&p, end, fd) && p == end;
}

bool announced_parse(const char *line, size_t size, struct announced *out)
{
	const char *end = line + size, *p = after_prefix(line, size, PREFIX);
	uint32_t fd;

	if (!p || !parse_id(&p, end, out->domain, sizeof(out->domain)) ||
	    !parse_member(p, end, &out->pid, &fd))
		return false;
	out->fd = (int)fd;
	return true;
}

/* The name in front has no slash, but may hold anything else. */
bool announced_parse_published(const char *line, size_t size, struct published *out)
{
	const char *end = line + size, *p = after_prefix(line, size, NAME_PREFIX);
	uint32_t pid, fd;

	if (p)
		p = memchr(p, '/', (size_t)(end - p));
	if (!p)
		return false;
	p++;
	return parse_id(&p, end, out->domain, sizeof(out->domain)) &&
	       parse_member(p, end, &pid, &fd);
}

static int add_published(struct announced_list *list, const struct published *p)
{
	if (list->published.count == ANNOUNCED_MAX) {
		list->left_out++;
		return 0;
	}
	if (VEC_RESERVE(&list->published, list->published.count + 1) < 0)
		return -ENOMEM;
	list->published.items[list->published.count++] = *p;
	return 0;
}

static int add_line(struct announced_list *list, const char *line, size_t size)
{
	struct announced member;
	struct published published;

	if (announced_parse_published(line, size, &published))
		return add_published(list, &published);
	if (!announced_parse(line, size, &member))
		return 0;
	if (list->count == ANNOUNCED_MAX) {
		list->left_out++;
		return 0;
	}
	if (VEC_RESERVE(list, list->count + 1) < 0)
		return -ENOMEM;
	list->items[list->count++] = member;
	return 0;
}

/* Takes the whole lines out of buf; returns how many bytes of the last, incomplete
 * one remain at its start, or a negative errno. */
static ssize_t take_lines(struct announced_list *list, char *buf, size_t size)
{
	char *line = buf, *end;

	while ((end = memchr(line, '\n', size - (size_t)(line - buf))) != NULL) {
		if (add_line(list, line, (size_t)(end - line)) < 0)
			return -ENOMEM;
		line = end + 1;
	}
	size -= (size_t)(line - buf);
	memmove(buf, line, size);
	/* No line of the kernel's is that long: it is not what we look for. */
	return size == CHUNK ? 0 : (ssize_t)size;
}

static int read_lines(int fd, struct announced_list *list)
{
	char *buf = malloc(CHUNK);
	ssize_t kept = 0, n = buf ? 1 : -1;

	errno = ENOMEM;
	while (n > 0 && kept >= 0) {
		n = read(fd, buf + kept, CHUNK - (size_t)kept);
		if (n > 0)
			kept = take_lines(list, buf, (size_t)(kept + n));
	}
	if (n == 0 && kept > 0 && add_line(list, buf, (size_t)kept) < 0)
		kept = -ENOMEM;
	n = n < 0 ? -errno : kept < 0 ? kept : 0;
	free(buf);
	return (int)n;
}

static int compare(const void *a, const void *b)
{
	const struct announced *x = a, *y = b;
	int order = memcmp(x->domain, y->domain, sizeof(x->domain));

	if (order)
		return order;
	return x->pid != y->pid ? (x->pid < y->pid ? -1 : 1) : x->fd - y->fd;
}

static int compare_published(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct published));
}

int announced_read(int proc, struct announced_list *list, struct err *err)
{
	int fd = openat(proc, "net/unix", O_RDONLY | O_CLOEXEC), rc;

	list->count = list->published.count = list->left_out = 0;
	rc = fd < 0 ? -errno : read_lines(fd, list);
	if (fd >= 0)
		close(fd);
	if (rc < 0) {
		list->count = list->published.count = 0;
		return err_set(err, rc,
			       "the list of sockets (net/unix in /proc) cannot be read: %s; "
			       "programs of libmptrace are found through it",
			       strerror(-rc));
	}
	if (list->count > 1)
		qsort(list->items, list->count, sizeof(*list->items), compare);
	if (list->published.count > 1)
		qsort(list->published.items, list->published.count,
		      sizeof(*list->published.items), compare_published);
	return 0;
}

size_t announced_from(const struct announced_list *list, const uint8_t domain[16])
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(list->items[middle].domain, domain, 16) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t announced_members(const struct announced_list *list, const uint8_t domain[16],
			 const struct announced **first)
{
	size_t start = announced_from(list, domain), end = start;

	while (end < list->count && memcmp(list->items[end].domain, domain, 16) == 0)
		end++;
	*first = end > start ? &list->items[start] : NULL;
	return end - start;
}

bool announced_is_published(const struct announced_list *list, const uint8_t domain[16])
{
	struct published key;

	memcpy(key.domain, domain, sizeof(key.domain));
	return list->published.count &&
	       bsearch(&key, list->published.items, list->published.count, sizeof(key),
		       compare_published);
}

void announced_free(struct announced_list *list)
{
	free(list->items);
	free(list->published.items);
	memset(list, 0, sizeof(*list));
}
