"""IPython's history, In and Out, %recall and the cells' files hold no test."""

from tests.judge.bench import assert_passes, printed

ANSWER = """
import linecache
def f():
    shell = get_ipython()
    seen = [str(v) for v in vars(shell.history_manager).values()]
    seen += [str(shell.user_ns.get(n)) for n in ("In", "Out", "_ih", "_oh", "_i", "_ii", "_", "__")]
    seen += ["".join(entry[2]) for entry in linecache.cache.values() if len(entry) > 2]
    return sum("UNSEEN_" + "TOKEN" in text for text in seen)
"""


def test_no_test_is_in_it(executor):
    first, second = assert_passes(
        executor, ANSWER, "UNSEEN_TOKEN = 1\nprint(f())", "print(f())\nUNSEEN_TOKEN"
    )
    assert printed(first) == printed(second) == "0\n"
