"""A widget on paper is its first frame: the still picture that stands beside it in the page.

`kit.explore` writes it for readers without JavaScript, as `<noscript><div class="explore-static">`.
"""

from __future__ import annotations

from bs4 import Tag

VIEW = "application/vnd.jupyter.widget-view+json"
STILL = ".explore-static"


def show(page: str, article: Tag) -> None:
    """Put the first frame of each widget of the page in its place.

    Raises ValueError naming the page when a widget has none.
    """
    for still in article.select(f"noscript {STILL}"):
        still.find_parent("noscript").unwrap()
    for output in article.select(".cell_output"):
        views = output.find_all("script", type=VIEW)
        if len(views) > len(output.select(f"{STILL} img")):
            raise ValueError(f"{page}: 위젯의 첫 장면({STILL})이 없습니다.")
        for view in views:
            view.decompose()
