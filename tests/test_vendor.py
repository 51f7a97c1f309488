"""The scripts that the book serves itself: pinned, complete, and no CDN beside them."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from tests import booksite

ROOT = booksite.ROOT
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import bookconfig  # noqa: E402
import vendor  # noqa: E402

LOADED = re.compile(r'<(?:script|link|img|iframe)\b[^>]*?\b(?:src|href)="(https?:)?//([^"]+)"')


def test_versions_are_exact_and_locked() -> None:
    package = json.loads((ROOT / "package.json").read_text("utf-8"))
    locked = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    wanted = package["dependencies"] | package["devDependencies"]
    for name, version in wanted.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
        assert locked[f"node_modules/{name}"]["version"] == version
    unsealed = [name for name, entry in locked.items() if name and "integrity" not in entry]
    assert unsealed == []


def test_copy_is_complete_and_tidy(tmp_path: Path) -> None:
    target = tmp_path / "npm"
    (target / "mathjax").mkdir(parents=True)
    (target / "mathjax" / "old.js").write_text("")
    held = vendor.copy(ROOT / "node_modules", target)
    assert {path for path in target.rglob("*") if path.is_file()} == set(held)
    for name in (vendor.MATHJAX, vendor.WIDGETS):
        assert (tmp_path / name).stat().st_size > 1_000_000
    assert any(path.suffix == ".woff" for path in held)


def test_second_copy_writes_nothing(tmp_path: Path) -> None:
    held = vendor.copy(ROOT / "node_modules", tmp_path)
    before = {path: path.stat().st_ctime_ns for path in held}
    vendor.copy(ROOT / "node_modules", tmp_path)
    assert {path: path.stat().st_ctime_ns for path in held} == before


def test_missing_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="mathjax"):
        vendor.copy(tmp_path, tmp_path / "npm")


def test_pages_load_nothing_from_elsewhere() -> None:
    site = booksite.site()
    foreign = {
        page: [match[2] for match in LOADED.finditer((site / f"{page}.html").read_text("utf-8"))]
        for page in bookconfig.load().pages
    }
    # A canonical link is a name, not something that is fetched.
    assert all(urls == [] for urls in foreign.values()), foreign
