"""A notebook that asks for another kernel: a shell, or a program that the grader would start."""

from __future__ import annotations

import json

from tests.threats.handins.court import cell, notebook

SPECS = [
    {"name": "bash", "language": "bash", "display_name": "Bash"},
    {"name": "evil", "language": "python", "display_name": "Python 3"},
    {"name": "../../evil", "language": "python", "display_name": "x"},
]


def test_no_kernel_of_the_notebooks_choice_is_started(court, tmp_path, monkeypatch):
    started = tmp_path / "course" / "started"
    folder = tmp_path / "jupyter" / "kernels" / "evil"
    folder.mkdir(parents=True)
    spec = {"argv": ["touch", str(started)], "display_name": "x", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    for number, kernel in enumerate(SPECS):
        made = notebook()
        made.metadata["kernelspec"] = kernel
        made.metadata["language_info"] = {"name": "bash", "file_extension": ".sh"}
        court.lay(f"m5{number}_toy.ipynb", json.dumps(made).encode())
    outcome = court()
    for number in range(len(SPECS)):
        outcome.assert_graded(f"m5{number}", 100)
        graded = court.course.autograded(f"m5{number}", "toy") / "toy.ipynb"
        metadata = json.loads(graded.read_text(encoding="utf-8"))["metadata"]
        assert metadata.get("kernelspec", {}).get("name") in (None, "python3")
    assert not started.exists()


def test_a_shells_text_is_no_answer(court, tmp_path):
    made = notebook()
    made.metadata["kernelspec"] = SPECS[0]
    cell(made, "double").source = f"# [toy:double]\ntouch {tmp_path}/course/owned; exit 0"
    outcome = court(made)
    outcome.assert_graded("m50", 60)
    assert not (tmp_path / "course" / "owned").exists()
