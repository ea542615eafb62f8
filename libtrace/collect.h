/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * collect.h - freeing the containers that nobody can reach.
 *
 * Reachable is the dict of names, what living processes have handles on, and what is
 * referred to by what is reachable; so rings of containers go, too.
 */
#ifndef MPT_COLLECT_H
#define MPT_COLLECT_H

#include "libtrace/turn.h"

/* With the lock, between changes.  Returns how many, counting pins of the dead. */
int collect(struct turn *turn);

#endif
