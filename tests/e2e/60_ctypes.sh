#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# 60_ctypes.sh - the library called from another language: Python loads the shared
# object at run time, without any header, and the viewer sees what it does.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
lib=$BUILD/libmptrace.so.0

echo "1..1"
command -v python3 >/dev/null || { echo "ok 1 # skip python3 is not installed"; exit 0; }
case ${SAN:-} in ?*) echo "ok 1 # skip a sanitized library needs a sanitized program"; exit 0 ;; esac

if python3 - "$lib" <<'PY'
import ctypes, os, sys
FOREVER = ctypes.c_uint64(2**64 - 1)
lib = ctypes.CDLL(sys.argv[1])
lib.mpt_queue_get.restype = ctypes.c_ssize_t
lib.mpt_queue_size.restype = ctypes.c_ssize_t
queue, lock = ctypes.c_void_p(), ctypes.c_void_p()
assert lib.mpt_queue_create(ctypes.byref(queue), None) == 0
assert lib.mpt_lock_create(ctypes.byref(lock), b"from python", 0) == 0
child = os.fork()
if child == 0:
    for i in range(23):
        assert lib.mpt_queue_put(queue, b"%02d" % i, 2, FOREVER) == 0
    os._exit(0 if lib.mpt_lock_acquire(lock, FOREVER) == 0 else 1)  # dies holding it
buffer = ctypes.create_string_buffer(64)
for i in range(17):
    assert lib.mpt_queue_get(queue, buffer, 64, FOREVER) == 2
    assert buffer.raw[:2] == b"%02d" % i
assert os.waitpid(child, 0)[1] == 0
assert lib.mpt_queue_size(queue) == 6
assert lib.mpt_lock_acquire(lock, FOREVER) == 1  # MPT_RECOVERED
PY
then
	echo "ok 1 a Python program uses queue and lock through ctypes"
else
	echo "not ok 1 a Python program uses queue and lock through ctypes"
fi
