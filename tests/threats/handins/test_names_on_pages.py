"""Markup in a student's name, in the id, in the name of a file and of an entry."""

from __future__ import annotations

from autograder.course import UsageError
from autograder.intake.roster import import_roster
from tests.threats.handins.court import RIGHT_BYTES
from tests.threats.handins.pages import JS, assert_harmless
from tests.threats.handins.zips import entry, try_zip

MARKUP = f'<img src=x onerror="{JS}">'


def test_in_the_name_of_the_file(court, window):
    outcome = try_zip(court, (entry(f"x{MARKUP.replace('/', '')}.ipynb"), RIGHT_BYTES))
    assert_harmless(outcome, window)
    assert "onerror" in outcome.page("m50")  # there, as text
    assert "<img src=x" not in outcome.page("m50")


def test_in_the_name_of_a_refused_file(court, window):
    outcome = try_zip(court, (entry("x<script>title=1<.ipynb"), b"{}"), (f"{MARKUP}.pdf", b"x"))
    assert len(outcome.refusals) == 2
    assert not window.look(outcome.page_file("m50"))


def test_in_a_students_name(court, window):
    court.roster("m50")
    roster = court.course.roster
    roster.write_text(roster.read_text().replace("m50,", f'm50,"{MARKUP.replace(chr(34), "")}"'))
    assert_harmless(court(RIGHT_BYTES), window)


def test_an_id_of_markup_is_no_id(court):
    path = court.lay("../list.csv", b'id,name\n"<script>x</script>",x\n')
    try:
        import_roster(court.course, path)
    except UsageError as error:
        assert "2번째 줄" in str(error)
    else:
        raise AssertionError("taken in")
    court()
