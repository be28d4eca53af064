"""What a way to learn a policy is: it adapts by policy gradients, and is trained with such steps or without.

Torch-free.
"""

from __future__ import annotations

from typing import ClassVar

from engine.layers import Treatment
from engine.method import HyperparameterModel, Method, hyper


class PolicyHyperparameters(HyperparameterModel):
    """Options of every policy."""

    steps: int = hyper(150, "Meta-steps", "Updates of the shared policy; 0 tests it as it is.", low=0, high=100_000)
    meta_batch: int = hyper(20, "Goals per step", "Goals averaged in one update.", low=1, high=200)
    tries: int = hyper(
        20, "Tries", "Tries at a goal from which each step towards it is learnt.", unit="tries", low=2, high=500
    )
    learning_rate: float = hyper(
        3e-3, "Outer learning rate", "Step size of Adam on the shared policy.", low=1e-6, high=1.0, log=True
    )
    inner_rate: float = hyper(
        0.5, "Inner learning rate", "Step size of the adaptation to a goal.", low=1e-4, high=100.0, log=True
    )
    test_steps: int = hyper(
        1, "Inner steps at test", "Policy-gradient steps on a new goal; 0 to 3 are told in any case.", low=1, high=20
    )
    noise: float = hyper(
        0.5, "Noise of the moves", "Standard deviation of a move, in units of the largest one.", low=0.01, high=5.0
    )
    validate_every: int = hyper(
        10, "Validate every", "Meta-steps between two validations.", unit="steps", low=1, high=10_000, advanced=True
    )
    validation_goals: int = hyper(
        50, "Validation goals", "Fixed goals behind each validation point.", low=10, high=2000, advanced=True
    )
    test_goals: int = hyper(200, "Test goals", "Fixed goals behind the final figure.", low=10, high=10_000)


class PolicyMethod(Method):
    """A subclass says how many steps towards each goal are taken while training."""

    family = "act"
    group = "Reinforcement learning"
    suits = frozenset({"control"})
    keeps_network = True
    becomes: ClassVar[tuple[Treatment, Treatment]] = "adapted", "adapted"
    Hyperparameters = PolicyHyperparameters

    @property
    def inner_steps(self) -> int:
        """Steps towards a goal before the outer gradient is taken."""
        raise TypeError(f"{type(self).__name__} does not say how many inner steps it trains with")

    @property
    def second_order(self) -> bool:
        """Whether the outer gradient goes through the inner steps."""
        return False
