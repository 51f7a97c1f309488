"""Shared memory: what one submission leaves there, another must not find."""

from __future__ import annotations


def test_it_is_private_and_has_a_size(attack):
    source = """
import torch
from multiprocessing import shared_memory
block = shared_memory.SharedMemory("left-behind", create=True, size=2**20)
block.buf[:4] = b"mine"
try:
    shared_memory.SharedMemory("large", create=True, size=2**40)
except OSError:
    print("refused")
print(float(torch.ones(3).share_memory_().sum()))
"""
    assert attack.says(source) == "refused\n3.0\n"
    assert attack.says("import os; print(os.listdir('/dev/shm'))") == "[]\n"


def test_a_nameless_file_in_memory_is_not_to_be_had(attack):
    source = (
        "import os\ntry:\n    os.memfd_create('x'); print('made')\nexcept OSError: print('refused')"
    )
    assert attack.says(source) == "refused\n"
