"""A widget on paper is its first frame.

The frame comes from the page: a still picture beside the widget (`.explore-static`), else the
picture that the saved state of the widget shows first. No widget script has to run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bs4 import BeautifulSoup, Tag

STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"
STILL = ".explore-static"
_REFERENCE = "IPY_MODEL_"
_NEW = BeautifulSoup("", "html.parser")


def show(page: str, soup: BeautifulSoup, article: Tag) -> None:
    """Replace each widget of the page by its first frame.

    Raises ValueError naming the page when a widget has none.
    """
    models: dict[str, Any] = {}
    for state in soup.find_all("script", type=STATE):
        models |= json.loads(state.string)["state"]
    for view in article.find_all("script", type=VIEW):
        output = view.find_parent(class_="cell_output") or view.parent
        stills = output.select(STILL)
        for still in stills:
            still.attrs.pop("hidden", None)
        if stills:
            view.decompose()
            continue
        wanted = json.loads(view.string)["model_id"]
        source = next(_pictures(wanted, models), None)
        if source is None:
            raise ValueError(f"{page}: 위젯의 첫 장면이 없습니다 ({wanted}).")
        alt = view.get("aria-label") or "움직이는 그림의 첫 장면"
        view.replace_with(
            _NEW.new_tag("img", attrs={"src": source, "alt": alt, "class": "explore-frame"})
        )


def _pictures(name: str, models: dict[str, Any]) -> Iterator[str]:
    """Pictures below a model, in the order in which they are shown, as data: addresses."""
    model = models.get(name)
    if model is None:
        return
    state = model["state"]
    if model["model_name"] == "ImageModel":
        for buffer in model.get("buffers", []):
            if buffer["path"] == ["value"] and buffer["encoding"] == "base64":
                kind = {"svg": "svg+xml"}.get(state["format"], state["format"])
                yield f"data:image/{kind};base64,{buffer['data']}"
    children = [child.removeprefix(_REFERENCE) for child in state.get("children", [])]
    if model["model_name"] == "StackModel":
        children = children[state.get("selected_index") or 0 :][:1]
    for child in children:
        yield from _pictures(child, models)
