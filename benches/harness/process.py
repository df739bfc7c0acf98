"""What processes use, read from /proc."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import resource

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass(frozen=True)
class ProcessTimes:
    parent: int
    # User and system time of the process and of its children that have ended.
    seconds: float


def times(pid: int) -> ProcessTimes:
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        # The name, in parentheses, may itself hold spaces and parentheses.
        fields = file.read().rpartition(")")[2].split()
    return ProcessTimes(parent=int(fields[1]), seconds=sum(map(int, fields[11:15])) / TICKS_PER_SECOND)


def all_times() -> dict[int, ProcessTimes]:
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            # A process may end between the listing and the reading.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                found[int(name)] = times(int(name))
    return found


def cpu_seconds(roots: list[int]) -> float:
    """User and system time of these processes and everything below them, ended children included."""
    processes = all_times()
    children: dict[int, list[int]] = {}
    for pid, process in processes.items():
        children.setdefault(process.parent, []).append(pid)
    total, pending = 0.0, list(roots)
    while pending:
        pid = pending.pop()
        total += processes[pid].seconds
        pending += children.get(pid, [])
    return total


def ended_children_seconds() -> float:
    """User and system time of the programs that this process has run to their end."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def machine_busy_seconds() -> float:
    """Time in which any core did anything since boot, stolen time included."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND


@dataclasses.dataclass(frozen=True)
class Memory:
    resident_mib: float
    # The part of it that the kernel can drop and read again.
    file_mib: float
    peak_mib: float


def memory(pid: int) -> Memory:
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        status = file.read()
    return Memory(resident_mib=_mib(status, "VmRSS"), file_mib=_mib(status, "RssFile"), peak_mib=_mib(status, "VmHWM"))


def _mib(status: str, key: str) -> float:
    return int(re.search(rf"^{key}:\s+(\d+) kB", status, re.MULTILINE)[1]) / 1024
