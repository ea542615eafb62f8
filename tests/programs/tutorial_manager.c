/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_manager.c - a dict and a list that processes share.
 *
 *	def f(d, l):
 *	    d[1] = '1'
 *	    d['2'] = 2
 *	    d['nothing'] = None
 *	    l.reverse()
 *
 *	with Manager() as manager:
 *	    d = manager.dict()
 *	    l = manager.list(range(10))
 *	    p = Process(target=f, args=(d, l)); p.start(); p.join()
 *	    print(d)
 *	    print(l)
 *
 *	d['count'] += 1        # two steps: a read and a write, and one may get lost
 *
 * Here: there is no server process; each process works on the shared memory itself.  Keys
 * are whole numbers or bytes.  mpt_dict_add is one step.
 *
 * It prints:
 *
 *	1: '1'
 *	'2': 2
 *	'nothing': None
 *	[9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
 *	no such key: 1
 *	counted to 400
 */
#include "tutorial.h"

static struct mpt_dict *d;
static struct mpt_list *l;

static int f(void *arg)
{
	(void)arg;
	must(mpt_dict_set(d, mpt_i64(1), mpt_text("1")));
	must(mpt_dict_set(d, mpt_text("2"), mpt_i64(2)));
	must(mpt_dict_set(d, mpt_text("nothing"), mpt_none()));
	return must(mpt_list_reverse(l));
}

static int count(void *arg)
{
	(void)arg;
	for (int i = 0; i < 100; i++)
		must(mpt_dict_add(d, mpt_text("count"), 1, NULL));
	return 0;
}

static void print_item(const struct mpt_item *item)
{
	if (item->type == MPT_ITEM_I64)
		printf("%d", (int)item->i64);
	else if (item->type == MPT_ITEM_BYTES)
		printf("'%.*s'", (int)item->bytes.size, (const char *)item->bytes.data);
	else if (item->type == MPT_ITEM_NONE)
		printf("None");
}

static void print_dict(void)
{
	struct mpt_dict_iter iter = mpt_dict_iterate(d);
	struct mpt_item key, value;
	char buffer[100];

	while (mpt_dict_next(&iter, &key, &value, buffer, sizeof(buffer)) == 0) {
		print_item(&key);
		printf(": ");
		print_item(&value);
		say("%s", "");
	}
}

static void print_list(void)
{
	struct mpt_list_iter iter = mpt_list_iterate(l);
	const char *between = "";
	struct mpt_item item;

	printf("[");
	for (; mpt_list_next(&iter, &item, NULL, 0) == 0; between = ", ") {
		printf("%s", between);
		print_item(&item);
	}
	say("]");
}

static void count_in_four(void)
{
	struct mpt_process *processes[4];
	struct mpt_item value;

	for (int i = 0; i < 4; i++)
		processes[i] = begin(NULL, count, NULL);
	for (int i = 0; i < 4; i++)
		must(end(processes[i]));
	must(mpt_dict_get(d, mpt_text("count"), &value, NULL, 0));
	say("counted to %d", (int)value.i64);
}

int main(void)
{
	struct mpt_manager *manager;
	struct mpt_item value;

	must(mpt_manager_create(&manager, NULL));
	must(mpt_dict_create(&d, manager, NULL));
	must(mpt_list_create(&l, manager, NULL));
	for (int i = 0; i < 10; i++)
		must(mpt_list_append(l, mpt_i64(i)));
	must(end(begin("f", f, NULL)));
	print_dict();
	print_list();
	say("no such key: %d", mpt_dict_get(d, mpt_i64(7), &value, NULL, 0) == -ENOENT);
	count_in_four();
	mpt_dict_destroy(d);
	mpt_list_destroy(l);
	mpt_manager_destroy(manager);
	return 0;
}
