"""Makes the class of lab rnn: hand-ins as they really arrive. README.md says what each one is.

    python tests/class/make.py              writes handins/ and roster.csv
    python tests/class/make.py --check      says what is stale, exit code 1
    python tests/class/make.py --huge DIR   writes the 60 MB hand-in into DIR (never committed)

Answers come from solutions/ and tests/mutants/, the cells around them from labs/.
"""

from __future__ import annotations

import argparse
import copy
import importlib.util
import random
import re
import stat
import sys
from datetime import datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT)]

from nbformat import NotebookNode  # noqa: E402
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output  # noqa: E402
from shape import (  # noqa: E402
    Entry,
    by_colab,
    by_jupyter,
    unzipped,
    version_3,
    without_metadata,
    zipped,
)

from autograder import notebooks  # noqa: E402

WRITTEN = """<!-- [rnn:reflection] -->
제 화면에서 첫 글자를 맞힌 비율은 T=5에서 1.00, T=20에서 0.15였습니다.
거리가 멀수록 기울기가 걸음마다 줄어들어, 첫 글자를 남기라는 신호가 묻혔습니다.
경사 클리핑은 터지는 쪽만 막습니다."""

ROSTER = range(1, 23)  # s22 hands in nothing


class Class:
    """The release, right answers and wrong ones, put together into hand-ins."""

    def __init__(self, release: Path) -> None:
        self.release = notebooks.read(release)
        mutants = _load(ROOT / "tests" / "mutants" / "rnn.py")
        self.wrong, self.variants = mutants.MUTANTS, mutants.VARIANTS
        self.right = {}
        for cell in notebooks.read(ROOT / "solutions" / "rnn" / "rnn.ipynb").cells:
            if notebooks.role(cell) == "answer":
                region = r"^ *### (?:BEGIN|END) SOLUTION\n?"
                source = re.sub(region, "", cell.source, flags=re.MULTILINE)
                self.right[notebooks.exercise(cell)] = source.rstrip("\n")

    # Answers

    def written_like(self, exercise: str, variant: int) -> str:
        """A right answer in another hand."""
        choices = list(self.variants[exercise].values())
        return self.marked(exercise, choices[variant % len(choices)])

    def mistaken(self, exercise: str, mutant: str) -> str:
        """A wrong answer by its name in tests/mutants."""
        return self.marked(exercise, self.wrong[exercise][mutant])

    def marked(self, exercise: str, source: str) -> str:
        """Source as it stands in the answer cell, below the marker line."""
        return f"# [rnn:{exercise}]\n{source.rstrip()}"

    # Notebooks

    def notebook(
        self,
        mutants: dict[str, str] | None = None,
        blank: tuple[str, ...] = (),
        variant: int | None = None,
        written: bool = True,
    ) -> NotebookNode:
        """The release with answers.

        Args:
            mutants: exercise → name of the wrong answer.
            blank: exercises whose stub stays.
            variant: right answers of this number from tests/mutants; None means the solution.
            written: whether the written question is answered.
        """
        notebook = copy.deepcopy(self.release)
        for cell in notebook.cells:
            name = notebooks.exercise(cell)
            role = notebooks.role(cell)
            if role == "written" and written:
                cell.source = WRITTEN
            if role != "answer" or name in blank:
                continue
            if name in (mutants or {}):
                cell.source = self.mistaken(name, mutants[name])
            elif variant is None:
                cell.source = self.right[name]
            else:
                cell.source = self.written_like(name, variant)
        return notebook

    def duplicated(self) -> NotebookNode:
        """Answer cells twice: a better one below, the same again, a restored stub at the end."""
        notebook = self.notebook({"bptt": "not_through_time", "clip_by_global_norm_": "per_tensor"})
        better = copy.deepcopy(_cell(notebook, "bptt"))
        better.source = self.right["bptt"]  # with the id and metadata of the first
        _after(notebook, "bptt-public", better)
        _after(notebook, "rnn_cell", copy.deepcopy(_cell(notebook, "rnn_cell")))
        _after(notebook, "rnn_forward-public", copy.deepcopy(_cell(notebook, "rnn_forward-public")))
        notebook.cells.append(copy.deepcopy(_cell(self.release, "generate")))
        return notebook

    def tests_deleted(self) -> NotebookNode:
        """Test cells and a demo thrown away."""
        notebook = self.notebook({"rnn_cell": "detaches"})
        gone = {"bptt-public", "generate-hidden", "rnn_cell-public"}
        demo = next(cell.id for cell in notebook.cells if notebooks.role(cell) == "demo")
        notebook.cells = [
            cell
            for cell in notebook.cells
            if notebooks.grade_id(cell) not in gone and cell.id != demo
        ]
        return notebook

    def tests_edited(self) -> NotebookNode:
        """Wrong answers, tests that always pass, and a thousand points for everything."""
        notebook = self.notebook({"make_char_batches": "no_shift"}, blank=("bptt",))
        for cell in notebook.cells:
            if notebooks.role(cell) in ("public", "hidden", "written"):
                cell.metadata.nbgrader.points = 1000
        for name in ("make_char_batches-public", "bptt-public"):
            _cell(notebook, name).source = "assert True"
        _cell(notebook, "bptt-hidden").source = "# 숨은 테스트는 이미 통과했습니다."
        return notebook

    def with_own_cells(self) -> NotebookNode:
        """Helpers that answers use, magics, notes, a cell that fails, a longer demo."""
        notebook = self.notebook(variant=0)
        _cell(notebook, "rnn_cell").source = self.marked(
            "rnn_cell",
            "def rnn_cell(x, h, W_x, W_h, b):\n    return squash(x @ W_x.T + h @ W_h.T + b)",
        )
        helper = "def squash(a):\n    return torch.tanh(a)"
        _before(notebook, "rnn_cell", new_code_cell(helper, id="Qz81LmPa0sdF"))
        _before(notebook, "rnn_cell", new_markdown_cell("여기서부터 다시!", id="memo-1"))
        _after(notebook, "bptt-public", new_code_cell("%%time\nprint(1)", id="aaaa1111"))
        _after(notebook, "bptt-hidden", new_code_cell("print(undefined_name)", id="bbbb2222"))
        _after(notebook, "generate", new_code_cell("x = hs = W_h = None", id="cccc3333"))
        demo = next(cell for cell in notebook.cells if notebooks.role(cell) == "demo")
        demo.source = "while True:\n    pass"
        return notebook

    def broken(self) -> NotebookNode:
        """One answer that Python cannot read."""
        notebook = self.notebook(variant=1)
        _cell(notebook, "rnn_forward").source = self.marked(
            "rnn_forward", "def rnn_forward(x, h0, W_x, W_h, b)\n    return x @ W_x.T + b)"
        )
        return notebook

    def endless(self) -> NotebookNode:
        """One answer that never comes back."""
        notebook = self.notebook(variant=2)
        _cell(notebook, "generate").source = self.marked(
            "generate", "def generate(step, prefix, n, generator):\n    while True:\n        pass"
        )
        return notebook

    def noisy(self) -> NotebookNode:
        """Right answers that warn and print to stderr."""
        notebook = self.notebook()
        for name in self.right:
            cell = _cell(notebook, name)
            head, _, body = cell.source.partition('    """')
            doc, _, body = body.partition('"""\n')
            noise = (
                "    import sys, warnings\n"
                f"    warnings.warn('{name}: 느린 길', DeprecationWarning, stacklevel=1)\n"
                f"    print('{name} 호출', file=sys.stderr)\n"
            )
            cell.source = f'{head}    """{doc}"""\n{noise}{body}'
        first = _cell(notebook, next(iter(self.right)))
        first.source += "\n\n\nimport warnings\nwarnings.warn('실험 중')"
        return notebook

    def other_lab(self) -> NotebookNode:
        """A notebook of another lab, which has a question called reflection as well."""
        notebook = copy.deepcopy(self.release)
        notebook.metadata.course = {"lab": "elsewhere", "release": "first"}
        keep = ("rnn_cell", "rnn_cell-public", "reflection")
        notebook.cells = [copy.deepcopy(_cell(notebook, name)) for name in keep]
        for cell in notebook.cells:
            cell.source = cell.source.replace("rnn_cell", "shift_right")
            cell.source = cell.source.replace("[rnn:", "[elsewhere:")
            cell.id = cell.id.replace("rnn_cell", "shift_right")
            cell.metadata.nbgrader.grade_id = cell.id
        return notebook


