"""The Colab converter: each construct, what it refuses, and the committed editions."""

from __future__ import annotations

import ast
import datetime
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from nbclient import NotebookClient
from nbconvert import HTMLExporter

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import bookconfig  # noqa: E402
import colab  # noqa: E402
from edition import notebook, parser  # noqa: E402

CONFIG = """\
title: 시험 책
repository: {url: https://github.com/org/repo, path_to_book: book, branch: main}
launch_buttons: {colab_url: https://colab.research.google.com}
parse: {myst_enable_extensions: [colon_fence, dollarmath, tasklist]}
html: {baseurl: ""}
"""
TOC = """\
format: jb-book
root: index
parts:
- chapters: [{file: references}]
- numbered: true
  chapters: [{file: easy/one}, {file: easy/two}]
"""
GLOSSARY = """\
- {ko: 은닉 상태, en: hidden state, text: 벡터입니다.}
- {ko: 순환 신경망, en: recurrent neural network, abbr: RNN, text: 신경망입니다.}
"""
BIB = """\
@article{one1990, author={One, A.}, title={T}, year={1990}}
@article{two1991, author={One, A. and Two, B.}, title={T}, year={1991}}
@article{many1992, author={Van der Berg, A. and Two, B. and Three, C.}, title={T}, year={1992}}
"""
KIT = '''\
"""A little module."""

from pathlib import Path


def data(name):
    for folder in (Path(__file__).parent / "data", Path("data")):
        if (folder / name).exists():
            return (folder / name).read_text("utf-8")
    raise FileNotFoundError(name)
'''
SITE = "https://org.github.io/repo"


