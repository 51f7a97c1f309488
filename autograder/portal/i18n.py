"""Korean, and English by switch. Korean words are the keys; the files in locale/en/ have the English.

In templates: `{{ _("제출") }}`, with values `{{ _("{n}번째 제출", n=3) }}`. In Python: `say(language, …)`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

LANGUAGES = ("ko", "en")
_FOLDER = Path(__file__).with_name("locale")


@cache
def catalogue() -> dict[str, str]:
    """Korean → English."""
    found: dict[str, str] = {}
    for file in sorted((_FOLDER / "en").glob("*.yml")):
        found |= yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    return {str(key): str(value) for key, value in found.items()}


def say(language: str, korean: str, **values: object) -> str:
    """`korean`, in the language, with the values in its braces."""
    text = catalogue().get(korean, korean) if language == "en" else korean
    return text.format(**values) if values else text
