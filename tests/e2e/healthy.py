# SPDX-License-Identifier: BSD-2-Clause
"""healthy - programs that wait a lot and work well, for a viewer to watch.

Owns: starting them privately (sockets and files in a directory of their own), their end.
Does not own: watching.
"""
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from hangs import program_of, session_members
from truth import DEADLINE

START_S = 60  # a database takes its time on a busy machine
PYTHON = sys.executable or "/usr/bin/python3"


class Missing(Exception):
    """A program that is not installed."""


def need(program, package, places=()):
    path = shutil.which(program)
    for place in places if not path else ():
        path = path or next(iter(sorted(glob.glob(os.path.join(place, program)))), None)
    if not path:
        raise Missing(f"no {program} (Debian package {package})")
    return path


def await_that(condition, what):
    until = time.monotonic() + START_S
    while not condition():
        if time.monotonic() > until:
            raise RuntimeError(f"{what} within {START_S} s: no")
        time.sleep(0.02)


class Workload:
    """Some programs in sessions of their own, and a directory that goes with them."""

    def __init__(self):
        # A server that does not run as root has to come in.
        self.place = tempfile.mkdtemp(prefix="healthy-", dir="/tmp")
        self.processes, self.names, self.left = [], {}, []
        self.log = open(os.path.join(self.place, "log"), "wb")

    def __enter__(self):
        return self

    def start(self, *command, **options):
        """Runs it until the end of the workload."""
        process = subprocess.Popen(command, stdin=options.pop("stdin", subprocess.DEVNULL),
                                   stdout=options.pop("stdout", self.log), stderr=self.log,
                                   cwd=self.place, start_new_session=True, **options)
        self.processes.append(process)
        self.names[process.pid] = " ".join(command)[:60]
        return process

    def python(self, text, *arguments):
        """A script that prints a line when all is running; that is awaited."""
        process = self.start(PYTHON, "-c", text, *arguments, stdout=subprocess.PIPE)
        if process.stdout.readline() != b"ready\n":
            raise RuntimeError(f"the script did not start: {self.said()}")
        return process

    def said(self):
        self.log.flush()
        with open(self.log.name, "rb") as file:
            return file.read()[-2000:]

    def pids(self):
        return [p.pid for p in self.processes]

    def ill(self):
        """Who has ended, and should have worked all the time."""
        return [f"{self.names[p.pid]} ended with {p.returncode}: {self.said()}"
                for p in self.processes if p.poll() is not None]

    def __exit__(self, *_):
        for process in reversed(self.processes):
            # A server ends its own children; the rest is not asked.
            if process.poll() is None:
                process.terminate()
                self.await_end(process.pid)
            self.end_session(process)
            for file in (process.stdin, process.stdout):
                if file:
                    file.close()
        self.log.close()
        shutil.rmtree(self.place)

    @staticmethod
    def await_end(pid):
        """It stays a zombie: nobody else gets its number, which is that of its session."""
        until = time.monotonic() + DEADLINE
        while not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) and \
                time.monotonic() < until:
            time.sleep(0.01)

    def end_session(self, process):
        until = time.monotonic() + DEADLINE
        while True:
            living = session_members(process.pid)
            for pid in living:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            if living in ([], [process.pid]) or time.monotonic() > until:
                break
            time.sleep(0.01)
        process.wait()
        self.left += [f"left behind: {living}"] if set(living) - {process.pid} else []


# ---- Python: threads and multiprocessing -------------------------------------

POOL = """
import multiprocessing, time
def work(n):
    time.sleep(n % 7 / 1000)
    return sum(range(n * 100))
if __name__ == "__main__":
    with multiprocessing.Pool(4) as pool:
        pool.map(work, range(20))
        print("ready", flush=True)
        while True:
            pool.map(work, range(100))
            list(pool.imap_unordered(work, range(100)))
"""

QUEUE = """
import multiprocessing, time
def produce(queue):
    while True:
        queue.put("x" * 1000)
def consume(queue):
    while True:
        queue.get()
        time.sleep(0.01)
        queue.task_done()
if __name__ == "__main__":
    queue = multiprocessing.JoinableQueue(10)
    workers = [multiprocessing.Process(target=f, args=(queue,), daemon=True)
               for f in (produce, produce, consume, consume, consume)]
    for worker in workers:
        worker.start()
    print("ready", flush=True)
    workers[0].join()
"""

