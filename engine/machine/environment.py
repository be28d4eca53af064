"""What this process makes runs with: code, Python, packages, machine. Torch-free."""

from __future__ import annotations

import os
import platform
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = ("warmstart", "torch", "torchvision", "numpy", "pillow", "scikit-learn", "safetensors", "pydantic")

COMMIT = "commit"


@lru_cache(maxsize=1)
def environment() -> dict[str, Any]:
    """{"python": its version, "packages": {name: version}, "hardware": {what: words or a number}}, for JSON. Reads
    versions without importing the packages."""
    versions = {name: _version(name) for name in PACKAGES} | {COMMIT: commit(Path(__file__).resolve().parents[2])}
    machine = {"system": platform.system(), "machine": platform.machine(), "processor": processor(),
               "CPU cores": os.cpu_count(), "memory": _memory()}  # fmt: skip
    packages = {name: version for name, version in versions.items() if version}
    return {"python": platform.python_version(), "packages": packages, "hardware": machine}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def processor() -> str:
    """The name its maker gives it, or nothing."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _memory() -> str:
    """All there is, in whole GB."""
    try:
        return f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GB"
    except (AttributeError, ValueError, OSError):
        return ""


def commit(root: Path) -> str | None:
    """The first 12 digits of the commit that is checked out here; None where this is no checkout."""
    try:
        return _head(root / ".git")
    except (OSError, UnicodeDecodeError):
        return None


def _head(git: Path) -> str | None:
    if git.is_file():  # a work tree of a repository elsewhere
        git = Path(git.parent, git.read_text("utf-8").removeprefix("gitdir:").strip())
    head = (git / "HEAD").read_text("utf-8").strip()
    if not head.startswith("ref:"):
        return head[:12]
    branch, shared = head.removeprefix("ref:").strip(), git / "commondir"
    home = git / shared.read_text("utf-8").strip() if shared.is_file() else git
    if (home / branch).is_file():
        return (home / branch).read_text("utf-8").strip()[:12]
    packed = (home / "packed-refs").read_text("utf-8").splitlines()
    return next((line[:12] for line in packed if line.endswith(f" {branch}")), None)
