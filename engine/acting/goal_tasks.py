"""The goals of a run: those it learns from, drawn anew for every step, and fixed lists that it never learns from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from engine.acting.gradient import Adapting
from engine.acting.method import PolicyMethod
from engine.acting.moving import MOVES, Tries, moved, policy_of, repeated
from engine.adaptation.inner_loop import Parameters
from engine.backbones.backbone import Backbone
from engine.data.goals import Goals, Places
from engine.data.hashes import short_hash
from engine.data.sources import dataset
from engine.experiment import DatasetChoice

VALIDATION_SEED, TEST_SEED = 1, 2  # the same numbers as for other tasks; training draws from the run's own seed


@dataclass(frozen=True, eq=False)
class GoalTasks:
    """source: where goals come from. device: where they are tried."""

    source: Goals
    choice: DatasetChoice
    method: PolicyMethod
    device: torch.device

    def draw(self, rng: np.random.Generator) -> Tensor:
        """Goals of one step, float32 [goals, 2]."""
        return self._sent(self.source.draw(self.choice, rng, self.method.hyperparameters.meta_batch))

    @cached_property
    def validation(self) -> Tensor:
        return self._fixed(VALIDATION_SEED, self.method.hyperparameters.validation_goals)

    @cached_property
    def test(self) -> Tensor:
        return self._fixed(TEST_SEED, self.method.hyperparameters.test_goals)

    @property
    def conditions(self) -> Mapping[str, str]:
        """What figures must have in common to be compared."""
        values = self.method.hyperparameters
        return {
            "tasks": self.source.sentence(self.choice),
            "tries": f"{values.tries} of {MOVES} moves for each step, noise {values.noise:g}",
            "test list": short_hash(self.test.cpu().numpy().tobytes()),
            "split seed": str(self.choice.split_seed),
            "batch norm": "none in the network",
        }

    def adapted(self, model: Backbone, goals: Tensor, steps: int) -> Iterator[tuple[Parameters, Tries]]:
        """After 0, 1, …, `steps` steps towards each goal: the parameters, and tries of theirs. The noise is the same
        for every network and every call."""
        adapting = adapting_of(model, self.method, torch.Generator().manual_seed(TEST_SEED))
        start = {name: value.detach().requires_grad_() for name, value in repeated(model, len(goals)).items()}
        for parameters in adapting.path(start, goals, steps, second_order=False):
            yield parameters, adapting.try_out(parameters, goals)

    def returns(self, model: Backbone, goals: Tensor, steps: int) -> np.ndarray:
        """float64 [goals, steps + 1]."""
        found = [tries.returns for _, tries in self.adapted(model, goals, steps)]
        return torch.stack(found, 1).double().cpu().numpy()

    def _fixed(self, seed: int, count: int) -> Tensor:
        return self._sent(self.source.fixed(self.choice, [self.choice.split_seed, seed], count))

    def _sent(self, goals: Places) -> Tensor:
        return torch.from_numpy(goals.astype(np.float32)).to(self.device)


def goal_tasks(choice: DatasetChoice, method: PolicyMethod, device: torch.device) -> GoalTasks:
    source = dataset(choice.name).goals
    assert source is not None
    return GoalTasks(source, choice, method, device)


def adapting_of(model: Backbone, method: PolicyMethod, draws: torch.Generator) -> Adapting:
    values = method.hyperparameters
    return Adapting(policy_of(model), values.inner_rate, values.noise, values.tries, draws)


@torch.no_grad()
def wished_path(model: Backbone, parameters: Parameters, goals: int) -> Tensor:
    """Where the policies go without noise [goals, moves + 1, 2]."""
    policy, here = policy_of(model), torch.zeros(goals, 1, 2, device=next(model.parameters()).device)
    places = [here]
    for _ in range(MOVES):
        here = moved(here, policy(parameters, here))
        places.append(here)
    return torch.cat(places, 1)
