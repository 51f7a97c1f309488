"""{quiz}, {exercise} and {solution}: what an author writes, and what a page makes of it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from edition import quizsource  # noqa: E402

SYNTAX = ("colon_fence", "dollarmath", "tasklist")
ONE = """\
- [ ] 둘이고 이 줄은
  이어집니다.

  아닙니다.

  - 목록 $a$
- [x] 하나

  맞습니다.
"""

# What an author writes


def test_options_with_their_reasons_and_lines() -> None:
    quiz = quizsource.read("몇 개?", ONE, SYNTAX)
    first, second = quiz.options
    assert (first.is_right, second.is_right) == (False, True)
    assert first.text == "둘이고 이 줄은\n이어집니다."
    assert first.reason == "아닙니다.\n\n- 목록 $a$"
    assert (first.line, first.reason_line, second.line, second.reason_line) == (1, 4, 7, 9)
    assert not quiz.has_many_answers and quiz.more == ""


def test_several_answers_and_blocks_before_the_options() -> None:
    body = "```python\n- [x] no\n```\n\n* [X] 가\n\n  예\n* [x] 나\n\n  예\n* [ ] 다\n\n  아니요\n"
    quiz = quizsource.read("무엇?", body, SYNTAX)
    assert quiz.has_many_answers
    assert quiz.more == "```python\n- [x] no\n```"
    assert [option.text for option in quiz.options] == ["가", "나", "다"]


WRONG = {
    "no question": (" ", ONE, 1, "질문"),
    "no list": ("왜?", "글", 1, "목록"),
    "nothing": ("왜?", "", 1, "목록"),
    "text after the list": ("왜?", ONE + "\n\n끝말", 1, "목록"),
    "no box": ("왜?", ONE + "- 셋\n\n  까닭\n", 10, "[ ]"),
    "no reason": ("왜?", ONE + "- [ ] 셋\n", 10, "까닭"),
    "reason that is not apart": ("왜?", ONE + "- [ ] 셋\n  아닙니다.\n", 10, "까닭"),
    "none right": ("왜?", ONE.replace("[x]", "[ ]"), 1, "맞는 보기"),
    "none wrong": ("왜?", ONE.replace("[ ]", "[x]"), 1, "틀린 보기"),
    "too many": ("왜?", ONE + "- [ ] 또\n\n  아니요\n" * 9, 1, "10개"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_quiz_that_cannot_be_asked(name: str) -> None:
    question, body, line, word = WRONG[name]
    with pytest.raises(quizsource.BadQuiz) as error:
        quizsource.read(question, body, SYNTAX)
    assert error.value.line == line
    assert word in error.value.what


# What a page makes of it, and what fails a build

CONF = f"""\
import sys
sys.path.insert(0, {str(ROOT / "book" / "_ext")!r})
extensions = ["myst_parser", "quiz", "exercise"]
myst_enable_extensions = {list(SYNTAX)!r}
html_theme = "basic"
language = "ko"
"""
PAGE = """\
# 장

```{quiz} $W_h$는 **몇** 개?
- [ ] 둘 `a`

  아닙니다. {ref}`절 <part>`

  $$b$$
- [x] 하나

  맞습니다.
```

(part)=
## 절

:::{quiz} `무엇`을 고를까요?
그림을 보세요.

- [x] $x$

  예.
- [x] 나

  예.
- [ ] 다

  아니요.
:::

```{exercise} 셈하기 $x^2$
글 `code`
```

```{solution}
답은 **4**
```
"""


def build(folder: Path, page: str, builder: str = "html") -> subprocess.CompletedProcess[str]:
    (folder / "conf.py").write_text(CONF, "utf-8")
    (folder / "index.md").write_text(page, "utf-8")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", builder]
    return subprocess.run([*command, folder, folder / "out"], capture_output=True, text=True)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> BeautifulSoup:
    folder = tmp_path_factory.mktemp("quiz")
    done = build(folder, PAGE)
    assert done.returncode == 0, done.stderr
    return BeautifulSoup((folder / "out" / "index.html").read_text("utf-8"), "html.parser")


def test_question_names_the_group_of_labelled_options(page: BeautifulSoup) -> None:
    first, second = page.select("div.quiz")
    assert first.select_one("fieldset > legend").text.startswith("퀴즈 1")
    assert second.select_one("fieldset > legend").text.endswith("(모두 고르세요)")
    assert [box["type"] for box in first.select("input")] == ["radio", "radio"]
    assert {box["type"] for box in second.select("input")} == {"checkbox"}
    for quiz in (first, second):
        assert len({box["name"] for box in quiz.select("input")}) == 1
        for box in quiz.select("input"):
            assert quiz.select_one(f'label[for="{box["id"]}"]').text.strip()
    ids = [tag["id"] for tag in page.find_all(id=True)]
    assert len(set(ids)) == len(ids)


def test_math_roles_and_code_work_everywhere(page: BeautifulSoup) -> None:
    first, second = page.select("div.quiz")
    assert first.select_one("legend .math") and first.select_one("legend strong")
    assert first.select_one("label code").text == "a"
    assert first.select_one('.quiz-reason a[href="#part"]')
    assert first.select_one(".quiz-reason div.math")
    assert second.select_one("legend code").text == "무엇"
    assert second.select_one("label .math")
    assert second.select_one("fieldset > p").text == "그림을 보세요."


def test_without_a_script_all_can_be_read_and_nothing_is_given_away(page: BeautifulSoup) -> None:
    for control in page.select(".quiz input, .quiz-actions"):
        assert control.has_attr("hidden")
    for option in page.select(".quiz-option"):
        reason = option.select_one("details")
        assert not reason.has_attr("open") and not reason.has_attr("hidden")
        verdict = "✓ 정답" if option["data-right"] == "true" else "✗ 오답"
        assert reason.select_one(".quiz-said").text == verdict
        assert "정답" not in option.select_one("label").text + reason.select_one("summary").text


def test_exercise_with_its_folded_solution(page: BeautifulSoup) -> None:
    title = page.select_one(".admonition.exercise > .admonition-title")
    assert title.text.startswith("직접 해 보기: 셈하기")
    assert title.select_one(".math")
    answer = page.select_one("details.solution")
    assert answer.select_one("summary").text == "풀이"
    assert not answer.has_attr("open")
    assert answer.find_previous_sibling("div")["class"] == ["exercise", "admonition"]


def test_elsewhere_a_quiz_is_plain_text(tmp_path: Path) -> None:
    done = build(tmp_path, PAGE, "text")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "out" / "index.txt").read_text("utf-8")
    places = [
        text.index(word) for word in ("퀴즈 1.", "둘", "✗ 오답", "아닙니다", "하나", "✓ 정답")
    ]
    assert places == sorted(places)
    assert "(모두 고르세요)" in text and "풀이" in text


BROKEN = {
    "no reason": ("글\n\n```{quiz} 왜?\n- [x] 예\n\n  까닭\n- [ ] 아니요\n```", 7, "까닭이 없는"),
    "none right": ("```{quiz} 왜?\n\n- [ ] 예\n\n  까닭\n```", 3, "맞는 보기"),
    "solution alone": ("글\n\n```{solution}\n답\n```", 3, "{exercise} 바로 다음"),
    "exercise without text": ("글\n\n```{exercise} 제목\n```", 3, "exercise"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_build_fails_at_the_line(name: str, tmp_path: Path) -> None:
    source, line, word = BROKEN[name]
    done = build(tmp_path, f"# 장\n\n{source}\n")
    assert done.returncode != 0
    assert re.search(rf"index\.md:{line + 2}: .*{word}", done.stderr), done.stderr
