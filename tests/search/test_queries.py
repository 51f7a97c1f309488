"""Does a Korean reader find it? Ours and Sphinx's own search, on the same pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests import booksite
from tests.search import harness
from tests.search.queries import BOOK, NOTES, Query

pytestmark = pytest.mark.browser

FIRST = 3
WANTED = 0.95
REPORT = booksite.ROOT / "_build" / "reports"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with harness.chromium() as browser:
        yield browser


def rank(answer: list, page: str, section: str = "") -> int:
    """The place of the page among the pages found, from 1; 0 when it is not there."""
    for place, (found, hits) in enumerate(answer, 1):
        if found == page:
            return place if not section or section in hits else 0
    return 0


def compare(name: str, queries: list[Query], pages: list[str], ours: list, stock: list) -> float:
    """Write and print the table of both searches; returns our share of hits."""
    rows, hits = [], [0, 0]
    for query, page, mine, other in zip(queries, pages, ours, stock, strict=True):
        # The stock search shows no sections: its page is enough.
        ranks = rank(mine, page, query.section), rank(other, page)
        for side in (0, 1):
            hits[side] += 0 < ranks[side] <= FIRST
        rows.append(f"| {query.text} | {query.page} {query.section} | {ranks[0]} | {ranks[1]} |")
    shares = [hit / len(queries) for hit in hits]
    head = (
        f"## {name}: 처음 {FIRST}쪽 안에 {shares[0]:.1%} ({hits[0]}/{len(queries)}), "
        f"Sphinx 기본 검색 {shares[1]:.1%} ({hits[1]}/{len(queries)})"
    )
    table = ["", "| 물음 | 있어야 할 곳 | 순위 | Sphinx |", "|---|---|---|---|", *rows, ""]
    text = "\n".join([head, *table])
    REPORT.mkdir(parents=True, exist_ok=True)
    (REPORT / f"search-{name}.md").write_text(text, "utf-8")
    print("\n" + text)
    return shares[0]


def test_tables_are_long_enough():
    assert len({query.text for query in BOOK}) == len(BOOK) >= 60
    assert len({query.text for query in NOTES}) == len(NOTES) >= 40


def test_queries_of_the_book(browser):
    with harness.served(booksite.site()) as address:
        ours, stock = harness.ask(browser, address, [query.text for query in BOOK])
    share = compare("book", BOOK, [query.page for query in BOOK], ours, stock)
    assert share >= WANTED


def test_queries_of_the_notes(browser, tmp_path):
    titles = harness.build_notes(tmp_path)

    def page_of(query: Query) -> str:
        (page,) = [page for page, title in titles.items() if title.startswith(query.page)]
        return page

    with harness.served(tmp_path / "html") as address:
        ours, stock = harness.ask(browser, address, [query.text for query in NOTES])
    share = compare("notes", NOTES, [page_of(query) for query in NOTES], ours, stock)
    assert share >= WANTED


@pytest.mark.parametrize(
    "names",
    [
        ["순환 신경망", "recurrent neural network", "RNN", "rnn", "재귀 신경망", "순환신경망"],
        ["경사소실", "경사 소실", "기울기 소실", "그래디언트 소실", "vanishing gradient"],
        ["장단기 메모리", "LSTM", "long short-term memory", "장단기 기억"],
    ],
)
def test_all_names_of_a_term_find_the_same_pages(browser, names):
    with harness.served(booksite.site()) as address:
        ours, _ = harness.ask(browser, address, names)
    first, *others = [[page for page, _ in answer] for answer in ours]
    assert "easy/rnn" in first
    assert "glossary" in first
    for name, other in zip(names[1:], others, strict=True):
        assert set(first) <= set(other), name


def test_what_the_book_lacks_is_not_found(browser):
    """Pagefind itself would answer with the beginning of the word: 망고 with 망."""
    with harness.served(booksite.site()) as address:
        ours, _ = harness.ask(browser, address, ["망고", "xyzzy", "뚜벅뚜벅", "시공간역", "학고"])
    assert ours == [[]] * 5
