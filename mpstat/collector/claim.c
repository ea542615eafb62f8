/* SPDX-License-Identifier: BSD-2-Clause */
/* claim.c - see claim.h. */
#include "mpstat/collector/claim.h"

#include "mpstat/collector/discover.h"
#include "mpstat/collector/proc.h"
#include "mpstat/util/vec.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define SEARCH_AGAIN_NS 10000000000ull

/* ---- members of other pid namespaces -------------------------------------- */

/* Such a member knows only its number in there; its start time is the same
 * everywhere, so that is what it is found by. */
static bool is_foreign(const struct claim_context *c, const struct mpt_wire_process *p)
{
	return c->pidns && p->pidns_inode && p->pidns_inode != c->pidns && p->pid == p->inner_pid;
}

/* The innermost number of a process: the last of the line NSpid. */
static uint32_t inner_pid(int proc, uint32_t pid)
{
	char text[4096], *line, *end;
	uint32_t inner = 0;

	if (proc_read(proc, pid, "status", text, sizeof(text)) <= 0)
		return 0;
	line = strstr(text, "\nNSpid:");
	if (!line)
		return 0;
	for (line += 7; *line && *line != '\n'; line = end) {
		unsigned long n = strtoul(line, &end, 10);

		if (end == line)
			break;
		inner = (uint32_t)n;
	}
	return inner;
}

static void match_foreign(struct claims *claims, const struct claim_context *c,
			  const struct proc_stat *stat)
{
	uint32_t inner = 0;

	for (size_t i = 0; i < claims->count; i++) {
		struct claim *claim = &claims->items[i];

		if (claim->pid || claim->claimed_start != stat->start ||
		    !is_foreign(c, &c->snapshot->processes[i]))
			continue;
		inner = inner ? inner : inner_pid(c->proc, stat->pid);
		if (inner == claim->claimed_pid)
			claim->pid = stat->pid;
	}
}

static void search_foreign(struct claims *claims, const struct claim_context *c)
{
	int fd = openat(c->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct proc_stat stat;
	struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		uint32_t pid = proc_pid_of(entry->d_name);

		if (pid && proc_stat_read(c->proc, pid, &stat) == 0)
			match_foreign(claims, c, &stat);
	}
	closedir(dir);
}

/* Not to be seen from here: we have only its word.  But it must not pass for a
 * process of ours that happens to have the number. */
static enum claim_verdict judge_unseen(const struct claim_context *c,
				       const struct mpt_wire_process *p)
{
	struct proc_stat stat;

	if (p->state == MPT_SLOT_ENDED || p->state == MPT_SLOT_DEAD)
		return CLAIM_GONE;
	if (proc_stat_read(c->proc, p->pid, &stat) == 0 && stat.start == p->start_ticks)
		return CLAIM_FORGED;
	return CLAIM_ALIVE;
}

/* ---- judging one slot ------------------------------------------------------ */

static void forget(struct claim *claim, const struct claim_context *c,
		   const struct mpt_wire_process *p)
{
	memset(claim, 0, sizeof(*claim));
	claim->generation = p->generation;
	claim->claimed_pid = p->pid;
	claim->claimed_start = p->start_ticks;
	claim->pid = is_foreign(c, p) ? 0 : p->pid;
	claim->start = p->start_ticks;
	claim->uid = p->uid;
}

/* A process of another user may be a member (it changed its user, or is root), but
 * then it has the segment open. */
static bool is_member(const struct claim *claim, const struct claim_context *c)
{
	const struct segment *s = c->segment;

	if (claim->uid == s->uid || s->uid == 0)
		return true;
	return discover_holds(c->proc, claim->pid, s->device, s->inode) > 0;
}

static enum claim_verdict judge_seen(struct claim *claim, const struct claim_context *c)
{
	struct proc_stat stat;
	uint32_t uid;

