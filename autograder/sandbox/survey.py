"""Which walls this machine can give: each is really tried, in a child, and nothing changes here.

`python -m autograder.sandbox.survey` prints the answer as JSON; `survey()` asks such a process, so
that a grader with threads never forks.
"""

from __future__ import annotations

import errno
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from autograder.sandbox import cgroups, linux, pids, rlimits, user, walls
from autograder.sandbox.syscalls import Filter

WEAK = "COURSE_WEAK_WALLS"
_LIMITS = {"memory_gb": 1, "file_mb": 1, "submission_seconds": 10}


@dataclass(frozen=True)
class Wall:
    """One wall, as `course doctor` shows it.

    Attributes:
        name: its key in walls.py.
        title: what it keeps student code from (Korean).
        required: grading stops without it.
        why: what the machine said when it was tried; empty when the wall stands.
        advice: what the admin can do.
    """

    name: str
    title: str
    required: bool = True
    why: str = ""
    advice: str = ""

    @property
    def available(self) -> bool:
        """Whether it stands on this machine."""
        return not self.why

    def line(self) -> str:
        """One line for people."""
        if self.available:
            return self.title
        # What to do about required walls is one and the same thing: `refusal` says it once.
        return f"{self.title} — {self.why}" + ("" if self.required else f"; {self.advice}")


def _own_rights() -> None:
    """Root needs its capability; an ordinary user becomes root of a namespace."""
    if not user.is_root():
        user.own_namespace()
    elif not linux.has_capability(linux.CAP_SYS_ADMIN):
        raise PermissionError(errno.EPERM, "root이지만 CAP_SYS_ADMIN 권한이 없습니다")


def _try_user() -> None:
    if user.is_root():
        user.become(user.free_uid())
    else:
        user.own_namespace()
        user.become_in_namespace(os.open("/proc/self", os.O_PATH | os.O_DIRECTORY))
    if os.geteuid() == 0 or linux.has_capability(linux.CAP_SYS_ADMIN):
        raise PermissionError(errno.EPERM, "권한이 남습니다")


def _try_pids() -> None:
    _own_rights()
    pids.descend()
    nest = pids.Nest()
    nest.kill()
    nest.close()


def _try_namespaces(flags: int) -> Callable[[], None]:
    def attempt() -> None:
        _own_rights()
        linux.unshare(flags)

    return attempt


def _try_files() -> None:
    _own_rights()
    linux.unshare(linux.NEWNS)
    linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    linux.mount("tmpfs", "/tmp", "tmpfs", linux.MS_NOSUID)
    linux.mount_attributes("/tmp", linux.ATTR_NOSUID)


def _try_syscalls() -> None:
    linux.no_new_privileges()
    Filter().load()
    try:
        linux.unshare(linux.NEWUSER)
    except PermissionError:
        return
    raise PermissionError(errno.EPERM, "걸러지지 않습니다")


def _try_cgroup() -> None:
    group = cgroups.create(f"course-try-{os.getpid()}", 2**30, rlimits.MAX_PROCESSES)
    group.remove()


def _try_together(home: Path) -> None:
    """The real thing: everything that is available, around a child that looks for this file."""
    here = Path(__file__).resolve()
    walls.found(home, [here.parents[2]])
    nest = pids.Nest()
    with nest.inside():
        child = os.fork()
        if child == 0:
            try:
                walls.enter(walls.Spec(_LIMITS))
                os._exit(3 if here.exists() else 0)
            except OSError as error:
                os._exit(100 + min(error.errno or 0, 150))
            except BaseException:  # noqa: BLE001  the code is the answer
                os._exit(4)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    nest.kill()
    nest.close()
    if status >= 100:
        raise OSError(status - 100, os.strerror(status - 100))
    if status:
        raise OSError(errno.EPERM, f"벽 안의 프로세스가 {status}(으)로 끝났습니다")


def _list() -> list[tuple[Wall, Callable[[], None]]]:
    return [
        (Wall(walls.USER, "사용자: 아무 권한도 없는 사용자로 실행"), _try_user),
        (Wall(walls.PIDS, "프로세스: 다른 프로세스가 보이지 않고, 끝나면 모두 종료"), _try_pids),
        (Wall(walls.FILES, "파일: 파이썬과 실습 자료만 보임, 읽기 전용"), _try_files),
        (Wall(walls.NET, "네트워크: 없음"), _try_namespaces(linux.NEWNET)),
        (
            Wall(walls.IPC, "공유 메모리와 호스트 이름: 따로"),
            _try_namespaces(linux.NEWIPC | linux.NEWUTS),
        ),
        (Wall(walls.SYSCALLS, "시스템 호출: 위험한 것은 거절 (seccomp)"), _try_syscalls),
        (
            Wall(walls.RLIMITS, "한도: 메모리, 프로세스, 파일, CPU 시간"),
            lambda: rlimits.apply(_LIMITS),
        ),
        (
            Wall(walls.CGROUP, "제출물 전체의 메모리 한도 (cgroup, 없어도 채점)", required=False),
            _try_cgroup,
        ),
    ]


