"""The roster, sign-in links, deadlines put off for one student."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from starlette.datastructures import UploadFile
from starlette.responses import Response

from autograder.course import UsageError
from autograder.grading import extensions
from autograder.grading.gradebook import relate
from autograder.grading.marking import marking
from autograder.intake import roster
from autograder.portal.admin.people import make_links, sync
from autograder.portal.auth import links
from autograder.portal.call import Call, Stop
from autograder.portal.desk.submission import BUSY
from autograder.portal.routing import Rules, Who
from autograder.portal.tables import Handin, SignedIn, Token, User, now

rules = Rules()
MOST_ROSTER = 2**20  # bytes


@rules.get("/ta/people", Who.TA)
def ta_people(call: Call) -> Response:
    """Everybody, and who was given more time."""
    return people_page(call)


def people_page(call: Call, link: tuple[str, str] | None = None) -> Response:
    """The page; `link`: a sign-in link that was made just now (login, address)."""
    query = select(User).where(User.role == "student").order_by(User.active.desc(), User.login)
    labs = Counter(
        student for student, _ in call.db.execute(select(Handin.student, Handin.lab).distinct())
    )
    seen = dict(
        call.db.execute(
            select(SignedIn.user_id, func.max(SignedIn.seen)).group_by(SignedIn.user_id)
        ).all()
    )
    live = set(
        call.db.scalars(
            select(Token.user_id).where(
                Token.kind == links.LINK, Token.revoked.is_(None), Token.expires > now()
            )
        )
    )
    return call.page(
        "ta/people.html",
        people=list(call.db.scalars(query)),
        labs_of=labs,
        seen=seen,
        live=live,
        link=link,
        put_off=sorted(extensions.load(call.desk.course).items()),
        labs=call.desk.course.labs,
        zone=str(call.desk.course.timezone),
    )


@rules.post("/ta/people/roster", Who.TA)
def ta_roster(call: Call) -> Response:
    """Takes a new roster.csv; who is not on it any more is locked out, their work stays."""
    file = call.form.get("roster")
    if not isinstance(file, UploadFile) or not file.filename:
        raise Stop(422, "명단 파일(.csv)을 고르세요.")
    data = file.file.read(MOST_ROSTER + 1)
    if len(data) > MOST_ROSTER:
        raise Stop(413)
    course = call.desk.course
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "roster.csv"
        path.write_bytes(data)
        try:
            people = roster.read(path)
            taken = set(call.db.scalars(select(User.login).where(User.role != "student")))
            if both := sorted(taken & {each.id for each in people}):
                raise UsageError(f"'{both[0]}'은(는) 조교의 이름입니다: 명단의 id를 바꾸세요")
            count = roster.import_roster(course, path)
        except UsageError as error:
            raise Stop(422, str(error)) from None
    sync(call.db, course)
    call.audit("roster", f"{count}")
    return call.to("ta_people")


@rules.post("/ta/people/{login}/link", Who.TA)
def ta_link(call: Call) -> Response:
    """Makes a student's sign-in link anew; it is shown this once, the earlier one ends."""
    user = _student(call)
    if not user.active:
        raise Stop(422, "명단에 없는 학생에게는 링크를 만들지 않습니다.")
    settings = call.desk.settings
    address = settings.address or str(call.request.base_url).rstrip("/")
    made = make_links(call.db, [user], address, settings.link_days)[0][1]
    call.audit("link made", user.login)
    return people_page(call, (user.login, made))


@rules.post("/ta/people/{login}/lock", Who.TA)
def ta_lock(call: Call) -> Response:
    """Ends a student's links, keys and sessions, where one got into other hands."""
    user = _student(call)
    call.audit("revoked", user.login, count=links.revoke(call.db, user))
    return call.to("ta_people")


@rules.post("/ta/extensions", Who.TA)
def ta_extension(call: Call) -> Response:
    """Puts one student's deadline off, or back to the class's where no moment is given."""
    course = call.desk.course
    student, name = call.text("student", 64), call.text("lab", 64)
    if call.db.scalar(select(User).where(User.login == student, User.role == "student")) is None:
        raise Stop(422, "명단에 없는 학생입니다.")
    if name not in [lab.name for lab in course.labs]:
        raise Stop(422, "없는 실습입니다.")
    said, until = call.text("until", 40, required=False), None
    if said:
        try:
            until = datetime.fromisoformat(said)
            until = until if until.tzinfo else until.replace(tzinfo=course.timezone)
        except ValueError:
            raise Stop(422, "날짜와 시각을 적으세요.") from None
        if not 2000 <= until.year <= 2100:
            raise Stop(422, "날짜와 시각을 적으세요.")
    before = extensions.load(course).get((student, name))
    try:
        with marking(course) as gradebook:
            extensions.grant(course, student, name, until)
            relate(gradebook, course, student, name)
    except UsageError:
        raise Stop(409, BUSY) from None
    said_before, said_now = (each and each.isoformat() for each in (before, until))
    call.audit("extension", student, lab=name, before=said_before, until=said_now)
    return call.to("ta_people")


def _student(call: Call) -> User:
    found = call.db.scalar(
        select(User).where(User.login == call.path["login"], User.role == "student")
    )
    if found is None:
        raise Stop(404)
    return found