	if (proc_stat_read(c->proc, claim->pid, &stat) < 0 || stat.state == 'Z' ||
	    stat.state == 'X')
		return CLAIM_GONE;
	if (claim->claimed_start && stat.start != claim->claimed_start)
		return CLAIM_GONE;
	claim->start = stat.start;
	if (claim->known)
		return CLAIM_ALIVE;
	if (proc_uid(c->proc, claim->pid, &uid) < 0)
		return CLAIM_GONE;
	claim->uid = uid;
	claim->known = true;
	return is_member(claim, c) ? CLAIM_ALIVE : CLAIM_FORGED;
}

static int by_pid(const void *key, const void *element)
{
	const uint32_t *pid = key;
	const struct announced *a = element;

	return *pid < a->pid ? -1 : *pid > a->pid;
}

/* Nothing has happened to a process of our namespace that was found alive and still
 * announces itself. */
static bool still_announced(const struct claim *claim, const struct claim_context *c)
{
	return claim->known && claim->pid == claim->claimed_pid && c->announced_count &&
	       bsearch(&claim->pid, c->announced, c->announced_count, sizeof(*c->announced),
		       by_pid);
}

static enum claim_verdict look(struct claim *claim, const struct claim_context *c,
			       const struct mpt_wire_process *p, bool closely)
{
	if (claim->pid == 0)
		return judge_unseen(c, p);
	if (claim->verdict == CLAIM_ALIVE && !closely && still_announced(claim, c))
		return CLAIM_ALIVE;
	return judge_seen(claim, c);
}

static void judge(struct claim *claim, const struct claim_context *c,
		  const struct mpt_wire_process *p, bool closely)
{
	bool same = claim->generation == p->generation && claim->claimed_pid == p->pid &&
		    claim->claimed_start == p->start_ticks;

	if (!same)
		forget(claim, c, p);
	if (p->state == MPT_SLOT_FREE || p->state > MPT_SLOT_DEAD || p->pid == 0)
		claim->verdict = CLAIM_NONE;
	else if (!c->same_boot)
		claim->verdict = CLAIM_GONE;
	/* A dead process does not come back, and a forger stays one. */
	else if (!same || claim->verdict == CLAIM_ALIVE || claim->verdict == CLAIM_NONE)
		claim->verdict = look(claim, c, p, closely);
}

static bool unresolved(const struct claims *claims, const struct claim_context *c)
{
	for (size_t i = 0; i < claims->count; i++)
		if (claims->items[i].verdict == CLAIM_ALIVE && claims->items[i].pid == 0 &&
		    is_foreign(c, &c->snapshot->processes[i]))
			return true;
	return false;
}

static void judge_all(struct claims *claims, const struct claim_context *c)
{
	claims->alive = claims->forged = 0;
	for (size_t i = 0; i < claims->count; i++) {
		judge(&claims->items[i], c, &c->snapshot->processes[i],
		      i - claims->turn < CLAIM_TURN);
		claims->alive += claims->items[i].verdict == CLAIM_ALIVE;
		claims->forged += claims->items[i].verdict == CLAIM_FORGED;
	}
}

int claims_check(struct claims *claims, const struct claim_context *c)
{
	size_t count = c->snapshot->process_count;
	int rc = VEC_RESERVE(claims, count);

	if (rc < 0)
		return rc;
	if (count > claims->count)
		memset(claims->items + claims->count, 0,
		       (count - claims->count) * sizeof(*claims->items));
	claims->count = count;
	claims->turn = claims->turn + CLAIM_TURN < count ? claims->turn + CLAIM_TURN : 0;
	judge_all(claims, c);
	if (unresolved(claims, c) && c->now_ns >= claims->search_ns) {
		claims->search_ns = c->now_ns + SEARCH_AGAIN_NS;
		search_foreign(claims, c);
		judge_all(claims, c);
	}
	return 0;
}

void claims_free(struct claims *claims)
{
	free(claims->items);
	memset(claims, 0, sizeof(*claims));
}
