"""Exercise 1 is failed on purpose, to get hold of the reference in exercise 2's second run."""

from __future__ import annotations

from autograder.course import Limits
from autograder.grading.one import Paper, mark
from tests.judge.lab import handed_in, toy

LIMITS = Limits(call_seconds=4, cell_seconds=6, submission_seconds=30)
SECRET = "the reference's own words"
REFERENCE = f'''# [toy:double]
def double(x, secret="{SECRET}"):
    """{SECRET}"""
    def inner():
        return secret
    if isinstance(x, str):
        return inner
    if isinstance(x, list):
        return (item for item in x)
    return 2 * x
'''
NOTHING = "def double(x):\n    return None"


def marked(executor, double: str, relu: str, extras: dict[str, str] | None = None):
    """The toy lab where `relu` may be carried over `double`, and what became of these answers."""
    source = toy()
    for cell in source.cells:
        if cell.id == "double":
            cell.source = REFERENCE
        if cell.id == "relu":
            cell.metadata.course.carry = ["double"]
    paper = Paper("toy", source, toy(hidden=False, answers=False), LIMITS)
    return mark(paper, handed_in({"double": double, "relu": relu}, extras), executor)


def told(result) -> str:
    """All that the student's code printed in the tests that counted, as the TA's notebook has it."""
    return "".join(
        output.get("text", "")
        for cell in result.notebook.cells
        for output in cell.get("outputs", [])
    )


READ = """
import copy, gc, inspect, pickle, sys, types
def tries(*attempts):
    got = []
    for attempt in attempts:
        try:
            got.append(repr(attempt()))
        except BaseException as error:
            got.append(f"{type(error).__name__}: {error}")
    return got
def relu(x):
    if double(1) is not None and x.dim() == 0:
        peer, handle = double.peer, double.handle
        found = tries(
            lambda: inspect.getsource(double), lambda: double.__code__, lambda: double.__closure__,
            lambda: double.__globals__, lambda: double.__defaults__, lambda: double.__wrapped__,
            lambda: double.__doc__, lambda: vars(double), lambda: inspect.signature(double),
            lambda: pickle.dumps(double), lambda: copy.deepcopy(double), lambda: help(double),
            lambda: peer.copy(handle), lambda: peer.parameters(handle), lambda: peer.step(handle),
            lambda: peer.put(handle, "__code__", relu.__code__), lambda: double(x="text")(),
            lambda: double("text").__code__, lambda: double("text").__closure__,
            lambda: list(double([1, 2])),
        )
        for name in "__code__ __closure__ __defaults__ __globals__ __doc__ __dict__ gi_frame".split():
            for each in (double, double("text"), double([1])):
                found += tries(lambda: peer.get(each.handle, name))
        for special in "__getitem__ __len__ __contains__ __iter__ __getattribute__".split():
            found += tries(lambda: peer.call(handle, (), {}, special=special))
        for number in range(60):
            found += tries(lambda: peer.get(number, "__code__"), lambda: peer.get(number, "secret"))
        for operation in ("lookup", "cell", "carry"):
            found += tries(lambda: peer._raise(peer.ask(op=operation, name="double", id="relu-carry")))
        found += tries(lambda: [f.f_locals for f in sys._current_frames().values()])
        everything = [o for o in gc.get_objects() if isinstance(o, (str, bytes, types.CodeType))]
        words = "reference's " + "own words"  # not the very text: it would find itself
        print("LOOKED", len(found), "\\n".join(found))
        print("MEMORY", sum(words in str(each) for each in everything if each is not words))
    return x.clamp(min=0)
"""


def test_nothing_of_the_reference_can_be_read(executor):
    result = marked(executor, NOTHING, READ.replace("x.clamp(min=0)", "double(x).clamp(min=0) / 2"))
    assert result.exercises["relu"].carried == ["double"] and result.exercises["relu"].score == 60
    said = told(result)
    assert int(said.split("LOOKED ")[1].split()[0]) > 150
    lines = [line for line in said.splitlines() if SECRET in line]
    assert lines == [f'"{SECRET}"']  # what the reference itself gives when it is called
    assert "<code object" not in said and "<cell at" not in said and "<frame at" not in said
    assert said.split("MEMORY ")[1].split()[0] == "0"


def test_the_oracle_answers_in_the_tests_of_the_second_exercise_only(executor):
    early = """
def asked(place):
    try:
        return f"{place} {double(21)}"
    except BaseException as error:
        return f"{place} {type(error).__name__}"
print(asked("CELL"))
import threading
thread = threading.Thread(target=lambda: print(asked("THREAD")))
thread.start(); thread.join()
class Later:
    def __del__(self): print(asked("DEL"))
Later()
"""
    relu = f"{early}\ndef relu(x):\n    print(asked('TEST'))\n    return double(x).clamp(min=0) / 2"
    result = marked(executor, NOTHING, relu, {"relu": early.replace("CELL", "OWN")})
    assert result.exercises["relu"].score == 60
    said = told(result)
    assert "TEST 42" in said
    for place in ("CELL", "THREAD", "DEL", "OWN"):
        assert f"{place} CannotCross" in said and f"{place} 42" not in said


def test_the_first_exercise_gets_no_point_by_it(executor):
    # Once it has the oracle, the second exercise puts it in the first one's place, in files too.
    relu = """
import builtins, pathlib, __main__
def relu(x):
    global kept
    kept = builtins.kept = __main__.kept = double
    pathlib.Path("/tmp/answers").write_text(str({k: double(k) for k in range(50)}))
    __main__.double = kept
    return kept(x).clamp(min=0) / 2
"""
    double = """
import builtins, pathlib
def double(x):
    path = pathlib.Path("/tmp/answers")
    if path.exists():
        return eval(path.read_text())[int(x)]
    return builtins.kept(x) if hasattr(builtins, "kept") else None
"""
    result = marked(executor, double, relu)
    assert result.exercises["double"].score == 0 and result.exercises["double"].carried == []
    assert result.exercises["relu"].score == 60
    assert [check.passed for check in result.exercises["double"].checks] == [False, False]


def test_a_student_who_asks_for_it_is_not_listened_to(executor):
    source = toy()
    notebook = handed_in({"double": NOTHING, "relu": "def relu(x):\n    return double(x)"})
    for cell in notebook.cells:
        if cell.id == "relu":
            cell.metadata["course"] = {"carry": ["double", "relu"]}
    paper = Paper("toy", source, toy(hidden=False, answers=False), LIMITS)
    result = mark(paper, notebook, executor)
    assert {name: each.score for name, each in result.exercises.items()} == {"double": 0, "relu": 0}
