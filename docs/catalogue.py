"""Writes down what libraries of networks hold: `python docs/catalogue.py` makes resources/catalogue/*.json.gz.

It reads the installed packages alone and asks no network. Networks are built without memory for their weights. Every
network is a row: what `engine.backbones.listed.ListedNetwork` says of it, its weights last.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import timm
import torch
import torchvision
from torch import nn
from torchvision.models import get_model_weights, list_models

from engine.backbones.backbone import Backbone, batch_norms
from engine.backbones.info import Blocks
from engine.backbones.listed import TIMM
from engine.backbones.published import torchvision_network, unfilled
from engine.backbones.timm_networks import in_blocks
from engine.backbones.torchvision_cuts import cut

FOLDER = Path(__file__).resolve().parents[1] / "resources" / "catalogue"
SIDES = (32, 48, 64, 80, 96, 128, 160, 192, 224)  # in which the least is looked for
ODD = 37  # pixels more, which no patch or window divides
MIB = 1024**2
IMAGENET, SWAG = "ImageNet-1k", "3.6 billion public photos, then ImageNet-1k"
BRANDS = {
    "alexnet": "AlexNet", "convnext": "ConvNeXt", "densenet": "DenseNet", "efficientnet": "EfficientNet",
    "googlenet": "GoogLeNet", "inception": "Inception", "maxvit": "MaxViT", "mnasnet": "MNASNet",
    "mobilenet": "MobileNet", "regnet": "RegNet", "resnet": "ResNet", "resnext": "ResNeXt", "shufflenet": "ShuffleNet",
    "squeezenet": "SqueezeNet", "swin": "Swin", "vgg": "VGG", "vit": "ViT", "wide_resnet": "Wide ResNet",
}  # fmt: skip
DATA = {
    "in1k": "ImageNet-1k", "in12k": "ImageNet-12k", "in21k": "ImageNet-21k", "in22k": "ImageNet-21k",
    "inw21k": "ImageNet-21k", "lvd142m": "LVD-142M", "lvd1689m": "LVD-1689M", "laion2b": "LAION-2B",
    "laion400m": "LAION-400M", "laiona": "LAION-Aesthetics", "openai": "OpenAI's 400 million image-text pairs",
    "datacomp1b": "DataComp-1B", "datacompxl": "DataComp-1B", "dfn5b": "DFN-5B", "dfn2b": "DFN-2B",
    "dfndr2b": "DFNDR-2B", "metaclip_400m": "MetaCLIP-400M", "metaclip_2pt5b": "MetaCLIP-2.5B",
    "metaclip2_worldwide": "MetaCLIP 2", "webli": "WebLI", "jft": "JFT-300M", "ig1b": "Instagram-1B",
    "yfcc100m": "YFCC-100M", "yfcc15m": "YFCC-15M", "cc12m": "CC-12M", "merged2b": "Merged-2B", "m30m": "Merged-30M",
    "m38m": "Merged-38M", "sa1b": "SA-1B", "sat493m": "SAT-493M", "swag": "3.6 billion public photos",
}  # fmt: skip
HOW = {  # by the first that a tag fits
    r"fcmae|(^|_)mae|mim_|ijepa": "self-supervised, masked", r"lvd|dino|sat493m|seer": "self-supervised",
    r"clip|laion|openai|datacomp|webli|dfn|merged2b|yfcc15m|cc12m|pali": "with text", r"swag|wsl": "weakly supervised",
    r"ssl_|ns_jft": "semi-supervised", r"dist|ssld": "distilled", r"(^|_)pt$|radio|qwen|gemma|deepseek|florence":
    "as its card says",
}  # fmt: skip
FAMILIES = {
    "transformer": "vision_transformer eva deit swin_transformer swin_transformer_v2 swin_transformer_v2_cr beit cait "
    "crossvit xcit volo naflexvit vision_transformer_relpos vision_transformer_sam twins tnt pit mvitv2 hiera "
    "hieradet_sam2 davit gcvit nest pvt_v2 focalnet qwen3_vit gemma4_vit deepseek_vit",
    "hybrid": "maxxvit coat convit levit visformer vision_transformer_hybrid vitamin iformer nextvit byoanet "
    "metaformer edgenext efficientformer efficientformer_v2 tiny_vit",
    "mixer": "mlp_mixer convmixer sequencer",
    "mobile": "mobilenetv3 mobilevit ghostnet repghost hardcorenas fastvit repvit lcnetv2 mobilenetv5 shvit starnet "
    "swiftformer efficientvit_mit efficientvit_msra efficientvim fasternet lowformer cpubone",
}
REMADE = ("googlenet", "inception_v3")  # torchvision's builder turns ImageNet's pixels into -1..1 for these


def torchvision_rows() -> Iterator[list[Any]]:
    for name in list_models(module=torchvision.models):
        yield torchvision_row(name)


def torchvision_row(name: str) -> list[Any]:
    sets = list(get_model_weights(name))
    with unfilled():
        blocks = cut(torchvision_network(name))
    versions = sum(one.name in ("IMAGENET1K_V1", "IMAGENET1K_V2") for one in sets)
    size = sets[0].transforms().crop_size[0]
    least, features = reads(blocks, size)
    return [
        name, title_of(name), family_of(name), size, least, features, any(map(has_norm, blocks.values())),
        counts(blocks), {}, [torchvision_weights(one, versions) for one in sets if one.name != "IMAGENET1K_FEATURES"],
    ]  # fmt: skip


def torchvision_weights(one: Any, versions: int) -> list[Any]:
    """The file's size is told there in rounded MiB."""
    meta, prepared = one.meta, one.transforms()
    name, title = named(one.name, versions)
    swag = "SWAG" in one.name
    return [
        name, title, one.url, round(meta["_file_size"] * MIB),
        pixels_of(one, prepared), prepared.crop_size[0],
        SWAG if swag else IMAGENET, "weakly supervised" if swag else "supervised",
        "CC BY-NC 4.0" if swag else "BSD-3", f"{meta['_metrics']['ImageNet-1K']['acc@1']:.1f} % of ImageNet-1k",
    ]  # fmt: skip


