"""Matching's attention, Relation's scores and target, Siamese's balanced pairs: against values worked out in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from engine.adaptation.comparing import Attention, RelationModule, class_means, maps
from engine.backbones.backbone import Backbone
from engine.backbones.nets.conv4 import build as conv4
from engine.backbones.networks import conv_block
from engine.meta.roles import MetaRun
from engine.meta.task import Task
from engine.methods.meta.matching import Matching, attended
from engine.methods.meta.relation import Relation, wanted
from engine.methods.meta.siamese import Siamese, pair_loss
from tests.engine.meta.ways import meta_gradient

TARGETS = np.array([0, 1, 1, 2])


def flat(features: int) -> Backbone:
    return Backbone({"flat": nn.Flatten()}, features, None).double()


def task(rng: np.random.Generator, features: int = 4, way: int = 3) -> Task:
    support, query = torch.tensor(TARGETS), torch.arange(way).repeat_interleave(2)
    inputs = [torch.tensor(rng.normal(size=(len(part), features))) for part in (support, query)]
    return Task(inputs[0], support, inputs[1], query, way)


def attention_by_hand(queries: np.ndarray, support: np.ndarray, way: int, temperature: float) -> np.ndarray:
    """P(class) of each query: the share of the softmax over t · cos that falls on the class's support images."""
    found = np.zeros((len(queries), way))
    for row, query in enumerate(queries):
        cosines = np.array([query @ one / np.linalg.norm(query) / np.linalg.norm(one) for one in support])
        powers = np.exp(temperature * cosines)
        for place, target in enumerate(TARGETS):
            found[row, target] += powers[place] / powers.sum()
    return found


def test_matching_is_the_attention_that_falls_on_each_class() -> None:
    given = task(np.random.default_rng(0))
    logits = attended(given.query_inputs, given.support_inputs, given.support_targets, 3, torch.tensor(7.0))
    expected = attention_by_hand(given.query_inputs.numpy(), given.support_inputs.numpy(), 3, 7.0)
    assert np.allclose(logits.exp().numpy(), expected, rtol=1e-12)
    assert np.allclose(logits.exp().sum(1).numpy(), 1.0)


