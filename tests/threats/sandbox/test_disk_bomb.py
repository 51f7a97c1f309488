"""Files without end, in the working folder, /tmp and /dev/shm: bytes and names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.threats.sandbox.attack import LIMITS

LONG = replace(LIMITS, cell_seconds=8)


@pytest.mark.parametrize("folder", [".", "/tmp", "/dev/shm"])
def test_bytes(attack, folder):
    source = (
        "written = 0\n"
        "try:\n"
        "    for i in range(100):\n"
        f"        with open(f'{folder}/f{{i}}', 'wb') as file: written += file.write(bytes(10 * 2**20))\n"
        "except OSError as error:\n"
        "    print(error.errno == 28, written <= 64 * 2**20)"
    )
    assert attack.says(source, limits=LONG) == "True True\n"


def test_names(attack):
    source = (
        "made = 0\n"
        "try:\n"
        "    for made in range(100_000): open(f'n{made}', 'w').close()\n"
        "except OSError as error:\n"
        "    print(error.errno == 28, made <= 8192)"
    )
    assert attack.says(source, limits=LONG) == "True True\n"


def test_one_large_file(attack):
    source = (
        "import os\n"
        "try:\n"
        "    os.posix_fallocate(os.open('f', os.O_CREAT | os.O_RDWR), 0, 2**40)\n"
        "except OSError:\n"
        "    print(1)"
    )
    assert attack.says(source) == "1\n"