def pixels_of(one: Any, prepared: Any) -> list[Any]:
    crop = round(prepared.crop_size[0] / prepared.resize_size[0], 6)
    remade = any(f"/{name}" in one.url for name in REMADE)
    mean, std = ([0.5] * 3, [0.5] * 3) if remade else (prepared.mean, prepared.std)
    return [mean, std, prepared.interpolation.value, crop]


def named(theirs: str, versions: int) -> tuple[str, str]:
    """Name and title; "imagenet" is torchvision's first version."""
    short = theirs.removeprefix("IMAGENET1K_")
    if short.startswith("SWAG"):
        kind = "end to end" if "E2E" in short else "linear"
        return short.removesuffix("_V1").lower(), f"SWAG, {kind}"
    version = int(short.removeprefix("V"))
    return (
        "imagenet" if version == 1 else f"imagenet_v{version}"
    ), "ImageNet" if versions == 1 else f"ImageNet V{version}"


def title_of(name: str) -> str:
    """ "efficientnet_v2_s" -> "EfficientNet-V2-S"."""
    brand = max((one for one in BRANDS if name.startswith(one)), key=len)
    rest = name.removeprefix(brand).strip("_")
    if brand == "vit":
        return f"{BRANDS[brand]}-{rest.replace('_', '/').upper()}"
    rest = rest if brand in ("resnext", "wide_resnet") else re.sub(r"(\d)_(\d)", r"\1.\2", rest)
    words = [_spelt(word) for word in rest.split("_") if word]
    versioned = rest[:1].isdigit() and "." in rest
    return f"{BRANDS[brand]} {rest}" if versioned else "-".join([BRANDS[brand], *words])


def _spelt(word: str) -> str:
    return word if re.match(r"\d+x", word) else word.capitalize() if len(word) > 2 and word.isalpha() else word.upper()


def family_of(name: str) -> str:
    for start, family in (("vit", "transformer"), ("swin", "transformer"), ("maxvit", "hybrid")):
        if name.startswith(start):
            return family
    return "mobile" if re.match("mobilenet|mnasnet|shufflenet|squeezenet", name) else "convolutional"


def has_norm(block: nn.Module) -> bool:
    return any(True for _ in batch_norms(block))


def counts(blocks: Blocks) -> list[tuple[str, int]]:
    return [(name, sum(parameter.numel() for parameter in block.parameters())) for name, block in blocks.items()]


