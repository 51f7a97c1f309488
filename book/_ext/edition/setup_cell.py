"""The titled, collapsed cell at the front: it brings kit.py and the data along.

A kit.py that a set-up cell wrote earlier, of this or of another notebook, is replaced when it is
another version. So its last line tells the version, with the words that a released lab's set-up
cell uses too (autograder/publish/embed.py). A kit.py from elsewhere is used as it is.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import textwrap
import zlib
from pathlib import Path

from edition import parser
from edition.blocks import Code

TITLE = '#@title 준비: 이 칸을 먼저 실행하세요 { display-mode: "form" }'
WIDTH = 76
WRITE_KIT = """
def _bring_kit():
    mark = "# 준비 칸이 적은 파일, 판 "
    spec = importlib.util.find_spec("kit")
    path = Path(spec.origin if spec and spec.origin else "kit.py")
    if path.is_file():
        last = path.read_text(encoding="utf-8").rstrip().rsplit("\\n", 1)[-1]
        if not last.startswith(mark) or last == mark + KIT_VERSION:
            return
    path.write_text(f"{KIT}\\n{mark}{KIT_VERSION}\\n", encoding="utf-8")
    sys.modules.pop("kit", None)
    importlib.invalidate_caches()


_bring_kit()
import kit
"""


def data_names(cells: list[Code]) -> list[str]:
    """Names of the files that the cells read through kit.data("…"), sorted.

    Raises Unsupported when a cell is not Python or the name is not written out.
    """
    names = set()
    for cell in cells:
        for node in ast.walk(_parse(cell)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if ast.unparse(node.func) != "kit.data":
                continue
            first = node.args[0] if node.args else None
            if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
                raise parser.Unsupported("kit.data(…)의 이름은 따옴표로 적어야 합니다", cell.line)
            names.add(first.value)
    return sorted(names)


def source(book: Path, cell: Code, data: list[str]) -> str:
    """The set-up cell: writes kit.py and `data` where missing, then runs `cell`'s own lines."""
    kit = (book / "kit.py").read_text("utf-8")
    version = hashlib.sha256(kit.encode()).hexdigest()[:12]
    lines = [TITLE, "import importlib.util", "import sys", "from pathlib import Path", ""]
    lines += [f"KIT = {_literal(kit)}", f'KIT_VERSION = "{version}"', "", WRITE_KIT]
    if data:
        lines += ["import base64", "import zlib", "", "DATA = {"]
        for name in data:
            lines += [f"    {name!r}: (", *_packed((book / "data" / name).read_bytes()), "    ),"]
        lines += [
            "}",
            "for name, packed in DATA.items():",
            "    try:",
            "        kit.data(name)",
            "    except OSError:",
            '        Path("data").mkdir(exist_ok=True)',
            "        text = zlib.decompress(base64.b64decode(packed))",
            '        (Path("data") / name).write_bytes(text)',
            "",
        ]
    # The last line also keeps a value of the chapter's own lines from being shown.
    return "\n".join([*lines, remaining(cell), 'print("준비되었습니다.")'])


def remaining(cell: Code) -> str:
    """The chapter's set-up lines without those that only find kit.py on the author's disk."""
    tree = _parse(cell)
    lines = cell.source.split("\n")
    kept = [node for node in tree.body if "sys.path" not in ast.unparse(node)]
    used = {node.id for part in kept for node in ast.walk(part) if isinstance(node, ast.Name)}
    dropped = [node for node in tree.body if node not in kept or _finds_only(node, used)]
    gone = {number for node in dropped for number in range(node.lineno, node.end_lineno + 1)}
    text = "\n".join(line for i, line in enumerate(lines, 1) if i not in gone)
    return text.strip("\n")


def _finds_only(node: ast.stmt, used: set[str]) -> bool:
    """An `import sys`, `import kit` or `from pathlib import Path` that is not needed again."""
    if not isinstance(node, ast.Import | ast.ImportFrom):
        return False
    names = {alias.asname or alias.name for alias in node.names}
    return names == {"kit"} or (names <= {"sys", "Path", "os"} and not names & used)


def _parse(cell: Code) -> ast.Module:
    try:
        # A magic such as %matplotlib is a comment for the purpose of reading the cell.
        plain = [
            f"#{line}" if line.startswith(("%", "!")) else line for line in cell.source.split("\n")
        ]
        return ast.parse("\n".join(plain))
    except SyntaxError as error:
        raise parser.Unsupported(f"파이썬으로 읽을 수 없는 칸: {error.msg}", cell.line) from error


def _literal(text: str) -> str:
    """A Python string literal for a source file, readable where the quotes allow."""
    if "'''" in text or text.endswith("\\"):
        return "(\n" + "\n".join(f"    {line!r}" for line in text.splitlines(True)) + "\n)"
    return f"r'''{text}'''"


def _packed(content: bytes) -> list[str]:
    packed = base64.b64encode(zlib.compress(content, 9)).decode()
    return [f'        "{line}"' for line in textwrap.wrap(packed, WIDTH)]
