"""A result with everything in it that a page can show."""

from __future__ import annotations

import base64
import io
from zoneinfo import ZoneInfo

from PIL import Image, ImageDraw, PngImagePlugin

from autograder.feedback.page import Context
from autograder.results import Check, Exercise, Manual, Result

HIDDEN_MESSAGE = "숨은 테스트가 본 값 339가 다릅니다"
HIDDEN_SOURCE = "assert squares([7, 11, 13]) == 339, total(numbers)"
SEOUL = ZoneInfo("Asia/Seoul")


def picture(note: str = "") -> str:
    """base64 of a small PNG."""
    image = Image.new("RGB", (640, 280), "white")
    ImageDraw.Draw(image).line(
        [(k, 250 - k * k // 1800) for k in range(30, 620)], fill="#2f5d8c", width=4
    )
    info = PngImagePlugin.PngInfo()
    if note:
        info.add_text("Comment", note)
    out = io.BytesIO()
    image.save(out, "PNG", pnginfo=info)
    return base64.b64encode(out.getvalue()).decode()


def stream(text: str, name: str = "stdout") -> dict:
    return {"output_type": "stream", "name": name, "text": text}


def display(**data: str) -> dict:
    data = {key.replace("__", "+").replace("_", "/"): value for key, value in data.items()}
    return {"output_type": "display_data", "metadata": {}, "data": data}


def checks(
    name: str, public: tuple[float, float], hidden: tuple[float, float], **more
) -> list[Check]:
    return [
        Check(f"{name}-public", "public", public[0] == public[1], *public, **more),
        Check(
            f"{name}-hidden", "hidden", hidden[0] == hidden[1], *hidden,
            message="" if hidden[0] == hidden[1] else HIDDEN_MESSAGE,
            hints=[] if hidden[0] == hidden[1] else ["숨은 힌트입니다"],
            trace=HIDDEN_SOURCE,
        ),
    ]  # fmt: skip


def exercises() -> dict[str, Exercise]:
    """Three: full marks, the public test failed, only the hidden one failed."""
    table = "<table><tr><th>걸음</th><th>크기</th></tr><tr><td>1</td><td>0.31</td></tr></table>"
    return {
        "make_char_batches": Exercise(10, 10, "", checks("make_char_batches", (3, 3), (7, 7))),
        "bptt": Exercise(
            0, 25, "dW_h: [0, 2]의 값이 다릅니다. 맞는 값 0.183, 나온 값 -0.042.",
            checks(
                "bptt", (0, 5), (0, 20),
                message="dW_h: [0, 2]의 값이 다릅니다. 맞는 값 0.183, 나온 값 -0.042.",
                hints=["dW_h에는 h_{t-1}이 들어갑니다. h_t가 아닙니다.", "t=0에서는 h_{t-1}이 h0입니다."],
            ),
            outputs=[
                stream("걸음마다의 크기\n\x1b[32m[0.91, 0.52, 0.27]\x1b[0m\n"),
                stream("UserWarning: 오래된 함수입니다\n", "stderr"),
                display(image_png=picture(), text_plain="<Figure size 640x280>"),
                display(text_html=table),
            ],
        ),
        "generate": Exercise(
            3, 10, "공개 테스트는 통과했지만 숨은 테스트를 통과하지 못했습니다.",
            checks("generate", (3, 3), (0, 7)),
        ),
    }  # fmt: skip


def result(**changes) -> Result:
    """A graded submission."""
    made = Result(
        student="s07",
        lab="rnn",
        file="rnn의 사본 (2).ipynb",
        sha256="8f14e45fceea167a5a36dedd4bea2543f1d2c3b4a5968778695a4b3c2d1e0f00",
        attempt=2,
        status="graded",
        score=13,
        max_score=45,
        manual=Manual(
            None, 10, "<!-- [rnn:reflection] -->\nT=20에서는 0.15로 떨어졌습니다.\n그래서 …"
        ),
        exercises=exercises(),
        notices=["시연 칸에서 고친 것은 채점에 쓰지 않습니다."],
        handed_in="2026-11-24T04:05:06+00:00",
    )
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def context(**changes) -> Context:
    values = {
        "course": "순환에서 정렬까지",
        "lab": "rnn",
        "title": "기억은 몇 걸음까지?",
        "timezone": SEOUL,
        "titles": {
            "make_char_batches": "1. 글을 입력과 정답으로 자르기",
            "bptt": "5. 시간을 거슬러 가기: 시간 역전파(BPTT)",
            "generate": "8. 이어 쓰기",
            "reflection": "9. 글로 답하기",
        },
        "addresses": {
            "colab": "https://colab.research.google.com/x",
            "page": "https://example.org/easy/rnn.html",
            "students": "https://example.org/students.html",
        },
    }
    return Context(**{**values, **changes})
