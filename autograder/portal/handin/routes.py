"""Handing in: from the page with a file, from a notebook's last cell with a key."""

from __future__ import annotations

from urllib.parse import quote, unquote

from starlette.datastructures import UploadFile
from starlette.responses import Response

from autograder.portal.auth import links
from autograder.portal.call import Call, Stop
from autograder.portal.handin.preflight import Preflight, look
from autograder.portal.handin.take import take
from autograder.portal.handin.whose import own_handin
from autograder.portal.routing import Rules, Who
from autograder.portal.student import labs

rules = Rules()
MOST_NAME = 200


@rules.post("/labs/{lab}/check", Who.STUDENT, rate="check")
def check(call: Call) -> Response:
    """Says what is wrong with a notebook, as data; keeps nothing."""
    data, _ = _file(call)
    return call.json(look(call.desk.course, data, call.lab().name).data())


@rules.post("/labs/{lab}/handin", Who.STUDENT, rate="handin")
def hand_in(call: Call) -> Response:
    """Takes a notebook and shows its receipt; asks first where cells are missing or doubled."""
    lab = call.lab()
    data, name = _file(call)
    found = look(call.desk.course, data, lab.name)
    if found.refused or (found.asks and not call.form.get("sure")):
        return labs.lab_page(call, lab, found, name)
    return call.to("handin", receipt=_taken(call, data, name, "page", found))


@rules.get("/handins/{receipt}/file", Who.USER)
def handed_in_file(call: Call) -> Response:
    """The file exactly as it was handed in, as a download."""
    row = own_handin(call)
    folder = call.desk.course.inbox / row.sha256
    path = next(iter(sorted(folder.glob("handed-in.*"))), None)
    if path is None:
        raise Stop(404)
    name = f"{row.student}-{row.lab}-{row.attempt}.ipynb"
    return Response(
        path.read_bytes(),
        media_type="application/octet-stream",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"},
    )


@rules.post("/key", Who.STUDENT, rate="key")
def new_key(call: Call) -> Response:
    """Makes the key with which a notebook hands in; an earlier one ends. It is shown this once."""
    secret = links.make(call.db, call.user, links.SUBMIT, call.desk.settings.link_days)
    call.audit("key made")
    return call.page("student/key.html", secret=secret)


@rules.post("/api/check", Who.KEY, form=False, rate="check")
def api_check(call: Call) -> Response:
    """`check` for a program: the body is the notebook."""
    return call.json(look(call.desk.course, _body(call), _said_lab(call)).data())


@rules.post("/api/handin", Who.KEY, form=False, rate="handin")
def api_handin(call: Call) -> Response:
    """`hand_in` for a program; it has asked the student itself. 201 with the receipt."""
    data = _body(call)
    found = look(call.desk.course, data, _said_lab(call))
    if found.refused:
        return call.json(found.data() | {"error": found.refused}, 422)
    receipt = _taken(call, data, _said_name(call) or f"{found.lab}.ipynb", "cell", found)
    return call.json(_status(call, receipt), 201)


@rules.get("/api/handins/{receipt}", Who.KEY)
def api_status(call: Call) -> Response:
    """How far the grading of a hand-in of the key's owner is."""
    return call.json(_status(call, own_handin(call).receipt))


def _taken(call: Call, data: bytes, name: str, source: str, found: Preflight) -> str:
    taken = take(call.desk, call.db, call.user, data, name, source, found)
    row = taken.row
    call.audit("handin", row.receipt, lab=row.lab, attempt=row.attempt, new=taken.is_new)
    return row.receipt


def _status(call: Call, receipt: str) -> dict:
    from autograder.portal.student.results import shown_status

    return shown_status(call, receipt)


def _file(call: Call) -> tuple[bytes, str]:
    file = call.form.get("notebook")
    if not isinstance(file, UploadFile) or not file.filename:
        raise Stop(422, "노트북 파일(.ipynb)을 고르세요.")
    data = file.file.read()
    if len(data) > call.desk.course.limits.file_mb * 2**20:
        raise Stop(413)
    return data, file.filename[:MOST_NAME]


def _body(call: Call) -> bytes:
    if call.user.role != "student":
        raise Stop(403)
    return call.body


def _said_lab(call: Call) -> str:
    return call.request.query_params.get("lab", "")[:64]


def _said_name(call: Call) -> str:
    return unquote(call.request.headers.get("x-file-name", ""))[:MOST_NAME]
