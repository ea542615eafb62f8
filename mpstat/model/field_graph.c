/* SPDX-License-Identifier: BSD-2-Clause */
/* field_graph.c - values of the wait graph.  See field_graph.h. */
#include "mpstat/model/field_graph.h"

#include "mpstat/model/kind.h"
#include "mpstat/model/ledger.h"
#include "mpstat/model/store.h"

#include <stdio.h>

struct value v_node_id(const struct model *m, uint32_t node)
{
	snprintf(m->scratch, MODEL_SCRATCH, "n%u", node);
	return v_text(m->scratch);
}

struct value v_node_name(const struct graph_node *n)
{
	if (n->process)
		return v_name(n->process->fact.name);
	if (n->object)
		return v_name(n->object->fact.name);
	return n->domain ? v_name(n->domain->fact.name) : v_none();
}

struct value v_node_verdict(const struct graph_node *n)
{
	return n->lives ? v_verdict(n->verdict) : v_text("ended");
}

struct value v_node_depth(const struct graph_node *n)
{
	if (!n->object || !kind_has(n->object->fact.kind, MPT_T_DEPTH))
		return v_none();
	return v_u64(ledger_depth(n->object));
}

struct value v_line_words(const struct model *m, const struct graph_line *l)
{
	struct sentence out = sentence_begin(m->scratch, MODEL_SCRATCH);

	out.brief = true;
	graph_line_words(&out, l);
	return v_text(m->scratch);
}

const struct thread *node_waiter(const struct graph_node *n)
{
	return n->thread && n->verdict != VERDICT_FINE ? n->thread : NULL;
}

const struct thread *line_waiter(const struct graph_line *l)
{
	const struct thread *thread = graph_line_thread(l);

	return thread && thread->verdict != VERDICT_FINE ? thread : NULL;
}
