# SPDX-License-Identifier: BSD-2-Clause
"""What 41_zoo.sh shows the viewer: strange files, and segments that lie and never hold still.

  zoo.py files DIR SEGMENT      beside a good segment everything else that may be called so
  zoo.py many DIR COUNT         so many empty files
  zoo.py copies DIR SEGMENT N   N good segments, each a domain of its own
  zoo.py cut FILE               cuts the file short and lengthens it, again and again
  zoo.py wild SEGMENT           a domain whose words change all the time, while it is read
  zoo.py planted SEGMENT        a domain that claims processes it does not have

The last three print "ready" and end with their input.
"""
import os
import random
import select
import socket
import struct
import sys
import time

DOMAIN_ID = 32                  # offsets in libtrace/contract/wire.h
SECTIONS, SECTION = 136, struct.Struct("<QIIII")
LIVE = 2                        # enum mpt_slot_state
PROCESS = struct.Struct("<IIIIQQQ")


def sections(data):
    """(offset, stride, used) of processes, threads, objects."""
    found = [SECTION.unpack_from(data, SECTIONS + i * SECTION.size) for i in range(3)]
    return [(offset, stride, used) for offset, stride, _count, used, _reserved in found]


def files(directory, segment):
    def path(name):
        return os.path.join(directory, name + ".mptrace")
    good = open(segment, "rb").read()
    os.mkfifo(path("fifo"))
    os.mkdir(path("directory"))
    os.symlink(segment, path("link"))
    os.symlink(path("loop"), path("loop"))
    os.symlink("/nowhere/at/all", path("dangling"))
    socket.socket(socket.AF_UNIX).bind(path("socket"))
    for name, content in (("empty", b""), ("half", good[:len(good) // 2]), ("head", good[:600]),
                          ("zeros", bytes(70000)), ("esc\x1b[2Jape", b"no segment")):
        open(path(name), "wb").write(content)
    open(path("secret"), "wb").write(good)
    os.chmod(path("secret"), 0)
    open(path("twice"), "wb").write(good)
    os.link(path("twice"), path("thrice"))
    with open(path("huge"), "wb") as huge:
        try:
            huge.truncate(1 << 43)
        except OSError:
            huge.truncate(1 << 36)
    if os.geteuid() == 0:
        for name, device in (("null", 3), ("zero", 5), ("random", 8)):
            os.mknod(path(name), 0o020600, os.makedev(1, device))


def many(directory, count):
    for i in range(int(count)):
        os.close(os.open(f"{directory}/{i}.mptrace", os.O_CREAT | os.O_WRONLY, 0o600))


def copies(directory, segment, count):
    good = bytearray(open(segment, "rb").read())
    for i in range(int(count)):
        struct.pack_into("<QQ", good, DOMAIN_ID, i + 1, 77)
        with open(f"{directory}/{i}.mptrace", "wb") as f:
            f.write(good[:4096])
            f.truncate(len(good))


def told_to_end():
    return bool(select.select([sys.stdin], [], [], 0)[0])


def cut(name):
    good = open(name, "rb").read()
    random.seed(1)
    print("ready", flush=True)
    while not told_to_end():
        for _ in range(50):
            with open(name, "r+b") as f:
                f.truncate(random.randrange(len(good)))
                f.seek(0)
                f.write(good)
        time.sleep(0.001)  # one processor is enough for both of us


def announce(data):
    """A segment of our own, announced as members do."""
    fd = os.memfd_create("mptrace:zoo")
    os.ftruncate(fd, len(data))
    os.write(fd, data)
    address = b"\0mptrace.1/%s/%d/%d" % (bytes(data[DOMAIN_ID:DOMAIN_ID + 16]).hex().encode(),
                                         os.getpid(), fd)
    member = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    member.bind(address)
    return fd, member


def copy_of(segment):
    data = bytearray(open(segment, "rb").read())
    data[DOMAIN_ID:DOMAIN_ID + 16] = os.urandom(16)
    return data


def wild(segment):
    data = copy_of(segment)
    fd, member = announce(data)
    tables = sections(data)
    odd = [0, 1, 3, 0xffff, 0x7fffffff, 0xffffffff, 1 << 40, (1 << 64) - 1]
    random.seed(2)
    print("ready", flush=True)
    while not told_to_end():
        for _ in range(2000):
            offset, stride, used = random.choice(tables)
            at = offset + random.randrange(max(used, 1)) * stride + random.randrange(stride)
            if random.random() < 0.02:  # also the tables' own places and sizes
                at = SECTIONS + random.randrange(4 * SECTION.size)
            value = random.choice(odd) if random.random() < 0.7 else random.getrandbits(64)
            os.pwrite(fd, struct.pack("<Q", value), at)
        os.pwrite(fd, data[:4096], 0)
        time.sleep(0.001)
    member.close()


def start_ticks(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return int(f.read().rsplit(")", 1)[1].split()[19])
    except OSError:
        return 1


def planted(segment):
    """Its processes are said to be init and our parent, as they are, and some others."""
    data = copy_of(segment)
    offset, stride, used = sections(data)[0]
    for i, pid in zip(range(used), (1, os.getppid(), 4194303, 0)):
        _, generation, *_ = PROCESS.unpack_from(data, offset + i * stride)
        PROCESS.pack_into(data, offset + i * stride, LIVE, generation, pid, pid,
                          start_ticks(pid), 0, 7)
    fd, member = announce(data)
    print("ready", flush=True)
    sys.stdin.read()
    member.close()
    os.close(fd)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
