# SPDX-License-Identifier: BSD-2-Clause
"""python_queue.py - multiprocessing.Queue in the setting of queue.c."""
import multiprocessing as mp
import os
import signal
import time


def producer(q):
    message = b"x" * 16
    while True:
        q.put(message)


def consumer(q, got, me):
    while True:
        q.get()
        got[me] += 1


def throughput(each):
    q = mp.Queue(1024)
    got = mp.Array("Q", each, lock=False)
    people = [mp.Process(target=consumer, args=(q, got, i)) for i in range(each)]
    people += [mp.Process(target=producer, args=(q,)) for _ in range(each)]
    for p in people:
        p.start()
    time.sleep(0.2)
    before, start = sum(got), time.monotonic()
    time.sleep(0.5)
    rate = (sum(got) - before) / (time.monotonic() - start)
    for p in people:
        os.kill(p.pid, signal.SIGKILL)
        p.join()
    print(f"Python Queue, {each}P/{each}C 16 B\tmsgs/s\t{rate:.6g}", flush=True)


if __name__ == "__main__":
    throughput(1)
    throughput(4)
    os._exit(0)  # a killed producer may have left the queue's locks held
