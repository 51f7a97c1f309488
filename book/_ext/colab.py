"""Write the Colab editions: book/easy/rnn.md → book/easy/rnn.ipynb, and so on.

python book/_ext/colab.py           write them all
python book/_ext/colab.py --check   exit 1 when one is stale
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

# Run as a script, this folder is already on the path; imported from a test it is put there.
sys.path.insert(0, str(Path(__file__).resolve().parent))

import bookconfig  # noqa: E402
import vocabulary  # noqa: E402
from edition import blocks, citations, inline, labels, notebook, parser  # noqa: E402


def convert(md_text: str, page: str, config: bookconfig.BookConfig) -> dict:
    """The notebook (nbformat 4.5, no outputs) for a chapter's source.

    Raises edition.parser.Unsupported, with the line, for any construct that would reach
    Colab raw: an unknown directive, role, tag, label, term, citation or file.
    """
    glossary = config.book / "glossary.yml"
    terms = vocabulary.load(glossary) if glossary.exists() else []
    this = inline.Page(
        name=page,
        config=config,
        labels=labels.collect(page, md_text, config),
        works=citations.load(config.book / "references.bib"),
        terms={term.ko: term for term in terms},
    )
    # Footnotes are known to the parser only after a look at the whole page.
    env: dict = {}
    parser.markdown(config.syntax).parse(md_text, env)
    return notebook.build(this, list(blocks.Blocks(this, env).pieces(md_text)))


def editions(config: bookconfig.BookConfig) -> dict[Path, str]:
    """Path and text of every Colab edition; raises ValueError naming file and line."""
    out = {}
    for page in config.chapters():
        source = config.source(page)
        try:
            made = convert(source.read_text("utf-8"), page, config)
        except parser.Unsupported as error:
            where = source.relative_to(config.root)
            raise ValueError(f"{where}:{error.line}: {error.what}") from error
        out[source.with_suffix(".ipynb")] = notebook.to_text(made)
    return out


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
