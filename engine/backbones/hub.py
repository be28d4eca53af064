"""Text encoders of the library transformers as blocks: kept as their authors wrote them, computed in one piece.

The longest list of layers gives the blocks; what comes before it is the first, what comes after it belongs to the last.
Numbers of word pieces are one more than the encoder's own, so that 0 stays padding where it has another for that.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from engine.backbones.whole import Blocks, grouped

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel

FIRST = "embeddings"  # as in every network of texts


def blocks(config: str) -> Blocks:
    """With random weights from torch's current random state. config: the text of a config.json."""
    from transformers import AutoConfig, AutoModel

    given = json.loads(config)
    with silent():
        made = AutoConfig.for_model(given.pop("model_type"), **given)
        return _in_blocks(_without_chance(AutoModel.from_config(_eager(made), trust_remote_code=False)))


def opened(folder: Path) -> tuple[Blocks, list[str]]:
    """The network of a folder with its weights, and the names of those that the folder does not have. No code in the
    folder is run and nothing is fetched. Raises what transformers does for anything else."""
    from transformers import AutoConfig, AutoModel

    with silent():
        config = AutoConfig.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
        network, told = AutoModel.from_pretrained(
            str(folder), config=_eager(config), local_files_only=True, trust_remote_code=False, use_safetensors=True,
            dtype=torch.float32, output_loading_info=True,
        )  # fmt: skip
    made = _in_blocks(_without_chance(network))
    return made, [name for name in told["missing_keys"] if "pooler" not in name]


def _eager(config: PretrainedConfig) -> PretrainedConfig:
    """Attention written out, which has gradients of gradients, and nothing left to chance."""
    config._attn_implementation = "eager"
    for name, value in config.to_dict().items():
        if ("dropout" in name or "layerdrop" in name) and isinstance(value, float):
            setattr(config, name, 0.0)
    return config


def _without_chance(network: PreTrainedModel) -> PreTrainedModel:
    """Without dropout, as every trunk here, and without the pooler, whose answer is not asked for."""
    for part in network.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
    if getattr(network, "pooler", None) is not None:
        network.pooler = None
    return network


def _in_blocks(network: PreTrainedModel) -> Blocks:
    path, layers = longest_list(network)
    names = [FIRST, *(f"layer{place}" for place in range(1, layers + 1))]
    block_of, reached = dict[str, str](), False
    for name, _ in network.named_parameters():
        inside = name.startswith(f"{path}.")
        reached = reached or inside
        place = int(name.removeprefix(f"{path}.").split(".")[0]) + 1 if inside else layers if reached else 0
        block_of[name] = names[place]
    padding = network.config.pad_token_id or 0
    return grouped(network, block_of, names, partial(mean_of_pieces, padding=padding))


def longest_list(network: nn.Module) -> tuple[str, int]:
    """(path, length) of the longest list of layers; raises `ValueError` where there is none."""
    found = [(name, len(part)) for name, part in network.named_modules() if isinstance(part, nn.ModuleList)]
    if not found:
        raise ValueError("It has no list of layers.")
    return max(found, key=lambda one: one[1])


def mean_of_pieces(network: nn.Module, numbers: Tensor, padding: int) -> Tensor:
    """int64 [n, pieces] -> [n, width]: the mean of what it gives for all that is no padding."""
    seen = numbers != 0
    given = torch.where(seen, numbers - 1, padding)
    attended = seen | ~seen.any(1, keepdim=True)  # a text without a piece looks at its padding
    found: Tensor = network(input_ids=given, attention_mask=attended.long()).last_hidden_state
    return (found * seen.unsqueeze(-1)).sum(1) / seen.sum(1, keepdim=True).clamp_min(1)


def layers_of(made: Mapping[str, nn.Module]) -> list[tuple[str, int]]:
    """(name, parameters) of each block."""
    return [(name, sum(one.numel() for one in block.parameters())) for name, block in made.items()]


@contextmanager
def silent() -> Iterator[None]:
    """While open, transformers says nothing and asks no network."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from transformers.utils import logging as theirs

    before = theirs.get_verbosity()
    theirs.set_verbosity(logging.CRITICAL)
    theirs.disable_progress_bar()
    try:
        yield
    finally:
        theirs.set_verbosity(before)
        theirs.enable_progress_bar()
