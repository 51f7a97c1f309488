"""Write the Colab editions: book/easy/rnn.md → book/easy/rnn.ipynb, and so on.

python book/_ext/colab.py           write those that changed
python book/_ext/colab.py --check   exit 1 when one is stale

An edition carries the date of its last change. It is written when something else changes.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from pathlib import Path

# Run as a script, this folder is already on the path; imported from a test it is put there.
sys.path.insert(0, str(Path(__file__).resolve().parent))

import bookconfig  # noqa: E402
import vocabulary  # noqa: E402
from edition import blocks, citations, inline, labels, notebook, parser  # noqa: E402


def convert(
    md_text: str,
    page: str,
    config: bookconfig.BookConfig,
    known: labels.Labels | None = None,
    old: dict | None = None,
) -> dict:
    """The notebook (nbformat 4.5, no outputs) for a chapter's source.

    `known` are the labels of the whole book, `old` is the edition that is there already.
    Raises edition.parser.Unsupported, with the line, for any construct that would reach
    Colab raw: an unknown directive, role, tag, label, term, citation or file.
    """
    glossary = config.book / "glossary.yml"
    terms = vocabulary.load(glossary) if glossary.exists() else []
    this = inline.Page(
        name=page,
        config=config,
        labels=known or labels.collect(config, {page: md_text}),
        works=citations.load(config.book / "references.bib"),
        terms={term.ko: term for term in terms},
    )
    # Footnotes are known to the parser only after a look at the whole page.
    env: dict = {}
    parser.markdown(config.syntax).parse(md_text, env)
    pieces = list(blocks.Blocks(this, env).pieces(md_text))
    return notebook.build(this, pieces, old or {}, datetime.date.today().isoformat())


def editions(config: bookconfig.BookConfig) -> dict[Path, str]:
    """Path and text of every Colab edition.

    Raises ValueError with a line for each chapter that cannot be converted: file, line, what.
    """
    out, wrong = {}, []
    try:
        known = labels.collect(config)
    except parser.Unsupported as error:
        raise ValueError(_where(config, error.page, error)) from error
    for page in config.chapters():
        source = config.source(page)
        path = source.with_suffix(".ipynb")
        try:
            made = convert(source.read_text("utf-8"), page, config, known, read(path))
        except parser.Unsupported as error:
            wrong.append(_where(config, page, error))
            continue
        out[path] = notebook.to_text(made)
    if wrong:
        raise ValueError("\n".join(wrong))
    return out


def read(path: Path) -> dict:
    """The edition at `path`; empty when there is none or it is no longer a notebook."""
    try:
        old = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return old if isinstance(old, dict) and isinstance(old.get("cells"), list) else {}


def _where(config: bookconfig.BookConfig, page: str, error: parser.Unsupported) -> str:
    return f"{config.source(page).relative_to(config.root)}:{error.line}: {error.what}"


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--check", action="store_true", help="only say what is stale")
    chosen = options.parse_args(arguments)
    config = bookconfig.load()
    try:
        wanted = editions(config)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    stale = [
        path
        for path, text in wanted.items()
        if not path.exists() or path.read_text("utf-8") != text
    ]
    for path in stale:
        name = path.relative_to(config.root)
        if chosen.check:
            print(f"{name}: 원고와 다릅니다. `make colab`으로 다시 만드세요.", file=sys.stderr)
        else:
            path.write_text(wanted[path], encoding="utf-8")
            print(f"{name}: 새로 썼습니다.")
    return 1 if chosen.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
