"""Sites for the search tests, a browser that reaches nothing else, and both searches in it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from playwright.sync_api import Browser, Page, sync_playwright

from tests import browsing
from tests.booksite import ROOT
from tests.browsing import CHROMIUM, FLAGS, Quiet, closed_context

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import vocabulary  # noqa: E402
from search import SITE, index  # noqa: E402

# Sphinx's own search as a page of its scripts and the index that it built; nothing of it is ours.
STOCK = """<!doctype html><html lang="ko" data-content_root="./"><title>stock</title>
<div id="search-results"><p id="search-progress"></p></div>
<script src="_static/documentation_options.js"></script><script src="_static/doctools.js"></script>
<script src="_static/sphinx_highlight.js"></script><script src="_static/language_data.js"></script>
<script src="_static/searchtools.js"></script><script src="searchindex.js"></script>"""
# Both searches give [page, [shown hits …]] in order, for each query.
ASK_STOCK = """queries => queries.map(query => {
    const found = Search._performSearch(...Search._parseQuery(query)).reverse();
    return [...new Set(found.map(result => result[0]))].map(page => [page, []]);
})"""
ASK_OURS = """async queries => {
    const { load } = await import("./_static/search/engine.js");
    const engine = await load("./");
    const answers = [];
    for (const query of queries) {
        const { pages } = await engine.search(query);
        answers.push(await Promise.all(pages.map(async ({ page, hits }) => {
            const sections = await engine.text(page);
            const shown = hits.slice(0, 3).map(({ section }) => sections[section].title);
            return [engine.pages[page].url.replace(/[.]html$/, ""), shown];
        })));
    }
    return answers;
}"""


class SubPath(Quiet):
    """Serves a folder below /course/, as GitHub Pages does."""

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix("/course"))


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server for `folder`."""
    with browsing.served(folder, SubPath) as address:
        yield f"{address}course/"


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def ask(browser: Browser, address: str, queries: list[str]) -> tuple[list, list]:
    """(our answers, the stock search's answers), each [[page, hits] …] for every query."""
    context = closed_context(browser, address)
    page: Page = context.new_page()
    page.goto(f"{address}index.html")
    ours = page.evaluate(ASK_OURS, queries)
    page.route(
        f"{address}stock.html",
        lambda route: route.fulfill(body=STOCK, content_type="text/html; charset=utf-8"),
    )
    page.goto(f"{address}stock.html")
    page.wait_for_function("() => Search._index !== null")
    stock = page.evaluate(ASK_STOCK, queries)
    context.close()
    return ours, stock


def terms() -> list[vocabulary.Term]:
    """The book's glossary."""
    return vocabulary.load(ROOT / "book" / "glossary.yml")


def build_notes(folder: Path) -> dict[str, str]:
    """A site out of the lecture notes, a page for each section; returns page → title.

    Plain Sphinx builds it, with its own search; our index comes from the function that the
    book's build calls.
    """
    source, html = folder / "source", folder / "html"
    source.mkdir(parents=True)
    sections: dict[str, list[str]] = {}
    for note in yaml.safe_load((ROOT / "book" / "notes.yml").read_text("utf-8")):
        sections.setdefault(note["section"], []).append(_plain(note["text"]))
    titles = {}
    for number, (title, texts) in enumerate(sections.items(), 1):
        titles[f"note{number:02}"] = title
        body = "".join(f"- {text}\n" for text in texts)
        (source / f"note{number:02}.md").write_text(f"# {title}\n\n{body}", "utf-8")
    pages = "\n".join(titles)
    (source / "index.md").write_text(f"# 강의 노트\n\n```{{toctree}}\n{pages}\n```\n", "utf-8")
    (source / "conf.py").write_text(
        f"language = 'ko'\nextensions = ['myst_parser']\nhtml_theme = 'sphinx_book_theme'\n"
        f"html_static_path = [{str(SITE / 'static')!r}]\n",
        "utf-8",
    )
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", str(source), str(html)]
    subprocess.run(command, check=True, capture_output=True)
    index.build(html, [f"{page}.html" for page in titles], terms())
    return titles


def _plain(text: str) -> str:
    """A note without pictures, formulas and emphasis: its words."""
    text = re.sub(r"!\[([^]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"\$[^$]*\$|[*`<>]", " ", text).strip() or "…"
