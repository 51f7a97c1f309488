"""The lab's last cell 「제출」: sends the notebook that it stands in to the desk.

What the student runs is `submit_cell.txt`, standard library only. On Colab the notebook is read from the page
(`google.colab._message`, private, hence with a time limit and a way round), elsewhere from the saved file.
"""

from __future__ import annotations

from pathlib import Path

from autograder.course import Course

_TEMPLATE = Path(__file__).with_name("submit_cell.txt")


def source(lab: str, address: str) -> str:
    """The cell's text for a lab.

    Args:
        lab: the lab's name.
        address: the desk's public address (`[portal] address`); "": the cell says how to hand in
            without it.
    """
    text = _TEMPLATE.read_text(encoding="utf-8")
    return text.replace("{{lab}}", lab).replace("{{portal_url}}", address.rstrip("/")).rstrip()


def address_of(course: Course) -> str:
    """[portal] address in course.toml, or ""."""
    return str(course.settings.get("portal", {}).get("address", "")).rstrip("/")
