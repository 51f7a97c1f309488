"""What _config.yml and _toc.yml say, for the extensions and the Colab converter.

The address of the public repository stands in _config.yml only; every link that the book
or a Colab edition makes comes out of this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from posixpath import normpath
from urllib.parse import quote

import yaml

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class BookConfig:
    """Addresses and order of the book; `root` is the folder that holds _config.yml."""

    root: Path
    title: str
    repository: str
    branch: str
    path_to_book: str
    colab: str
    site: str
    syntax: tuple[str, ...]
    pages: tuple[str, ...]
    numbers: dict[str, int]

    @property
    def book(self) -> Path:
        """The folder of the book's sources."""
        return self.root / self.path_to_book

    def source(self, page: str) -> Path:
        """The source file of a page such as 'easy/rnn'."""
        return self.book / f"{page}.md"

    def page_url(self, page: str, anchor: str = "") -> str:
        """Address of a page of the published book."""
        return f"{self.site}/{quote(page)}.html" + (f"#{anchor}" if anchor else "")

    def colab_url(self, path: str) -> str:
        """Colab's address for a notebook at `path` (from the repository's root)."""
        slug = self.repository.removeprefix("https://github.com/")
        return f"{self.colab}/github/{slug}/blob/{self.branch}/{quote(path)}"

    def edition_url(self, page: str) -> str:
        """Colab's address for the Colab edition of a page."""
        return self.colab_url(normpath(f"{self.path_to_book}/{page}.ipynb"))

    def lab_url(self, lab: str) -> str:
        """Colab's address for a released lab."""
        return self.colab_url(f"labs/{lab}/{lab}.ipynb")

    def raw_url(self, path: str) -> str:
        """Address of a file of the public repository as it is, e.g. of a picture."""
        slug = self.repository.removeprefix("https://github.com/")
        return f"https://raw.githubusercontent.com/{slug}/{self.branch}/{quote(path)}"

    def chapters(self) -> list[str]:
        """Pages with code cells, in the order of the book: each has a Colab edition."""
        return [p for p in self.pages if "{code-cell}" in self.source(p).read_text("utf-8")]


def load(root: Path = ROOT) -> BookConfig:
    """Read _config.yml and _toc.yml in `root`.

    Raises ValueError when the repository is not on GitHub (Colab opens nothing else).
    """
    config = yaml.safe_load((root / "_config.yml").read_text("utf-8"))
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    repository = config["repository"]
    url = repository["url"].rstrip("/").removesuffix(".git")
    if not url.startswith("https://github.com/") or url.count("/") != 4:
        raise ValueError(
            f"_config.yml repository.url: https://github.com/ORG/REPO 이어야 합니다: {url}"
        )
    org, name = url.split("/")[-2:]
    pages, numbers = _pages(toc)
    return BookConfig(
        root=root,
        title=config["title"],
        repository=url,
        branch=repository["branch"],
        path_to_book=repository["path_to_book"].strip("/"),
        colab=config["launch_buttons"]["colab_url"].rstrip("/"),
        site=(config["html"].get("baseurl") or f"https://{org}.github.io/{name}").rstrip("/"),
        syntax=tuple(config["parse"]["myst_enable_extensions"]),
        pages=tuple(
            page for page in pages if (root / repository["path_to_book"] / f"{page}.md").exists()
        ),
        numbers=numbers,
    )


def _pages(toc: dict) -> tuple[list[str], dict[str, int]]:
    """Pages in order, and the number of each numbered chapter (continuous over parts)."""
    pages, numbers = [toc["root"]], {}
    for part in toc.get("parts", [toc]):
        for chapter in part.get("chapters", []):
            page = chapter["file"].removesuffix(".md")
            pages.append(page)
            if part.get("numbered"):
                numbers[page] = len(numbers) + 1
            pages += [s["file"].removesuffix(".md") for s in chapter.get("sections", [])]
    return pages, numbers


def parts(root: Path = ROOT) -> list[tuple[str, list[str]]]:
    """The caption of each part of _toc.yml and its pages; the root page comes first, without one.

    Pages that _toc.yml names before they are written are left out, as in `BookConfig.pages`.
    """
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    written = load(root).pages
    found = [("", [toc["root"]])]
    for part in toc.get("parts", [toc]):
        pages, _ = _pages({"root": toc["root"], "parts": [part]})
        found.append((part.get("caption", ""), [page for page in pages[1:] if page in written]))
    return [(caption, pages) for caption, pages in found if pages]
