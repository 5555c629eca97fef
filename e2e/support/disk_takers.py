"""Programs for the inside of a sandbox that take room on the disk of its workspace, each in a way of its own that is
hard to count or to stop. Each notes what it has taken in memory, where no limit of the workspace counts."""

from __future__ import annotations

MIB = 1 << 20
# What a program takes if nothing stops it.
MOST = 1200 * MIB

_PRELUDE = f"""
import ctypes, mmap, os, resource, signal, socket, sys, threading, time
MIB, MOST = {MIB}, {MOST}
libc = ctypes.CDLL(None, use_errno=True)
taken = 0

def note(count):
    global taken
    taken += count
    # It may be ended at any moment.
    with open("/tmp/taken.new", "w") as file:
        file.write(str(taken))
    os.replace("/tmp/taken.new", "/tmp/taken")
    # A disk of usual speed, so that how far it gets is not up to this machine's.
    time.sleep(count / (100 * MIB))

def fill(descriptor, most=MOST):
    while taken < most:
        note(os.write(descriptor, b"x" * MIB))

def new(name="taken.bin"):
    return os.open(name, os.O_CREAT | os.O_RDWR, 0o644)

def nameless():
    return os.open("/workspace", os.O_TMPFILE | os.O_RDWR, 0o600)

def counters():
    '''The processes that count: helpers of the sandbox that lead no session of their own.'''
    found = []
    for name in os.listdir("/proc"):
        if name.isdecimal() and name != "1":
            try:
                stat = open(f"/proc/{{name}}/stat").read()
            except OSError:
                continue
            state, parent, _, session = stat[stat.rindex(")") + 2:].split()[:4]
            if parent == "1" and session != name and state != "Z":
                found.append(int(name))
    return found

def bother(act):
    '''Does something to whatever counts, again and again, while room is taken.'''
    def go_on():
        while True:
            for process in counters():
                try:
                    act(process)
                except OSError:
                    pass
            time.sleep(0.002)
    # A tree that takes a while to count.
    os.mkdir("links")
    open("links/file", "w").close()
    for number in range(10000):
        os.link("links/file", f"links/{{number}}")
    threading.Thread(target=go_on, daemon=True).start()
    fill(new())

def hide():
    assert libc.prctl(4, 0, 0, 0, 0) == 0
"""