MANAGER = """
import multiprocessing, time
def add(numbers, lock, event):
    event.wait()
    while True:
        with lock:
            numbers["sum"] = numbers.get("sum", 0) + 1
if __name__ == "__main__":
    with multiprocessing.Manager() as manager:
        numbers, lock, event = manager.dict(), manager.Lock(), manager.Event()
        workers = [multiprocessing.Process(target=add, args=(numbers, lock, event), daemon=True)
                   for _ in range(4)]
        for worker in workers:
            worker.start()
        event.set()
        print("ready", flush=True)
        workers[0].join()
"""

SYNCHRONIZED = """
import multiprocessing, time
def turn(condition, whose, number, barrier):
    while True:
        with condition:
            condition.wait_for(lambda: whose.value == number)
            whose.value = (number + 1) % 4
            condition.notify_all()
        barrier.wait()
if __name__ == "__main__":
    condition, whose = multiprocessing.Condition(), multiprocessing.Value("i", 0)
    barrier = multiprocessing.Barrier(4)
    workers = [multiprocessing.Process(target=turn, args=(condition, whose, n, barrier),
                                       daemon=True) for n in range(4)]
    for worker in workers:
        worker.start()
    print("ready", flush=True)
    workers[0].join()
"""

THREADS = """
import queue, threading, time
tasks, answers = queue.Queue(5), queue.Queue()
def work():
    while True:
        n = tasks.get()
        time.sleep(0.005)
        answers.put(n)
for _ in range(5):
    threading.Thread(target=work, daemon=True).start()
def feed():
    while True:
        tasks.put(1)
threading.Thread(target=feed, daemon=True).start()
answers.get()
print("ready", flush=True)
while True:
    answers.get()
"""

# Five that accept from one socket, clients that ask and some that say nothing.
SERVER = """
import os, socket, sys, time
server = socket.socket(socket.AF_UNIX)
server.bind("echo")
server.listen()
for _ in range(5):
    if os.fork() == 0:
        while True:
            client, _ = server.accept()
            while (text := client.recv(100)):
                client.sendall(text)
server.close()
def ask(pause):
    while True:
        me = socket.socket(socket.AF_UNIX)
        me.connect("echo")
        for _ in range(20):
            me.sendall(b"hello")
            assert me.recv(100)
            time.sleep(pause)
        me.close()
for pause in (0, 0.01, 30):
    if os.fork() == 0:
        ask(pause)
print("ready", flush=True)
os.wait()
"""

SQLITE = """
import os, sqlite3
sqlite3.connect("data").execute("create table t (n)").connection.commit()
for _ in range(4):
    if os.fork() == 0:
        while True:
            with sqlite3.connect("data", timeout=100) as data:
                data.execute("insert into t values (1)")
print("ready", flush=True)
os.wait()
"""


def python_of(text):
    return lambda workload: workload.python(text)


# ---- C and the shell ---------------------------------------------------------


def contention(kinds):
    def make(workload):
        for kind in kinds.split():
            process = workload.start(os.path.abspath(program_of("contention")), kind,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            if not process.stdout.readline():
                raise RuntimeError(f"no contention: {workload.said()}")
    return make


def shell_of(text):
    return lambda workload: workload.start("sh", "-c", text)


PIPELINES = """
(while :; do yes | head -n 20000 | sort | uniq -c | tr a-z A-Z; done >/dev/null) &
(yes | (while read -r line; do sleep 0.1; done)) &
(while :; do echo line; sleep 0.05; done) | tee copy | cat >/dev/null &
mkfifo fifo
(while :; do cat fifo; done >/dev/null) & (while :; do echo x >fifo; sleep 0.02; done) &
wait
"""

LOCKFILES = """
for i in 1 2 3 4 5; do
    (while :; do flock lock sleep 0.03; done) &
done
sh -c 'sleep 1000 & wait' &
wait
"""

BUILDS = """
while :; do
    seq 40 | xargs -P 4 -n 1 sh -c 'sleep 0.0$(($0 % 9)); echo $0 | wc -c' >/dev/null
done
"""


# ---- Servers under load, when they are installed -----------------------------


def unprivileged(workload):
    """What runs a command as nobody, to whom the directory belongs then; nothing for others."""
    if os.geteuid() != 0:
        return []
    nobody = pwd.getpwnam("nobody")
    os.chmod(workload.place, 0o755)
    os.chown(workload.place, nobody.pw_uid, nobody.pw_gid)
    return ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]


