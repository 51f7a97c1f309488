"""The printed book: pages, text, fonts, numbers, links, outline, tags; nothing cut, nothing blank."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup, Tag

from scripts.pdf import compose, contents
from tests.print import printed
from tests.print.printed import Printed, squeezed

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

MM = 72 / 25.4
WIDTH, HEIGHT = 210 * MM, 297 * MM
SIDE, ABOVE, BELOW = 20 * MM, 22 * MM, 20 * MM  # the margins of scripts/pdf/book.css
CONFIG = compose.bookconfig.load()


@pytest.fixture(scope="module")
def pdf(tmp_path_factory) -> Iterator[Printed]:
    book = Printed(printed.once(tmp_path_factory.getbasetemp()))
    yield book
    book.close()


@pytest.fixture(scope="module")
def joined() -> tuple[compose.Document, BeautifulSoup]:
    return printed.document()


@pytest.fixture(scope="module")
def document(joined) -> compose.Document:
    return joined[0]


@pytest.fixture(scope="module")
def soup(joined) -> BeautifulSoup:
    return joined[1]


def test_every_page_of_the_book_is_there_on_a4(pdf, document):
    assert len(document.pages) == len(CONFIG.pages)
    assert len(pdf) >= 2 + len(CONFIG.pages)
    for page in pdf.drawn:
        assert page.get_size() == pytest.approx((WIDTH, HEIGHT), abs=1)


def test_says_what_it_is(pdf):
    root = pdf.reader.trailer["/Root"]
    assert pdf.reader.metadata.title == CONFIG.title
    assert re.search("[가-힣]", pdf.reader.metadata.author)
    assert root["/Lang"] == "ko"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]


def test_korean_sentences_can_be_read_out(pdf):
    text = "\n".join(pdf.text(page) for page in range(1, len(pdf) + 1))
    for sentence in (
        "한 글자씩 읽는 기계가 있습니다. 기계는 종이를 다시 들춰 보지 못하고,",
        "「안녕하세요.」를 두 번 볼 때 「안녕요.」를 한 번 보여 줍니다.",
        "def one_step(x_t: torch.Tensor, h_prev: torch.Tensor) -> torch.Tensor:",
    ):
        assert sentence in text


def test_every_font_is_embedded(pdf):
    names = set()
    for page in pdf.reader.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            font = font.get_object()
            if font["/Subtype"] == "/Type3":
                assert font["/CharProcs"]  # its letters stand in the file themselves
                assert "/ToUnicode" in font
                continue
            below = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
            descriptor = below["/FontDescriptor"]
            assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor), font["/BaseFont"]
            names.add(font["/BaseFont"].split("+")[-1])
    assert {"NanumGothic", "NanumGothicBold", "DejaVuSansMono"} <= names
    # Fonts of the machine: with them the book would look otherwise elsewhere.
    assert not {name for name in names if not name.startswith(("Nanum", "DejaVu", "FontAwesome"))}


# Numbers and names


def test_every_page_but_the_cover_bears_its_number(pdf):
    assert pdf.inside(1, 0, 0, WIDTH, BELOW) == ""
    for page in range(2, len(pdf) + 1):
        assert pdf.inside(page, 0, 0, WIDTH, BELOW - 1) == str(page)


def test_the_running_titles_name_book_and_chapter(pdf, document):
    starts = [pdf.places[heading.anchor] for heading in document.pages]
    for page in range(starts[0], len(pdf) + 1):
        chapter = [h for h, start in zip(document.pages, starts, strict=True) if start <= page][-1]
        head = squeezed(pdf.inside(page, 0, HEIGHT - ABOVE + 1, WIDTH, HEIGHT))
        assert head == squeezed(CONFIG.title + chapter.text)


def test_contents_list_every_heading_with_the_page_where_it_stands(pdf, document):
    listed = {}
    for link in pdf.links:
        if link.page < pdf.places[document.pages[0].anchor] and link.name:
            left, bottom, right, top = link.box
            # Nearer to the line below than above: an underscore stands low.
            text = squeezed(pdf.inside(link.page, left - 1, bottom + 3, right - 25, top - 4))
            number = pdf.inside(link.page, right - 25, bottom + 4, right + 1, top - 4)
            assert pdf.places[link.name] == int(number), text
            line = pdf.heights[link.name]
            assert text in squeezed(pdf.inside(int(number), 0, line - 40, WIDTH, line)), text
            listed[link.name] = text
    wanted = {heading.anchor: squeezed(heading.text) for heading in document.listed()}
    assert listed == wanted
    assert len(wanted) > 2 * len(CONFIG.pages)


def test_a_chapter_begins_on_a_page_of_its_own(pdf, document):
    starts = [pdf.places[heading.anchor] for heading in document.pages]
    assert starts == sorted(set(starts))
    for start, heading in zip(starts, document.pages, strict=True):
        top = pdf.inside(start, 0, HEIGHT - ABOVE - 14 * MM, WIDTH, HEIGHT - ABOVE)
        assert squeezed(top) == squeezed(heading.text)


def test_outline_holds_every_heading_nested_and_in_its_place(pdf, document):
    def tree(items: list) -> list:
        """Outline as [title, page, below]."""
        found = []
        for item in items:
            if isinstance(item, list):
                found[-1][2].extend(tree(item))
            else:
                page = pdf.reader.get_destination_page_number(item) + 1
                found.append([squeezed(item.title), page, []])
        return found

    def wanted(headings: list[contents.Heading]) -> list:
        return [[squeezed(h.text), wanted(h.below)] for h in headings]

    def titles(nodes: list) -> list:
        return [[title, titles(below)] for title, _, below in nodes]

    def check(nodes: list) -> None:
        for title, page, below in nodes:
            assert title in squeezed(pdf.text(page)), title
            check(below)

    outline = tree(pdf.reader.outline)
    assert titles(outline)[0] == [contents.TITLE, []]
    assert titles(outline)[1:] == wanted(document.pages)
    check(outline)


# Links


def words_at(target: Tag) -> str:
    """The first words of what an id names, as far as they are plain text."""
    if target.name in ("section", "article"):
        target = target.find(["h1", "h2", "h3", "h4"])
    elif "citation" in target.get("class", []):
        target = target.find("p")  # its number stands in a column of its own
    elif not target.get_text(strip=True):
        target = target.find_next(["h1", "h2", "h3", "h4", "p", "div"])
    return squeezed(re.split(r"\\[(\[]", target.get_text())[0])[:25]


def test_internal_links_lead_to_what_they_name(pdf, soup):
    names = {link.name for link in pdf.links if not link.address}
    assert "" not in names
    assert names <= set(pdf.places)
    for name in names:
        target = soup.find(id=name)
        assert target is not None, name
        page, line = pdf.places[name], pdf.heights[name]
        assert words_at(target) in squeezed(pdf.inside(page, 0, line - 80, WIDTH, line + 2)), name


def test_every_link_of_the_document_is_in_the_pdf(pdf, soup):
    links = {a["href"] for a in soup.select("a[href]") if a.get_text(strip=True)}
    inside = {href[1:] for href in links if href.startswith("#")}
    assert inside == {link.name for link in pdf.links if link.name}
    assert len(inside) > 50


def test_external_links_have_a_scheme(pdf):
    addresses = {link.address for link in pdf.links if link.address}
    assert addresses
    assert not {each for each in addresses if not re.match(r"(https?://[^/]+|mailto:)", each)}
    assert not {each for each in addresses if "book.invalid" in each or "127.0.0.1" in each}
    assert {CONFIG.edition_url(page) for page in CONFIG.chapters()} <= addresses


# What one sees


def test_no_text_reaches_into_the_margins(pdf):
    outside = []
    for number, text in enumerate(pdf.texts, 1):
        for index in range(text.count_chars()):
            if not text.get_text_range(index, 1).strip():
                continue
            left, bottom, right, top = text.get_charbox(index)
            # MathJax draws a long arrow's shaft as one dash, stretched and clipped: only its ink
            # counts, which the next test looks at.
            if right - left > WIDTH:
                continue
            # A letter in italics may lean over the edge.
            if left < SIDE - 2 or right > WIDTH - SIDE + 2 or bottom < 10 or top > HEIGHT - 10:
                outside.append((number, text.get_text_range(index, 20)))
    assert not outside, outside[:5]


def test_nothing_is_drawn_in_the_margins_and_no_page_is_blank(pdf):
    for number, page in enumerate(pdf.drawn, 1):
        picture = page.render(scale=1).to_pil().convert("L").point(lambda grey: grey < 235 and 255)
        left, _, right, _ = picture.getbbox()
        assert left >= SIDE - 3 and right <= WIDTH - SIDE + 3, number
        body = picture.crop((0, int(ABOVE), int(WIDTH), int(HEIGHT - BELOW)))
        assert body.histogram()[255] > 1000, f"page {number} is blank"


def test_formulas_are_drawn(pdf, document, soup):
    formulas = soup.select("article .math")
    assert len(formulas) > 50
    text = "".join(pdf.text(page) for page in range(1, len(pdf) + 1))
    for raw in (r"\(", r"\[", r"\frac", r"\tanh", r"\begin{"):
        assert raw not in text
    # A display formula leaves a box of its own: its letters, and for a root or fraction, lines.
    assert squeezed("tanh") in squeezed(text)
    fonts = {
        font.get_object()["/Subtype"]
        for page in pdf.reader.pages
        for font in page["/Resources"].get("/Font", {}).values()
    }
    assert "/Type3" in fonts  # MathJax's own letters


def test_every_figure_is_tagged_with_its_words_in_the_right_section(pdf, soup):
    shown = [(tag.get("/Alt", ""), pdf.page_of(tag)) for tag in pdf.tags("/Figure")]
    wanted = [image["alt"] for image in soup.select("article img")]
    assert [alt for alt, _ in shown] == wanted
    starts = [pdf.places[each["href"][1:]] for each in soup.select("#contents a")]
    for (_, page), image in zip(shown, soup.select("article img"), strict=True):
        start = pdf.places[image.find_previous(["h1", "h2"])["id"]]
        end = min([each for each in starts if each > start], default=len(pdf))
        assert start <= page <= end


def test_a_widget_is_shown_by_its_first_frame(pdf, soup):
    stills = soup.select(".explore-static img")
    assert len(stills) >= 1
    for still in stills:
        (tag,) = [tag for tag in pdf.tags("/Figure") if tag.get("/Alt") == still["alt"]]
        page = pdf.page_of(tag)
        kinds = [each.type for each in pdf.drawn[page - 1].get_objects()]
        lines, pictures = kinds.count(2), kinds.count(3)
        assert lines > 20 or pictures, "neither lines nor a picture"


def test_nothing_that_only_a_screen_needs(pdf):
    text = squeezed("".join(pdf.text(page) for page in range(1, len(pdf) + 1)))
    for words in ("코드보기", "코드접기", "펼치기¶", "맨위로", "이절의주소"):
        assert words not in text
