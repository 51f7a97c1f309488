"""What was measured, as a Markdown table and a plot, without anything that names the machine."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import fmean, median

from benchmarks.meter import Cost

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Measured:
    """One command: which grader, how many hand-ins, how much they print, what it cost."""

    grader: str
    handins: int
    print_kb: int
    cost: Cost


class Floor:
    """What cannot be saved: seconds of each hand-in, with its fork (`forked`) and without (`cells`)."""

    def __init__(self) -> None:
        self._rounds: dict[str, list[list[float]]] = {"forked": [], "cells": []}

    def add(self, seconds: dict[str, list[float]]) -> None:
        """One more round over the same hand-ins; of every hand-in the median round counts."""
        for what, rounds in self._rounds.items():
            rounds.append(seconds[what])

    def mean(self, what: str, first: int = 0, end: int | None = None) -> float:
        """Of the hand-ins from number `first` until before `end`: what a further one of them costs."""
        each = [median(rounds) for rounds in zip(*self._rounds[what], strict=True)]
        return fmean(each[first:end])


def write(folder: Path, all_: list[Measured], floor: Floor, notes: list[str], quick: bool) -> Path:
    """Writes results.md and growth.png into `folder`; returns the Markdown file."""
    folder.mkdir(parents=True, exist_ok=True)
    graders = list(dict.fromkeys(each.grader for each in all_))
    # The largest class that every grader had; `course grade` may have had a larger one besides.
    most = min(
        max(m.handins for m in all_ if m.grader == name and m.print_kb == 0) for name in graders
    )
    fewest = min(each.handins for each in all_)
    fewest = fewest if fewest < most else 0  # one size only: its whole class is the further ones
    cells = floor.mean("cells", fewest, most)
    lines = [
        f"# Grading lab rnn, {datetime.now(UTC):%Y-%m-%d}",
        "",
        machine(),
        "",
        "Quick run: few hand-ins, no repetition; these figures are noise." if quick else "",
        f"All graders in turn in one run, the same hand-ins, without demo cells; at most {most}.",
        "",
        f"Floor: {floor.mean('forked', fewest, most) * 1000:.0f} ms for a further hand-in (fork of a "
        f"warm process, bare exec), of which the cells are {cells * 1000:.0f} ms.",
        "",
        "| grader | hand-ins | total s | start s | s per further hand-in | overhead ms | "
        "hand-ins per s | peak MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    speeds = {}
    for name in graders:
        points = _points(all_, name)
        start, slope = _line([point for point in points if point[0] <= most])
        total = dict(points)[most]
        speeds[name] = most / total
        peak = max(m.cost.peak_mb for m in all_ if m.grader == name)
        # Noise may make a larger class the cheaper one: then there is no slope to speak of.
        each = f"{start:.1f} | {slope:.2f} | {(slope - cells) * 1000:.0f}"
        each = each if slope > 0 else "– | – | –"
        lines.append(
            f"| {name} | {most} | {total:.1f} | {each} | {speeds[name]:.2f} | {peak:.0f} |"
        )
    fastest = max(speeds, key=speeds.get)
    lines += ["", f"Throughput of `{fastest}` at {most} hand-ins:"]
    lines += [
        f"- {speeds[fastest] / speed:.1f} × {name}"
        for name, speed in speeds.items()
        if name != fastest
    ]
    if beyond := [each for each in all_ if each.handins > most]:
        lines += ["", "A larger class:", "", "| grader | hand-ins | total s | CPU s | peak MB |"]
        lines += ["|---|---|---|---|---|"]
        lines += [
            f"| {m.grader} | {m.handins} | {m.cost.seconds:.1f} | {m.cost.cpu_seconds:.1f} "
            f"| {m.cost.peak_mb:.0f} |"
            for m in beyond
        ]
    lines += ["", *_further(all_, floor)]
    if printed := [each for each in all_ if each.print_kb]:
        lines += ["", "Hand-ins that print:", "", "| grader | KB each | hand-ins | total s |"]
        lines += ["|---|---|---|---|"]
        lines += [
            f"| {m.grader} | {m.print_kb} | {m.handins} | {m.cost.seconds:.1f} |" for m in printed
        ]
    lines += ["", *[f"- {note}" for note in notes], "", "![growth](growth.png)", ""]
    path = folder / "results.md"
    path.write_text("\n".join(lines), encoding="utf-8")
    _plot(folder / "growth.png", {name: _points(all_, name) for name in graders})
    return path


def _further(all_: list[Measured], floor: Floor) -> list[str]:
    """What one more hand-in costs `course grade`, on the clock and in processor time."""
    lines = [
        "What a further hand-in costs, and what of it is more than these hand-ins' own cells take "
        "(in brackets: in times of their floor):",
        "",
        "| grader | hand-ins | cells ms | floor ms | clock ms | more ms | processor ms | more ms |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(each.grader for each in all_ if "course grade" in each.grader):
        clock, used = _points(all_, name), _points(all_, name, "cpu_seconds")
        for place in range(1, len(clock)):
            few, many = clock[place - 1][0], clock[place][0]
            cells, forked = floor.mean("cells", few, many), floor.mean("forked", few, many)
            found = [_line(points[place - 1 : place + 1])[1] for points in (clock, used)]
            costs = [f"{cells * 1000:.0f}", f"{forked * 1000:.0f}"] + [
                f"{each * 1000:.0f} | {(each - cells) * 1000:.0f} ({(each - cells) / forked:.2f})"
                for each in found
            ]
            lines.append(f"| {name} | {few} to {many} | {' | '.join(costs)} |")
    return lines


def machine() -> str:
    """Cores, processor, memory, versions."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{len(os.sched_getaffinity(0))} cores, {model}, {memory:.0f} GiB, "
        f"Python {platform.python_version()}, torch {version('torch')}, "
        f"nbgrader {version('nbgrader')}, load {os.getloadavg()[0]:.1f} when this was written"
    )


def _points(all_: list[Measured], grader: str, what: str = "seconds") -> list[tuple[int, float]]:
    """(hand-ins, median of a field of their costs), fewest first."""
    found: dict[int, list[float]] = {}
    for each in all_:
        if each.grader == grader and each.print_kb == 0:
            found.setdefault(each.handins, []).append(getattr(each.cost, what))
    return [(count, median(times)) for count, times in sorted(found.items())]


def _line(points: list[tuple[int, float]]) -> tuple[float, float]:
    """(seconds at no hand-in, seconds per hand-in) between the smallest and the largest class."""
    (few, little), (many, much) = points[0], points[-1]
    slope = (much - little) / (many - few) if many > few else much / many
    return max(0.0, little - slope * few), slope


def _plot(path: Path, series: dict[str, list[tuple[int, float]]]) -> None:
    import sys

    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    sys.path.insert(0, str(ROOT / "book"))
    import kit

    kit.style()
    figure, axes = plt.subplots()
    for name, points in series.items():
        axes.plot(*zip(*points, strict=True), marker="o", label=name)
    axes.set(xlabel="제출물 수", ylabel="걸린 시간 (초)", title="제출물이 늘 때의 채점 시간")
    axes.legend()
    figure.savefig(path, dpi=120)
    plt.close(figure)
