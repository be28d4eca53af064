"""What a run of a policy will cost, from a timed step."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from tempfile import gettempdir

from engine.acting.goal_tasks import goal_tasks
from engine.acting.method import PolicyMethod
from engine.acting.moving import MOVES
from engine.acting.paths import STEPS
from engine.acting.run import OUTPUTS
from engine.acting.training import PolicyTraining
from engine.artifacts.checkpoints import Checkpoints
from engine.artifacts.weights import build_backbone
from engine.backbones import catalog
from engine.backbones.backbone import parameter_count
from engine.experiment import BackboneChoice, Experiment
from engine.families import Cost
from engine.machine.devices import torch_device
from engine.machine.limits import Limits
from engine.tuning.timing import seconds_of

LEARNT = 16  # bytes of a parameter that learns: weight, gradient and Adam's two moments
KEPT = 16  # bytes that are kept of a move for the backward pass, per unit of a layer: four numbers


def act_cost(experiment: Experiment, method: PolicyMethod) -> Cost:
    tasks, values = goal_tasks(experiment.dataset, method, torch_device(experiment.device)), method.hyperparameters
    folder, choice = Path(gettempdir()), BackboneChoice(name=experiment.backbone.name)
    model = build_backbone(choice, OUTPUTS, 0, folder).to(tasks.device)
    step = seconds_of(PolicyTraining(model, tasks, Checkpoints(folder), Limits(), seed=0).update, 1)
    looks = values.steps / values.validate_every
    looking = seconds_of(partial(tasks.returns, model, tasks.validation, values.test_steps), 1)
    testing = looking * values.test_goals / values.validation_goals * max(STEPS, values.test_steps)
    size = parameter_count(model)
    moves = max(values.meta_batch, values.test_goals) * values.tries * MOVES
    memory = LEARNT * size + KEPT * moves * (1 + method.inner_steps) * catalog.backbone(choice.name).features
    seconds = values.steps * step + math.ceil(looks) * looking + testing
    return Cost(size, size, values.steps, values.validate_every * step + looking, seconds, memory)
