"""Models of transformers as timm and torchvision name the same tensors; nothing of transformers is imported."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from engine.errors import WeightsError

Rules = tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...]
ATTENTION = (
    (r"layernorm_before", "norm1"), (r"layernorm_after", "norm2"), (r"attention\.output\.dense", "attn.proj"),
    (r"intermediate\.dense", "mlp.fc1"), (r"output\.dense", "mlp.fc2"),
)  # fmt: skip
VIT: Rules = (
    (r"^embeddings\.cls_token", "cls_token"), (r"^embeddings\.distillation_token", "dist_token"),
    (r"^embeddings\.position_embeddings", "pos_embed"),
    (r"^embeddings\.patch_embeddings\.projection", "patch_embed.proj"), (r"^encoder\.layer\.(\d+)", r"blocks.\1"),
    *ATTENTION, (r"attention\.attention\.", "attn."), (r"^layernorm\.", "norm."),
)  # fmt: skip
BEIT: Rules = (
    (r"^pooler\.layernorm", "fc_norm"), (r"lambda_([12])", r"gamma_\1"),
    (r"relative_position_bias\.relative", "relative"), *VIT,
)  # fmt: skip
SWIN: Rules = (
    (r"^embeddings\.patch_embeddings\.projection", "patch_embed.proj"), (r"^embeddings\.norm", "patch_embed.norm"),
    (r"^encoder\.layers\.(\d{1,4})\.downsample", lambda found: f"layers.{int(found[1]) + 1}.downsample"),
    (r"^encoder\.", ""), *ATTENTION, (r"attention\.self\.", "attn."), (r"^layernorm\.", "norm."),
)  # fmt: skip
CONVNEXT: Rules = (
    (r"^embeddings\.patch_embeddings", "stem.0"), (r"^embeddings\.layernorm", "stem.1"),
    (r"^layernorm\.", "head.norm."), (r"^encoder\.", ""), (r"\.layers\.", ".blocks."),
    (r"downsampling_layer", "downsample"), (r"dwconv", "conv_dw"), (r"\.layernorm", ".norm"),
    (r"pwconv([12])", r"mlp.fc\1"), (r"layer_scale_parameter", "gamma"),
)  # fmt: skip
RESNET: Rules = (
    (r"^embedder\.embedder\.convolution", "conv1"), (r"^embedder\.embedder\.normalization", "bn1"),
    (r"^encoder\.stages\.(\d{1,4})\.layers\.", lambda found: f"layer{int(found[1]) + 1}."),
    (r"shortcut\.convolution", "downsample.0"), (r"shortcut\.normalization", "downsample.1"),
    (r"layer\.(\d)\.convolution", lambda found: f"conv{int(found[1]) + 1}"),
    (r"layer\.(\d)\.normalization", lambda found: f"bn{int(found[1]) + 1}"),
)  # fmt: skip
NOT_NEEDED = re.compile(r"^(\w+_)?classifier\.|^pooler\.dense|mask_token|relative_position_index|^decoder|^lm_head")
PART = re.compile(r"^(.*attn\.)(query|key|value)\.(weight|bias)$")
DIGITS = re.compile(r"[0-9]{1,9}")
PARTS = ("query", "key", "value")
FILTERS = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic"}  # as Pillow numbers them
WHOLE = 384  # pixels on a side from which ConvNeXt's images are squeezed and not cut
LONGEST = 100_000  # pixels of a side
PER_HEAD = 64  # values of each, in every transformer of these kinds but Swin's


@dataclass(frozen=True, slots=True)
class Kind:
    """needs: what its config.json has to say for the same network to be built here. widths: of its heads' values."""

    rules: Rules
    needs: tuple[tuple[str, object], ...] = (("hidden_act", "gelu"),)
    per_head: int = 0
    library: str = "timm"


