"""Similar answers of a class: the list of pairs, and two answers beside each other."""

from __future__ import annotations

from starlette.responses import Response

from autograder.portal.call import Call, Stop
from autograder.portal.desk import klass
from autograder.portal.routing import Rules, Who

rules = Rules()


@rules.get("/ta/labs/{lab}/similar", Who.TA)
def ta_similar(call: Call) -> Response:
    """The pairs that are worth a look."""
    from autograder.portal.desk import alike  # copydetect draws: matplotlib takes a second

    lab = call.lab()
    rows = {student: row for student, (row, _) in klass.current(call, lab).items()}
    found = alike.pairs(call.desk.course, lab.name, rows)
    call.audit("similar", lab.name)
    return call.page("ta/similar.html", lab=lab, pairs=found, rows=rows, compared=len(rows))


@rules.get("/ta/similar/{receipt}/{other}", Who.TA)
def ta_pair(call: Call) -> Response:
    """Two answers beside each other; what they share is marked."""
    from autograder.portal.desk import alike

    one, other = klass.the_handin(call), klass.the_handin(call, "other")
    if one.lab != other.lab:
        raise Stop(404)
    lab = call.desk.course.lab(one.lab)
    both = alike.side_by_side(call.desk.course, lab.name, one.student, other.student)
    if both is None:
        raise Stop(404)
    return call.page("ta/pair.html", lab=lab, sides=list(zip((one, other), both, strict=True)))
