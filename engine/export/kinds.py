"""What of a method can be exported, by its own words. Torch-free."""

from __future__ import annotations

from engine.experiment import Experiment
from engine.meta.learner import MetaLearner
from engine.meta.roles import Embeds
from engine.method import Method
from engine.registry import build_method, complete


def takes_classes(method: Method) -> bool:
    """Whether it may be given classes by example to take along."""
    return isinstance(method, MetaLearner) and not why_alone(method)


def why_alone(method: Method) -> str:
    """Why its network goes without classes, in a sentence; "" where it has some or may be given some."""
    if not isinstance(method, MetaLearner):
        return ""
    if not isinstance(method.meets, Embeds):
        return f"{method.title} adapts its weights to new classes, which needs torch."
    if method.meets.together:
        return f"{method.title} answers many images together, which a graph does not."
    return ""


def method_of(experiment: Experiment) -> Method:
    """Raises `InvalidExperiment`."""
    return build_method(complete(experiment))
