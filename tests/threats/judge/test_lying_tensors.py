"""Tensor subclasses that lie about shape, dtype and every operation on them."""

import pytest

from tests.judge.bench import assert_fails, assert_passes

ANSWER = """
class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return True
    @property
    def shape(self): return (2, 2)
    @property
    def dtype(self): return torch.float64
    def size(self, *a): return (2, 2)
    def __eq__(self, other): return True
    def __bool__(self): return True
    def item(self): return 4.0
    def tolist(self): return [[4.0, 4.0], [4.0, 4.0]]
def f(x):
    return x[0].as_subclass(Liar)
def big(x):
    return torch.empty(0).expand(0)[:0].new_empty(()).expand(2, 2)
"""


@pytest.mark.parametrize(
    "test",
    [
        "assert f(torch.zeros(2, 2)).shape == (2, 2)",
        "assert f(torch.zeros(2, 2)).dtype == torch.float64",
        "assert torch.equal(f(torch.zeros(2, 2)), torch.full((2, 2), 4.0))",
        "assert torch.allclose(f(torch.zeros(2, 2)), torch.full((2,), 4.0))",
        "assert f(torch.zeros(1, 1))[0].item() == 4.0",
        "assert (f(torch.zeros(2, 2)) == 4).all()",
    ],
)
def test_it_earns_nothing(executor, test):
    assert_fails(executor, ANSWER, test)


def test_it_is_a_plain_tensor_of_its_true_shape(executor):
    assert_passes(
        executor,
        ANSWER,
        "got = f(torch.zeros(2, 2))\nassert type(got) is torch.Tensor and got.shape == (2,)",
    )
