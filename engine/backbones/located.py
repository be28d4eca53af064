"""Where weights that others publish lie on this machine, if they do: in each library's own cache, or fetched here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from engine.given import is_file
from engine.machine.places import weights_home

LINK = "--"  # for a slash, in names of the hub's cache and in ours


def hub_checkpoints() -> Path:
    """The folder torchvision keeps downloaded weights in, found as torch.hub finds it but without importing torch."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")))
    return Path(os.path.expanduser(os.environ.get("TORCH_HOME", str(cache / "torch")))) / "hub" / "checkpoints"


def hub_repositories() -> Path:
    """The folder that timm's hub keeps what it fetched in, found as its library finds it but without importing it."""
    home = os.environ.get("HF_HOME", str(Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "huggingface"))
    chosen = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE") or str(Path(home) / "hub")
    return Path(os.path.expandvars(os.path.expanduser(chosen)))


def folder_of(library: str) -> Path:
    """Where weights of a library are fetched to."""
    return hub_checkpoints() if library == "torchvision" else weights_home() / library


def found(library: str, file: str) -> Path:
    """The file of this name, or where it will lie once it is fetched."""
    own = folder_of(library) / file
    if library == "torchvision" or is_file(own):
        return own
    others = (*in_repository(file), hub_checkpoints() / file)
    return next((path for path in others if is_file(path)), own)


def in_repository(file: str) -> Iterator[Path]:
    """The file in each snapshot that the hub's library keeps of a repository."""
    repository, _, ending = file.rpartition(".")
    with suppress(OSError):
        for snapshot in sorted((hub_repositories() / f"models{LINK}{repository}" / "snapshots").iterdir()):
            yield from (snapshot / f"{name}.{ending}" for name in ("model", "open_clip_model"))


def names_here() -> frozenset[str]:
    """File names of all published weights on this machine, as `found` is asked for them."""
    names = set(_listed(hub_checkpoints())) | set(_listed(folder_of("timm")))
    for repository in _listed(hub_repositories()):
        file = f"{repository.removeprefix(f'models{LINK}')}.safetensors"
        if repository.startswith("models") and any(map(is_file, in_repository(file))):
            names.add(file)
    return frozenset(names)


def _listed(folder: Path) -> list[str]:
    with suppress(OSError):
        return os.listdir(folder)
    return []
