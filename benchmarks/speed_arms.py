"""The arms of the speed benchmark, each run alone in a process of its own; see `benchmarks.speed`.

    python -m benchmarks.speed_arms ARM --photos FOLDER …        prints one JSON object

FOLDER holds train, val and test, each with a folder per class. Plain arms are what one writes by hand with torchvision;
the others are Warmstart's own `execute()`.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass
class Measured:
    """epochs: wall seconds of each, validation included. processor: seconds of all cores in each, workers' too.
    reading: wall seconds before the first step. accuracy: of the test photos, as a fraction. memory: largest resident
    size of the process in bytes; worker_memory: of its largest worker."""

    arm: str
    images: int
    reading: float = 0.0
    accuracy: float = 0.0
    memory: int = 0
    worker_memory: int = 0
    epochs: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


class Watch:
    """Wall and processor time of each epoch."""

    def __init__(self, done: Measured) -> None:
        self.done, self.born = done, time.perf_counter()
        self.mark = self.born, 0.0

    def start(self) -> None:
        """The first step is next."""
        self.mark = time.perf_counter(), cpu_seconds()
        self.done.reading = self.mark[0] - self.born

    def lap(self) -> None:
        now = time.perf_counter(), cpu_seconds()
        self.done.epochs.append(now[0] - self.mark[0])
        self.done.processor.append(now[1] - self.mark[1])
        self.mark = now


def cpu_seconds() -> float:
    """Of this process and its living workers."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    workers = (Path(f"/proc/{child.pid}/stat") for child in multiprocessing.active_children())
    return own.ru_utime + own.ru_stime + sum(used_by(stat) for stat in workers if stat.is_file())


def used_by(stat: Path) -> float:
    """Seconds in Linux's account of a process; fields 14 and 15, counted after its name in brackets."""
    fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def plain_network(given: argparse.Namespace, classes: int) -> nn.Module:
    """torchvision's network with a new last layer; the seed draws a ResNet's weights as Warmstart does."""
    from torchvision.models import get_model

    torch.manual_seed(given.seed)
    network: nn.Module = get_model(given.backbone, weights="IMAGENET1K_V1" if given.weights == "imagenet" else None)
    if linear := [name for name, layer in network.named_modules() if isinstance(layer, nn.Linear)]:
        network.set_submodule(linear[-1], nn.Linear(network.get_submodule(linear[-1]).in_features, classes))
    else:
        network.classifier = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, classes))
    return network