@pytest.fixture
def config(tmp_path: Path) -> bookconfig.BookConfig:
    files = {
        "_config.yml": CONFIG,
        "_toc.yml": TOC,
        "book/glossary.yml": GLOSSARY,
        "book/references.bib": BIB,
        "book/kit.py": KIT,
        "book/data/글.txt": "안녕하세요\n" * 50,
        "book/index.md": "# 처음\n",
        "book/references.md": "# 참고문헌\n",
        "book/easy/one.md": "# 하나\n",
        "book/easy/two.md": "(there)=\n# 둘째 장\n\n$$a$$ (far)\n\n```{code-cell}\n1\n```\n",
        "book/easy/a b.png": "",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return bookconfig.load(tmp_path)


def texts(made: dict) -> list[str]:
    """The Markdown cells after the badge."""
    cells = [cell for cell in made["cells"] if cell["cell_type"] == "markdown"]
    return ["".join(cell["source"]) for cell in cells[1:]]


def one(config: bookconfig.BookConfig, source: str) -> str:
    """All Markdown that `source` becomes."""
    return "\n\n".join(texts(colab.convert(source, "easy/one", config)))


def code(config: bookconfig.BookConfig, source: str) -> list[dict]:
    """The code cells after the set-up cell."""
    cells = colab.convert(source, "easy/one", config)["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"][1:]


CONSTRUCTS = {
    "plain": ("글 **굵게** `code {x}` $a_b$ \\{", "글 **굵게** `code {x}` $a_b$ \\{"),
    "term, first use": (
        "{term}`은닉 상태`와 {term}`은닉 상태`",
        "은닉 상태(hidden state)와 은닉 상태",
    ),
    "term, English already there": (
        "{term}`은닉 상태`(hidden state)와",
        "은닉 상태(hidden state)와",
    ),
    "term, other words": (
        "{term}`RNN <순환 신경망>`은",
        "RNN은",
    ),
    "doc": (
        "{doc}`two`와 {doc}`/index`",
        f"[둘째 장]({SITE}/easy/two.html)와 [처음]({SITE}/index.html)",
    ),
    "doc with words": ("{doc}`여기 <two>`", f"[여기]({SITE}/easy/two.html)"),
    "ref": ("{ref}`there`", f"[둘째 장]({SITE}/easy/two.html#there)"),
    "ref with words": ("{ref}`저기 <there>`", f"[저기]({SITE}/easy/two.html#there)"),
    "link to a page": ("[둘](two.md#there)", f"[둘]({SITE}/easy/two.html#there)"),
    "link outside": ("[밖](https://a.b/c_d)", "[밖](https://a.b/c_d)"),
    "cite:p": (
        "{cite:p}`one1990,two1991`",
        f"([One, 1990]({SITE}/references.html#cite-one1990); "
        f"[One and Two, 1991]({SITE}/references.html#cite-two1991))",
    ),
    "cite:t": (
        "{cite:t}`many1992`",
        f"[Van der Berg et al. (1992)]({SITE}/references.html#cite-many1992)",
    ),
    "equation elsewhere": ("{eq}`far`", f"[(1)]({SITE}/easy/two.html#equation-far)"),
    "admonition": (
        "```{admonition} 바로잡기: $x$\n:class: correction\n글\n\n둘\n```",
        "> **바로잡기: $x$**\n>\n> 글\n>\n> 둘",
    ),
    "note": ("```{note}\n글\n```", "> **참고**\n>\n> 글"),
    "note, text on the first line": ("```{tip} 첫 줄\n둘째\n```", "> **팁**\n>\n> 첫 줄\n> 둘째"),
    "folded admonition": (
        "```{warning}\n:class: dropdown\n글\n```",
        "<details>\n<summary><b>경고</b></summary>\n\n글\n\n</details>",
    ),
    "dropdown": (
        "```{dropdown} 답은 **둘** $a<b$\n:color: info\n글\n```",
        "<details>\n<summary><b>답은 <strong>둘</strong> $a&lt;b$</b></summary>\n\n글\n\n</details>",
    ),
    "dropdown, open": (
        "```{dropdown} 답\n:open:\n글\n```",
        "<details open>\n<summary><b>답</b></summary>\n\n글\n\n</details>",
    ),
    "tabs": (
        "::::{tab-set}\n:::{tab-item} 하나\n글1\n:::\n:::{tab-item} 둘\n글2\n:::\n::::",
        "**▸ 하나**\n\n글1\n\n**▸ 둘**\n\n글2",
    ),
    "margin": ("```{margin}\n곁글\n```", "> 곁글"),
    "figure": (
        "```{figure} a b.png\n:alt: 선\n:width: 50%\n설명\n```",
        "![선](https://raw.githubusercontent.com/org/repo/main/book/easy/a%20b.png)\n\n"
        "**그림 1.1** 설명",
    ),
    "figure, alt with brackets": (
        "```{image} a b.png\n:alt: 상태 h[0]\n```",
        "![상태 h\\[0\\]](https://raw.githubusercontent.com/org/repo/main/book/easy/a%20b.png)",
    ),
    "image in a line": (
        "![점](<a b.png>)",
        "![점](https://raw.githubusercontent.com/org/repo/main/book/easy/a%20b.png)",
    ),
    "math": ("```{math}\na = b\n```", "$$\na = b\n$$"),
    "math, several lines": (
        "```{math}\na = b \\\\\nc = d\n```",
        "$$\n\\begin{aligned}\na = b \\\\\nc = d\n\\end{aligned}\n$$",
    ),
    "math with a label": (
        "```{math}\n:label: e1\na\n```\n\n$$\nb\n$$ (e2)\n\n{eq}`e2`",
        "$$\na \\tag{1}\n$$\n\n$$\nb \\tag{2}\n$$\n\n(2)",
    ),
    "hint": ("```{hint}\n글\n```", "> **힌트**\n>\n> 글"),
    "caution": ("```{caution}\n글\n```", "> **조심**\n>\n> 글"),
    "danger": ("```{danger}\n글\n```", "> **위험**\n>\n> 글"),
    "attention": ("```{attention}\n글\n```", "> **주의**\n>\n> 글"),
    "error": ("```{error}\n글\n```", "> **오류**\n>\n> 글"),
    "math role": ("{math}`a_b`는", "$a_b$는"),
    "table with a caption": (
        ":::{table} 표의 {term}`은닉 상태`\n:name: tab\n| a |\n|---|\n| 1 |\n:::\n\n{numref}`tab`",
        "**표 1.1** 표의 은닉 상태(hidden state)\n\n| a |\n|---|\n| 1 |\n\n"
        f"[표 1.1]({SITE}/easy/one.html#tab)",
    ),
    "list-table": (
        "```{list-table} 제목\n:header-rows: 1\n* - a\n  - $|x|$\n* - 두\n    줄\n  -\n```",
        "**표 1.1** 제목\n\n| a | $\\|x\\|$ |\n|---|---|\n| 두 줄 |  |",
    ),
    "list-table without header": (
        "```{list-table}\n* - a\n  - b\n```",
        "|  |  |\n|---|---|\n| a | b |",
    ),
    "code-block": (
        "```{code-block} python\n:caption: 보기\n:name: co\nx = '{y}'\n```\n\n{numref}`co`",
        f"**코드 1.1** 보기\n\n```python\nx = '{{y}}'\n```\n\n[코드 1.1]({SITE}/easy/one.html#co)",
    ),
    "code-block with a fence inside": (
        "````{code-block} md\n```\nx\n```\n````",
        "````md\n```\nx\n```\n````",
    ),
    "exercise and solution": (
        "```{exercise} 셈하기 $x$\n글\n```\n\n```{solution}\n답 {eq}`far`\n```",
        "> **직접 해 보기: 셈하기 $x$**\n>\n> 글\n\n"
        "<details>\n<summary><b>풀이</b></summary>\n\n"
        f"답 [(1)]({SITE}/easy/two.html#equation-far)\n\n</details>",
    ),
    "quiz": (
        "```{quiz} $W$는 몇 개?\n- [ ] 둘 `a`\n\n  **아닙니다.** {term}`은닉 상태`\n\n  - 속 목록\n"
        "- [x] 하나\n\n  맞습니다.\n```",
        "**퀴즈 1.** $W$는 몇 개?\n\n"
        "<details>\n<summary>① 둘 <code>a</code></summary>\n\n**✗ 오답**\n\n"
        "**아닙니다.** 은닉 상태(hidden state)\n\n- 속 목록\n\n</details>\n\n"
        "<details>\n<summary>② 하나</summary>\n\n**✓ 정답**\n\n맞습니다.\n\n</details>",
    ),
    "quiz with several answers and more to read": (
        "```{quiz} 무엇?\n$$a$$\n\n- [x] 하나\n\n  예.\n- [x] 둘\n\n  예.\n- [ ] 셋\n\n  아니요.\n```",
        "**퀴즈 1.** 무엇? (모두 고르세요)\n\n$$a$$\n\n"
        "<details>\n<summary>① 하나</summary>\n\n**✓ 정답**\n\n예.\n\n</details>\n\n"
        "<details>\n<summary>② 둘</summary>\n\n**✓ 정답**\n\n예.\n\n</details>\n\n"
        "<details>\n<summary>③ 셋</summary>\n\n**✗ 오답**\n\n아니요.\n\n</details>",
    ),
    "numref": (
        "```{figure} a b.png\n:name: fig\n:alt: 선\n설명\n```\n\n{numref}`fig`",
        "![선](https://raw.githubusercontent.com/org/repo/main/book/easy/a%20b.png)\n\n"
        f"**그림 1.1** 설명\n\n[그림 1.1]({SITE}/easy/one.html#fig)",
    ),
    "footnote": ("글[^a]\n\n[^a]: 각주 `x`", "글<sup>1</sup>\n\n<sup>1</sup> 각주 `x`"),
    "comments": ("% notes: rnn-01\n\n글\n\n<!-- 숨은 말 -->", "글"),
    "target": ("(here)=\n## 제목\n\n{ref}`here`", f"## 제목\n\n[제목]({SITE}/easy/one.html#here)"),
    "table": (
        "| a | b |\n|---|---|\n| {term}`은닉 상태` | `x` |",
        "| a | b |\n|---|---|\n| 은닉 상태(hidden state) | `x` |",
    ),
    "list": (
        "- 하나 {term}`은닉 상태`\n  - 둘\n\n    ```python\n    {x}\n    ```",
        "- 하나 은닉 상태(hidden state)\n  - 둘\n\n    ```python\n    {x}\n    ```",
    ),
    "code that shows MyST": ("````md\n```{note}\n```\n````", "````md\n```{note}\n```\n````"),
    "lab": (
        "```{lab} rnn\n풀어 봅니다.\n```",
        "> **실습 rnn**\n>\n> 풀어 봅니다.\n>\n> "
        "[Colab에서 열기](https://colab.research.google.com/github/org/repo/blob/main/"
        f"labs/rnn/rnn.ipynb) · [내려받기]({SITE}/labs/rnn/rnn.ipynb)",
    ),
    "nested": (
        "````{admonition} 겉\n```{dropdown} 속\n{cite:t}`one1990`\n```\n````",
        "> **겉**\n>\n> <details>\n> <summary><b>속</b></summary>\n>\n> "
        f"[One (1990)]({SITE}/references.html#cite-one1990)\n>\n> </details>",
    ),
}


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_construct(config, name):
    source, wanted = CONSTRUCTS[name]
    assert one(config, source) == wanted


REFUSED = {
    "directive": ("글\n\n```{mermaid}\na\n```", 3, "{mermaid}"),
    "role": ("글\n{kbd}`x`", 2, "{kbd}"),
    "role inside a directive": ("```{note}\n:class: a\n글\n{kbd}`x`\n```", 4, "{kbd}"),
    "directive in a directive": ("````{note}\n\n```{mermaid}\n```\n````", 3, "{mermaid}"),
    "directive in a list": ("- 글\n\n  ```{note}\n  글\n  ```", 3, "{note}"),
    "directive that is none": ("글\n\n```{dropdown} `a`\n글\n```", 3, "{dropdown}"),
    "tag": ("```{code-cell}\n:tags: [raises]\n1\n```", 1, "raises"),
    "term": ("{term}`없는 말`", 1, "없는 말"),
    "citation": ("{cite:p}`none2000`", 1, "none2000"),
    "label": ("{ref}`none`", 1, "none"),
    "page": ("{doc}`none`", 1, "none"),
    "file": ("```{figure} none.png\n:alt: 글\n```", 1, "none.png"),
    "alt text": ("```{figure} a b.png\n글\n```", 1, "alt"),
    "code cell in a directive": ("````{note}\n```{code-cell}\n1\n```\n````", 2, "{code-cell}"),
    "data by a variable": ("```{code-cell}\nkit.data(name)\n```", 1, "kit.data"),
    "no Python": ("```{code-cell}\nif if\n```", 1, "파이썬"),
    "quiz without a reason": (
        "글\n\n```{quiz} 왜?\n- [x] 예\n\n  까닭\n- [ ] 아니요\n```",
        7,
        "까닭",
    ),
    "role in a quiz": ("```{quiz} 왜?\n- [x] 예\n\n  {kbd}`x`\n- [ ] 아\n\n  글\n```", 4, "{kbd}"),
    "code cell in a quiz": (
        "````{quiz} 왜?\n- [x] 예\n\n  ```{code-cell}\n  1\n  ```\n- [ ] 아\n\n  글\n````",
        4,
        "{code-cell}",
    ),
    "list-table of unequal rows": ("```{list-table}\n* - a\n  - b\n* - c\n```", 1, "칸 수"),
    "list-table with blocks": ("```{list-table}\n* - a\n\n    b\n```", 2, "한 문단"),
    "list-table with two headers": (
        "```{list-table}\n:header-rows: 2\n* - a\n* - b\n```",
        1,
        "머리 줄",
    ),
    "numref to a section": ("(here)=\n## 글\n\n{numref}`here`", 4, "here"),
    "tab without item": ("::::{tab-set}\n글\n::::", 2, "{tab-item}"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_by_name_and_line(config, name):
    source, line, word = REFUSED[name]
    with pytest.raises(parser.Unsupported, match=f"^{line}번째 줄") as error:
        colab.convert(source, "easy/one", config)
    assert word in str(error.value)


def test_code_cell_tags(config):
    tagged = (
        "```{code-cell} python\n:tags: [hide-input]\n# 그림: 기울기\nplot()\n```\n\n"
        "```{code-cell} python\n:tags: [hide-input]\nplot()\n```\n\n"
        "```{code-cell} python\n---\ntags: [hide-output]\n---\nlong()\n```\n\n"
        "```{code-cell} python\n:tags: [colab-only]\ngpu()\n```\n\n"
        "```{code-cell} python\n:tags: [hide-cell]\n# 도구\nx = 1\n```\n\n"
        "```{code-cell} python\n:tags: [raises-exception, remove-output]\n1 / 0\n```"
    )
    titled, untitled, output, plain, folded, failing = code(config, tagged)
    assert "".join(folded["source"]) == "#@title 도구\nx = 1"
    hidden = {"source_hidden": True, "outputs_hidden": True}
    assert folded["metadata"] == {"cellView": "form", "collapsed": True, "jupyter": hidden}
    # nbval takes the error of a cell so tagged for what it should be.
    assert failing["metadata"]["tags"] == ["raises-exception"]
    assert failing["metadata"]["collapsed"]
    assert "".join(titled["source"]) == "#@title 그림: 기울기\nplot()"
    assert "".join(untitled["source"]) == "#@title 코드 펼쳐 보기\nplot()"
    form = {"cellView": "form", "jupyter": {"source_hidden": True}}
    assert titled["metadata"] == untitled["metadata"] == form
    assert output["metadata"] == {"collapsed": True, "jupyter": {"outputs_hidden": True}}
    assert plain["metadata"] == {}
    assert "".join(plain["source"]) == "gpu()"


def test_alt_text_and_caption_of_a_drawn_figure(config):
    source = (
        "```{code-cell}\n---\nmystnb:\n  image: {alt: 선이 오릅니다}\n"
        "  figure: {name: fig-a, caption: 걸음과 크기}\n---\nplot()\n```\n\n{numref}`fig-a`"
    )
    text = one(config, source)
    assert text.startswith("**그림 1.1** 걸음과 크기\n\n<details>\n<summary>그림 설명</summary>")
    assert "선이 오릅니다" in text
    assert text.endswith(f"[그림 1.1]({SITE}/easy/one.html#fig-a)")


SETUP = """\
# 제목

```{code-cell} python
:tags: [setup, remove-cell]
import sys
from pathlib import Path

sys.path.insert(0, str(Path("..").resolve()))
import kit
import json  # kept

word = json.dumps("ready")
```

```{code-cell} python
text = kit.data("글.txt")
print(word, len(text))
```
"""


def test_setup_cell_brings_kit_and_data_into_an_empty_folder(config, tmp_path):
    made = colab.convert(SETUP, "easy/one", config)
    setup = "".join(made["cells"][0]["source"])
    assert setup.startswith("#@title 준비")
    assert made["cells"][0]["metadata"] == {"cellView": "form", "jupyter": {"source_hidden": True}}
    assert "sys.path" not in setup
    assert max(map(len, setup.splitlines())) <= 88
    empty = tmp_path / "empty"
    empty.mkdir()
    node = nbformat.reads(json.dumps(made), as_version=4)
    NotebookClient(node, resources={"metadata": {"path": str(empty)}}).execute()
    assert [cell.outputs[0].text for cell in node.cells if cell.cell_type == "code"] == [
        "준비되었습니다.\n",
        '"ready" 300\n',
    ]
    kit, mark = (empty / "kit.py").read_text("utf-8").rsplit("\n", 2)[:2]
    assert kit == KIT
    assert mark.startswith("# 준비 칸이 적은 파일, 판 ")


def test_setup_cell_replaces_the_kit_of_an_older_notebook(config, tmp_path):
    """Also one that a released lab's set-up cell wrote: both know the same mark."""
    assert "# 준비 칸이 적은 파일, 판 " in (ROOT / "autograder/publish/embed.py").read_text("utf-8")
    made = colab.convert(SETUP, "easy/one", config)
    (tmp_path / "kit.py").write_text(
        "OLD_ONE = 1\n# 준비 칸이 적은 파일, 판 0123456789ab\n", "utf-8"
    )
    node = nbformat.reads(json.dumps(made), as_version=4)
    NotebookClient(node, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert node.cells[-1].outputs[0].text == '"ready" 300\n'
    assert "OLD_ONE" not in (tmp_path / "kit.py").read_text("utf-8")


def test_setup_cell_leaves_a_kit_that_is_there(config, tmp_path):
    made = colab.convert(SETUP, "easy/one", config)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "kit.py").write_text("def data(name):\n    return 'mine'\n")
    node = nbformat.reads(json.dumps(made), as_version=4)
    NotebookClient(node, resources={"metadata": {"path": str(mine)}}).execute()
    assert node.cells[-1].outputs[0].text == '"ready" 4\n'
    assert sorted(path.name for path in mine.iterdir() if path.name != "__pycache__") == ["kit.py"]


def test_kit_with_quotes_of_every_kind_survives(config):
    kit = KIT + "A = '''x'''\nB = \"\"\"\\\\n\"\"\"\nC = '\\\\'\n"
    (config.book / "kit.py").write_text(kit, "utf-8")
    setup = "".join(colab.convert(SETUP, "easy/one", config)["cells"][0]["source"])
    assigned = next(node for node in ast.parse(setup).body if isinstance(node, ast.Assign))
    assert ast.literal_eval(assigned.value) == kit


# Ids: a new edition takes them from the one before

CHAPTER = """\
# 장

첫머리 글입니다.

## 가

가의 첫 글입니다. 여러 문장이 있습니다.

```{code-cell}
first = 1
```

```{code-cell}
second = first + 1
```

가의 둘째 글입니다. 앞의 칸을 설명합니다.

```{code-cell}
third = second + 1
```

## 나

나의 글입니다.

```{code-cell}
fourth = 4
```
"""
NEW_CELL = "```{code-cell}\nprint('아주 다른 칸')\n```\n\n"
EDITS = {
    "a cell in the middle of a section": (
        "```{code-cell}\nsecond",
        NEW_CELL + "```{code-cell}\nsecond",
    ),
    "a cell at the beginning of a section": ("가의 첫 글", "새 글.\n\n" + NEW_CELL + "가의 첫 글"),
    "a cell at the end": ("fourth = 4\n```\n", "fourth = 4\n```\n\n" + NEW_CELL),
    "a word of prose": ("가의 둘째 글입니다", "가의 셋째 글입니다"),
    "a word of code": ("second = first + 1", "second = first + 2"),
    "a heading": ("## 나", "## 다른 이름"),
    "a cell less": ("```{code-cell}\nsecond = first + 1\n```\n\n", ""),
}
NEW_IDS = {"a cell in the middle of a section": 1, "a cell at the end": 1}
NEW_IDS |= {"a cell at the beginning of a section": 2}


def ids(made: dict) -> list[str]:
    return [cell["id"] for cell in made["cells"]]


@pytest.mark.parametrize("edit", EDITS)
def test_only_what_is_new_gets_a_new_id(config, edit):
    before = colab.convert(CHAPTER, "easy/one", config)
    assert CHAPTER.count(EDITS[edit][0]) == 1
    edited = CHAPTER.replace(*EDITS[edit])
    after = colab.convert(edited, "easy/one", config, old=before)
    assert len(set(ids(after))) == len(after["cells"])
    assert len(set(ids(after)) - set(ids(before))) == NEW_IDS.get(edit, 0)
    texts_of = {cell["id"]: "".join(cell["source"]) for cell in before["cells"]}
    for cell in after["cells"]:
        text = "".join(cell["source"])
        if cell["id"] in texts_of and text in texts_of.values():
            assert texts_of[cell["id"]] == text, "an unchanged cell got another's id"


def test_ids_do_not_depend_on_how_often_one_converts(config):
    first = colab.convert(CHAPTER, "easy/one", config)
    again = colab.convert(CHAPTER, "easy/one", config, old=first)
    assert again == first == colab.convert(CHAPTER, "easy/one", config)


def test_doubled_ids_of_a_bad_merge_are_mended(config):
    bad = colab.convert(CHAPTER, "easy/one", config)
    bad["cells"][4]["id"] = bad["cells"][3]["id"]
    made = colab.convert(CHAPTER, "easy/one", config, old=bad)
    assert len(set(ids(made))) == len(made["cells"])


# The date of an edition


class Tomorrow(datetime.date):
    @classmethod
    def today(cls):
        return cls(2031, 5, 6)


def test_date_changes_with_the_text_and_with_nothing_else(config, monkeypatch):
    first = colab.convert(CHAPTER, "easy/one", config)
    today = datetime.date.today().isoformat()
    assert f"({today} 판)" in "".join(first["cells"][1]["source"])
    monkeypatch.setattr(colab.datetime, "date", Tomorrow)
    assert colab.convert(CHAPTER, "easy/one", config, old=first) == first
    changed = CHAPTER.replace("둘째", "셋째")
    later = colab.convert(changed, "easy/one", config, old=first)
    assert "(2031-05-06 판)" in "".join(later["cells"][1]["source"])


def test_check_takes_any_date(config, monkeypatch):
    monkeypatch.setattr(bookconfig, "load", lambda: config)
    assert colab.main([]) == 0
    edition = config.source("easy/two").with_suffix(".ipynb")
    today = datetime.date.today().isoformat()
    text = edition.read_text("utf-8")
    assert text.count(today) == 1
    edition.write_text(text.replace(today, "2026-01-02"), "utf-8")
    assert colab.main(["--check"]) == 0
    edition.write_text(text.replace(f"({today} 판)", ""), "utf-8")
    assert colab.main(["--check"]) == 1


def test_notebook_is_valid_without_outputs_and_reproducible(config):
    first = notebook.to_text(colab.convert(SETUP, "easy/one", config))
    assert first == notebook.to_text(colab.convert(SETUP, "easy/one", config))
    node = nbformat.reads(first, as_version=4)
    nbformat.validate(node)
    assert (node.nbformat, node.nbformat_minor) == (4, 5)
    assert not any(cell.get("outputs") for cell in node.cells)


def test_badge_links_to_page_and_colab(config):
    badge = "".join(colab.convert("# 가", "easy/one", config)["cells"][1]["source"])
    assert f"({SITE}/easy/one.html)" in badge
    assert (
        "(https://colab.research.google.com/github/org/repo/blob/main/book/easy/one.ipynb)" in badge
    )


def test_addresses_follow_the_one_place(config):
    path = config.root / "_config.yml"
    path.write_text(path.read_text("utf-8").replace("org/repo", "other/place"), "utf-8")
    text = notebook.to_text(colab.convert(SETUP, "easy/one", bookconfig.load(config.root)))
    assert "org/repo" not in text
    assert "other/place" in text


def test_repository_elsewhere_is_refused(config):
    path = config.root / "_config.yml"
    path.write_text(path.read_text("utf-8").replace("github.com", "gitlab.com"), "utf-8")
    with pytest.raises(ValueError, match="repository.url"):
        bookconfig.load(config.root)


def test_failing_chapter_is_named(config):
    config.source("easy/two").write_text("# 둘\n\n```{code-cell}\n1\n```\n\n{kbd}`x`\n", "utf-8")
    with pytest.raises(ValueError, match=r"book/easy/two\.md:7: .*\{kbd\}"):
        colab.editions(config)


def test_all_failing_chapters_are_named(config):
    cell = "```{code-cell}\n1\n```\n"
    config.source("easy/one").write_text(f"# 하나\n\n{cell}\n```{{mermaid}}\n```\n", "utf-8")
    config.source("easy/two").write_text(f"# 둘\n\n{cell}\n{{kbd}}`x`\n", "utf-8")
    with pytest.raises(ValueError, match=r"one\.md:7: .*mermaid.*\n.*two\.md:7: .*kbd"):
        colab.editions(config)


@pytest.mark.parametrize("mistake", ["{kbd}`x`", "```{mermaid}\n```"])
def test_build_fails_by_file_line_and_construct(config, mistake):
    """`make book` too, not only `make colab`: the extension editioncheck looks before a build."""
    extensions = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["sphinx"]
    assert "editioncheck" in extensions["local_extensions"]
    path = f"import sys; sys.path.insert(0, {str(ROOT / 'book' / '_ext')!r})"
    conf = f'{path}\nextensions = ["myst_parser", "editioncheck"]\nsuppress_warnings = ["*"]\n'
    (config.book / "conf.py").write_text(conf, "utf-8")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-b",
        "dummy",
        config.book,
        config.root / "out",
    ]
    passed = subprocess.run(command, capture_output=True, text=True)
    assert passed.returncode == 0, passed.stderr
    source = config.source("easy/two")
    source.write_text(source.read_text("utf-8") + f"\n{mistake}\n", "utf-8")
    line = source.read_text("utf-8").split("\n").index(mistake.split("\n")[0]) + 1
    failed = subprocess.run(command, capture_output=True, text=True)
    assert failed.returncode != 0
    construct = re.search(r"\{\w+\}", mistake)[0]
    assert re.search(rf"book/easy/two\.md:{line}: .*{re.escape(construct)}", failed.stderr)


def test_an_old_edition_fails_no_build(config):
    """Staleness is what `make colab --check` tells."""
    edition = config.source("easy/two").with_suffix(".ipynb")
    edition.write_text("{}", "utf-8")
    assert list(colab.editions(config)) == [edition]


def test_label_doubled_on_another_page_is_named_there(config):
    config.source("index").write_text("# 처음\n\n(there)=\n## 절\n", "utf-8")
    with pytest.raises(ValueError, match=r"book/easy/two\.md:2: .*there"):
        colab.editions(config)


def test_check_names_the_stale_file_and_the_command(config, monkeypatch, capsys):
    monkeypatch.setattr(bookconfig, "load", lambda: config)
    edition = config.source("easy/two").with_suffix(".ipynb")
    assert colab.main(["--check"]) == 1
    said = capsys.readouterr().err
    assert "book/easy/two.ipynb" in said
    assert "make colab" in said
    assert not edition.exists()
    assert colab.main([]) == 0
    assert colab.main(["--check"]) == 0
    edition.write_text(edition.read_text("utf-8") + "\n", "utf-8")
    assert colab.main(["--check"]) == 1


HTML = {"details", "summary", "b", "strong", "em", "code", "sup", "a"}
TAG = re.compile(r"<(/?)([a-z]+)([^>]*)>")
SUMMARY_MATH = re.compile(r"\$[^$\n]+\$")
MATH = re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$", re.S)


# The committed editions (tests/test_notebooks.py runs each in an empty folder)


def committed() -> list[Path]:
    config = bookconfig.load()
    return [config.source(page).with_suffix(".ipynb") for page in config.chapters()]


def test_there_are_editions():
    assert ROOT / "book/easy/rnn.ipynb" in committed()


def test_editions_are_fresh():
    command = [sys.executable, "book/_ext/colab.py", "--check"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("path", committed(), ids=lambda path: path.stem)
def test_nothing_raw_is_left(path):
    """Parsed as MyST, an edition holds no role, directive, target or comment."""
    syntax = bookconfig.load().syntax
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "markdown":
            continue
        for token in _walk(parser.markdown(syntax).parse(cell.source)):
            raw = token.type.startswith("myst_") or token.type in ("colon_fence",)
            raw |= token.type == "fence" and token.info.strip().startswith("{")
            raw |= token.type == "text" and any(s in token.content for s in ("{", "}", ":::"))
            assert not raw, f"{cell.id}: {token.content[:80] or token.info}"


@pytest.mark.parametrize("path", committed(), ids=lambda path: path.stem)
def test_html_in_an_edition_is_what_colab_shows(path):
    """Only tags of the converter's own, no attribute but `open`, and folded parts that close."""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "markdown":
            continue
        tags = []
        for token in _walk(parser.markdown(bookconfig.load().syntax).parse(cell.source)):
            if token.type in ("html_block", "html_inline"):
                tags += TAG.findall(token.content)
                assert not re.search(r"[{}]", SUMMARY_MATH.sub("", token.content)), token.content
        assert {name for _, name, _ in tags} <= HTML, (cell.id, tags)
        assert {attributes for *_, attributes in tags} <= {"", " open"}, (cell.id, tags)
        opened: list[str] = []
        for slash, name, _ in tags:
            if slash:
                assert opened and opened.pop() == name, (cell.id, tags)
            else:
                opened.append(name)
        assert not opened, (cell.id, opened)
        # Colab reads Markdown inside <details> only after an empty line.
        assert len(re.findall(r"</summary>\n(?:> ?)*\n", cell.source)) == cell.source.count(
            "<details"
        )


@pytest.mark.parametrize("path", committed(), ids=lambda path: path.stem)
def test_math_of_an_edition_is_math(path):
    """Every $ opens or closes a formula, braces are balanced, \\tag counts the equations."""
    numbers = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "markdown":
            continue
        for token in _walk(parser.markdown(bookconfig.load().syntax).parse(cell.source)):
            if token.type == "text":
                assert "$" not in token.content, (cell.id, token.content)
            elif token.type.startswith("math"):
                assert token.content.count("{") == token.content.count("}"), token.content
                found = re.findall(r"\\tag\{(\d+)\}", token.content)
                assert not found or token.type == "math_block", token.content
                assert "\\label" not in token.content and ":label:" not in token.content
                numbers += map(int, found)
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("path", committed(), ids=lambda path: path.stem)
def test_edition_as_a_page(path):
    """Rendered by nbconvert: nothing of Markdown's signs is left, answers stay folded."""
    node = nbformat.read(path, as_version=4)
    html, _ = HTMLExporter(template_name="lab").from_notebook_node(node)
    shown = BeautifulSoup(html, "html.parser").select(".jp-RenderedMarkdown")
    assert len(shown) == sum(cell.cell_type == "markdown" for cell in node.cells)
    folded = [details for cell in shown for details in cell.select("details")]
    for details in folded:
        summary = details.find("summary", recursive=False)
        assert summary and summary.text.strip()
        assert details.find(["p", "ul", "ol", "blockquote", "table", "div"], recursive=False)
        assert not {"✓", "✗"} & set(summary.text), "an answer before it is opened"
    for cell in shown:
        for code in cell.select("pre, code"):
            code.decompose()
        text = MATH.sub("", cell.text)
        for sign in ("**", "```", "|--", ":::", "{", "[^", "]("):
            assert sign not in text, (sign, text[:200])


def test_quiz_and_solutions_are_folded_in_the_first_chapter():
    text = (ROOT / "book/easy/rnn.ipynb").read_text("utf-8")
    source = (ROOT / "book/easy/rnn.md").read_text("utf-8")
    assert text.count("**✓ 정답**") == source.count("\n- [x] ") >= 6
    assert text.count("**✗ 오답**") == source.count("\n- [ ] ") >= 12
    assert text.count("<summary><b>풀이</b></summary>") == source.count("```{solution}") == 3


@pytest.mark.parametrize("path", committed(), ids=lambda path: path.stem)
def test_edition_is_a_valid_notebook(path):
    node = nbformat.read(path, as_version=4)
    nbformat.validate(node)
    lines = [
        line for cell in node.cells if cell.cell_type == "code" for line in cell.source.splitlines()
    ]
    assert max(map(len, lines)) <= 100


def _walk(tokens):
    for token in tokens:
        yield token
        yield from _walk(token.children or [])
