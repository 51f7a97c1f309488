"""The student's function looks for the test and its expected values: frames, gc, names, its own memory."""

from tests.judge.bench import assert_passes, printed

ANSWER = r"""
import gc, os, re, sys, traceback
def token():
    return "-".join(["EXPECTED", "VALUE", "77341"])
def f(x):
    found = []
    frame = sys._getframe()
    while frame:
        found += [v for v in frame.f_locals.values() if isinstance(v, str) and token() in v]
        found += [n for n in frame.f_globals if n.startswith("hidden_")]
        frame = frame.f_back
    for thing in gc.get_objects():
        if type(thing) is dict:
            found += [v for v in list(thing.values()) if type(v) is str and token() in v]
    needle = token().encode()
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
        for line in maps:
            span, mode = line.split()[:2]
            if "r" not in mode or "[v" in line:
                continue
            low, high = (int(part, 16) for part in span.split("-"))
            if high - low > 2**26:
                continue
            try:
                memory.seek(low)
                text = memory.read(high - low)
            except (OSError, ValueError, OverflowError):
                continue
            found += ["memory"] * text.replace(needle, b"", 0).count(needle + b"!")
    found += [n for n in globals() if n.startswith("hidden_")]
    return len(found)
def control():
    keep = token() + "!" + str(os.getpid())   # what the search does find
    return f(keep) > 0
"""


def test_nothing_of_the_test_is_there(executor):
    test = """
hidden_expected = "EXPECTED-VALUE-77341!"
print(f(1), control())
"""
    (run,) = assert_passes(executor, ANSWER, test)
    assert printed(run) == "0 True\n"
