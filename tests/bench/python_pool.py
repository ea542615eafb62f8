# SPDX-License-Identifier: BSD-2-Clause
"""python_pool.py - multiprocessing.Pool in the setting of pool.c."""
import multiprocessing as mp
import time

WORKERS = 4


def nothing(_=None):
    return None


def rate(case, n, run):
    start = time.monotonic()
    run(n)
    print(f"Python Pool, {case}\ttasks/s\t{n / (time.monotonic() - start):.6g}", flush=True)


def main():
    with mp.Pool(WORKERS) as pool:
        pool.map(nothing, range(100))
        rate("apply_async", 4000,
             lambda n: [r.get() for r in [pool.apply_async(nothing) for _ in range(n)]])
        for chunk, n in ((1, 10000), (100, 200000)):
            rate(f"map chunk {chunk}", n, lambda n, c=chunk: pool.map(nothing, range(n), c))
        rate("imap_unordered", 5000,
             lambda n: [None for _ in pool.imap_unordered(nothing, range(n))])
        times = []
        for _ in range(300):
            start = time.monotonic_ns()
            pool.apply(nothing)
            times.append(time.monotonic_ns() - start)
        times.sort()
        print(f"Python Pool, one at a time\tp50 ns\t{times[len(times) // 2]}", flush=True)


if __name__ == "__main__":
    main()
