"""Every Korean word of the desk has its English, and no page shows a half of each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from autograder import portal
from autograder.portal import dispatch
from autograder.portal.i18n import catalogue, say
from tests.portal.toydesk import csrf, make_desk

ROOT = Path(portal.__file__).parent
IN_TEMPLATES = re.compile(r'_\(\s*"((?:[^"\\]|\\.)*)"\s*[,)]')
IN_PYTHON = re.compile(r'(?:Stop\(\d+,|say\([\w.]+,|_\()\s*"([^"]*[가-힣][^"]*)"')


def words() -> set[str]:
    found = set(dispatch.TEXTS.values())
    for path in ROOT.rglob("*.html"):
        found |= set(IN_TEMPLATES.findall(path.read_text("utf-8")))
    for path in ROOT.rglob("*.py"):
        found |= set(IN_PYTHON.findall(path.read_text("utf-8")))
    return found


def test_every_word_has_its_english():
    assert len(words()) > 100
    missing = sorted(words() - set(catalogue()))
    assert not missing, missing


def test_the_braces_are_the_same_in_both():
    for korean, english in catalogue().items():
        braces = [sorted(re.findall(r"\{(\w+)\}", text)) for text in (korean, english)]
        assert braces[0] == braces[1], korean


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.html")), ids=lambda path: path.name)
def test_templates_have_no_korean_outside_of_the_marks(path):
    text = path.read_text("utf-8").replace('"English" if language == "ko" else "한국어"', "")
    bare = re.sub(r'"[^"]*"', "", re.sub(r"\{[{%].*?[%}]\}", "", text, flags=re.S))
    assert not re.findall("[가-힣]+", bare)


def test_the_switch_changes_the_page_and_stays(tmp_path):
    client = make_desk(tmp_path / "course").client("s01")
    token = csrf(client.get("/desk/").text)
    fields = {"csrf": token, "language": "en", "back": "/desk/labs/toy"}
    assert client.post("/desk/language", data=fields).headers["location"] == "/desk/labs/toy"
    page = client.get("/desk/labs/toy").text
    assert 'lang="en"' in page and "Hand in" in page and "내기" not in page
    for elsewhere in ("https://x.example", "//x.example", "/desk/\\x", "/desk/\nx", "/deskx"):
        answer = client.post("/desk/language", data=fields | {"back": elsewhere})
        assert answer.headers["location"] == "/desk/"


def test_korean_is_what_is_said_where_nothing_else_is_known():
    assert say("ko", "내기") == "내기" and say("en", "없는 말") == "없는 말"
