"""An exported folder is weights of one's own: every tensor of its network by name, and what it says of its images."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.artifacts.bookmark import write_tensors
from engine.artifacts.saved import SavedModel
from engine.artifacts.weights import build_backbone
from engine.backbones import catalog
from engine.backbones.own.bringing import keep, look
from engine.errors import StorageError
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.export.agreement import Agreement
from engine.export.job import ExportJob
from engine.export.material import material
from engine.export.opening import open_folder
from engine.export.work import write_rest
from engine.preparation.inputs import normaliser

NAMES = ("conv4", "resnet_small", "resnet18", "squeezenet1_0", "efficientnet_lite0", "timm/resnet10t")
TEXTS = ("text_transformer", "text_bilstm")


def written(name: str, folder: Path) -> tuple[Path, SavedModel]:
    """The folder of a run that never trained, and all of its export but the graph."""
    choice = BackboneChoice(name=name, image_size=64 if "conv4" not in name else None, preparation="own")
    data = DatasetChoice(name="clinc150" if name in TEXTS else "glyphs")
    experiment = Experiment(dataset=data, backbone=choice, method=MethodChoice(name="full_ft"))
    run, into = folder / "run", folder / "exported"
    run.mkdir(), into.mkdir()
    (run / "experiment.json").write_text(experiment.model_dump_json())
    network = build_backbone(choice, 3, 7)
    for value in network.buffers():
        if value.is_floating_point():
            value.add_(0.01)  # as batch norm that has seen images
    write_tensors(network.state_dict(), run / "last.safetensors")
    saved = SavedModel.open(run, experiment, ("a", "b", "c"))
    write_rest(ExportJob(run, "one", experiment), material(saved), Agreement(32, "none", 0.0, 32), into)
    return into, saved


@pytest.mark.parametrize("name", [*NAMES, *TEXTS])
def test_its_network_is_begun_with(name: str, tmp_path: Path) -> None:
    if not catalog.is_known(name):
        name = "resnet18"
    folder, saved = written(name, tmp_path)
    found = look(folder)
    assert found.network.info.name == name
    assert found.match.share == 1
    assert found.refusal == ""
    assert {row.state for row in found.match.rows} <= {"matched", "left over", "not needed"}
    kept = keep(found)
    choice = BackboneChoice(name=name, weights=kept.name, image_size=saved.experiment.backbone.image_size)
    again = build_backbone(choice, 3, 0).trunk_state()
    for key, value in saved.network.trunk_state().items():
        if "num_batches_tracked" not in key:
            assert torch.equal(value, again[key]), key
    prepared = normaliser(catalog.as_pretrained(choice))
    assert prepared.size == saved.reader.form.size
    if name not in TEXTS and prepared.channels == 3:
        assert prepared.wanted is not None
        assert saved.reader.form.wanted is not None
        assert prepared.wanted.mean == saved.reader.form.wanted.mean
        assert prepared.cut == saved.reader.form.cut


@pytest.mark.parametrize("name", NAMES[:1])
def test_edited_weights_are_told(name: str, tmp_path: Path) -> None:
    folder, _ = written(name, tmp_path)
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(StorageError, match=r"was edited: model\.safetensors"):
        look(folder)


@pytest.mark.parametrize("name", NAMES)
def test_it_answers_as_the_run(name: str, tmp_path: Path) -> None:
    if not catalog.is_known(name):
        name = "resnet18"
    folder, saved = written(name, tmp_path)
    opened = open_folder(folder)
    form = saved.reader.form
    images = torch.randint(256, (3, form.channels, form.size, form.size), dtype=torch.uint8)
    found = opened.answerer.judge(images).probabilities
    assert torch.equal(torch.from_numpy(found), saved.predict(images))
    assert opened.answerer.classes == ("a", "b", "c")
    assert "too sure" in opened.answerer.words