def reads(blocks: Blocks, size: int, fixed: bool = False) -> tuple[int, int]:
    """The fewest pixels on a side it reads, 0 where it reads no other size, and the length of its features."""
    model = Backbone(blocks, 1, None).to("meta").eval()
    features = width(model, size)
    if fixed or not features or width(model, size + ODD) != features:
        return 0, features
    return next((side for side in SIDES if side <= size and width(model, side) == features), 0), features


def width(model: Backbone, side: int) -> int:
    """Of the features of images of this side; 0 where it does not read them."""
    try:
        return model.embed(torch.empty(2, 3, side, side, device="meta")).shape[1]
    except (RuntimeError, AssertionError, ValueError, IndexError, TypeError):
        return 0


# timm


def timm_rows() -> Iterator[list[Any]]:
    for name in timm.list_models():
        if row := timm_row(name):
            yield row


def timm_row(name: str) -> list[Any] | None:
    """None of a network that gives no features of images of its own size alone."""
    sets = [timm.models.get_pretrained_cfg(one) for one in timm.list_models(f"{name}.*", pretrained=True)]
    usual = timm.models.get_pretrained_cfg(name)
    options, blocks = timm_blocks(name)
    size = usual.input_size[1]
    found = blocks and reads(blocks, size, usual.fixed_input_size and not options)
    if not found or not found[1]:
        return None
    least, features = found
    counted = counts(blocks)
    parameters = sum(count for _, count in counted)
    return [
        TIMM + name, name, timm_family(name), size, least, features, any(map(has_norm, blocks.values())), counted,
        options, [timm_weights(one, parameters, features, 0 if least else size) for one in sets],
    ]  # fmt: skip


def timm_blocks(name: str) -> tuple[dict[str, bool], Any]:
    """Transformers that resample their positions are told to."""
    for options in ({"dynamic_img_size": True, "dynamic_img_pad": True}, {"dynamic_img_size": True}, {}):
        for made in (unfilled(), nullcontext()):  # some networks compute something while they are made
            try:
                with made:
                    return options, in_blocks(timm.create_model(name, num_classes=0, **options))
            except (TypeError, RuntimeError):
                continue
    return {}, None


def timm_weights(one: Any, parameters: int, features: int, only: int) -> list[Any]:
    """only: the one size the network reads, 0 where it reads others. The file's size is about: four bytes of each
    parameter, the classifier's too."""
    file = 4 * (parameters + features * one.num_classes)
    licence = one.license or "not stated"
    return [
        one.tag, one.tag, timm_address(one), file, timm_pixels(one),
        only or one.input_size[1], trained_on(one.tag), how(one.tag), licence, "",
    ]  # fmt: skip


def timm_pixels(one: Any) -> list[Any]:
    """How both sides are resized stands last, where it is not the shorter one to its size and the middle cut out."""
    usual = one.crop_mode in (None, "center")
    return [one.mean, one.std, one.interpolation, one.crop_pct, *(() if usual else (one.crop_mode,))]


def timm_address(one: Any) -> str:
    if not one.hf_hub_id:
        return str(one.url)
    safe = {"open_clip_pytorch_model.bin": "open_clip_model.safetensors"}
    file = safe.get(one.hf_hub_filename, one.hf_hub_filename or "model.safetensors")
    return f"https://huggingface.co/{one.hf_hub_id}/resolve/main/{file}"


def trained_on(tag: str) -> str:
    """What the tag names, in its order; ImageNet's larger sets are called by their number of thousand classes."""
    found = re.findall("|".join(sorted(DATA, key=len, reverse=True)), tag)
    return ", then ".join(dict.fromkeys(DATA[one] for one in found)) or "not stated"


def how(tag: str) -> str:
    words = next((words for pattern, words in HOW.items() if re.search(pattern, tag)), "supervised")
    tuned = re.search(r"_ft_|_lc_", f"_{tag}_") and words != "supervised"
    return f"{words}, then supervised" if tuned else words


def timm_family(name: str) -> str:
    module = timm.models._registry._model_to_module[name]
    return next((family for family, modules in FAMILIES.items() if module in modules.split()), "convolutional")


def write(library: str, version: str, rows: list[list[Any]]) -> None:
    text = json.dumps({"library": f"{library} {version}", "networks": rows}, ensure_ascii=False, separators=(",", ":"))
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{library}.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == "__main__":
    write("torchvision", torchvision.__version__.split("+")[0], list(torchvision_rows()))
    write("timm", timm.__version__, list(timm_rows()))
