/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_value.c - variables that processes do share.
 *
 *	def f(n, a):
 *	    n.value = 3.1415927
 *	    for i in range(len(a)):
 *	        a[i] = -a[i]
 *
 *	num = Value('d', 0.0)
 *	arr = Array('i', range(10))
 *	p = Process(target=f, args=(num, arr)); p.start(); p.join()
 *	print(num.value); print(arr[:])
 *
 *	def count(c):
 *	    for i in range(1000):
 *	        with c.get_lock():
 *	            c.value += 1           # without the lock: less than 4000 in the end
 *
 * Here: 'd' is f64, 'i' is i32, 'q' is i64.  A load and a store take the lock by themselves;
 * what is more than one of them is done with the lock held, or is mpt_value_add.
 *
 * It prints:
 *
 *	3.1415927
 *	0 -1 -2 -3 -4 -5 -6 -7 -8 -9
 *	counted to 4000
 *	counted to 8000
 *	element 10 of 10: out of range
 */
#include "tutorial.h"

static struct mpt_value *num, *counter;
static struct mpt_array *arr;

static int f(void *arg)
{
	int32_t x;

	(void)arg;
	must(mpt_value_store_f64(num, 3.1415927));
	for (size_t i = 0; i < (size_t)mpt_array_length(arr); i++) {
		must(mpt_array_get_i32(arr, i, &x));
		must(mpt_array_set_i32(arr, i, -x));
	}
	return 0;
}

static void print_both(void)
{
	int32_t all[10];
	double x;

	must(mpt_value_load_f64(num, &x));
	say("%.7f", x);
	must(mpt_array_read(arr, 0, 10, all, MPT_FOREVER)); /* arr[:] */
	for (int i = 0; i < 10; i++)
		printf("%s%d", i ? " " : "", all[i]);
	say("%s", "");
}

static int count(void *arg)
{
	(void)arg;
	for (int i = 0; i < 1000; i++)
		MPT_WITH_VALUE (counter) {
			int64_t *at = mpt_value_at(counter);

			*at = *at + 1;
		}
	return 0;
}

static int count_by_add(void *arg)
{
	(void)arg;
	for (int i = 0; i < 1000; i++)
		must(mpt_value_add_i64(counter, 1));
	return 0;
}

static void count_in_four(mpt_process_main *how)
{
	struct mpt_process *processes[4];
	int64_t n;

	for (int i = 0; i < 4; i++)
		processes[i] = begin(NULL, how, NULL);
	for (int i = 0; i < 4; i++)
		must(end(processes[i]));
	must(mpt_value_load_i64(counter, &n));
	say("counted to %d", (int)n);
}

int main(void)
{
	const int32_t range[10] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };

	must(mpt_value_create_f64(&num, "num", 0.0));
	must(mpt_value_create_i64(&counter, "counter", 0));
	must(mpt_array_create_i32(&arr, "arr", 10, range));
	must(end(begin("f", f, NULL)));
	print_both();
	count_in_four(count);
	count_in_four(count_by_add);
	if (mpt_array_set_i32(arr, 10, 0) == -ERANGE) /* IndexError */
		say("element 10 of 10: out of range");
	mpt_value_destroy(num);
	mpt_value_destroy(counter);
	mpt_array_destroy(arr);
	return 0;
}
