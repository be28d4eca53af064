"""What it costs a training to give memory back: a step of SqueezeNet at 96 px, 32 images, as it is and after it.

    python benchmarks/giving_back.py [steps]

Milliseconds of the thread's processor time: median (least to most).
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.machine import allocator

IMAGES, SIDE = 32, 96


def took(act: Callable[[], object]) -> float:
    begun = time.thread_time()
    act()
    return 1000 * (time.thread_time() - begun)


def training() -> Callable[[], object]:
    import torch
    from torchvision.models import squeezenet1_0

    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = squeezenet1_0(num_classes=6).to(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(network.parameters(), 1e-3)
    images = torch.randn(IMAGES, 3, SIDE, SIDE).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(0, 6, (IMAGES,))

    def step() -> None:
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(network(images), labels).backward()
        optimiser.step()

    return step


def main(steps: int) -> None:
    allocator.keep_freed_memory()
    step = training()
    for _ in range(3):
        step()
    found: dict[str, list[float]] = {"a step": [], "looking": [], "giving back": [], "the step after it": []}
    for _ in range(steps):
        found["a step"].append(took(step))
        found["looking"].append(took(allocator.FreedMemory().hold))
        found["giving back"].append(took(allocator.return_freed_memory))
        found["the step after it"].append(took(step))
    for name, each in found.items():
        print(f"{name}: {statistics.median(each):.2f} ({min(each):.2f} to {max(each):.2f})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 25)
