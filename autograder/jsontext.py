"""JSON with one item a line, as json.dumps(…, indent=1, ensure_ascii=False) writes it, several times as fast.

The standard library's encoder is written in C only where no indent is asked for. Every hand-in's
graded notebook and result are written like this.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from json.encoder import encode_basestring as _string

_WORDS = {None: "null", True: "true", False: "false"}


def indented(value: object, sort_keys: bool = False) -> str:
    """The value as JSON.

    Raises:
        TypeError: something in it is no JSON, or a key is no string.
    """
    out: list[str] = []
    _put(value, "\n", sort_keys, out.append)
    return "".join(out)


def _put(value: object, line: str, sort_keys: bool, add: Callable[[str], None]) -> None:
    """Adds the pieces of a value; `line` begins the line that the value's end stands on."""
    if type(value) is str:
        add(_string(value))
    elif isinstance(value, dict):
        _put_dict(value, line, sort_keys, add)
    elif isinstance(value, list | tuple):
        _put_list(value, line, sort_keys, add)
    elif value is None or type(value) is bool:
        add(_WORDS[value])
    else:
        add(str(value) if type(value) is int else json.dumps(value))


def _put_dict(value: dict, line: str, sort_keys: bool, add: Callable[[str], None]) -> None:
    if not value:
        add("{}")
        return
    inner, between = line + " ", "{"
    for key, item in sorted(value.items()) if sort_keys else value.items():
        if not isinstance(key, str):
            raise TypeError(f"a key is {type(key).__name__}, no string")
        add(between + inner + _string(key) + ": ")
        _put(item, inner, sort_keys, add)
        between = ","
    add(line + "}")


def _put_list(value: list | tuple, line: str, sort_keys: bool, add: Callable[[str], None]) -> None:
    if not value:
        add("[]")
        return
    inner, between = line + " ", "["
    if {*map(type, value)} == {str}:  # the lines of a cell: most of a notebook
        add(between + inner + f",{inner}".join(map(_string, value)) + line + "]")
        return
    for item in value:
        add(between + inner)
        _put(item, inner, sort_keys, add)
        between = ","
    add(line + "]")
