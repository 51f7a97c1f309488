"""Let another environment use the torch of this one, and nothing else of it.

.venv/bin/python scripts/share_torch.py .venv-colab

torch is too big to install twice. A folder of links to torch and to what it needs is made in the
other environment, and a .pth file puts it on the path, after that environment's own packages.
"""

from __future__ import annotations

import shutil
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement


def needed(name: str) -> dict[str, metadata.Distribution]:
    """The distribution of this name and those that it needs here, by name."""
    found: dict[str, metadata.Distribution] = {}
    wanted = [name]
    while wanted:
        one = wanted.pop()
        if one in found:
            continue
        found[one] = metadata.distribution(one)
        requirements = map(Requirement, found[one].requires or [])
        wanted += [r.name for r in requirements if not r.marker or r.marker.evaluate({"extra": ""})]
    return found


def entries(distribution: metadata.Distribution) -> set[Path]:
    """Its files and folders directly in site-packages (not its commands in bin/)."""
    place = Path(str(distribution.locate_file("")))
    tops = {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}
    return {place / top for top in tops if (place / top).exists()}


def share(name: str, environment: Path) -> list[str]:
    """Link `name` and what it needs into `environment`; returns the names of what was linked.

    Raises importlib.metadata.PackageNotFoundError when something is not installed here.
    """
    shared = environment / "shared"
    shutil.rmtree(shared, ignore_errors=True)
    shared.mkdir()
    for distribution in needed(name).values():
        for path in entries(distribution):
            link = shared / path.name
            if not link.is_symlink():  # several nvidia packages share one folder
                link.symlink_to(path)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = environment / "lib" / version / "site-packages"
    (packages / "shared.pth").write_text(f"{shared.resolve()}\n")
    return sorted(path.name for path in shared.iterdir())


if __name__ == "__main__":
    share("torch", Path(sys.argv[1]))