def _in_child(attempt: Callable[[], None]) -> str:
    """Runs it in a child; returns why it failed, or nothing."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        why = ""
        try:
            signal.alarm(20)
            attempt()
        except (OSError, ImportError, RuntimeError, cgroups.NoCgroup) as error:
            why = _reason(error)
        except BaseException:  # noqa: BLE001  reported, not hidden
            why = traceback.format_exc().strip().splitlines()[-1]
        finally:
            os.write(writer, why.encode()[:4000])
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        why = pipe.read().decode()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return why or (f"시험 프로세스가 {status}(으)로 끝났습니다" if status else "")


def _reason(error: BaseException) -> str:
    if isinstance(error, ImportError):
        return "파이썬 패키지 pyseccomp가 없습니다"
    if isinstance(error, RuntimeError):
        return "라이브러리 libseccomp가 없습니다"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error)


def _advice(wall: Wall) -> str:
    if wall.name == walls.SYSCALLS:
        return "make setup, apt install libseccomp2"
    if wall.name == walls.CGROUP:
        return "systemd-run --user --scope -p Delegate=yes course grade …"
    if user.is_root():
        return (
            "컨테이너라면 --cap-add SYS_ADMIN과 --security-opt seccomp=unconfined,"
            " apparmor=unconfined으로 켜세요"
        )
    switches = {
        "/proc/sys/user/max_user_namespaces": ("0", "user.max_user_namespaces=10000"),
        "/proc/sys/kernel/unprivileged_userns_clone": ("0", "kernel.unprivileged_userns_clone=1"),
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": (
            "1",
            "kernel.apparmor_restrict_unprivileged_userns=0",
        ),
    }
    for path, (bad, setting) in switches.items():
        if Path(path).exists() and Path(path).read_text(encoding="ascii").strip() == bad:
            return f"sudo sysctl -w {setting}"
    return "user namespace를 허락하는 기계에서, 또는 root로 실행하세요"


def look() -> list[Wall]:
    """Tries every wall. Only for a process with one thread: it forks."""
    found = []
    for wall, attempt in _list():
        why = _in_child(attempt)
        found.append(_with(wall, why))
    if all(wall.available for wall in found if wall.required):
        # The child mounts there, in a namespace of its own: here the folder stays empty.
        with tempfile.TemporaryDirectory(prefix="course-try-") as home:
            why = _in_child(lambda: _try_together(Path(home)))
        if why:
            files = next(i for i, wall in enumerate(found) if wall.name == walls.FILES)
            found[files] = _with(found[files], why)
    return found


def _with(wall: Wall, why: str) -> Wall:
    if not why:
        return wall
    return Wall(wall.name, wall.title, wall.required, why, _advice(wall))


@functools.cache
def survey() -> tuple[Wall, ...]:
    """What `look` finds, asked once of a process of its own.

    Raises:
        RuntimeError: that process did not answer; the message is its last line.
    """
    root = str(Path(__file__).parents[2])
    answer = subprocess.run(
        [sys.executable, "-P", "-m", "autograder.sandbox.survey"],
        env={"PATH": os.defpath, "PYTHONPATH": root, "LANG": "C.UTF-8"},
        cwd="/",
        capture_output=True,
        timeout=120,
        check=False,
    )
    try:
        return tuple(Wall(**each) for each in json.loads(answer.stdout))
    except ValueError:
        lines = answer.stderr.decode(errors="replace").strip().splitlines() or ["?"]
        raise RuntimeError(f"벽을 시험하지 못했습니다: {lines[-1]}") from None


def missing() -> list[Wall]:
    """The required walls that this machine cannot give."""
    return [wall for wall in survey() if wall.required and not wall.available]


def weak() -> bool:
    """Whether this process was told to run student code without some walls."""
    return os.environ.get(WEAK) == "1"


def refusal() -> str | None:
    """One line for the TA when a required wall is missing (Korean)."""
    gaps = missing()
    if not gaps:
        return None
    names = ", ".join(wall.title.split(":")[0] for wall in gaps)
    return f"이 기계에 없는 벽: {names} ({gaps[0].why}; {gaps[0].advice})"


def insist(settings: Mapping, anyway: bool = False) -> str | None:
    """For whoever is about to run student code: refuses when a wall is missing.

    Args:
        settings: course.toml; `weak_walls = true` under [sandbox] is one way to decide otherwise.
        anyway: --weak-walls, another; the third is COURSE_WEAK_WALLS=1.

    Returns the line that says what is missing, where someone decided to go on without.

    Raises:
        RuntimeError: a wall is missing and nobody did; the message is that line (Korean).
    """
    line = refusal()
    if line is None:
        return None
    if anyway or weak() or settings.get("sandbox", {}).get("weak_walls") is True:
        os.environ[WEAK] = "1"  # the executors of this process, and of its workers, read it
        return f"벽 없이 실행합니다. {line}"
    raise RuntimeError(f"{line}. 그래도 실행하려면 --weak-walls (또는 {WEAK}=1)")


if __name__ == "__main__":
    print(json.dumps([asdict(wall) for wall in look()]))
