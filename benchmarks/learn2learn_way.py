"""The loops of the meta-learning speed benchmark as learn2learn writes them; see `benchmarks.meta_speed`.

A learner is a clone of the module whose parameters are clones of the module's own, so that gradients reach those; a
step of adaptation puts `p - rate * gradient` in the place of each. Prototypical networks embed support and query in one
forward, as its example does.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.meta_speed_arms import INNER_RATE, OUTER_RATE, PlainEpisodes, Row, Step, plain_network


def clone(module: nn.Module) -> nn.Module:
    """The module in modules of its own, every parameter and buffer a clone that autograd follows."""
    kept = {id(tensor): tensor.clone() for tensor in (*module.parameters(), *module.buffers())}
    made = copy.copy(module)
    made._parameters = {name: None if p is None else kept[id(p)] for name, p in module._parameters.items()}  # type: ignore[misc]
    made._buffers = {name: None if b is None else kept[id(b)] for name, b in module._buffers.items()}
    made._modules = {name: None if m is None else clone(m) for name, m in module._modules.items()}
    return made


def holders(module: nn.Module) -> list[tuple[dict[str, Tensor], str]]:
    """Where each parameter is kept, and by what name."""
    return [
        (part._parameters, name) for part in module.modules() for name, p in part._parameters.items() if p is not None
    ]  # type: ignore[misc]


def adapt(learner: nn.Module, loss: Tensor) -> None:
    """One inner step, differentiable itself."""
    places = holders(learner)
    gradients = torch.autograd.grad(loss, [kept[name] for kept, name in places], create_graph=True)
    for (kept, name), gradient in zip(places, gradients, strict=True):
        kept[name] = kept[name] - INNER_RATE * gradient


def by_steps(row: Row) -> Step:
    """MAML; ANIL adapts the head alone, on features of support and query from one forward."""
    network, episodes = plain_network(row.way).to(row.device), PlainEpisodes(row)
    adapts = network[1] if row.kind == "anil" else network
    optimiser = torch.optim.Adam(network.parameters(), OUTER_RATE)

    def step() -> None:
        optimiser.zero_grad()
        for x, y, query, wanted in (episodes() for _ in range(row.tasks)):
            learner = clone(adapts)
            if row.kind == "anil":
                x, query = network[0](torch.cat([x, query])).split([len(x), len(query)])
            for _ in range(row.steps):
                adapt(learner, F.cross_entropy(learner(x), y))
            F.cross_entropy(learner(query), wanted).backward()
        for parameter in network.parameters():
            assert parameter.grad is not None
            parameter.grad.div_(row.tasks)
        optimiser.step()

    return step


def protonet(row: Row) -> Step:
    network, episodes = plain_network(None).to(row.device), PlainEpisodes(row)
    optimiser = torch.optim.Adam(network.parameters(), OUTER_RATE)

    def step() -> None:
        for number in range(row.tasks):
            x, _, query, wanted = episodes()
            support, asked = network(torch.cat([x, query])).split([len(x), len(query)])
            centres = support.reshape(row.way, row.shot, -1).mean(1)
            distances = (asked[:, None] - centres[None]).square().sum(2)
            (F.cross_entropy(-distances, wanted) / row.batch).backward()
            if (number + 1) % row.batch == 0:
                optimiser.step()
                optimiser.zero_grad()

    return step


LOOPS = {"maml": by_steps, "anil": by_steps, "protonet": protonet}