def test_matching_learns_its_temperature_unless_it_is_fixed() -> None:
    given = task(np.random.default_rng(1))
    support, queries = given.support_inputs.numpy(), given.query_inputs.numpy()
    labels = np.arange(len(queries)), given.query_targets.numpy()

    def loss(logarithm: float) -> float:
        return float(-np.log(attention_by_hand(queries, support, 3, np.exp(logarithm))[labels]).mean())

    slope = (loss(np.log(10.0) + 1e-5) - loss(np.log(10.0) - 1e-5)) / 2e-5
    model, method = flat(4), Matching.from_values({})
    method.prepare(model, 3)
    meta_gradient(method, model.double(), [given])
    assert float(model.meta.temperature.logarithm.grad) == pytest.approx(slope, rel=1e-6)
    Matching.from_values({"temperature": "fixed"}).prepare(model, 3)
    assert not any(value.requires_grad for value in model.meta.parameters())


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def lstm_step(lstm: nn.Module, suffix: str, x: np.ndarray, h: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, ...]:
    """Hochreiter and Schmidhuber's cell with gates in torch's order: input, forget, candidate, output."""
    names = ("weight_ih", "bias_ih", "weight_hh", "bias_hh")
    wx, bx, wh, bh = (getattr(lstm, name + suffix).detach().numpy() for name in names)
    i, f, g, o = np.split(wx @ x + bx + wh @ h + bh, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def full_context(attention: Attention, support: np.ndarray, query: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """g of every support image and f of one query: Vinyals et al. 2016, appendix A.1 and A.2, written out."""
    size = support.shape[1]
    g, zero = support.copy(), np.zeros(size)
    for suffix, order in (("_l0", range(len(support))), ("_l0_reverse", range(len(support))[::-1])):
        h, c = zero, zero
        for place in order:
            h, c = lstm_step(attention.both_ways, suffix, support[place], h, c)
            g[place] += h
    h, c = query, zero
    for _ in range(attention.reads):
        powers = np.exp(g @ h)
        h, c = lstm_step(attention.reader, "", np.r_[query, powers @ g / powers.sum()], h, c)
        h = h + query
    return g, h


def test_full_context_embeddings_are_the_papers() -> None:
    torch.manual_seed(0)
    attention = Attention(3, 1.0, True, True, 3).double()
    rng = np.random.default_rng(4)
    support, queries = rng.normal(size=(4, 3)), rng.normal(size=(2, 3))
    found = attention.support(torch.tensor(support))
    seen = attention.query(torch.tensor(queries), found).detach().numpy()
    for own, query in zip(seen, queries, strict=True):
        g, f = full_context(attention, support, query)
        assert np.allclose(found.detach().numpy(), g, rtol=1e-12)
        assert np.allclose(own, f, rtol=1e-12)


def test_relation_takes_the_mean_maps_of_a_class_and_scores_every_pair() -> None:
    """The first convolution of maps laid on each other, written out as one convolution of the pair."""
    torch.manual_seed(1)
    module = RelationModule(2, width=3, hidden=4).double().eval()
    support, queries = torch.randn(4, 2, 3, 3).double(), torch.randn(5, 2, 3, 3).double()
    classes = class_means(support, torch.tensor(TARGETS), 3)
    assert torch.allclose(classes[1], (support[1] + support[2]) / 2)
    weight = torch.cat([module.of_support.weight, module.of_query.weight], 1)
    for row, query in enumerate(queries):
        for column, one in enumerate(classes):
            pair = nn.functional.conv2d(torch.cat([one, query])[None], weight, module.of_support.bias, padding=1)
            score = module.score(module.second(module.norm(pair).relu()).amax((2, 3)))
            assert module(classes, queries)[row, column].item() == pytest.approx(score.item(), abs=1e-12)


def test_relation_scores_are_the_same_when_every_support_image_comes_twice() -> None:
    torch.manual_seed(3)
    given, method, model = task(np.random.default_rng(6)), Relation.from_values({}), flat(4)
    method.prepare(model, 3)
    model.double()
    once = method.adapt(model, given.support_inputs, given.support_targets, 3)(given.query_inputs)
    inputs, targets = (torch.cat([part, part]) for part in (given.support_inputs, given.support_targets))
    assert torch.allclose(method.adapt(model, inputs, targets, 3)(given.query_inputs), once)


def test_relation_draws_the_right_class_to_one_and_the_others_to_zero() -> None:
    assert wanted(torch.tensor([2, 0]), 3).tolist() == [[0, 0, 1], [1, 0, 0]]
    torch.manual_seed(2)
    given, method = task(np.random.default_rng(3)), Relation.from_values({})
    model = flat(4)
    method.prepare(model, 3)
    outcome = method.query_loss(model.double().train(), given, MetaRun())
    scores = 1 / (1 + np.exp(-outcome.outputs.numpy()))
    expected = ((scores - np.eye(3)[given.query_targets.numpy()]) ** 2).mean()
    assert float(outcome.loss.detach()) == pytest.approx(expected, rel=1e-12)


def test_maps_are_taken_before_the_poolings_at_the_end() -> None:
    network = Backbone(conv4(width=8), 8, None).eval()
    assert maps(network, torch.randn(2, 1, 28, 28)).shape == (2, 8, 3, 3)
    assert maps(network, torch.randn(2, 1, 84, 84)).shape == (2, 8, 7, 7)  # ten by ten, brought down
    assert maps(flat(4), torch.randn(2, 4).double()).shape == (2, 4, 1, 1)
    whole = Backbone({"one": conv_block(1, 4)}, 4, None).eval()
    images = torch.randn(1, 1, 4, 4)
    assert torch.equal(nn.functional.max_pool2d(maps(whole, images), 2).flatten(1), whole.embed(images))


def test_both_kinds_of_siamese_pairs_count_half() -> None:
    scores = np.random.default_rng(4).normal(size=(4, 4))
    same, different = [], []
    for one in range(4):
        for other in range(one + 1, 4):
            if TARGETS[one] == TARGETS[other]:
                same.append(-np.log(1 / (1 + np.exp(-scores[one, other]))))
            else:
                different.append(-np.log(1 - 1 / (1 + np.exp(-scores[one, other]))))
    assert len(same) == 1
    assert len(different) == 5
    found = float(pair_loss(torch.tensor(scores), torch.tensor(TARGETS)))
    assert found == pytest.approx((np.mean(same) + np.mean(different)) / 2, rel=1e-12)


@pytest.mark.parametrize("decision,pick", [("nearest image", np.max), ("mean over the class", np.mean)])
def test_siamese_goes_by_the_nearest_image_or_the_mean(decision: str, pick: object) -> None:
    given, method, model = task(np.random.default_rng(5)), Siamese.from_values({"decision": decision}), flat(4)
    method.prepare(model, 3)
    model.double()
    weight, bias = model.meta.weight.detach().numpy()[0], float(model.meta.bias.detach())
    logits = method.adapt(model, given.support_inputs, given.support_targets, 3)(given.query_inputs).numpy()
    for row, query in enumerate(given.query_inputs.numpy()):
        scores = np.abs(query - given.support_inputs.numpy()) @ weight + bias
        expected = [pick(scores[k == TARGETS]) for k in range(3)]  # type: ignore[operator]
        assert np.allclose(logits[row], expected)
