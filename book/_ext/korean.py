"""Korean for the words of the theme that its own catalogues leave in English."""

from __future__ import annotations

import gettext

from sphinx.application import Sphinx
from sphinx.locale import translators

WORDS = {
    "Announcement": "알림",
    "Back to top": "맨 위로",
    "Breadcrumb": "지금 있는 곳",
    "Home": "처음으로",
    "Launch interactive content": "노트북으로 열기",
    "Launch on": "여기서 열기:",
    "Link to this code": "이 코드의 주소",
    "Link to this equation": "이 수식의 주소",
    "Link to this heading": "이 절의 주소",
    "Link to this image": "이 그림의 주소",
    "Link to this table": "이 표의 주소",
    "Link to this term": "이 용어의 주소",
    "On this page": "이 쪽의 차례",
    "Open issue": "잘못 알리기",
    "Repository": "저장소",
    "Search": "찾기",
    "Section Navigation": "절 이동",
    "Site navigation": "책 이동",
    "Skip to main content": "본문으로 건너뛰기",
    "Source repositories": "저장소",
    "Version warning": "판 안내",
    "light/dark": "밝게/어둡게",
    "next page": "다음 쪽",
    "previous page": "이전 쪽",
}


class Korean(gettext.NullTranslations):
    """A translation out of WORDS; asked only for what a catalogue does not know."""

    def gettext(self, message: str) -> str:
        """The Korean for `message`, or `message` itself."""
        return WORDS.get(message, message)


def _add(app: Sphinx) -> None:
    for (_, catalogue), translator in translators.items():
        if catalogue in ("sphinx", "booktheme"):
            translator.add_fallback(Korean())


def setup(app: Sphinx) -> dict[str, bool]:
    """Stand behind the catalogues of Sphinx and of the theme."""
    app.connect("builder-inited", _add)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