def build(release: Path) -> dict[str, bytes]:
    """Every file below tests/class that is generated, by its relative name."""
    made = Class(release)
    march = lambda day, hour=12, minute=0: datetime(2026, 3, day, hour, minute)  # noqa: E731
    partly = made.notebook(
        {
            "make_char_batches": "wraps_around",
            "rnn_forward": "only_last",
            "bptt": "mean_over_batch",
            "clip_by_global_norm_": "fixed_threshold",
            "generate": "greedy",
        },
        variant=0,
    )
    colab = made.notebook({"grad_norm_by_step": "slopes_after_W_h"}, variant=1)
    stripped = made.notebook({"sequence_cross_entropy": "log_of_softmax"}, variant=2)
    moodle = [
        Entry(_moodle(1, "rnn.ipynb"), by_jupyter(made.notebook()), march(2, 14, 6)),
        Entry(_moodle(2, "내 과제.ipynb"), by_jupyter(partly), march(3, 9, 30)),
        Entry(_moodle(3, "rnn의 사본.ipynb"), by_colab(colab), march(4, 23, 58)),
        Entry(_moodle(4, "rnn (1).ipynb"), without_metadata(stripped), march(4, 20)),
        Entry(_moodle(5, "rnn.ipynb"), by_jupyter(made.duplicated()), march(5, 8)),
        # Without «Download submissions in folders» Moodle writes one flat list.
        Entry(_moodle(6, "rnn.ipynb").replace("_/", "_"), b"rnn.ipynb: see attachment\n", march(5)),
    ]
    canvas = [
        Entry(_canvas(7, "rnn.ipynb"), by_jupyter(made.tests_deleted()), march(6)),
        Entry(_canvas(8, "rnn-2.ipynb", "LATE_"), by_jupyter(made.tests_edited()), march(12)),
        Entry(_canvas(9, "rnn.ipynb"), by_colab(made.with_own_cells()), march(6, 13)),
        Entry(_canvas(10, "rnn_final.ipynb"), by_jupyter(made.broken()), march(6, 14)),
        Entry(_canvas(11, "rnn-1.ipynb"), by_jupyter(made.endless()), march(6, 15)),
        Entry(_canvas(12, "rnn.ipynb"), by_jupyter(made.noisy()), march(6, 16)),
        Entry(_canvas(13, "rnn.ipynb"), b"", march(6, 17)),
    ]
    worse = made.notebook({"bptt": "not_through_time", "rnn_cell": "no_tanh"}, blank=("generate",))
    better = made.notebook(blank=("bptt",))
    twice = [  # the later one comes first in the archive
        Entry("s17/1-final.ipynb", by_jupyter(better), march(9, 18)),
        Entry("s17/2-first try.ipynb", by_jupyter(worse), march(7, 18)),
        Entry("s17/.DS_Store", b"\0\0\0\1Bud1", march(9, 18)),
        Entry("__MACOSX/s17/._1-final.ipynb", b"\0\5\26\7", march(9, 18)),
    ]
    link = stat.S_IFLNK | 0o777
    paths = [
        Entry("../s18/rnn.ipynb", by_jupyter(made.notebook()), march(8)),
        Entry("s19/rnn.ipynb", b"../../../solutions/rnn/rnn.ipynb", march(8), link),
        Entry("s20/rnn.ipynb", by_jupyter(made.notebook(variant=3)), march(8)),
    ]
    first_half = tuple(made.right)[4:]
    plain = made.notebook(blank=first_half, written=False)
    return {
        "handins/moodle.zip": zipped(moodle),
        "handins/canvas.zip": zipped(canvas),
        "handins/twice.zip": zipped(twice),
        "handins/paths.zip": zipped(paths),
        "handins/plain/s14/rnn/rnn.ipynb": by_jupyter(plain),
        "handins/plain/s14/rnn/timestamp.txt": b"2026-03-06 03:00:00 UTC\n",
        "handins/plain/s15_rnn.ipynb": version_3(made.notebook()),
        "handins/plain/s16/rnn.ipynb": by_jupyter(made.other_lab()),
        "roster.csv": _roster(),
    }


