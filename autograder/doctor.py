"""`course doctor`: which versions are here, what this machine can isolate, what to do about gaps."""

from __future__ import annotations

import ctypes
import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from autograder.course import Course

_CLONE = {"user": 0x10000000, "mount": 0x00020000, "pid": 0x20000000, "net": 0x40000000}
_CLONE |= {"ipc": 0x08000000}


def _can_unshare(flags: int) -> tuple[bool, str]:
    """Tries the namespaces in a child, so that nothing changes here."""
    libc = ctypes.CDLL(None, use_errno=True)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        failed = libc.unshare(flags)
        os.write(writer, bytes([ctypes.get_errno() & 0xFF if failed else 0]))
        os._exit(0)
    os.close(writer)
    code = os.read(reader, 1)
    os.close(reader)
    os.waitpid(child, 0)
    error = code[0] if code else 255
    return error == 0, os.strerror(error) if error else ""


def _namespaces() -> Iterator[tuple[bool, str]]:
    user = _CLONE["user"] if os.geteuid() else 0
    for name, flag in _CLONE.items():
        good, why = _can_unshare(flag | user)
        hint = "" if good else f" — {why}; 커널의 user namespace 설정을 확인하세요"
        yield good, f"namespace {name}{hint}"


def _cgroups() -> tuple[bool, str]:
    root = Path("/sys/fs/cgroup")
    kind = "v2" if (root / "cgroup.controllers").exists() else "v1"
    good = os.access(root, os.W_OK) and root.exists()
    return good, f"cgroup {kind} 쓰기" + ("" if good else " — 없으면 rlimit으로만 막습니다")


def _packages(course: Course) -> Iterator[tuple[bool, str]]:
    """Direct pins of requirements.txt against what is installed."""
    for line in (course.root / "requirements.txt").read_text(encoding="utf-8").splitlines():
        if not (pin := re.match(r"([A-Za-z0-9_.\-]+)(?:\[[^\]]*\])?==(\S+)", line)):
            continue
        name, wanted = pin[1], pin[2]
        try:
            have = version(name).split("+")[0]
        except PackageNotFoundError:
            have = "없음"
        good = have == wanted
        yield good, f"{name} {have}" + ("" if good else f" — {wanted}이어야 합니다: make setup")


def _tools() -> Iterator[tuple[bool, str]]:
    for tool, why in (
        ("bwrap", "user namespace가 막힌 곳에서 벽을 대신 세웁니다 (apt: bubblewrap)"),
        ("chromium", "브라우저 시험에 씁니다 (apt: chromium)"),
    ):
        good = shutil.which(tool) is not None
        yield good, f"{tool}" + ("" if good else f" — {why}")


def lines(course: Course) -> Iterator[str]:
    """The report, a line for each finding."""
    yield f"Python {platform.python_version()} ({sys.executable})"
    good = sys.version_info >= (3, 11)
    yield f"{_sign(good)} Python 3.11 이상"
    yield f"코어 {os.cpu_count()}개, {_memory()}"
    yield "■ 패키지 (requirements.txt)"
    for good, text in _packages(course):
        yield f"{_sign(good)} {text}"
    yield "■ 격리 (지금 채점은 별도 프로세스와 시간·메모리 한도만 씁니다)"
    for good, text in [*_namespaces(), _cgroups(), *_tools()]:
        yield f"{_sign(good)} {text}"


def _memory() -> str:
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"메모리 {size / 2**30:.1f} GiB"


def _sign(good: bool) -> str:
    return "  ○" if good else "  ✕"
