/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_shared_memory.c - a block of memory that is found by its name.
 *
 *	shm_a = SharedMemory(name="picture", create=True, size=10)
 *	shm_a.buf[:4] = b"abcd"
 *
 *	def other():
 *	    shm_b = SharedMemory("picture")    # attach
 *	    print(bytes(shm_b.buf[:4]))
 *	    shm_b.buf[0] = ord("X")
 *	    shm_b.close()
 *
 *	shm_a.close(); shm_a.unlink()          # or it stays until the machine restarts
 *
 * Here: the name belongs to the domain, not to /dev/shm, and the memory goes with the last
 * process that has it; unlink frees the name earlier.  The size is what was asked for.
 *
 * It prints:
 *
 *	10 bytes
 *	other: abcd
 *	main: Xbcd
 *	the name is taken: exists
 *	after unlink nobody attaches: no such name
 *	who has it keeps it: Xbcd
 */
#include "tutorial.h"
#include <string.h>

static int other(void *arg)
{
	struct mpt_memory *memory;
	char *bytes;

	(void)arg;
	must(mpt_memory_attach(&memory, "picture"));
	bytes = mpt_memory_data(memory);
	say("other: %.4s", bytes);
	bytes[0] = 'X';
	must(mpt_memory_close(memory));
	mpt_memory_destroy(memory);
	return 0;
}

int main(void)
{
	struct mpt_memory *memory, *second;

	must(mpt_memory_create(&memory, "picture", 10));
	say("%zd bytes", mpt_memory_size(memory));
	memcpy(mpt_memory_data(memory), "abcd", 4);
	must(end(begin("other", other, NULL)));
	say("main: %.4s", (char *)mpt_memory_data(memory));

	if (mpt_memory_create(&second, "picture", 10) == -EEXIST)
		say("the name is taken: exists");
	must(mpt_memory_unlink(memory));
	if (mpt_memory_attach(&second, "picture") == -ENOENT)
		say("after unlink nobody attaches: no such name");
	say("who has it keeps it: %.4s", (char *)mpt_memory_data(memory));
	mpt_memory_destroy(memory);
	return 0;
}
