"""What every fine-tuning method shares: its options and its layer table. Torch-free."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from engine.layers import HEAD, WORD_PIECES, BatchNorm, LayerRow, Measured, Treatment, edited, plain, treatment
from engine.method import REGULAR, SCHEDULE, STOPPING, HyperparameterModel, Method, hyper
from engine.tuning.schedules import Schedule

Optimiser = Literal["AdamW", "SGD"]
Augment = Literal["none", "shift and turn", "flip and crop", "flip, crop and colour"]


def of_transformers(learning_rate: float, head: float = 1.0, **values: object) -> dict[str, object]:
    """Values of a method for an encoder of texts (Devlin et al. 2019; Mosbach et al. 2021): a tenth of the steps to
    warm up, then falling evenly; the word pieces stay, which are half of the weights and of which a few texts meet
    few. head: how many times faster a new head learns."""
    faster = {} if head == 1 else {HEAD: {"rate": head}}
    return {
        "epochs": 10, "learning_rate": learning_rate, "batch_size": 16, "weight_decay": 0.01, "clip_norm": 1.0,
        "schedule": "slanted triangular", "layers": {WORD_PIECES: {"rate": 0.0}, **faster},
    } | values  # fmt: skip


EITHER = "Batch statistics follow the new images; pretrained ones stay as they came with the weights."
AS_IN_THE_PAPER = "Pretrained statistics, as in the paper; batch statistics would remove much of a shift by themselves."


def _batch_norm(default: BatchNorm, help: str) -> Any:
    return hyper(default, "Batch norm of trained blocks", help, fold=REGULAR)


PRETRAINED_STATISTICS: BatchNorm = _batch_norm("pretrained statistics", EITHER)
STATISTICS_AS_IN_THE_PAPER: BatchNorm = _batch_norm("pretrained statistics", AS_IN_THE_PAPER)


@dataclass(frozen=True, slots=True)
class Stage:
    """Consecutive epochs with one optimiser and one schedule. in_pairs: the trunk learns from pairs, without a head.
    solved: the head is fitted to the end before the first of them, which only look at what it says."""

    epochs: int
    learning_rate: float
    weight_decay: float
    in_pairs: bool = False
    solved: bool = False


class FineTuneHyperparameters(HyperparameterModel):
    """Options of every supervised method. `layers`: a person's changes to the table, {block: {column: value}}."""

    epochs: int = hyper(40, "Epochs", "How often every training image is seen.", low=1, high=2000)
    learning_rate: float = hyper(
        1e-3, "Learning rate", "Step size at its peak, where the table says 1.", low=1e-6, high=1.0, log=True
    )
    batch_size: int = hyper(32, "Batch size", "Images per step; a smaller one needs less memory.", low=1, high=1024)
    augmentation: Augment = hyper(
        "none", "Augmentation", "Changes that leave the class as it is, drawn anew for every image and epoch."
    )
    optimiser: Optimiser = hyper(
        "AdamW", "Optimiser", "AdamW adapts the step of each weight; SGD takes plain steps with momentum.",
        fold=SCHEDULE,
    )  # fmt: skip
    momentum: float = hyper(
        0.9, "Momentum", "Of SGD; AdamW has its own.", low=0.0, high=0.999, fold=SCHEDULE,
        only_with=("optimiser", "SGD"),
    )  # fmt: skip
    weight_decay: float = hyper(
        1e-4, "Weight decay", "Pull of the weights towards zero.", low=0.0, high=1.0, log=True, fold=REGULAR
    )
    schedule: Schedule = hyper(
        "cosine",
        "Schedule",
        "How the rate goes over the epochs: falling, constant, or up and then down; it alone, not the momentum.",
        fold=SCHEDULE,
    )
    batch_norm: BatchNorm = _batch_norm("batch statistics", EITHER)
    class_weights: Literal["none", "balanced"] = hyper(
        "none", "Class weights", "Balanced lets every class count the same, however many images it has.", fold=REGULAR
    )
    label_smoothing: float = hyper(
        0.0, "Label smoothing", "Share of the target given to all classes alike.", low=0.0, high=0.9, fold=REGULAR
    )
    mixup: float = hyper(
        0.0, "Mixup",
        "Blend pairs of images (of features where the head learns alone): alpha of the Beta law.",
        low=0.0, high=4.0, off=0, fold=REGULAR,
    )  # fmt: skip
    patience: int = hyper(
        0, "Patience", "Stop after this many epochs without a better validation accuracy.",
        unit="epochs", low=0, high=1000, off=0, fold=STOPPING,
    )  # fmt: skip
    clip_norm: float = hyper(
        0.0, "Gradient clipping", "Longest gradient that is let through.", low=0.0, high=1000.0, off=0, fold=SCHEDULE
    )
    ema: float = hyper(
        0.0, "Weight averaging", "Share of the old average kept at each step (EMA), such as 0.99.",
        low=0.0, high=0.9999, off=0, fold=SCHEDULE,
    )  # fmt: skip
    tested: Literal["best validation epoch", "last epoch"] = hyper(
        "best validation epoch", "Weights used for the test",
        "The epoch with the best validation accuracy, or simply the last one.", fold=STOPPING,
    )  # fmt: skip
    layers: dict[str, dict[str, Any]] = Field(default_factory=dict, description="changes to the layer table")

    @field_validator("layers")
    @classmethod
    def _one_way_to_write_it(cls, layers: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """0 and 0.0 are the same change; a cell that cannot be is left for `FineTuneMethod.table` to name."""
        return {block: plain(edit) for block, edit in layers.items() if edit}


class FineTuneMethod(Method):
    """Supervised training: a subclass says its layer table, and its stages if it has more than one."""

    family = "finetune"
    group = "All layers"
    searched: ClassVar[tuple[str, ...]] = ("learning_rate",)
    Hyperparameters = FineTuneHyperparameters
    measures_rates: ClassVar[bool] = False  # True: `measured_rates` is asked before each epoch
    compares_gradients: ClassVar[bool] = False  # True: it needs the signal-to-noise ratio of what is measured
    follows: ClassVar[bool] = False  # True: batch norm takes the statistics of the very images that are tested
    descends: ClassVar[bool] = False  # True: its scale and shift also learn from them, without labels

    def rows(self, blocks: tuple[str, ...]) -> dict[str, LayerRow]:
        """The method's own layer table, a row for every block, the head last."""
        raise TypeError(f"{type(self).__name__} does not say what it trains")

    def row(self, **cells: Any) -> LayerRow:
        """A row with the method's batch-norm mode and these cells."""
        return LayerRow(**({"batch_norm": self.hyperparameters.batch_norm} | cells))

    def table(self, blocks: tuple[str, ...]) -> dict[str, LayerRow]:
        """The layer table with the person's changes; raises `InvalidExperiment` for a block that is not there."""
        return edited(self.rows(blocks), self.hyperparameters.layers)

    def stages(self) -> tuple[Stage, ...]:
        values = self.hyperparameters
        return (Stage(int(values.epochs), float(values.learning_rate), float(values.weight_decay)),)

    @property
    def epochs(self) -> int:
        """Epochs in all, over every stage."""
        return sum(stage.epochs for stage in self.stages())

    def stage_at(self, epoch: int) -> Stage:
        for stage in self.stages():
            if epoch < stage.epochs:
                return stage
            epoch -= stage.epochs
        return self.stages()[-1]

    def groups(self, blocks: tuple[str, ...], epoch: int) -> dict[str, float]:
        """Block -> peak learning rate in this epoch. A block that is left out is frozen and in eval mode."""
        table, rate = self.table(blocks), self.stage_at(epoch).learning_rate
        learning = self.learning(table, epoch)
        return {block: rate * row.rate for block, row in table.items() if block in learning}

    def learning(self, table: Mapping[str, LayerRow], epoch: int) -> frozenset[str]:
        """The blocks that learn in this epoch. table: as `table` gives it."""
        stage = self.stage_at(epoch)
        return frozenset(block for block, row in table.items() if row.learns(epoch) and self.takes_part(block, stage))

    def learning_in(self, table: Mapping[str, LayerRow], stage: Stage, first: int) -> frozenset[str]:
        """In any epoch of a stage that begins with this one."""
        epochs = range(first, first + stage.epochs)
        return frozenset[str]().union(*(self.learning(table, epoch) for epoch in epochs))

    def on_features(self, table: Mapping[str, LayerRow], stage: Stage, first: int) -> bool:
        """Whether a stage that begins with this epoch trains the head alone, on features that are computed once."""
        same = len(self.stages()) > 1 or self.hyperparameters.augmentation == "none"
        return same and self.learning_in(table, stage, first) == {HEAD}

    def takes_part(self, block: str, stage: Stage) -> bool:
        """Whether the block may learn in this stage at all."""
        return True

    def measured_rates(self, measured: Mapping[str, Measured]) -> dict[str, float]:
        """Parameter -> factor on its rate, from what was measured of each learning parameter; 0 freezes it."""
        return dict.fromkeys(measured, 1.0)

    def treatments(self, blocks: tuple[str, ...]) -> dict[str, Treatment]:
        table, last = self.table(blocks), self.epochs - 1
        return {
            block: treatment(row, last, new=block == HEAD or not self.uses_pretrained) for block, row in table.items()
        }