PROGRAMS = {
    "plain file": "fill(new())",
    "directory that cannot be listed": 'os.mkdir("d"); descriptor = new("d/f"); os.chmod("d", 0o300); fill(descriptor)',
    "directory that can be listed and not entered": """
os.makedirs("d/e"); descriptor = new("d/e/f"); os.chmod("d", 0o400); fill(descriptor)
""",
    "directory that nobody may do anything in": """
os.makedirs("d/e"); descriptor = new("d/e/f"); os.chmod("d/e", 0); os.chmod("d", 0); fill(descriptor)
""",
    "workspace that cannot be listed": """
descriptor = new()
try:
    os.chmod("/workspace", 0o300)
except PermissionError:
    # It is not ours to close.
    pass
fill(descriptor)
""",
    "path longer than any may be": """
for _ in range(25):
    os.mkdir("n" * 200); os.chdir("n" * 200)
fill(new())
""",
    "hundreds of levels": """
for _ in range(500):
    os.mkdir("n"); os.chdir("n")
fill(new())
""",
    "deleted file": 'descriptor = new(); os.unlink("taken.bin"); fill(descriptor)',
    "file that never had a name": "fill(nameless())",
    "deleted file, mapped and closed": """
descriptor = nameless(); os.ftruncate(descriptor, MOST)
memory = mmap.mmap(descriptor, MOST); os.close(descriptor)
while taken < MOST:
    memory[taken:taken + MIB] = b"x" * MIB; note(MIB)
""",
    "deleted file of a process that shows nothing": "hide(); fill(nameless())",
    "deleted file that is passed from hand to hand": """
ours, theirs = socket.socketpair()
descriptor = nameless()
while taken < MOST:
    note(os.write(descriptor, b"x" * MIB))
    socket.send_fds(ours, [b"x"], [descriptor]); os.close(descriptor); time.sleep(0.004)
    descriptor = socket.recv_fds(theirs, 1, 1)[1][0]
""",
    "descriptors of a thread alone": """
def run():
    libc.unshare(0x400); fill(nameless())
thread = threading.Thread(target=run); thread.start(); thread.join()
""",
    "first thread gone": """
threading.Thread(target=lambda: fill(new())).start()
libc.syscall({"x86_64": 60, "aarch64": 93}[os.uname().machine], 0)
""",
    "chain of processes": """
while taken < MOST:
    descriptor = new(f"part-{taken}"); note(os.write(descriptor, b"x" * MIB)); os.close(descriptor)
    if os.fork():
        os._exit(0)
""",
    "counter killed": "bother(lambda process: os.kill(process, signal.SIGKILL))",
    "counter stopped": "bother(lambda process: os.kill(process, signal.SIGSTOP))",
    "counter without descriptors": """
bother(lambda process: resource.prlimit(process, resource.RLIMIT_NOFILE, (3, 3)))
""",
    "counter without memory": "bother(lambda process: resource.prlimit(process, resource.RLIMIT_AS, (1, 1)))",
    "counter without processor": """
bother(lambda process: os.sched_setscheduler(process, os.SCHED_IDLE, os.sched_param(0)))
""",
    "own clock that undoes a stop": """
class Event(ctypes.Structure):
    _fields_ = [("value", ctypes.c_void_p), ("signal", ctypes.c_int), ("rest", ctypes.c_int * 13)]
event, timer = Event(None, signal.SIGCONT), ctypes.c_void_p()
assert libc.timer_create(1, ctypes.byref(event), ctypes.byref(timer)) == 0
millisecond = (ctypes.c_long * 4)(0, 1000000, 0, 1000000)
assert libc.timer_settime(timer, 0, millisecond, None) == 0
hide(); fill(nameless())
""",
    "deaf to gentle signals": "signal.signal(signal.SIGTERM, signal.SIG_IGN); fill(new())",
    "session of its own": "os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0); fill(new())",
    "artifacts": 'fill(new("/artifacts/taken.bin"))',
    "half here and half there": 'fill(new(), MOST // 3); fill(new("/artifacts/taken.bin"))',
    "holes filled through memory": """
descriptor = new(); os.ftruncate(descriptor, MOST); memory = mmap.mmap(descriptor, MOST)
while taken < MOST:
    memory[taken:taken + MIB] = b"x" * MIB; note(MIB)
""",
    "data moved about": """
os.makedirs("a"); os.makedirs("b"); descriptor = new("a/f")
def move():
    while True:
        os.rename("a/f", "b/f"); os.rename("b/f", "a/f")
threading.Thread(target=move, daemon=True).start(); fill(descriptor)
""",
    "empty files": """
for number in range(MOST // 4096):
    os.close(new(f"e-{number}"))
    if number % 256 == 0:
        note(MIB)
""",
    "directories": """
for number in range(MOST // 4096):
    os.mkdir(f"d-{number}")
    if number % 256 == 0:
        note(MIB)
""",
    "names of one file": """
new("f-0")
for number in range(MOST // 512):
    if number % 60000 == 0:
        name = f"f-{number}"; os.close(new(name))
    os.link(name, f"l-{number}")
    if number % 2048 == 0:
        note(MIB)
""",
    "long links": """
for number in range(MOST // 4096):
    os.symlink("x" * 4000, f"s-{number}")
    if number % 256 == 0:
        note(MIB)
""",
}


def program(way: str) -> str:
    return _PRELUDE + PROGRAMS[way] + '\nprint("not reached")\n'
