"""The `course` command: thin, one function per verb. Errors are one line; exit codes in README.md."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from autograder.course import Course, Lab, UsageError

USAGE, INTERRUPTED = 2, 130
_ROSTER = {"import": "파일", "links": "학생", "ta": "조교의 이름", "revoke": "사용자"}


class _Parser(argparse.ArgumentParser):
    """argparse, but a wrong option is one line and exit code 2."""

    def error(self, message: str) -> None:
        """Raises UsageError instead of printing the whole usage."""
        raise UsageError(f"{message} (도움말: {self.prog} --help)")


def _say(line: str) -> None:
    print(line, flush=True)


def _labs(course: Course, arguments: argparse.Namespace):
    return course.chosen(arguments.labs)


def release(course: Course, arguments: argparse.Namespace) -> int:
    """solutions/ -> labs/."""
    from autograder.publish.release import ReleaseError, check_releases
    from autograder.publish.release import release as make_releases

    if arguments.check:
        problems = check_releases(course, _labs(course, arguments))
    else:
        try:
            make_releases(course, _labs(course, arguments), _say)
            problems = []
        except ReleaseError as error:
            problems = error.problems
    for line in problems:
        print(f"course: {line}", file=sys.stderr)
    return 1 if problems else 0


def collect(course: Course, arguments: argparse.Namespace) -> int:
    """Takes in hand-ins."""
    from autograder.intake.collect import collect as take_in

    lab = course.lab(arguments.lab).name if arguments.lab else None
    take_in(course, Path(arguments.source), lab, arguments.student, _say)
    return 0


def grade(course: Course, arguments: argparse.Namespace) -> int:
    """Grades what is new, or says what that would change."""
    if arguments.workers is not None and arguments.workers < 1:
        raise UsageError("--workers는 1 이상이어야 합니다")
    if arguments.workers is not None and arguments.scheduler:
        raise UsageError("--workers는 이 기계의 것입니다: --scheduler와 함께 쓸 수 없습니다")
    labs = _labs(course, arguments)
    _walled(course, arguments)
    if arguments.student:
        _known_student(course, arguments.student)
    if arguments.scheduler:
        return _grade(course, labs, arguments)
    from autograder.sandbox.process import importing

    with importing():  # torch, while we import nbgrader: each takes a second or two
        return _grade(course, labs, arguments)


def _grade(course: Course, labs: Sequence[Lab], arguments: argparse.Namespace) -> int:
    from autograder.grading.grade import cores, write_json
    from autograder.grading.grade import grade as grade_labs
    from autograder.grading.rehearse import rehearse

    if not arguments.scheduler:
        _memory_hint(course, arguments.workers or cores())
    how = (arguments.student, arguments.workers, arguments.force, _say, False, arguments.scheduler)
    more = None
    if arguments.dry_run:
        results, changes = rehearse(course, labs, *how)
        more = {"dry_run": True, "changes": [change.data() for change in changes]}
    else:
        results = grade_labs(course, labs, *how)
    if arguments.json:
        write_json(Path(arguments.json), results, more)
    for result in results:
        if result.status != "graded":
            who = f"{result.student or '?'}/{result.lab or '?'}"
            word = "거절" if result.status == "refused" else "실패"
            _say(f"{word} {who}: {result.file}: {result.reason}")
    return 1 if any(result.status == "failed" for result in results) else 0


def _memory_hint(course: Course, workers: int) -> None:
    """Says so when all the workers at their limit would need more memory than there is."""
    from autograder.grading.memory import available_gb, fitting_workers

    limit = course.limits.memory_gb
    fit = fitting_workers(limit)
    if fit < workers:
        _say(
            f"참고: 동시에 {workers}개가 한도({limit:g} GB)까지 쓰면 남은 메모리 "
            f"{available_gb():.1f} GB를 넘습니다. 모자라면 --workers {fit}"
        )


def _known_student(course: Course, student: str) -> None:
    from autograder.intake.inbox import Inbox
    from autograder.intake.roster import Roster

    known = {person.id for person in Roster.load(course).people}
    known |= {handin.student for handin in Inbox(course).records()}
    known |= {path.name for path in course.root.glob("submitted/*") if path.is_dir()}
    if student not in known:
        raise UsageError(f"'{student}'이라는 학생은 없습니다 (명단에도 제출에도)")


def _walled(course: Course, arguments: argparse.Namespace) -> None:
    """Student code runs only behind all walls, unless someone decided otherwise."""
    from autograder.sandbox.survey import insist

    try:
        line = insist(course.settings, arguments.weak_walls)
    except RuntimeError as error:
        raise UsageError(str(error)) from None
    if line:
        print(f"course: {line}", file=sys.stderr)


def feedback(course: Course, arguments: argparse.Namespace) -> int:
    """Writes the pages that students get."""
    from autograder.feedback.feedback import feedback as write_pages

    write_pages(course, _labs(course, arguments), _say)
    return 0


def roster(course: Course, arguments: argparse.Namespace) -> int:
    """Takes in the class list; makes, renews and ends sign-in links."""
    action, what = arguments.action, arguments.what
    if action in ("import", "ta", "revoke") and not what:
        raise UsageError(f"course roster {action} 다음에 {_ROSTER[action]}이(가) 있어야 합니다")
    if action == "import":
        from autograder.intake.roster import import_roster

        count = import_roster(course, Path(what))
        _say(f"{count}명의 명단을 받았습니다: {course.roster.name}")
    from autograder.portal.admin import roster as desk

    if action in ("import", "links"):
        path, made = desk.links_for_new(course) if action == "import" else desk.renew(course, what)
        if made:
            _say(f"로그인 링크 {made}개: {path.name} (나누어 준 뒤에는 지우세요)")
    elif action == "ta":
        _say(f"조교 {what}의 로그인 링크: {desk.ta_link(course, what)}")
    else:
        _say(f"{what}의 링크와 로그인 {desk.revoke(course, what)}개를 끝냈습니다")
    return 0


def export(course: Course, arguments: argparse.Namespace) -> int:
    """Writes the grade table."""
    from autograder.grading.export import export as write_table

    to = Path(arguments.to) if arguments.to else None
    path = write_table(course, _labs(course, arguments), arguments.format, to)
    _say(f"성적표: {path}")
    return 0


def status(course: Course, arguments: argparse.Namespace) -> int:
    """Prints who handed in what."""
    from autograder.grading.status import history_lines, lines

    labs = _labs(course, arguments)
    if arguments.student:
        _known_student(course, arguments.student)
    found = history_lines(course, labs, arguments.student) if arguments.student else None
    for line in found or lines(course, labs):
        _say(line)
    return 0


def new(course: Course, arguments: argparse.Namespace) -> int:
    """Writes a chapter or a lab to begin with."""
    from autograder.skeleton.chapter import new_chapter
    from autograder.skeleton.lab import new_lab

    if arguments.kind == "chapter":
        if arguments.chapter:
            raise UsageError("--chapter는 실습에만 씁니다")
        new_chapter(course, arguments.name, arguments.title, _say)
    else:
        new_lab(course, arguments.name, arguments.title, arguments.chapter, _say)
    return 0


def publish(course: Course, arguments: argparse.Namespace) -> int:
    """Writes the public tree."""
    from autograder.publish.tree import LeakError
    from autograder.publish.tree import publish as write_tree

    try:
        write_tree(course, Path(arguments.dest), _say)
    except LeakError as error:
        for leak in error.leaks:
            print(f"course: {leak}", file=sys.stderr)
        print(f"course: 발행하지 않았습니다: 비밀 {len(error.leaks)}건", file=sys.stderr)
        return 1
    return 0


def verify(course: Course, arguments: argparse.Namespace) -> int:
    """Tests the tests."""
    from autograder.grading.verify import verify as try_tests

    _walled(course, arguments)
    problems = try_tests(course, _labs(course, arguments), arguments.workers, _say)
    return 1 if problems else 0


def serve(course: Course, arguments: argparse.Namespace) -> int:
    """Serves the book, the labs and the desk."""
    from autograder.portal.admin import demo
    from autograder.portal.site import serve as serve_site

    if not arguments.demo:
        serve_site(course, arguments.host, arguments.port, _say)
        return 0

    def ready(shown: Course, settings) -> None:
        demo.links(shown, settings, _say)

    serve_site(demo.demo_course(course), arguments.host, arguments.port, _say, ready)
    return 0


def backup(course: Course, arguments: argparse.Namespace) -> int:
    """Writes all of a class into one file."""
    from autograder.portal.admin.backup import backup as write_backup

    write_backup(course, Path(arguments.file), _say)
    return 0


def restore(course: Course | None, arguments: argparse.Namespace) -> int:
    """Puts a backup back."""
    from autograder.portal.admin.backup import restore as put_back

    to = Path(arguments.to) if arguments.to else course.root if course else Path.cwd()
    put_back(Path(arguments.file), to.resolve(), _say)
    return 0


def purge(course: Course, arguments: argparse.Namespace) -> int:
    """Deletes all that is about one student."""
    from autograder.portal.admin.purge import purge as take_out

    if not arguments.yes:
        raise UsageError(f"되돌릴 수 없습니다. 정말이면: course purge {arguments.student} --yes")
    take_out(course, arguments.student, _say)
    return 0


def doctor(course: Course, arguments: argparse.Namespace) -> int:
    """Prints what this machine can do."""
    from autograder.doctor import lines

    for line in lines(course):
        _say(line)
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line: a sub-parser for every verb of DESIGN's table."""
    top = _Parser(prog="course", description="순환에서 정렬까지: 실습을 만들고, 받고, 채점합니다.")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True, parser_class=_Parser)

    def verb(function, text: str, labs: bool = False) -> argparse.ArgumentParser:
        sub = verbs.add_parser(function.__name__, help=text, description=text)
        sub.set_defaults(run=function)
        if labs:
            sub.add_argument("labs", nargs="*", metavar="LAB", help="실습 이름 (없으면 모두)")
        return sub

    def weak(sub: argparse.ArgumentParser) -> None:
        text = "벽이 모자라도 학생 코드를 실행합니다 (course doctor)"
        sub.add_argument("--weak-walls", action="store_true", help=text)

    sub = verb(new, "새 장이나 실습의 견본을 씁니다")
    sub.add_argument("kind", choices=["chapter", "lab"], help="chapter(장) 또는 lab(실습)")
    sub.add_argument("name", metavar="NAME", help="장은 easy/graphs, 실습은 graphs처럼")
    sub.add_argument("--title", help="제목 (없으면 이름)")
    sub.add_argument("--chapter", metavar="PAGE", help="어느 장의 실습인지 (없으면 이름이 같은 장)")
    sub = verb(release, "solutions/에서 학생용 labs/를 만듭니다", labs=True)
    sub.add_argument("--check", action="store_true", help="만들지 않고, 낡은 것만 알립니다")
    sub = verb(collect, "제출물(파일, 폴더, zip)을 받습니다")
    sub.add_argument("source", metavar="SOURCE", help="파일, 폴더 또는 zip")
    sub.add_argument("--lab", help="어느 실습인지 (없으면 노트북을 보고 압니다)")
    sub.add_argument("--student", metavar="ID", help="누구의 제출인지 (파일 하나일 때)")
    sub = verb(grade, "새로 들어온 것을 채점합니다", labs=True)
    sub.add_argument("--student", metavar="ID", help="이 학생만")
    sub.add_argument("--workers", type=int, metavar="N", help="동시에 몇 개 (기본: 코어 수)")
    sub.add_argument("--scheduler", metavar="ADDRESS", help="여러 기계로: Dask 스케줄러의 주소")
    sub.add_argument("--force", action="store_true", help="바뀌지 않은 것도 다시 채점합니다")
    sub.add_argument(
        "--dry-run", action="store_true", help="쓰지 않고, 누구의 점수가 바뀔지만 보여 줍니다"
    )
    sub.add_argument("--json", metavar="FILE", help="결과를 JSON으로도 씁니다")
    weak(sub)
    verb(feedback, "학생에게 줄 페이지를 씁니다", labs=True)
    sub = verb(roster, "명단을 받고, 데스크의 로그인 링크를 만듭니다")
    sub.add_argument("action", choices=list(_ROSTER), help="명단 받기, 새 링크, 조교, 끝내기")
    sub.add_argument(
        "what",
        metavar="FILE|ID",
        nargs="?",
        help="import: id,name,email,lms_id 열이 있는 CSV. links: 이 학생만. ta, revoke: 누구",
    )
    sub = verb(export, "성적표를 씁니다", labs=True)
    sub.add_argument("--format", choices=["csv", "canvas", "moodle"], default="csv")
    sub.add_argument("--to", metavar="FILE", help="쓸 파일 (기본: grades*.csv)")
    sub = verb(status, "누가 무엇을 냈고 무엇이 채점되었는지 보여 줍니다", labs=True)
    sub.add_argument("--student", metavar="ID", help="이 학생이 받은 모든 점수와 까닭")
    sub = verb(publish, "공개해도 되는 것만 골라 DEST에 씁니다")
    sub.add_argument("dest", metavar="DEST", help="새 폴더, 빈 폴더 또는 전에 발행한 폴더")
    sub = verb(verify, "테스트를 시험합니다 (정답은 통과, 오답은 적발)", labs=True)
    sub.add_argument("--workers", type=int, metavar="N", help="동시에 몇 개 (기본: 코어 수)")
    weak(sub)
    sub = verb(serve, "책과 실습, 데스크를 여는 서버를 켭니다")
    sub.add_argument("--host", default="127.0.0.1")
    sub.add_argument("--port", type=int, default=8000)
    text = "보여 주기용 반으로 엽니다 (_build/demo/; 진짜 반은 그대로)"
    sub.add_argument("--demo", action="store_true", help=text)
    sub = verb(backup, "반 전체를 파일 하나에 담습니다 (제출물, 점수, 데스크)")
    sub.add_argument("file", metavar="FILE", help="새 파일: class.tar.gz")
    sub = verb(restore, "백업을 빈 폴더나 새 체크아웃에 되살립니다")
    sub.add_argument("file", metavar="FILE", help="course backup이 만든 파일")
    sub.add_argument("--to", metavar="DIR", help="어디에 (기본: 이 과정)")
    sub = verb(purge, "한 학생에 관한 것을 모두 지웁니다")
    sub.add_argument("student", metavar="STUDENT")
    sub.add_argument("--yes", action="store_true", help="묻지 않고 지웁니다")
    verb(doctor, "버전과 이 기계의 격리 능력을 봅니다")
    return top


def _course(chosen: argparse.Namespace) -> Course | None:
    """The course in which the verb runs; a backup may come back where there is none yet."""
    try:
        return Course.find()
    except UsageError:
        if chosen.run is restore:
            return None
        raise


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one verb. Returns the exit code: 0 good, 1 something failed, 2 wrongly called."""
    try:
        chosen = parser().parse_args(arguments)
        return chosen.run(_course(chosen), chosen)
    except UsageError as error:
        print(f"course: {error}", file=sys.stderr)
        return USAGE
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        print("course: 중단했습니다. 다시 실행하면 이어서 합니다.", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
