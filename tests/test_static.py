"""Style sheets and scripts of the book: edited ones reach the site, each is loaded once."""

from __future__ import annotations

import re
import sys
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup

from tests import booksite

sys.path.insert(0, str(booksite.ROOT / "book" / "_ext"))

import freshstatic  # noqa: E402
import onceonly  # noqa: E402
import vendor  # noqa: E402


@pytest.fixture
def app(tmp_path):
    for folder in ("book/_static/js", "html/_static/js"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.js").write_text("one")
    (tmp_path / "html/_static/of-the-theme.css").write_text("")
    return SimpleNamespace(
        confdir=tmp_path / "book",
        outdir=tmp_path / "html",
        builder=SimpleNamespace(format="html"),
        config=SimpleNamespace(html_static_path=["_static"]),
    )


ENV = SimpleNamespace(found_docs={"b", "a"})


def outdated(app) -> list[str]:
    return freshstatic._outdated(app, ENV, set(), set(), set())


def test_nothing_new(app):
    assert outdated(app) == []


@pytest.mark.parametrize("name", ["js/a.js", "js/new.js", "print.css"])
def test_an_edited_or_a_new_file(app, name):
    (app.confdir / "_static" / name).write_text("two")
    assert outdated(app) == ["a", "b"]


def test_other_builders_and_hidden_files_do_not_matter(app):
    (app.confdir / "_static" / ".swp").write_text("two")
    assert outdated(app) == []
    (app.confdir / "_static" / "a.css").write_text("two")
    app.builder.format = "latex"
    assert outdated(app) == []


# Once


def entry(name: str | None, **attributes: str) -> SimpleNamespace:
    return SimpleNamespace(filename=name, attributes=attributes)


def test_the_entry_with_attributes_is_kept_in_its_place():
    plain, other, wanted = entry("a.css"), entry("b.css"), entry("a.css", media="print")
    assert onceonly.once([plain, other, wanted]) == [other, wanted]
    assert onceonly.once([wanted, other, plain]) == [wanted, other]


def test_inline_scripts_are_all_kept():
    inline = [entry(None, body="x()"), entry(None, body="x()")]
    assert onceonly.once(inline) == inline


def test_no_page_loads_a_file_twice():
    for path in booksite.site().rglob("*.html"):
        if "_static" in path.parts:
            continue  # templates of the theme
        soup = BeautifulSoup(path.read_text("utf-8"), "html.parser")
        files = [tag["href"] for tag in soup.select('link[rel="stylesheet"]')]
        files += [tag["src"] for tag in soup.select("script[src]")]
        names = [re.sub(r"\?.*", "", file) for file in files]
        assert len(names) == len(set(names)), (path.name, names)
        assert soup.select_one('link[href*="print.css"]')["media"] == "print"


def test_every_page_with_a_formula_loads_what_sets_it():
    for path in booksite.site().rglob("*.html"):
        soup = BeautifulSoup(path.read_text("utf-8"), "html.parser")
        loads = soup.select_one(f'script[src*="{vendor.MATHJAX}"]') is not None
        assert loads or not soup.select("article .math"), path
