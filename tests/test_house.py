"""The house: what README promises exists, versions stand in one place, nothing private slips in."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from autograder import cli

ROOT = Path(__file__).resolve().parents[1]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = [
    target
    for target in re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.M)[1].split()
    if target != "FORCE"
]
PIN = re.compile(r"([A-Za-z0-9_.\-]+)(?:\[[\w,]+\])?==([\w.]+)")
GUIDES = ("README.md", "CONTRIBUTING.md")


def pins(file: str) -> dict[str, str]:
    """Package → version of a requirements file; every line must be an exact pin."""
    found = {}
    for line in (ROOT / file).read_text("utf-8").splitlines():
        line = line.split("#")[0].strip()
        if not line:
            continue
        match = PIN.fullmatch(line)
        assert match, f"{file}: not an exact pin (name==version): {line}"
        found[re.sub(r"[-_.]+", "-", match[1]).lower()] = match[2]
    return found


def make(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs make as if typed by hand, not from inside another make."""
    outer = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES")
    env = {name: value for name, value in os.environ.items() if name not in outer} | variables
    return subprocess.run(["make", *arguments], cwd=ROOT, env=env, capture_output=True, text=True)


def committed() -> list[Path]:
    """The files that are, or would be, in the repository."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    paths = (ROOT / os.fsdecode(name) for name in listed.stdout.split(b"\0") if name)
    return [path for path in paths if path.is_file() and not path.is_symlink()]


# --- make -----------------------------------------------------------------------------------


def test_make_alone_shows_a_korean_line_for_every_target() -> None:
    shown = make()
    assert shown.returncode == 0, shown.stderr
    helped = dict(re.findall(r"^  ([a-z]+) +(.+)$", shown.stdout, re.M))
    assert sorted(helped) == sorted(TARGETS)
    assert all(re.search("[가-힣]", text) for text in helped.values()), helped
    rules = set(re.findall(r"^([a-z][\w-]*):", MAKEFILE, re.M))
    assert rules == set(TARGETS), "a rule without .PHONY, or the other way round"


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_can_be_planned(target: str) -> None:
    planned = make("-n", target, "DEST=somewhere")
    assert planned.returncode == 0, planned.stderr


def test_publish_needs_a_destination() -> None:
    refused = make("publish", DEST="")
    assert refused.returncode == 2
    assert "make publish DEST=" in refused.stderr


# --- a machine that lacks something ---------------------------------------------------------


@pytest.fixture
def bare_machine(tmp_path: Path):
    """A checkout on a machine with a shell and little more; call it to run scripts/ready.sh."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("bash", "dirname", "cat", "grep"):
        (tools / tool).symlink_to(shutil.which(tool))
    (tools / "id").write_text("#!/bin/sh\necho 1000\n")  # an ordinary user
    (tools / "id").chmod(0o755)
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "ready.sh", tmp_path / "scripts")
    shutil.copy(ROOT / "requirements.txt", tmp_path)

    def ready(what: str, **stubs: str) -> subprocess.CompletedProcess[str]:
        for name, script in stubs.items():
            path = tools / name.replace("_", ".")
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)
        return subprocess.run(
            [str(tools / "bash"), "scripts/ready.sh", what],
            cwd=tmp_path, env={"PATH": str(tools)}, capture_output=True, text=True, timeout=60,
        )  # fmt: skip

    return ready


def only_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_without_python_one_line_says_so(bare_machine) -> None:
    assert "파이썬 3.11 이상이 없습니다" in only_line(bare_machine("venv"))


def test_a_python_that_is_too_old_is_not_taken(bare_machine) -> None:
    # An old Python fails the version assertion, as this one fails everything.
    assert "파이썬 3.11 이상이 없습니다" in only_line(bare_machine("venv", python3="exit 1"))


def test_without_venv_the_apt_package_is_named(bare_machine) -> None:
    script = 'case "$2" in *ensurepip*) exit 1;; *print*) echo python3.12-venv;; esac'
    line = only_line(bare_machine("venv", python3=script))
    assert "sudo apt-get install -y python3.12-venv" in line


def test_without_chromium_the_apt_package_is_named(bare_machine) -> None:
    # Ubuntu's stub for the snap exists and does not start: that counts as missing.
    line = only_line(bare_machine("browser", chromium="exit 1"))
    assert "sudo apt-get install -y chromium" in line