def huge(folder: Path) -> Path:
    """Writes s21's hand-in of 60 MB, whose outputs were never cleared, and returns its place."""
    made = Class(ROOT / "labs" / "rnn" / "rnn.ipynb").notebook()
    noise = random.Random(0).randbytes(30 * 2**20).hex()
    made.cells[-1:] = [new_code_cell("draw()", id="huge")]
    made.cells[-1].outputs = [new_output("display_data", {"image/png": noise})]
    path = folder / "s21" / "rnn.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(by_jupyter(made))
    return path


def stale(made: dict[str, bytes]) -> list[str]:
    """Names of files that are not what `made` says, or should not be there."""
    found = [name for name, data in made.items() if not _same(HERE / name, data)]
    there = {path.relative_to(HERE).as_posix() for path in (HERE / "handins").rglob("*.*")}
    return sorted(found) + sorted(there - set(made))


def _same(path: Path, data: bytes) -> bool:
    if not path.is_file():
        return False
    found = path.read_bytes()
    return unzipped(found) == unzipped(data) if path.suffix == ".zip" else found == data


def _roster() -> bytes:
    lines = ["id,name,email,lms_id"]
    lines += [f"s{n:02},학생 {n:02},s{n:02}@example.com,{4000 + n}" for n in ROSTER]
    return ("\n".join(lines) + "\n").encode()


