"""python -m benchmarks [--quick]: graders in turn on the same hand-ins, written to results/<date>/."""

from __future__ import annotations

import argparse
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from autograder.course import Course
from benchmarks import report
from benchmarks.graders import ROOT, Grader, Nbgrader, OfCourse, Otter, floor
from benchmarks.handins import Work, prepare
from benchmarks.meter import BenchFailed, Cost


def main() -> int:
    """Measures and writes; 0 when `course grade` could be measured."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a look in three minutes, no figures")
    parser.add_argument("--handins", type=int, default=60, metavar="N", help="largest class")
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="rounds")
    parser.add_argument(
        "--most", type=int, default=1000, metavar="N", help="largest class of `course grade` alone"
    )
    parser.add_argument("--to", type=Path, default=ROOT / "benchmarks" / "results", metavar="DIR")
    chosen = parser.parse_args()
    if chosen.quick:
        sizes, prints, rounds, most = [1, 4], [], 1, 4
    else:
        sizes = sorted({max(1, chosen.handins // 6), chosen.handins})
        prints, rounds, most = [10, 200], chosen.repeat, max(chosen.most, sizes[-1])
    course = Course.find(ROOT)
    graders: list[Grader] = [OfCourse(1), OfCourse(2), Nbgrader()]
    notes: list[str] = []
    otter = Otter()
    try:
        otter.install()
        graders.append(otter)
    except BenchFailed as error:
        notes.append(f"otter-grader was left out: {error}")
        print(notes[-1], flush=True)

    found: list[report.Measured] = []
    lowest = report.Floor()
    for _ in range(rounds):
        lowest.add(floor(prepare(course, most)))
        rows = [(n, 0) for n in sizes] + [(sizes[0], kb) for kb in prints]
        rows += [(most, 0)] if most > sizes[-1] else []
        for count, print_kb in rows:
            work = prepare(course, count, print_kb)
            # In turn: what the machine does besides hits all alike.
            for grader in [g for g in graders if count <= sizes[-1] or isinstance(g, OfCourse)]:
                try:
                    cost = _once(grader, work)
                except BenchFailed as error:
                    notes.append(f"{grader.name} failed with {count} hand-ins: {error}")
                    print(notes[-1], flush=True)
                    graders.remove(grader)
                    continue
                found.append(report.Measured(grader.name, count, print_kb, cost))
                what = f"{count} hand-ins" + (f" printing {print_kb} KB" if print_kb else "")
                print(f"{grader.name}, {what}: {cost.seconds:.1f} s, {cost.peak_mb:.0f} MB")
    lowest.add(floor(prepare(course, most)))  # before and after: machines change
    # A grader that fell out half way has no line to draw.
    whole = [each for each in found if each.grader in {grader.name for grader in graders}]
    if not whole:
        return 1
    folder = chosen.to / f"{datetime.now(UTC):%Y-%m-%d}"
    print(f"-> {report.write(folder, whole, lowest, notes, chosen.quick)}")
    return 0


def _once(grader: Grader, work: Work) -> Cost:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        return grader.grade(work, Path(folder))


if __name__ == "__main__":
    raise SystemExit(main())
