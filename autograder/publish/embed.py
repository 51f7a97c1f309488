"""The set-up cell of a released lab: it brings kit.py, checks.py and the lab's data along.

A student opens a single file, on Colab or anywhere. So that file writes what it needs, and only
where it cannot be found: modules as readable text, data packed. A module that an older release
of a lab wrote is replaced; one from somewhere else (the course's own book/) is used as it is.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import re
import textwrap
import zlib
from collections.abc import Mapping

from autograder import syntax

TITLE = "준비: 이 칸을 먼저 실행하세요"
_WIDTH = 76

_WRITE = """
def _prepare():
    import importlib.util
    import sys
    from pathlib import Path

    for name, (version, text) in _MODULES.items():
        mark = "# 준비 칸이 적은 파일, 판 "
        spec = importlib.util.find_spec(name)
        path = Path(spec.origin if spec and spec.origin else f"{name}.py")
        if path.is_file():
            last = path.read_text(encoding="utf-8").rstrip().rsplit("\\n", 1)[-1]
            if not last.startswith(mark) or last == mark + version:
                continue
        path.write_text(f"{text}\\n{mark}{version}\\n", encoding="utf-8")
        sys.modules.pop(name, None)
    importlib.invalidate_caches()
"""
_WRITE_DATA = """
    import base64
    import zlib

    for name, packed in _DATA.items():
        if not Path(name).exists():
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_bytes(zlib.decompress(base64.b64decode(packed)))
"""


def setup_source(own: str, modules: Mapping[str, str], data: Mapping[str, bytes]) -> str:
    """Source of the released set-up cell.

    Args:
        own: the author's set-up cell; its first comment becomes the title, its lines about
            `sys.path` go (they find book/ on the author's disk), the rest is run last.
        modules: name → text of the modules to bring, for example `{"kit": "…"}`.
        data: path relative to the notebook → content.

    Raises:
        SyntaxError: `own` is not Python.
    """
    title, rest = _title(own)
    parts = [
        f'#@title {title} {{ display-mode: "form" }}',
        f"# {', '.join([*(f'{name}.py' for name in modules), *data])}: 없을 때만 여기에 적습니다.",
        "_MODULES = {",
    ]
    for name, text in modules.items():
        version = hashlib.sha256(text.encode()).hexdigest()[:12]
        parts.append(f'    "{name}": ("{version}", {_literal(text)}),')
    parts.append("}")
    if data:
        parts.append("_DATA = {")
        for name, content in data.items():
            parts += [f"    {name!r}: (", *_packed(content), "    ),"]
        parts.append("}")
    parts.append("\n" + _WRITE.rstrip() + (_WRITE_DATA.rstrip() if data else ""))
    gone = "_prepare, _MODULES" + (", _DATA" if data else "")
    parts += ["\n", "_prepare()", f"del {gone}", "", remaining(rest)]
    return "\n".join(parts).rstrip()


def _title(own: str) -> tuple[str, str]:
    """The title (from `# 준비: …`, else our own) and the cell without that line."""
    first, _, rest = own.lstrip("\n").partition("\n")
    found = re.match(r"#\s*(준비\S*.*?)\.?\s*$", first)
    return (found[1], rest) if found else (TITLE, own)


def remaining(own: str) -> str:
    """The author's lines without those that only find book/ on the author's disk."""
    tree = syntax.parse(own)
    kept = [node for node in tree.body if "sys.path" not in ast.unparse(node)]
    used = {node.id for part in kept for node in ast.walk(part) if isinstance(node, ast.Name)}
    gone: set[int] = set()
    for node in tree.body:
        if node not in kept or _only_finds(node, used):
            gone |= set(range(node.lineno, node.end_lineno + 1))
    text = "\n".join(line for i, line in enumerate(own.split("\n"), 1) if i not in gone)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")


def _only_finds(node: ast.stmt, used: set[str]) -> bool:
    """An `import sys` or `from pathlib import Path` that nothing else needs."""
    if not isinstance(node, ast.Import | ast.ImportFrom):
        return False
    bound = {alias.asname or alias.name for alias in node.names}
    return bound <= {"sys", "os", "Path"} and not bound & used


def _literal(text: str) -> str:
    """A Python literal, readable where the text's own quotes and backslashes allow it."""
    if "'''" in text or text.endswith(("\\", "'")):
        lines = "\n".join(f"        {line!r}" for line in text.splitlines(keepends=True))
        return f"(\n{lines}\n    )"
    return f"r'''{text}'''"


def _packed(content: bytes) -> list[str]:
    packed = base64.b64encode(zlib.compress(content, 9)).decode()
    return [f'        "{line}"' for line in textwrap.wrap(packed, _WIDTH) or [""]]
