"""The Colab converter: each construct, what it refuses, and the committed editions."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

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
        "![선](https://raw.githubusercontent.com/org/repo/main/book/easy/a%20b.png)\n\n설명",
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
        "```{code-cell} python\n:tags: [colab-only]\ngpu()\n```"
    )
    titled, untitled, output, plain = code(config, tagged)
    assert "".join(titled["source"]) == "#@title 그림: 기울기\nplot()"
    assert "".join(untitled["source"]) == "#@title 코드 펼쳐 보기\nplot()"
    assert titled["metadata"] == untitled["metadata"] == {"cellView": "form"}
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
    assert made["cells"][0]["metadata"] == {"cellView": "form"}
    assert "sys" not in setup
    assert max(map(len, setup.splitlines())) <= 88
    empty = tmp_path / "empty"
    empty.mkdir()
    node = nbformat.reads(json.dumps(made), as_version=4)
    NotebookClient(node, resources={"metadata": {"path": str(empty)}}).execute()
    assert [cell.outputs[0].text for cell in node.cells if cell.cell_type == "code"] == [
        "준비되었습니다.\n",
        '"ready" 300\n',
    ]
    assert (empty / "kit.py").read_text("utf-8") == KIT


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


def test_ids_survive_an_edit_elsewhere(config):
    before = colab.convert("# 가\n\n글\n\n## 나\n\n글\n\n## 다\n\n글", "easy/one", config)
    after = colab.convert(
        "# 가\n\n글\n\n## 나\n\n고친 글\n\n```{code-cell}\n1\n```\n\n글\n\n## 다\n\n글",
        "easy/one",
        config,
    )
    ids = [cell["id"] for cell in before["cells"]]
    new = [cell["id"] for cell in after["cells"]]
    assert len(set(new)) == len(new)
    assert set(ids) <= set(new)


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