def _moodle(number: int, name: str) -> str:
    return f"학생 {number:02}_12345{number:02}_assignsubmission_file_/{name}"


def _canvas(number: int, name: str, late: str = "") -> str:
    return f"학생{number:02}_{late}{4000 + number}_{90000 + number}_{name}"


def _cell(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    return next(cell for cell in notebook.cells if notebooks.grade_id(cell) == grade_id)


def _before(notebook: NotebookNode, grade_id: str, cell: NotebookNode) -> None:
    notebook.cells.insert(notebook.cells.index(_cell(notebook, grade_id)), cell)


def _after(notebook: NotebookNode, grade_id: str, cell: NotebookNode) -> None:
    notebook.cells.insert(notebook.cells.index(_cell(notebook, grade_id)) + 1, cell)


def _load(path: Path):
    spec = importlib.util.spec_from_file_location("mutants_of_rnn", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Makes the class that tests grade.")
    parser.add_argument("--check", action="store_true", help="say what is stale")
    parser.add_argument("--huge", type=Path, metavar="DIR", help="write the 60 MB hand-in there")
    arguments = parser.parse_args()
    release = ROOT / "labs" / "rnn" / "rnn.ipynb"
    if not release.is_file():
        print("labs/rnn/rnn.ipynb이 없습니다: course release rnn", file=sys.stderr)
        return 2
    if arguments.huge:
        print(huge(arguments.huge))
        return 0
    made = build(release)
    old = stale(made)
    if arguments.check:
        for name in old:
            print(f"낡음: tests/class/{name} → .venv/bin/python tests/class/make.py")
        return 1 if old else 0
    for name in old:
        path = HERE / name
        if name in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(made[name])
        else:
            path.unlink()
        print(f"tests/class/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
