"""Whether a method goes on from what is kept of it as if it had never ended."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch

from engine.artifacts.bookmark import (
    load_network,
    load_optimiser,
    network_state,
    optimiser_state,
    read_state,
    write_state,
)
from engine.backbones.backbone import Backbone
from engine.meta.learner import MetaLearner
from engine.meta.roles import MetaRun
from tests.engine.meta.ways import meta_gradient
from tests.engine.methods.contract import Case, network, training_task

NOISY = {"dropout": 0.5, "attention_dropout": 0.5}


def it_goes_on_from_what_is_kept(case: Case) -> None:
    """The network, the optimiser and what the run has kept for the method are all that a later step depends on."""
    method, other = case.method(**NOISY), case.method(**NOISY)
    model, again = network(case, method), network(case, other)
    optimiser, new = method.optimiser(model), other.optimiser(again)
    run = MetaRun()
    steps(case, method, model, optimiser, run, range(2))
    kept = {"network": network_state(model), "optimiser": optimiser_state(optimiser), "kept": run.kept}
    with tempfile.TemporaryDirectory() as folder:
        write_state(kept, Path(folder) / "kept.safetensors")
        found = read_state(Path(folder) / "kept.safetensors")
    load_network(again, found["network"])
    load_optimiser(new, found["optimiser"])
    again_run = MetaRun(kept=found["kept"])
    steps(case, method, model, optimiser, run, range(2, 4))
    steps(case, other, again, new, again_run, range(2, 4))
    pairs = zip(model.state_dict().values(), again.state_dict().values(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


def steps(
    case: Case, method: MetaLearner, model: Backbone, optimiser: torch.optim.Optimizer, run: MetaRun, numbers: range
) -> None:
    """The meta-steps of these numbers, out of four."""
    for number in numbers:
        run.step, run.progress = number, number / 4
        optimiser.zero_grad(set_to_none=True)
        meta_gradient(method, model, [training_task(case, method, number)], run)
        optimiser.step()
