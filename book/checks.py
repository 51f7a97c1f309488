"""Diagnoses for the tests of a lab: one Korean sentence, then folded hints.

A test says what is off in terms of the thing (shape, dtype, first wrong entry), never
shows a stack trace, and keeps the second and third hint folded until they are asked for.
Needs torch only; IPython 7.34 and 9 show it nicely, plain Python shows the same words.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import torch

ORDINALS = ("두 번째", "세 번째", "네 번째", "다섯 번째")


class Mistake(AssertionError):
    """A failed test, told to the student.

    Args:
        message: one Korean sentence: what is off.
        hints: further Korean hints, shown folded, the gentlest first.
    """

    def __init__(self, message: str, *hints: str) -> None:
        super().__init__(message, *hints)  # args hold all of it, so it pickles
        self.message = message
        self.hints = hints
        for line in self._hint_lines() if hasattr(self, "add_note") else ():
            self.add_note(line)  # plain Python prints notes below the message

    def __str__(self) -> str:
        return self.message

    def _hint_lines(self) -> list[str]:
        return [f"{o} 힌트: {h}" for o, h in zip(ORDINALS, self.hints, strict=False)]

    def _render_traceback_(self) -> list[str]:
        """IPython asks for this instead of a traceback."""
        folded = _show_folded(self.hints)
        return [f"✗ {self.message}", *([] if folded else self._hint_lines())]


def _show_folded(hints: Sequence[str]) -> bool:
    """Display hints as <details>; False where there is no notebook to do so."""
    try:
        from IPython import get_ipython
        from IPython.display import HTML, display

        if not hints or getattr(get_ipython(), "kernel", None) is None:
            return False
        display(
            HTML(
                "".join(
                    f"<details><summary>{o} 힌트</summary><p>{html.escape(h)}</p></details>"
                    for o, h in zip(ORDINALS, hints, strict=False)
                )
            )
        )
    except Exception:  # a broken display must never hide the diagnosis
        return False
    return True


class Unmet(Mistake):
    """Some parts of a test failed, see `parts`. `parts[k]` says why part k failed, "" if it held."""

    def __init__(self, message: str, *hints: str, parts: tuple[str, ...] = ()) -> None:
        super().__init__(message, *hints)
        self.parts = parts


class parts:
    """Points in parts: every part is tried, and those that failed are told together at the end.

        with checks.parts() as part:
            with part(4, "모양"):
                checks.check_shape(got, (2, 3), "hs")
            with part(6, "값"):
                checks.check_close(got, want, "hs")

    What all parts need is computed before the block: an error there costs all of them.

    Raises:
        Unmet: some part failed. An error that is the same in every part is raised as it is.
    """

    def __init__(self) -> None:
        self._tried: list[tuple[float, str, Exception | None]] = []

    def __enter__(self) -> parts:
        return self

    @contextmanager
    def __call__(self, points: float, title: str) -> Iterator[None]:
        """One part. What it raises is kept for the end."""
        found = None
        try:
            yield
        except Exception as error:
            found = error
        self._tried.append((points, title, found))

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        errors = [found for _, _, found in self._tried if found is not None]
        if (error is None and not errors) or (error is not None and not self._tried):
            return False
        if not isinstance(error, Exception | None):
            return False  # the student pressed stop
        same = len({(type(each).__name__, str(each)) for each in errors}) == 1
        if error is None and same and len(errors) == len(self._tried):
            raise errors[0]
        raise self._unmet(error) from None

    def _unmet(self, stopped: Exception | None) -> Unmet:
        earned = sum(points for points, _, found in self._tried if found is None)
        lines = [f"부분 점수 {earned:g}점입니다."]
        for points, title, found in self._tried:
            said = f": {_words(found)}" if found is not None else ""
            lines.append(f"{'✓' if found is None else '✗'} {title} ({points:g}점){said}")
        if stopped is not None:
            lines.append(f"✗ 그다음: {_words(stopped)}")
        failed = [found for _, _, found in self._tried if isinstance(found, Mistake)]
        hints = failed[0].hints if failed else ()
        told = tuple("" if found is None else _words(found) for _, _, found in self._tried)
        told += () if stopped is None else (_words(stopped),)  # of the part that came next
        return Unmet("\n".join(lines), *hints, parts=told)


def _words(error: Exception) -> str:
    """Why a part failed, in a line; never empty."""
    if isinstance(error, NotImplementedError):
        return "아직 작성하지 않았습니다."
    said = " ".join(str(error).split())[:300]
    if isinstance(error, AssertionError):
        return said or "조건이 맞지 않습니다."
    return f"오류가 났습니다: {type(error).__name__}: {said}"


def check(ok: Any, message: str, *hints: str) -> None:
    """Raise Mistake(message, *hints) unless `ok` holds."""
    if not bool(ok):
        raise Mistake(message, *hints)


def check_tensor(got: Any, name: str, *hints: str) -> torch.Tensor:
    """Return `got` when it is a tensor, else say what it is instead."""
    if got is None:
        raise Mistake(f"{name}: 돌려준 값이 None입니다. return을 빠뜨리지 않았나요?", *hints)
    if not isinstance(got, torch.Tensor):
        kind = type(got).__name__
        raise Mistake(f"{name}: torch.Tensor여야 하는데 {kind}입니다.", *hints)
    return got


def check_shape(got: Any, shape: Sequence[int], name: str, *hints: str) -> None:
    """Check that `got` is a tensor of exactly this shape."""
    found, want = tuple(check_tensor(got, name, *hints).shape), tuple(shape)
    if found == want:
        return
    said = f"{name}: 모양이 다릅니다. 맞는 모양 {want}, 나온 모양 {found}."
    if sorted(found) == sorted(want):
        said += " 축의 순서가 바뀌었습니다."
    elif len(found) != len(want):
        said += f" 축이 {len(want)}개가 아니라 {len(found)}개입니다."
    raise Mistake(said, *hints)


def check_dtype(got: Any, dtype: torch.dtype, name: str, *hints: str) -> None:
    """Check that `got` is a tensor of exactly this dtype."""
    found = check_tensor(got, name, *hints).dtype
    if found != dtype:
        want, have = (str(d).removeprefix("torch.") for d in (dtype, found))
        raise Mistake(f"{name}: dtype이 다릅니다. 맞는 dtype {want}, 나온 dtype {have}.", *hints)


def check_close(
    got: Any, want: Any, name: str, *hints: str, rtol: float = 1e-5, atol: float = 1e-8
) -> None:
    """Check |got − want| ≤ atol + rtol·|want| everywhere; name the first wrong entry.

    Numbers and tensors are compared in double precision, NaN equals nothing, and the shapes
    must agree (no broadcasting: it hides mistakes).
    """
    if isinstance(got, (int, float)):
        got = torch.tensor(got, dtype=torch.float64)
    want = torch.as_tensor(want).detach().cpu()
    check_shape(got, want.shape, name, *hints)
    have = got.detach().cpu()
    exact = not (have.is_floating_point() or want.is_floating_point())
    if not exact:
        have, want = have.double(), want.double()
    good = have == want if exact else torch.isclose(have, want, rtol=rtol, atol=atol)
    if not bool(good.all()):
        _first_wrong(have, want, good, name, hints)


def _first_wrong(
    have: torch.Tensor,
    want: torch.Tensor,
    good: torch.Tensor,
    name: str,
    hints: Sequence[str],
) -> NoReturn:
    index = tuple((~good).nonzero()[0].tolist())
    values = f"맞는 값 {want[index].item():.6g}, 나온 값 {have[index].item():.6g}"
    if not index:
        raise Mistake(f"{name}: 값이 다릅니다. {values}.", *hints)
    where = ", ".join(map(str, index))
    wrong = int((~good).sum())
    raise Mistake(
        f"{name}: [{where}]의 값이 다릅니다. {values} (전체 {good.numel()}개 가운데 {wrong}개가 다름).",
        *hints,
    )
