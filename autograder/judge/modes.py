"""What of torch's global state travels with a call: grad mode, default dtype, random numbers."""

from __future__ import annotations

import array
import ctypes
import functools
import random

import numpy
import torch

_WORDS = 624  # of a Mersenne twister
_BYTES = 4 * _WORDS + 4  # … with the position
_FEWEST = 600  # distinct words of a state that chance could have made
_RANDOM = random._inst  # whose methods random.random, random.getstate, … are


USUAL = {"grad": True, "inference": False, "dtype": torch.float32}


class BadRandomState(ValueError):
    """A state that no seeding and drawing leads to; drawing from it would give numbers of one's choice."""


def current() -> dict:
    """The modes in force here, as plain data."""
    return {
        "grad": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "dtype": torch.get_default_dtype(),
    }


class applied:  # noqa: N801  a context manager, as contextlib names its own; made for every call
    """While it lasts, the other side's modes are in force."""

    def __init__(self, modes: dict) -> None:
        self._modes = modes
        self._inference = torch.inference_mode() if modes["inference"] else None

    def __enter__(self) -> None:
        if self._inference:
            self._inference.__enter__()
        self._grad, self._dtype = torch.is_grad_enabled(), None
        torch._C._set_grad_enabled(bool(self._modes["grad"]))
        if (kept := torch.get_default_dtype()) is not self._modes["dtype"]:
            torch.set_default_dtype(self._modes["dtype"])
            self._dtype = kept

    def __exit__(self, *error: object) -> None:
        torch._C._set_grad_enabled(self._grad)
        if self._dtype is not None:
            torch.set_default_dtype(self._dtype)
        if self._inference:
            self._inference.__exit__(*error)


def _torch_state(known: object = None) -> bytes:
    return torch.get_rng_state().numpy().tobytes()


@functools.lru_cache(maxsize=1)
def _numpy_address(bits: object) -> int:
    """Where a bit generator keeps its words; asking takes longer than looking. Kept with the generator."""
    return bits.ctypes.state_address


def _numpy_state(known: tuple | None = None) -> tuple:
    """The legacy generator: key words with the position, and the normal that it keeps for later.

    Asking costs 30 µs, so first the words are looked at where they lie. (A kept normal that is drawn alone
    moves no word; the next one that is drawn does.)
    """
    words = ctypes.string_at(_numpy_address(numpy.random.mtrand._rand._bit_generator), _BYTES)
    if known is not None and words == known[0]:
        return known
    _, _, _, has_gauss, cached = numpy.random.get_state()
    return (words, int(has_gauss), float(cached))


def _python_words() -> bytes:
    """The words of `random` where they lie: 624 and the position, as CPython's RandomObject has them."""
    return ctypes.string_at(id(_RANDOM) + object.__basicsize__, _BYTES)


def _seen_in_place() -> bool:
    """Whether this Python lays them out so: the position first, then the words."""
    if type(_RANDOM) is not random.Random:
        return False
    _, words, _ = random.getstate()
    return _python_words() == array.array("I", (words[-1], *words[:-1])).tobytes()


_IN_PLACE = _seen_in_place()


def _python_state(known: tuple | None = None) -> tuple:
    """Python's generator. Asking for 625 numbers costs 20 µs, so first their bytes are looked at."""
    if _IN_PLACE and known is not None:
        inner = _python_words()
        if known[1] == inner[4:] + inner[:4] and _RANDOM.gauss_next == known[2]:
            return known
    version, words, gauss = random.getstate()
    return (version, array.array("I", words).tobytes(), gauss)


def _check_words(data: bytes, width: int = 4) -> None:
    """Raises BadRandomState for words that were made by hand."""
    words = {data[i : i + 4] for i in range(0, _WORDS * width, width)}
    if len(words) < _FEWEST:
        raise BadRandomState("난수 생성기의 상태가 씨앗에서 나온 것이 아닙니다")


def _set_torch(state: bytes) -> None:
    if len(state) != len(_torch_state()):
        raise BadRandomState("torch 난수 상태의 길이가 다릅니다")
    check_torch_state(state)
    torch.set_rng_state(torch.frombuffer(bytearray(state), dtype=torch.uint8))


def check_torch_state(state: bytes) -> None:
    """Refuses the state of a CPU generator that was made by hand (the words lie 8 bytes apart).

    Raises:
        BadRandomState: as it says.
    """
    if len(state) >= 24 + _WORDS * 8:
        _check_words(state[24:], 8)


def _set_numpy(state: tuple) -> None:
    words, has_gauss, cached = state
    _check_words(words)
    *keys, position = array.array("I", words)
    numpy.random.set_state(
        ("MT19937", numpy.array(keys, numpy.uint32), position, has_gauss, cached)
    )


def _set_python(state: tuple) -> None:
    version, words, gauss = state
    _check_words(words)
    random.setstate((version, tuple(array.array("I", words)), gauss))


class RandomState:
    """The global generators of this side, and what both sides last agreed on."""

    _KINDS = {
        "torch": (_torch_state, _set_torch),
        "numpy": (_numpy_state, _set_numpy),
        "python": (_python_state, _set_python),
    }

    def __init__(self) -> None:
        self._agreed: dict[str, object] = {}

    def changed(self) -> dict:
        """What differs from what the other side knows; from now on it knows."""
        found = {}
        for name, (get, _) in self._KINDS.items():
            state = get(self._agreed.get(name))
            if self._agreed.get(name) != state:
                found[name] = self._agreed[name] = state
        return found

    def accept(self, states: dict) -> None:
        """Takes over what the other side says.

        Raises:
            BadRandomState, ValueError, TypeError: it is no state that may be taken.
        """
        for name, state in states.items():
            self._KINDS[name][1](state)
            self._agreed[name] = state
