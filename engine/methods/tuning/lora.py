"""LoRA: frozen weights with a learned low-rank change beside them (Hu et al. 2021, arXiv 2106.09685).

w + scale / rank * B A on every linear and convolution layer of the trunk; of a k x k convolution A is one to `rank`
channels and B a 1x1 convolution, as in peft. A starts random, B at zero, so that the network starts as it was
pretrained. The change is added to the weights when they are saved or tested, so that the result is an ordinary network.
Convolutions in groups, such as ConvNeXt's depthwise ones, stay frozen. No dropout on the way to A, which peft offers;
the scale is 2 times the rank as in much of its use, where peft's own default is 1 time.
"""

from __future__ import annotations

from engine.layers import HEAD, BatchNorm, LayerRow
from engine.method import ENCODERS, hyper
from engine.tuning.method import PRETRAINED_STATISTICS, FineTuneHyperparameters, FineTuneMethod, of_transformers


class LoRAHyperparameters(FineTuneHyperparameters):
    rank: int = hyper(4, "Rank", "Rank of the change to each layer.", low=1, high=256)
    scale: float = hyper(
        8.0, "Scale", "Strength of the change (alpha); it is divided by the rank.", low=0.1, high=256.0
    )
    batch_norm: BatchNorm = PRETRAINED_STATISTICS


class LoRA(FineTuneMethod):
    name = "lora"
    order = 110
    title = "LoRA"
    group = "Few parameters"
    idea = "Keep the weights and learn a small low-rank change beside each linear and convolution layer."
    paper = "Hu et al. 2021, LoRA: Low-Rank Adaptation of Large Language Models, arXiv 2106.09685"
    Hyperparameters = LoRAHyperparameters
    searched = ("learning_rate", "rank")
    presets = {
        "Usual values": {},
        "Rank 16": {"rank": 16, "scale": 32.0},
        "peft's defaults": {"rank": 8, "scale": 8.0},
        ENCODERS: of_transformers(5e-4, head=2.0, rank=8, scale=16.0),
    }

    def rows(self, blocks: tuple[str, ...]) -> dict[str, LayerRow]:
        return {block: self.row() if block == HEAD else self.row(trains="low-rank") for block in blocks}
