"""Which processes a test has started, and which are still there."""

import time
from pathlib import Path


def processes_of(folder):
    """Ids of the processes that were started with a store in this folder."""
    marked = f"EVOTRADE_STORE={folder}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if marked in (process / "environ").read_bytes():
                found.append(int(process.name))
        except OSError:  # it has ended meanwhile, or is another user's
            continue
    return found


def wait_until(holds, within_s=30.0):
    """Whether it holds in time."""
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def all_gone(folder, within_s=10.0):
    """Whether all of them end in time."""
    return wait_until(lambda: not processes_of(folder), within_s)


def resident_kb(process):
    """Resident memory of a process."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
