"""What a student's function gets at through a callback, a stub or a module that a test passed."""

from tests.judge.bench import assert_passes, printed

ANSWER = """
def tries(*attempts):
    got = []
    for attempt in attempts:
        try:
            got.append(str(attempt()))
        except BaseException as error:
            got.append(type(error).__name__)
    return got
def f(step, stub, model):
    peer, out = step.peer, []
    out += tries(lambda: step.__globals__, lambda: step.__closure__, lambda: step.__code__)
    for name in "__globals__ __closure__ __code__ __defaults__ func_globals".split():
        out += tries(lambda: peer.get(step.handle, name))
    for name in "__dict__ __class__ _secret __init__ __reduce_ex__".split():
        out += tries(lambda: peer.get(stub.handle, name), lambda: peer.get(model.handle, name))
    for name in "register_forward_hook apply compile share_memory add_module".split():
        out += tries(lambda: peer.get(model.handle, name))
    out += tries(lambda: peer.put(stub.handle, "answer", 5), lambda: stub.method.__self__)
    for handle in range(4, 40):
        out += tries(lambda: peer.call(handle, (), {}), lambda: peer.get(handle, "answer"))
    for special in "__getattribute__ __class__ __reduce__ __dict__".split():
        out += tries(lambda: peer.call(stub.handle, (), {}, special=special))
    for operation in ("lookup", "cell", "eval"):
        out += tries(lambda: peer._raise(peer.ask(op=operation, name="hidden_answer", id="test0")))
    return out
"""
TEST = """
hidden_answer = "SECRET-WORD"
class Stub:
    answer = 3
    def __init__(self): self._secret = "SECRET-WORD"
    def method(self): return 1
def step(x, secret="SECRET-WORD"): raise AssertionError("SECRET-WORD")
model = nn.Linear(2, 2)
model.note = "SECRET-WORD" and None
stub = Stub()
got = f(step, stub, model)
print(len(got), [each for each in got if each not in ("CannotCross", "AttributeError", "TypeError")])
assert stub.answer == 3
"""


def test_nothing_but_what_was_passed(executor):
    (run,) = assert_passes(executor, ANSWER, TEST)
    assert "SECRET" not in printed(run)
    count, others = printed(run).split(" ", 1)
    assert int(count) > 100 and others == "['1']\n"  # what stub.method gives
