"""What {cite:p} and {cite:t} say: author and year, with a link to the reference."""

from __future__ import annotations

from pathlib import Path

from pybtex.database import BibliographyData, parse_file

ONE, TWO = 1, 2


def load(path: Path) -> BibliographyData:
    """The works of references.bib; an empty list when there is no such file."""
    return parse_file(str(path)) if path.exists() else BibliographyData()


def author_year(works: BibliographyData, key: str) -> tuple[str, str]:
    """('Bengio et al.', '1994') for a key; raises KeyError for an unknown one."""
    entry = works.entries[key]
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    names = [
        " ".join(part for part in person.prelast_names + person.last_names) for person in people
    ]
    names = [name.replace("{", "").replace("}", "") for name in names] or [key]
    if len(names) == ONE:
        who = names[0]
    elif len(names) == TWO:
        who = f"{names[0]} and {names[1]}"
    else:
        who = f"{names[0]} et al."
    return who, entry.fields.get("year", "")
