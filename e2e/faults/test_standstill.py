"""The guest stops a whole sandbox for a moment: all that ran before runs on, even what was just being forked."""

import pytest
from support import engine
from support.stdio_client import REPOSITORY

# Run in the guest's place, for only process 1 reaches all others.
PROGRAM = """
import os, signal, subprocess, sys, time
sys.path.insert(0, "/guest")
from guest import processes

def start(*command):
    return subprocess.Popen(command, start_new_session=True)

for _ in range(6):
    start("bash", "-c", "while :; do /bin/true; done")
kept = set()
if sys.argv[1] == "a stopped job":
    job = start("sleep", "1000")
    os.kill(job.pid, signal.SIGSTOP)
    kept = {job.pid}
while processes.Table().stopped != kept:
    time.sleep(0.01)
for _ in range(150):
    processes.kill_frozen(lambda parents: set(), set())
    time.sleep(0.01)
    processes.thaw_everything(processes.freeze_everything())
    time.sleep(0.01)
# What was stopped for a moment may need another to go on.
end = time.monotonic() + 30
while (left := processes.Table().stopped) != kept and time.monotonic() < end:
    time.sleep(0.1)
print(len(left - kept), "left,", len(kept - left), "gone on", flush=True)
os._exit(0)
"""


@pytest.mark.parametrize("beside", ["nothing", "a stopped job"])
def test_what_was_being_forked_goes_on_and_what_was_stopped_does_not(beside):
    options = ("--rm", "--network", "none", "--volume", f"{REPOSITORY / 'Sources' / 'ExecCore' / 'Guest'}:/guest:ro")
    printed = engine.run("run", *options, "--entrypoint", "python3", engine.IMAGE, "-c", PROGRAM, beside)
    assert printed == "0 left, 0 gone on\n"
