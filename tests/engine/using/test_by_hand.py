"""Classes by hand: every meta-learner answers as `SavedModel.adapt` does, or refuses in a sentence; heads too."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.artifacts.saved import SavedModel
from engine.data.cutting import PLAIN
from engine.errors import Cancelled, InvalidExperiment
from engine.experiment import BackboneChoice
from engine.heads.catalog import HEADS
from engine.heads.head import Head, scores
from engine.meta.learner import MetaLearner
from engine.registry import methods
from engine.using.answering import Answering, on_backbone, open_answering
from engine.using.bins import Bins, HandedImage
from engine.using.by_hand import TaskLearner, of_run
from engine.using.predictions import stacked
from tests.engine.using.hands import CLASSES, asked, bins, image, saved

META = [kind for kind in methods() if issubclass(kind, MetaLearner) and "classification" in kind.suits]
NAMES = [kind.name for kind in META]


def learner(kind: type[MetaLearner]) -> tuple[SavedModel, TaskLearner]:
    model = saved(kind)
    found = of_run(model, HEADS[0], kind.title)
    assert isinstance(found, TaskLearner)
    return model, found


def adapted(model: SavedModel, shown: Bins, images: list[HandedImage]) -> np.ndarray:
    met = model.adapt(stacked([one.pixels for one in shown.images]), torch.from_numpy(shown.targets))
    return met.predict(stacked([one.pixels for one in images])).numpy()


@pytest.mark.parametrize("kind", META, ids=NAMES)
def test_the_answers_are_those_of_the_saved_model_to_the_last_bit(kind: type[MetaLearner]) -> None:
    model, hand = learner(kind)
    for shown in (bins(2, 1, 3), bins(2, 2, 2), bins(1, 1, 1)):
        found = hand.answers(shown, asked())
        assert np.array_equal(found[-1], adapted(model, shown, asked()))
        assert len(found) == (hand.method.test_steps + 1 if hand.method.meets.each else 1)
        np.testing.assert_allclose(found[-1].sum(1), 1, rtol=1e-5)


@pytest.mark.parametrize("kind", META, ids=NAMES)
def test_one_more_example_costs_one_more_image(kind: type[MetaLearner]) -> None:
    _, hand = learner(kind)
    before, images = bins(2, 1, 3), asked()
    hand.answers(before, images)
    first = hand.features.computed
    again = hand.answers(before.with_images(1, [image(1, 50)]), images)
    hand.answers(before, images[:1] if not hand.together else images)
    embeds = not hand.method.meets.count
    assert first == (before.count + len(images) if embeds else 0)
    assert hand.features.computed - first == (1 if embeds else 0)
    assert again[-1].shape == (len(images), 3)


@pytest.mark.parametrize("kind", META, ids=NAMES)
def test_the_order_of_the_examples_matters_only_where_the_method_says_so(kind: type[MetaLearner]) -> None:
    _, hand = learner(kind)
    shown = bins(2, 2, 3)
    turned = Bins(tuple(type(one)(one.name, one.images[::-1]) for one in shown.bins))
    one, other = (hand.answers(each, asked())[-1] for each in (shown, turned))
    assert (not np.allclose(one, other, atol=1e-4)) <= hand.in_order


@pytest.mark.parametrize("kind", META, ids=NAMES)
def test_an_answer_depends_on_the_other_images_only_where_that_is_told(kind: type[MetaLearner]) -> None:
    _, hand = learner(kind)
    together, alone = hand.answers(bins(2, 2, 2), asked())[-1], hand.answers(bins(2, 2, 2), asked()[:1])[-1]
    assert np.allclose(together[0], alone[0], atol=1e-5) or hand.together


@pytest.mark.parametrize("kind", META, ids=NAMES)
def test_another_number_of_classes_is_met_or_refused_in_a_sentence(kind: type[MetaLearner]) -> None:
    _, hand = learner(kind)
    two = bins(2, 2)
    if hand.way is None:
        assert hand.answers(two, asked())[-1].shape == (len(asked()), 2)
        with pytest.raises(InvalidExperiment, match="One class leaves nothing"):
            hand.answers(bins(2), asked())
    else:
        with pytest.raises(InvalidExperiment, match=r"tells 3 classes apart, and 2 have examples\. Make 3\."):
            hand.answers(two, asked())
        with pytest.raises(InvalidExperiment, match="and 1 has"):
            hand.answers(bins(2), asked())
        with pytest.raises(InvalidExperiment, match="tells 3 classes apart, not 2"):
            adapted(hand.model, two, asked())


def test_a_learner_of_curves_is_refused() -> None:
    (joint,) = (kind for kind in methods() if kind.name == "joint")
    model = saved(META[0])
    odd = type(model)(
        model.experiment.model_copy(update={"backbone": BackboneChoice(name="sine_mlp")}), joint.from_values({}),
        model.network, (), model.reader,
    )  # fmt: skip
    with pytest.raises(InvalidExperiment, match="reads neither image files nor texts"):
        of_run(odd, HEADS[0], "")


@pytest.mark.parametrize("head", HEADS, ids=[head.name for head in HEADS])
def test_a_head_on_a_frozen_backbone(head: Head) -> None:
    hand = on_backbone(BackboneChoice(name="conv4"), head, None)  # type: ignore[arg-type]
    shown, images = bins(2, 1, 3), asked()
    (found,) = hand.answers(shown, images)
    with torch.no_grad():
        rows = [hand.network.embed(hand.form(stacked([one.pixels for one in some]))) for some in (shown.images, images)]
    known, queries = (each.numpy() for each in rows)
    by_itself = scores(head.tuned(known, shown.targets, 3, 0), known, shown.targets, 3, queries)
    assert found.argmax(1).tolist() == by_itself.argmax(1).tolist()
    assert hand.features.computed == shown.count + len(images)
    assert hand.form.cut == PLAIN
    assert sum(CLASSES[place] == one.truth for place, one in zip(found.argmax(1), images, strict=True)) >= 10


def test_the_nearest_mean_by_hand_of_computation() -> None:
    """Scores are minus squared distances in features that are standardised by the examples."""
    hand = open_answering(Answering(backbone=BackboneChoice(name="conv4")), None)  # type: ignore[arg-type]
    shown = bins(1, 1)
    (found,) = hand.answers(shown, [image(1, 3)])
    with torch.no_grad():
        pixels = stacked([one.pixels for one in (*shown.images, image(1, 3))])
        a, b, q = hand.network.embed(pixels.float() / 255).double().numpy()  # type: ignore[union-attr]
    half = (a - b) / 2
    variance = (2 * half**2 + 10 * (half**2).mean()) / 12
    gap = ((q - b) ** 2 / variance).sum() - ((q - a) ** 2 / variance).sum()
    assert found[0, 0] == pytest.approx(1 / (1 + np.exp(-gap)), abs=1e-4)


def test_the_same_image_in_two_places_is_computed_once_and_a_cancelled_question_ends() -> None:
    _, hand = learner(META[0])
    shown = bins(2, 2)
    hand.answers(shown, list(shown.images))
    assert hand.features.computed == 4
    with pytest.raises(Cancelled):
        hand.answers(shown, asked(), lambda: True)
    assert hand.answers(shown, []) == []