def plain_finetune(given: argparse.Namespace) -> Measured:
    """ImageFolder, DataLoader, AdamW with a cosine schedule: the loop of torchvision's own tutorials."""
    done = Measured("plain", 0)
    watch = Watch(done)
    parts = {part: plain_loader(given, part) for part in ("train", "val", "test")}
    classes = len(parts["train"].dataset.classes)
    network = plain_network(given, classes).to(given.device)
    optimiser = torch.optim.AdamW(network.parameters(), lr=given.rate, weight_decay=1e-4)
    steps = given.epochs * len(parts["train"])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    done.images = len(parts["train"].dataset)
    watch.start()
    for _ in range(given.epochs):
        network.train()
        for images, labels in sent(parts["train"], given.device):
            loss = F.cross_entropy(network(images), labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            loss.item()
        plain_accuracy(network, sent(parts["val"], given.device))
        watch.lap()
    done.accuracy = plain_accuracy(network, sent(parts["test"], given.device))
    return done


def plain_loader(given: argparse.Namespace, part: str) -> Any:
    from torch.utils.data import DataLoader
    from torchvision import transforms
    from torchvision.datasets import ImageFolder

    steps = [transforms.Resize(given.size), transforms.CenterCrop(given.size), transforms.ToTensor()]
    images = ImageFolder(str(given.photos / part), transforms.Compose([*steps, transforms.Normalize(MEAN, DEVIATION)]))
    return DataLoader(
        images,
        given.batch,
        shuffle=part == "train",
        num_workers=given.workers,
        persistent_workers=given.workers > 0,
        generator=torch.Generator().manual_seed(given.seed),
        pin_memory=given.device.startswith("cuda"),
    )


def sent(loader: Any, device: str) -> Iterator[tuple[Tensor, Tensor]]:
    """Images and labels of each batch on the device."""
    return ((images.to(device, non_blocking=True), labels.to(device, non_blocking=True)) for images, labels in loader)


@torch.no_grad()
def plain_accuracy(network: nn.Module, batches: Iterable[tuple[Tensor, Tensor]]) -> float:
    network.eval()
    hits = [(network(images).argmax(1) == labels).float() for images, labels in batches]
    return float(torch.cat(hits).mean())


def plain_probe(given: argparse.Namespace) -> Measured:
    """The frozen backbone is run on every image in every epoch, as without a cache; the images are in memory."""
    done = Measured("plain", 0)
    watch = Watch(done)
    parts = {part: in_memory(given, part) for part in ("train", "val", "test")}
    classes = int(parts["train"][1].max()) + 1
    network = plain_network(given, classes).to(given.device)
    trunk = network.eval().requires_grad_(False)
    head = last_layer(trunk).requires_grad_(True)
    optimiser = torch.optim.AdamW(head.parameters(), lr=given.rate, weight_decay=1e-4)
    order = torch.Generator().manual_seed(given.seed)
    images, labels = parts["train"]
    done.images = len(labels)
    watch.start()
    for _ in range(given.epochs):
        for chosen in torch.randperm(len(labels), generator=order).split(given.batch):
            loss = F.cross_entropy(network(images[chosen]), labels[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            loss.item()
        memory_accuracy(network, parts["val"])
        watch.lap()
    done.accuracy = memory_accuracy(network, parts["test"])
    return done


def in_memory(given: argparse.Namespace, part: str) -> tuple[Tensor, Tensor]:
    """Normalised images float32 [n, 3, s, s] and labels [n]."""
    images, labels = zip(*plain_loader(argparse.Namespace(**vars(given) | {"workers": 0}), part), strict=True)
    return torch.cat(images).to(given.device), torch.cat(labels).to(given.device)


def last_layer(network: nn.Module) -> nn.Linear:
    return [layer for layer in network.modules() if isinstance(layer, nn.Linear)][-1]


@torch.no_grad()
def memory_accuracy(network: nn.Module, part: tuple[Tensor, Tensor]) -> float:
    logits = torch.cat([network(images) for images in part[0].split(64)])
    return float((logits.argmax(1) == part[1]).float().mean())


def warmstart(given: argparse.Namespace, method: str, values: dict[str, Any]) -> Measured:
    """`execute()` as the window calls it, with the same split, rate, batch and length."""
    from engine.events import EpochCompleted, Evaluated, Event, RunFailed, RunStarted
    from engine.execute import execute
    from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice

    settings = {"epochs": given.epochs, "batch_size": given.batch, "learning_rate": given.rate, "weight_decay": 1e-4}
    experiment = Experiment(
        dataset=DatasetChoice(name="folder", path=str(given.photos), split="given"),
        backbone=BackboneChoice(name=given.backbone, weights=given.weights, image_size=given.size),
        method=MethodChoice(name=method, hyperparameters=settings | {"tested": "last epoch"} | values),
        seed=given.seed,
        precision=given.precision,
        device=given.device,
    )
    done = Measured("warmstart", 0)
    watch = Watch(done)

    def follow(event: Event) -> None:
        if isinstance(event, RunFailed):
            raise SystemExit(f"{event.message} {event.advice}\n{event.traceback}")
        if isinstance(event, RunStarted):
            done.images = int(event.facts["training images"])
            watch.start()
        if isinstance(event, EpochCompleted):
            watch.lap()
        if isinstance(event, Evaluated) and event.predicted is not None and done.accuracy == 0.0:
            done.accuracy = float((event.predicted == event.truth).mean())

    with TemporaryDirectory() as folder:
        for event in at_threads(execute(experiment, Path(folder) / "run"), given.threads):
            follow(event)
    return done


def at_threads(events: Iterator[Any], threads: int) -> Iterator[Any]:
    """The events, computed with so many torch threads whatever the run itself asked for."""
    for event in events:
        torch.set_num_threads(threads)
        yield event


ARMS: dict[str, Callable[[argparse.Namespace], Measured]] = {
    "plain-finetune": plain_finetune,
    "warmstart-finetune": lambda given: warmstart(given, "full_ft", {}),
    "plain-probe": plain_probe,
    "warmstart-probe": lambda given: warmstart(given, "linear_probe", {"schedule": "constant"}),
}


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("arm", choices=ARMS)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--backbone", default="resnet18")
    parser.add_argument("--weights", default="random")
    for name, usual in (("size", 64), ("epochs", 4), ("batch", 32), ("seed", 0), ("workers", 2), ("threads", 1)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--precision", default="float32", help="of Warmstart's arm")
    parser.add_argument("--device", default="cpu")
    return parser


def main() -> None:
    given = arguments().parse_args()
    torch.set_num_threads(given.threads)
    done = ARMS[given.arm](given)
    done.memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    done.worker_memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    print(json.dumps(asdict(done)))


if __name__ == "__main__":
    main()