def answers_on(path):
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
        return True
    except OSError:
        return False


NGINX = """
pid {place}/nginx.pid; daemon off; worker_processes 3; error_log {place}/error;
events {{ worker_connections 64; }}
http {{ access_log off; client_body_temp_path {place}/body; proxy_temp_path {place}/proxy;
 fastcgi_temp_path {place}/fastcgi; uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;
 server {{ listen unix:{place}/http; root {place}; }} }}
"""

HTTP_LOAD = """
import socket, threading
def ask():
    while True:
        with socket.socket(socket.AF_UNIX) as me:
            me.connect("http")
            me.sendall(b"GET /nginx.conf HTTP/1.0\\r\\n\\r\\n")
            assert me.recv(4096).startswith(b"HTTP/1.1 200")
for _ in range(5):
    threading.Thread(target=ask, daemon=True).start()
print("ready", flush=True)
threading.Event().wait()
"""


def nginx(workload):
    program = need("nginx", "nginx-light", ["/usr/sbin"])
    path = os.path.join(workload.place, "nginx.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write(NGINX.format(place=workload.place))
    workload.start(*unprivileged(workload), program, "-c", path, "-e",
                   os.path.join(workload.place, "error"))
    await_that(lambda: answers_on(os.path.join(workload.place, "http")), "nginx answers")
    workload.python(HTTP_LOAD)


def redis(workload):
    program = need("redis-server", "redis-server")
    load = need("redis-benchmark", "redis-tools")
    path = os.path.join(workload.place, "redis")
    workload.start(program, "--port", "0", "--unixsocket", path, "--save", "1 1",
                   "--io-threads", "3")
    await_that(lambda: answers_on(path), "redis answers")
    workload.start(load, "-s", path, "-c", "10", "-n", "1000000000", "-q", "-t", "set,get,lpush",
                   stdout=subprocess.DEVNULL)


def postgres(workload):
    places = ["/usr/lib/postgresql/*/bin"]
    initdb = need("initdb", "postgresql", places)
    server = need("postgres", "postgresql", places)
    load = need("pgbench", "postgresql", places)
    as_user = unprivileged(workload)
    data = os.path.join(workload.place, "data")
    quiet = {"cwd": workload.place, "stdin": subprocess.DEVNULL, "stdout": workload.log,
             "stderr": workload.log, "check": True, "timeout": 2 * START_S}
    subprocess.run([*as_user, initdb, "-A", "trust", "-U", "me", "-N", "-D", data], **quiet)
    workload.start(*as_user, server, "-D", data, "-k", workload.place, "-F",
                   "-c", "listen_addresses=")
    await_that(lambda: answers_on(os.path.join(workload.place, ".s.PGSQL.5432")),
               "postgres answers")
    where = ["-h", workload.place, "-U", "me", "postgres"]
    # It answers before it takes queries.
    await_that(lambda: subprocess.run([*as_user, load, "-i", "-q", *where],
                                      **{**quiet, "check": False}).returncode == 0,
               "a table is made")
    # One branch: all wait for the lock of its row.
    workload.start(*as_user, load, "-c", "8", "-j", "2", "-T", "100000", "-n", *where)


WORKLOADS = {
    "a Python Pool": python_of(POOL),
    "a Python JoinableQueue": python_of(QUEUE),
    "a Python Manager": python_of(MANAGER),
    "a Python Condition and Barrier": python_of(SYNCHRONIZED),
    "Python threads": python_of(THREADS),
    "a server that forks": python_of(SERVER),
    "writers of an SQLite file": python_of(SQLITE),
    "contended mutexes": contention("mutex two-mutexes shared-mutexes pi robust"),
    "turns, barriers and readers": contention("condition semaphore barrier rwlock"),
    "pipelines of a shell": shell_of(PIPELINES),
    "locks of a shell": shell_of(LOCKFILES),
    "jobs of xargs": shell_of(BUILDS),
    "nginx": nginx,
    "PostgreSQL": postgres,
    "Redis": redis,
}
