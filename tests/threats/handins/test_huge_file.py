"""60 MB in one file, and very many cells in a small one."""

from __future__ import annotations

from tests.threats.handins.court import RIGHT_BYTES, notebook


def test_sixty_megabytes_are_kept_and_not_read(court):
    data = RIGHT_BYTES[:-1] + b', "x": "' + b"x" * (60 * 2**20) + b'"}'
    court(data).assert_refused("60 MB로 너무 큽니다")
    (kept,) = [
        path for path in court.course.inbox.glob("*/handed-in.*") if path.stat().st_size > 2**20
    ]
    assert kept.stat().st_size == len(data)


def test_very_many_cells(court):
    made = notebook()
    made.cells += [{"cell_type": "code", "source": "1"}] * 100_000
    court(made).assert_refused(f"셀이 {len(made.cells):,}개나 됩니다")


def test_a_source_of_megabytes(court):
    made = notebook(own="# " + "x" * 5_000_000)
    court(made).assert_graded("m50", 100)