KINDS = {
    "vit": Kind(VIT, per_head=PER_HEAD),
    "deit": Kind(VIT, per_head=PER_HEAD),
    "beit": Kind(
        BEIT, (("hidden_act", "gelu"), ("use_mean_pooling", True), ("use_shared_relative_position_bias", False),
               ("use_absolute_position_embeddings", False)), PER_HEAD,
    ),
    "swin": Kind(SWIN, (("hidden_act", "gelu"), ("use_absolute_embeddings", False))),
    "convnext": Kind(CONVNEXT),
    "resnet": Kind(RESNET, (("hidden_act", "relu"), ("downsample_in_bottleneck", False),
                            ("downsample_in_first_stage", False)), library="torchvision"),
}  # fmt: skip


def kind_of(folder: str, config: Mapping[str, Any]) -> str:
    """Raises `WeightsError` for a kind, or a variant of one, whose network is not built here."""
    name = str(config.get("model_type"))
    if name not in KINDS:
        model = next(iter(_listed(config)), "another kind")
        raise WeightsError(
            f"{folder} is a model of transformers ({model}), whose networks are not built here.",
            f"Read are {', '.join(KINDS)} and bert. Take others from timm, or the file of their weights.",
        )
    kind = KINDS[name]
    odd = [key for key, value in kind.needs if config.get(key, value) != value]
    width, heads = config.get("hidden_size", 0), config.get("num_attention_heads", 0)
    if kind.per_head and isinstance(heads, int) and heads and width != heads * kind.per_head:
        odd.append("num_attention_heads")
    if name == "deit" and "DeiTForImageClassification" in _listed(config):
        odd.append("architectures")  # it is told by one token, and timm's by the mean of two
    if odd:
        raise WeightsError(
            f"{folder} is a variant of {name} that is not built here: {odd[0]} is {config.get(odd[0])}.",
            "Choose a usual model of that kind.",
        )
    return name


def _listed(config: Mapping[str, Any]) -> list[object]:
    """The models that it says it is of."""
    models = config.get("architectures")
    return models if isinstance(models, list) else []


def prepared(given: Mapping[str, Any]) -> tuple[object, object, object]:
    """Interpolation, crop and mode of a preprocessor_config.json; images are squeezed where both sides are stated."""
    size, cut, filter = given.get("size"), given.get("crop_size"), given.get("resample", 2)
    side = _pixels(size.get("shortest_edge") if isinstance(size, dict) else None)
    inner = _pixels(cut.get("height") if isinstance(cut, dict) else cut)
    how = FILTERS.get(filter) if isinstance(filter, int) else None
    if not side:
        return how, 1.0, "squash"
    if "crop_pct" in given:  # as ConvNeXt's are
        return how, *((given["crop_pct"], "center") if side < WHOLE else (1.0, "squash"))
    return how, inner / side if inner and given.get("do_center_crop") else 1.0, "center"


def _pixels(value: object) -> int:
    """Of a side, 0 where it is none."""
    return value if isinstance(value, int) and 0 < value <= LONGEST else 0


def renamed(kind: str, found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The network's tensors, without its classifier, in the order of its layers."""
    return _joined(dict(sorted(_named(kind, found), key=lambda one: _natural(one[0]))))


def _named(kind: str, found: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    for name, value in found.items():
        short = name.removeprefix(f"{kind}.")
        if NOT_NEEDED.search(short):
            continue
        for pattern, words in KINDS[kind].rules:
            short = re.sub(pattern, words, short)
        yield short, value


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if DIGITS.fullmatch(part) else (-1, part) for part in name.split(".")]


def _joined(named: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Query, key and value as the one tensor that they are elsewhere; they stay apart where there are not three, or
    those do not go together."""
    joined: dict[str, Tensor] = {}
    for name, value in named.items():
        part = PART.match(name)
        if part is None:
            joined[name] = value
            continue
        before, which, kind = part.groups()
        three = [named.get(f"{before}{one}.{kind}") for one in PARTS]
        whole = [one for one in three if one is not None]
        if len(whole) == len(PARTS) and value.dim() and len({one.shape for one in whole}) == 1:
            joined[f"{before}qkv.{kind}"] = torch.cat(whole)
        else:
            joined[f"{before}{which[0]}_{kind}"] = value
    return joined
