/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cgroup.h - where a process is accounted, and in which container it runs.
 *
 * Owns: which line of /proc/PID/cgroup tells most, the forms of path by which
 * container runtimes are known.  Does not own: reading the file.
 *
 * Paths are the observed side's: hostile.  What is given out is clean text.
 */
#ifndef MPSTAT_COLLECTOR_CGROUP_H
#define MPSTAT_COLLECTOR_CGROUP_H

#include "mpstat/model/fact.h"

#include <stddef.h>

struct cgroup {
	char path[FACT_CGROUP_MAX];	    /* "" the root; a long one: "..." and its end */
	char container[FACT_CONTAINER_MAX]; /* "docker 1f2e3d4c5b6a"; "" none known */
};

/* From the text of /proc/PID/cgroup (cgroups(7)); a line without its end is left out. */
void cgroup_parse(const char *text, size_t size, struct cgroup *out);

#endif
