"""A backbone as ordered, named blocks and a head: the one fact that fine-tuning by block and ANIL need."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.func import functional_call

from engine.backbones.whole import Blocks


class Backbone(nn.Module):
    """Blocks applied in order, flattened to features, then a linear head (or none).

    images: float [n, channels, size, size] -> embed: [n, features] -> forward: [n, outputs]. meta: what a meta-learner
    learns besides the network (inner rates, a relation module, …); its parameters are called "meta.…".
    """

    def __init__(self, blocks: Mapping[str, nn.Module], features: int, outputs: int | None) -> None:
        super().__init__()
        self.blocks = nn.ModuleDict(blocks)
        self.whole = blocks.whole if isinstance(blocks, Blocks) else None
        self.features = features
        self.head: nn.Module = nn.Identity() if outputs is None else nn.Linear(features, outputs)
        self.meta: nn.Module = nn.Identity()

    def through(self, values: Tensor, start: int, end: int) -> Tensor:
        """Blocks number `start` up to but without `end`, applied to what the block before them gives.

        One tensor is handed on, and nothing beside it. A network of token ids [n, length] derives its attention mask
        from the pad id in its first block, and gives features in which padding no longer counts.
        """
        if self.whole is not None:
            return self.whole.through(values, start, end, len(self.blocks))
        for block in list(self.blocks.values())[start:end]:
            values = block(values)
        return values

    def cut_at(self, block: int) -> int:
        """The last place up to block number `block` where the network can be cut in two."""
        whole = self.whole is not None and not self.whole.steps
        return 0 if whole and block < len(self.blocks) else min(block, len(self.blocks))

    @property
    def trunk(self) -> Mapping[str, nn.Module]:
        """The blocks themselves, for a network with another head."""
        own = self.blocks.items()
        return dict(own) if self.whole is None else Blocks(own, self.whole)

    def embed(self, images: Tensor, start: int = 0) -> Tensor:
        """Features [n, features]. start: the first block to apply, when `images` is the output of those before it."""
        return self.through(images, start, len(self.blocks)).flatten(1)

    def forward(self, images: Tensor, start: int = 0, answers: bool = True) -> Tensor:
        """answers: with the head; the features without it."""
        features = self.embed(images, start)
        return self.head(features) if answers else features

    @property
    def block_names(self) -> tuple[str, ...]:
        return (*self.blocks, "head")

    def block(self, name: str) -> nn.Module:
        return self.head if name == "head" else self.blocks[name]

    def named_blocks(self) -> Iterator[tuple[str, nn.Module]]:
        for name in self.block_names:
            yield name, self.block(name)

    def trunk_state(self) -> dict[str, Tensor]:
        """State of the blocks without the head: what is handed on to another task."""
        return {key: value for key, value in self.state_dict().items() if key.startswith("blocks.")}


def applied(module: nn.Module, parameters: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
    """The module with these parameters instead of its own of the same names.

    No network here uses one weight in two places, so torch need not look for such at each call: on a small network that
    takes as long as a layer.
    """
    outputs: Tensor = functional_call(module, dict(parameters), (inputs,), tie_weights=False)
    return outputs


def batch_norms(module: nn.Module) -> Iterator[nn.modules.batchnorm._BatchNorm]:
    for child in module.modules():
        if isinstance(child, nn.modules.batchnorm._BatchNorm):
            yield child


class still_statistics:
    """While open, batch norm uses the statistics of the current batch and leaves its running ones alone."""

    def __init__(self, model: nn.Module) -> None:
        self._norms = list(batch_norms(model))
        self._before: list[tuple[bool, bool]] = []

    def __enter__(self) -> None:
        self._before = [(norm.training, norm.track_running_stats) for norm in self._norms]
        for norm in self._norms:
            norm.train()
            norm.track_running_stats = False

    def __exit__(self, *_: object) -> None:
        for norm, (training, tracks) in zip(self._norms, self._before, strict=True):
            norm.train(training)
            norm.track_running_stats = tracks


def parameter_count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def snapshot(model: nn.Module) -> dict[str, Tensor]:
    """A copy of the state on the CPU, safe to keep while training goes on."""
    return {key: value.detach().to("cpu", copy=True) for key, value in model.state_dict().items()}


def digest(state: Mapping[str, Tensor]) -> str:
    """A short text that tells these weights from others."""
    found = hashlib.blake2b(digest_size=16)
    for name, value in sorted(state.items()):
        found.update(name.encode())
        found.update(value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return found.hexdigest()


def changed(state: Mapping[str, Tensor], initial: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a state that differ from the initial ones."""
    return {key: value for key, value in state.items() if not torch.equal(value.cpu(), initial[key])}


@torch.no_grad()
def distance_moved(model: Backbone, initial: Mapping[str, Tensor]) -> dict[str, float]:
    """Per block: ‖w - w₀‖ / ‖w₀‖ over its parameters, the relative distance from the initial weights."""
    norms: dict[str, Tensor] = {}
    for name, block in model.named_blocks():
        prefix = "head." if name == "head" else f"blocks.{name}."
        pairs = [(p.detach(), initial[prefix + key].to(p.device)) for key, p in block.named_parameters()]
        if pairs:
            change = [now - was for now, was in pairs]
            norms[name] = torch.stack([_norm_of(change), _norm_of(was for _, was in pairs)])
    read = torch.stack(list(norms.values())).tolist() if norms else []  # of all at once: a GPU is waited for
    return {name: change / size for name, (change, size) in zip(norms, read, strict=True) if size > 0}


def _norm_of(tensors: Iterable[Tensor]) -> Tensor:
    """The norm of all their values together."""
    return torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(tensor) for tensor in tensors]))


@torch.no_grad()
def refresh_statistics(model: Backbone, batches: Iterable[Tensor], layers: Collection[nn.Module] | None = None) -> None:
    """Average mean and variance over these inputs [n, …], so that others may use the trunk with running statistics.

    The network itself, not an adapted one, sees the inputs; its mode and momentum are left as they were. layers: of
    these batch norms alone; None of all.
    """
    chosen = [norm for norm in batch_norms(model) if layers is None or any(norm is one for one in layers)]
    norms = [(norm, norm.training, norm.momentum) for norm in chosen]
    if not norms:
        return
    for norm, _, _ in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain average over the batches
        norm.train()
    for inputs in batches:
        model.embed(inputs)
    for norm, training, momentum in norms:
        norm.momentum = momentum
        norm.train(training)
