"""Writes what was measured as Markdown."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import platform
import subprocess
import time

import wrk
from corpus import CorpusSize
from measure import Plan, Result, Series
from process import Memory

# With more than this, the requests per second say as much about the neighbours as about the server.
QUIET_CORES = 0.25

HEADINGS = (
    ["row", "request", "bytes"]
    + ["req/s, median (min–max)", "p50 ms", "p99 ms", "CPU s / 1,000"]
    + ["bare req/s (min–max)", "bare p50 ms", "bare p99 ms", "bare CPU s / 1,000"]
    + ["req/s ÷ bare", "CPU ÷ bare", "cores of others", "errors"]
)


@dataclasses.dataclass(frozen=True)
class Report:
    database: str
    description: str
    file_system: str
    size: CorpusSize
    plan: Plan
    passed_on: dict[str, str]
    start_seconds: float
    results: list[Result]
    memory_after_loading: Memory
    memory_after_reads: Memory
    memory_at_end: Memory

    def markdown(self) -> str:
        rows = [HEADINGS, ["---"] * len(HEADINGS), *map(cells, self.results)]
        table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
        parts = [f"# Speed on {self.database}", self._conditions(), table, self._footprint(), self._remarks()]
        return "\n\n".join(parts) + "\n"

    def _conditions(self) -> str:
        size, plan = self.size, self.plan
        passed_on = ", ".join(f"{key}={value}" for key, value in sorted(self.passed_on.items()))
        lines = [
            f"{time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime())}, {revision()}, {machine()}",
            f"{self.description}; data on {self.file_system}",
            f"{size.articles:,} articles, {size.authors:,} authors, {size.comments:,} comments, "
            f"{size.hot_comments:,} of them on one article",
            f"{wrk.version()}: {wrk.THREADS} threads, {plan.connections} connections where the row does not say "
            "otherwise, kept alive, over loopback",
            f"warm-up {plan.warm_up} s, then {plan.runs} runs of {plan.seconds} s, Galley and the bare server in turns",
            f"settings passed on: {passed_on or 'none'}",
        ]
        return "\n".join(f"- {line}" for line in lines)

    def _footprint(self) -> str:
        lines = [
            f"start to the first 200 on the existing database: {1000 * self.start_seconds:.0f} ms",
            f"resident memory of Galley after loading the corpus: {memory_text(self.memory_after_loading)}",
            f"started again, after the reads: {memory_text(self.memory_after_reads)}",
            f"after the writes: {memory_text(self.memory_at_end)}",
        ]
        return "\n".join(f"- {line}" for line in lines)

    def _remarks(self) -> str:
        remarks = [
            "The server keeps no answers yet, so every figure is uncached.",
            "CPU s / 1,000: user and system seconds of the server for 1,000 requests, its database server included.",
            "The bare server answers as many bytes from memory, with as many workers and nothing else to do.",
        ]
        return "\n".join(f"- {remark}" for remark in remarks + self._warnings())

    def _warnings(self) -> list[str]:
        series = [one for result in self.results for one in (result.galley, result.bare)]
        warnings = []
        if any(one.cores_of_others > QUIET_CORES for one in series):
            warnings.append(
                f"**Other processes used more than {QUIET_CORES} cores during some runs: trust the CPU seconds and the "
                "ratios, not the requests per second.**"
            )
        if any(one.errors for one in series):
            warnings.append("**Some requests failed: a row with errors is no result.**")
        return warnings


def cells(result: Result) -> list[str]:
    galley, bare = result.galley, result.bare
    compared = [ratio(galley.median.rate, bare.median.rate), ratio(galley.cpu_per_thousand, bare.cpu_per_thousand)]
    others = max(series.cores_of_others for series in (galley, bare))
    errors = [f"{count} {kind}" for series in (galley, bare) for kind, count in series.errors.items()]
    return (
        [result.row, result.title, f"{result.size:,}"]
        + series_cells(galley)
        + series_cells(bare)
        + compared
        + [f"{others:.2f}", ", ".join(errors) or "none"]
    )


def series_cells(series: Series) -> list[str]:
    median = series.median
    return [
        f"{median.rate:,.0f} ({series.slowest:,.0f}–{series.fastest:,.0f})",
        f"{median.p50:.2f}",
        f"{median.p99:.2f}",
        f"{series.cpu_per_thousand:.4f}",
    ]


def ratio(dividend: float, divisor: float) -> str:
    return f"{dividend / divisor:.3f}" if divisor else "–"


def memory_text(memory: Memory) -> str:
    return (
        f"{memory.resident_mib:.1f} MiB, peak {memory.peak_mib:.1f} MiB; "
        f"{memory.file_mib:.1f} of the former are pages of files (the program, a mapped database)"
    )


def revision() -> str:
    here = pathlib.Path(__file__).parent
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--tags"], cwd=here, capture_output=True, text=True, check=False
    )
    return f"revision {described.stdout.strip() or 'unknown'}"


def machine() -> str:
    model = platform.processor() or platform.machine()
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(": ")[2]
            break
    return f"{len(os.sched_getaffinity(0))} cores of {model}, Linux {platform.release()}"


def file_system(path: pathlib.Path) -> str:
    table = subprocess.run(["df", "--output=fstype", path], check=True, capture_output=True, text=True).stdout
    return table.splitlines()[1]
