"""The search index of the site: Pagefind's own files, and what the browser shows of a hit.

    pagefind/pagefind.js, …     Pagefind, its index of tokens (korean.py says which)
    pagefind/catalogue.json     terms, particles, and which record of the index is what
    pagefind/text/*.json        the sections of each page as one reads them, for excerpts

A record is the prose or the code of one section. Pagefind keeps a fragment for each, with the
record's text; ours would be token soup, so that they stay out of the site.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

import pagefind_bin

import vocabulary

from . import korean, names, pages

FOLDER = "pagefind"
# How much a word counts by where it stands (Pagefind: 0 to 10, a word of text 1).
IN_TITLE, ABOVE, INTRODUCED, IN_PAGE_TITLE, TAIL = 8, 2, 6, 1.5, 0.4
# Of what Pagefind writes: its engine and its index, without its user interfaces.
KEPT = ("pagefind.js", "pagefind-worker.js", "pagefind-entry.json", "*.pf_meta", "wasm.unknown.*")
MARK = b"pagefind_dcd"  # Pagefind puts this in front of the JSON in its packed files


class SearchIndexError(RuntimeError):
    """Pagefind did not index what it was given."""


@dataclass(frozen=True)
class Record:
    """The prose or the code of section `section` of page `page` (numbers in the catalogue)."""

    page: int
    section: int
    kind: str
    html: str

    @property
    def name(self) -> str:
        """Its address inside the index."""
        return f"{self.page}-{self.section}-{self.kind}"


def build(
    html: Path,
    urls: Iterable[str],
    terms: list[vocabulary.Term],
    weights: Mapping[str, float] = MappingProxyType({}),
) -> Path:
    """Index the pages `urls` (paths below the folder `html`); returns the index's folder.

    `weights` has those that count for less than 1, because they repeat what others explain.
    Raises SearchIndexError with Pagefind's own words when it fails.
    """
    found = [pages.read(url, (html / url).read_text("utf-8")) for url in urls]
    found = [page for page in found if page.sections]
    folder = html / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "text").mkdir(parents=True)
    ids = _pagefind(list(_records(found, names.Names(terms))), folder)
    catalogue = {
        "particles": korean.PARTICLES,
        "endings": korean.ENDINGS,
        "terms": [{"names": names.of(term)} for term in terms],
        "pages": [
            {
                "url": page.url,
                "title": page.title,
                "weight": weights.get(page.url, 1),
                "text": _write_text(page, folder),
            }
            for page in found
        ],
        "records": ids,
    }
    _write_json(folder / "catalogue.json", catalogue)
    return folder


def _records(found: list[pages.Page], known: names.Names) -> Iterator[Record]:
    for number, page in enumerate(found):
        for place, section in enumerate(page.sections):
            prose = _weighted(IN_TITLE, section.title, known)
            prose += _weighted(ABOVE, " ".join(section.above), known)
            prose += _weighted(IN_PAGE_TITLE, page.title, known)
            prose += _weighted(1, section.prose, known)
            introduced = [token for name in section.introduces for token in known.tokens(name)]
            prose += _paragraph(INTRODUCED, introduced)
            yield Record(number, place, "prose", prose)
            if section.code:
                yield Record(number, place, "code", _weighted(1, section.code, known, code=True))


def _weighted(weight: float, text: str, known: names.Names, *, code: bool = False) -> str:
    words, tails = korean.tokens(text, code=code)
    return _paragraph(weight, words + known.tokens(text)) + _paragraph(weight * TAIL, tails)


def _paragraph(weight: float, tokens: list[str]) -> str:
    return f'<p data-pagefind-weight="{weight:g}">{escape(" ".join(tokens))}</p>' if tokens else ""


def _pagefind(records: list[Record], folder: Path) -> dict[str, list]:
    """Run Pagefind on the records and keep its index; returns record ids → what they are."""
    with TemporaryDirectory() as temporary:
        site, out = Path(temporary) / "site", Path(temporary) / "out"
        site.mkdir()
        for record in records:
            body = f"<html lang=ko><body data-pagefind-body>{record.html}</body></html>"
            (site / f"{record.name}.html").write_text(body, "utf-8")
        command = [str(pagefind_bin.get_executable()), "--site", str(site), "--output-path", out]
        # «unknown», because the tokens are no language's words that could be stemmed.
        done = subprocess.run(
            [*command, "--force-language", "unknown"], capture_output=True, text=True
        )
        if done.returncode:
            raise SearchIndexError(f"pagefind: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        for pattern in KEPT:
            for path in out.glob(pattern):
                shutil.copyfile(path, folder / path.name)
        shutil.copytree(out / "index", folder / "index")
        ids = dict(_identify(path) for path in sorted((out / "fragment").iterdir()))
    if len(ids) != len(records):
        raise SearchIndexError(f"pagefind: {len(records)} records in, {len(ids)} out")
    return ids


def _identify(fragment: Path) -> tuple[str, list]:
    """(id, [page, section, kind]) of the record that a fragment belongs to."""
    data = json.loads(gzip.decompress(fragment.read_bytes()).removeprefix(MARK))
    page, section, kind = data["url"].strip("/").removesuffix(".html").split("-")
    return fragment.stem, [int(page), int(section), kind]


def _write_text(page: pages.Page, folder: Path) -> str:
    """Write the sections of a page; the name changes with the text, so that caches are right."""
    sections = [
        {
            "anchor": section.anchor,
            "title": section.title,
            "above": section.above,
            "prose": section.prose,
            "code": section.code,
        }
        for section in page.sections
    ]
    digest = hashlib.sha256(json.dumps(sections).encode()).hexdigest()[:8]
    name = f"{page.url.removesuffix('.html').replace('/', '-')}.{digest}.json"
    _write_json(folder / "text" / name, sections)
    return f"text/{name}"


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")), "utf-8")
