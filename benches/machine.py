"""Conditions under which benches/run.py measures: files that are not in memory, and a machine with one core and little memory."""

import contextlib
import os
import subprocess
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


def drop_from_page_cache(files):
    """Drops files from the page cache, and returns whether none of their pages is left in it.

    Pages that are mapped or not yet written to disk stay, so no program may have the files open."""
    for file in files:
        with open(file, "rb") as handle:
            os.fsync(handle.fileno())
            os.posix_fadvise(handle.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    resident = subprocess.run(["fincore", "--bytes", "--noheadings", "--output", "RES", *files],
                              capture_output=True, text=True, check=True).stdout.split()
    return all(int(one) == 0 for one in resident)


@contextlib.contextmanager
def memory_limit(megabytes):
    """Yields a function that limits the memory of the process that calls it, page cache included, or None.

    Control groups need the right to create them, which root has and containers often do not."""
    version_2 = (CGROUPS / "cgroup.controllers").exists()
    group = CGROUPS / "motion-export-bench" if version_2 else CGROUPS / "memory/motion-export-bench"
    limit = group / ("memory.max" if version_2 else "memory.limit_in_bytes")
    try:
        group.mkdir(exist_ok=True)
        limit.write_text(str(megabytes * 1_000_000))
    except OSError:
        with contextlib.suppress(OSError):
            group.rmdir()
        yield None
        return
    try:
        yield lambda: (group / "cgroup.procs").write_text(str(os.getpid()))
    finally:
        # Fails while a process of the group is still ending; the empty group costs nothing.
        with contextlib.suppress(OSError):
            group.rmdir()
