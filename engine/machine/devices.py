"""The processors a run can use, found by asking torch."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
import torch
from torch import Tensor, distributed

from engine.errors import InvalidExperiment
from engine.events import EVERY_GPU

WITHOUT_FLOAT64 = ("mps",)
ARM = ("arm64", "aarch64")  # for which torch says by its kernels alone whether the processor has bfloat16


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """free_bytes: memory that a run could have on the device, None where it is not known."""

    name: str
    title: str
    free_bytes: int | None = None


def usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def training_threads() -> int:
    """One torch thread fewer than there are cores, at least one: a core is left to the window.

    At most OMP_NUM_THREADS where that is set, as by somebody who runs several programs side by side.
    """
    return max(1, min(usable_cores() - 1, _allowed_threads()))


@contextmanager
def computing() -> Iterator[None]:
    """torch computes on `training_threads` inside, whatever was left over from before, and as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(training_threads())
    try:
        yield
    finally:
        torch.set_num_threads(before)


def sharing_threads() -> int:
    """Threads to share whole tasks out over: as many as there are cores, at most OMP_NUM_THREADS where that is set.

    Whether that pays beside a window is for a timed step to say.
    """
    return max(1, min(usable_cores(), _allowed_threads()))


def _allowed_threads() -> int:
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return (int(asked) if asked.isdecimal() else 0) or usable_cores()


def devices() -> tuple[DeviceInfo, ...]:
    """The CPU, each CUDA device, all of them together where there are several, and Apple's GPU, with their free memory;
    of several the least."""
    cores = usable_cores()
    titles = {"cpu": f"CPU ({cores} core{'s' if cores > 1 else ''})"}
    titles |= {f"cuda:{index}": torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())}
    if torch.cuda.device_count() > 1 and distributed.is_available() and distributed.is_nccl_available():
        titles[EVERY_GPU] = f"All {torch.cuda.device_count()} GPUs together"
    titles |= {"mps": "Apple GPU"} if torch.backends.mps.is_available() else {}
    free = {name: min(free_bytes(torch.device(one)) for one in several(name)) for name in titles}
    return tuple(DeviceInfo(name, title, free[name]) for name, title in titles.items())


def free_bytes(device: torch.device) -> int:
    """Memory that a run could have there, with what torch keeps of a GPU and does not use."""
    if device.type == "cuda":
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0] + kept)
    if device.type == "mps":
        return int(torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory())
    return int(psutil.virtual_memory().available)


def return_gpu_memory() -> None:
    """Give back what torch keeps of GPUs and does not use, which no other program could have: at the end of a run."""
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


def device_words(name: str) -> str:
    """What works a run: "CPU, 3 threads", "NVIDIA H100 (cuda:0)"."""
    own, *others = several(name)
    if others:
        return f"{1 + len(others)} processes, {device_words(own)} each" if own == "cpu" else _gpus((own, *others))
    if name.startswith("cuda") and torch.cuda.is_available():
        return f"{torch.cuda.get_device_name(name)} ({name})"
    threads = torch.get_num_threads()
    return f"CPU, {threads} thread{'s' if threads > 1 else ''}" if name == "cpu" else name


def _gpus(names: Sequence[str]) -> str:
    """ "2 GPUs: NVIDIA H100, NVIDIA H100"."""
    return f"{len(names)} GPUs: {', '.join(map(torch.cuda.get_device_name, names))}"


def has_bf16(name: str) -> bool:
    """Whether the device multiplies in bfloat16 itself, by what torch says of it; of several whether all do."""
    return all(map(_multiplies_bf16, several(name)))


def _multiplies_bf16(device: str) -> bool:
    if device == "cpu":
        own = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
        kernels = torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()
        return bool(kernels and (own or platform.machine().lower() in ARM))
    if not device.startswith("cuda"):
        return False
    with torch.cuda.device(device):  # torch says it of the one that is current
        return torch.cuda.is_bf16_supported(including_emulation=False)


def doubled(values: Tensor) -> Tensor:
    """In float64; on the CPU where their device knows none."""
    return (values.cpu() if values.device.type in WITHOUT_FLOAT64 else values).double()


def several(name: str) -> tuple[str, ...]:
    """The devices that compute together under this name, the leading one first: of "cuda:all" every GPU; any other is
    one alone. "cpu:2" are two processes on the CPU, for trying out what several do; nobody is offered them."""
    if name == EVERY_GPU:
        return tuple(f"cuda:{index}" for index in range(torch.cuda.device_count()))
    if name.startswith("cpu:"):
        return ("cpu",) * int(name.removeprefix("cpu:"))
    return (name,)


def torch_device(name: str) -> torch.device:
    """The device of this name, of several the leading one; raises `InvalidExperiment` when this machine has none."""
    known = {info.name for info in devices()}
    if name.startswith("cpu:"):
        return torch.device("cpu")
    if name == EVERY_GPU and name in known:
        return torch.device(several(name)[0])
    if name not in known:
        raise InvalidExperiment(
            f"This machine has no device “{name}”.", f"Choose one of: {', '.join(sorted(known))}.", "device"
        )
    return torch.device(name)
