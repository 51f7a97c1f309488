"""A key twice in one object: what is graded must be what a TA sees."""

from __future__ import annotations

from tests.threats.handins.court import RIGHT_BYTES, WRONG, as_bytes, notebook


def twice(first: bytes, second: bytes) -> bytes:
    return first[:-1] + b", " + second[1:]


def test_the_last_counts_and_is_shown(court):
    court.lay("m50_toy.ipynb", twice(RIGHT_BYTES, as_bytes(notebook(WRONG))))
    court.lay("m51_toy.ipynb", twice(as_bytes(notebook(WRONG)), RIGHT_BYTES))
    outcome = court()
    outcome.assert_graded("m50", 60)
    outcome.assert_graded("m51", 100)
    for student, line in (("m50", "return 0"), ("m51", "return x + x")):
        for folder in (court.course.submitted, court.course.autograded):
            assert line in (folder(student, "toy") / "toy.ipynb").read_text(encoding="utf-8")


def test_grade_ids_and_sources_twice_in_a_cell(court):
    data = as_bytes(notebook(WRONG)).replace(
        b'"grade_id": "double-hidden"', b'"grade_id": "x", "grade_id": "y", "points": 0'
    )
    court(data).assert_graded("m50", 60)