def test_a_browser_that_starts_is_named_by_its_path(bare_machine) -> None:
    done = bare_machine("browser", chromium="exit 0")
    assert done.returncode == 0
    assert done.stdout.strip().endswith("/bin/chromium")


# --- the book's build -----------------------------------------------------------------------


@pytest.fixture
def stub_build(tmp_path: Path):
    """A checkout whose jupyter-book is a stub; call it with the stub's script to build."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "book.sh", tmp_path / "scripts")
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "kit.py").write_text("one\n")
    for folder in (".jupyter_cache", ".doctrees"):
        (tmp_path / "_build" / folder).mkdir(parents=True)

    def build(script: str) -> tuple[subprocess.CompletedProcess[str], set[str]]:
        stub = tmp_path / "jupyter-book"
        stub.write_text(f"#!/bin/sh\nmkdir -p _build/.jupyter_cache _build/.doctrees\n{script}\n")
        stub.chmod(0o755)
        done = subprocess.run(
            ["bash", tmp_path / "scripts" / "book.sh"],
            env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
        )
        return done, {path.name for path in (tmp_path / "_build").glob(".*/*")}

    return build


def test_a_build_that_fails_fails_again_the_next_time(stub_build) -> None:
    """Sphinx reads a page once: kept doctrees would swallow the warning that failed the build."""
    stub_build("touch _build/.jupyter_cache/runs")
    done, kept = stub_build("touch _build/.doctrees/read; echo WARNING: dead link; exit 1")
    assert done.returncode == 1
    assert "WARNING: dead link" in done.stderr
    assert kept == {"runs"}, "executed cells are kept, pages are read again"


def test_a_build_that_works_is_quiet_and_keeps_its_cache(stub_build) -> None:
    done, _ = stub_build("echo praise; touch _build/.jupyter_cache/runs _build/.doctrees/read")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert stub_build("true")[1] == {"runs", "read"}


# --- versions and licences ------------------------------------------------------------------


def test_requirements_are_exact_pins_and_constraints_agree() -> None:
    direct, all_pins = pins("requirements.txt"), pins("constraints.txt")
    missing = {name: version for name, version in direct.items() if all_pins.get(name) != version}
    assert not missing, f"constraints.txt says otherwise: {missing}"


def test_versions_stand_nowhere_else() -> None:
    places = ["Makefile", "pyproject.toml", ".pre-commit-config.yaml", ".ci/run", *GUIDES]
    scripts = [*ROOT.glob("scripts/*.sh"), *ROOT.glob("scripts/pdf/*.*")]
    places += [str(path.relative_to(ROOT)) for path in scripts]
    places += [str(path.relative_to(ROOT)) for path in ROOT.glob(".github/workflows/*")]
    for place in places:
        found = PIN.findall((ROOT / place).read_text("utf-8"))
        assert not found, f"{place} pins {found}: requirements.txt is the place"


def test_both_licences_are_there_and_everything_names_the_same() -> None:
    assert "MIT License" in (ROOT / "LICENSE").read_text("utf-8")
    prose = (ROOT / "LICENSE-PROSE.md").read_text("utf-8")
    assert "https://creativecommons.org/licenses/by-sa/4.0/" in prose
    assert "CC BY-SA 4.0" in prose and "동일조건변경허락" in prose
    footer = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["html"]["extra_footer"]
    readmes = ["README.md", "autograder/publish/public_readme.md"]
    for said in [footer, *((ROOT / readme).read_text("utf-8") for readme in readmes)]:
        assert "CC BY-SA 4.0" in said and "MIT" in said, said


# --- what the guides say --------------------------------------------------------------------


def commands(guide: str) -> list[str]:
    """Every command in a fenced block or a code span of a guide, comments taken off."""
    text = (ROOT / guide).read_text("utf-8")
    fenced = re.findall(r"^```bash\n(.*?)^```", text, re.M | re.S)
    lines = [line.split("  #")[0].strip() for block in fenced for line in block.splitlines()]
    spans = re.findall(
        r"`((?:make|course) [^`]+)`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    )
    return [line for line in (*lines, *spans) if line]


@pytest.mark.parametrize("guide", GUIDES)
def test_commands_of_the_guides_exist(guide: str) -> None:
    found = commands(guide)
    assert any(line.startswith("make ") for line in found)
    assert any(line.startswith("course ") for line in found)
    for line in found:
        words = shlex.split(line)
        if words[0] == "make":
            assert words[1] in TARGETS, f"{guide}: {line}"
            for word in words[2:]:
                name = word.split("=")[0]
                known = re.search(rf"^{name} =|^export {name}$", MAKEFILE, re.M) or name == "PYTHON"
                assert known, f"{guide}: {line}"
        elif words[0] == "course":
            verb = {"roster": ["import", "x"], "collect": ["x"], "publish": ["x"]}.get(words[1], [])
            try:
                cli.parser().parse_args(words[1:] if len(words) > 2 else [*words[1:], *verb])
            except cli.UsageError as error:
                pytest.fail(f"{guide}: {line}: {error}")


@pytest.mark.parametrize("guide", [*GUIDES, "LICENSE-PROSE.md"])
def test_links_of_the_guides_lead_somewhere(guide: str) -> None:
    text = (ROOT / guide).read_text("utf-8")
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    broken = [link for link in links if not (ROOT / link).exists()]
    assert not broken, f"{guide}: {broken}"


def test_readme_knows_every_lab() -> None:
    from autograder.course import Course

    readme = (ROOT / "README.md").read_text("utf-8")
    for lab in Course.find(ROOT).labs:
        row = next(
            (line for line in readme.splitlines() if f"`{lab.name}` {lab.title}" in line), ""
        )
        assert "**열림**" in row, f"README's table: lab {lab.name} is given but not shown as open"
    opened = re.findall(r"`(\w+)` [^|]+\| \*\*열림\*\*", readme)
    assert opened == [lab.name for lab in Course.find(ROOT).labs]


# --- what goes in and what stays out --------------------------------------------------------


def test_no_file_names_a_place_of_the_machine_it_was_written_on() -> None:
    place = re.compile(rb"(?<![\w./~-])/(?:work|root|home/\w+)/[\w.]")
    found = []
    for path in committed():
        data = path.read_bytes()
        found += [f"{path.relative_to(ROOT)}: {hit[0]!r}" for hit in place.finditer(data)]
    assert not found, found


@pytest.mark.skipif(not shutil.which("git"), reason="needs git")
def test_class_data_is_ignored_and_generated_files_are_not(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    shutil.copy(ROOT / ".gitignore", tmp_path)
    private = """roster.csv gradebook.db gradebook.db-journal grades.csv grades-canvas.csv .venv/bin/pip
        inbox/0a/x.ipynb submitted/s01/rnn/rnn.ipynb autograded/s01/rnn/rnn.ipynb
        records/s01/rnn/result.json feedback/s01/rnn/rnn.html _build/html/index.html public/site/x""".split()
    kept = """labs/rnn/rnn.ipynb releases/rnn/1.ipynb book/easy/rnn.ipynb solutions/rnn/rnn.ipynb
        autograder/feedback/pages.py autograder/publish/tree.py tests/class/s01.ipynb""".split()
    for path in private + kept:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    asked = subprocess.run(
        ["git", "-C", tmp_path, "check-ignore", *private, *kept], capture_output=True, text=True
    )
    assert sorted(asked.stdout.split()) == sorted(private)


def test_scripts_are_sound_and_executable() -> None:
    for path in [ROOT / ".ci" / "run", *sorted(ROOT.glob("scripts/*.sh"))]:
        assert os.access(path, os.X_OK), f"{path.name} is not executable"
        checked = subprocess.run(["bash", "-n", path], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr
        assert "set -euo pipefail" in path.read_text("utf-8")


def test_pages_are_published_only_after_the_tests_and_from_the_public_tree() -> None:
    folder = ROOT / ".github" / "workflows"
    tests, pages = (
        yaml.safe_load((folder / f"{name}.yml").read_text()) for name in ("tests", "pages")
    )
    assert any(step.get("run") == ".ci/run" for step in tests["jobs"]["test"]["steps"])
    trigger = pages[True]["workflow_run"]  # YAML reads the key `on` as true
    assert trigger["workflows"] == [tests["name"]] and trigger["branches"] == ["main"]
    steps = pages["jobs"]["publish"]["steps"]
    uploads = [step["with"]["path"] for step in steps if "upload-pages" in step.get("uses", "")]
    built = next(step["run"] for step in steps if "make publish" in step.get("run", ""))
    destination = built.split("DEST=")[1].strip()
    assert [path.split("/")[0] for path in uploads] == [destination]
