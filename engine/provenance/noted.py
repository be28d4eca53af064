"""What a run says of its data and its weights beside every figure, and what it writes down for runs that start from
its own weights. Torch-free."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.backbones import catalog
from engine.backbones.info import FAR, TextForm, suits
from engine.data import lists
from engine.data.episode_splits import LearnsEpisodes, left_out_words, samplers
from engine.data.findings import Finding, in_classes, in_images
from engine.data.images import ImageSet
from engine.data.labelled_set import LabelledSet
from engine.data.shifts import changes_pixels, describe
from engine.data.sources import is_drawn
from engine.data.splits import ClassSplit
from engine.data.text_set import TextSet
from engine.errors import StorageError
from engine.events import Notice
from engine.experiment import Experiment
from engine.method import Method
from engine.provenance import left_out, read_as, seen
from engine.provenance.in_sight import chosen_by_hand
from engine.provenance.seen import Division
from engine.registry import with_method
from engine.texts.tokens import cut_share, tokens

Found = tuple[Finding, ...]
LOOKED_AT = 5000  # texts, of which it is told how many are cut
SHIFTED = 500  # texts, of which it is told whether a shift changes them


def findings(experiment: Experiment, method: Method, data: LabelledSet, split: Division, runs: Path) -> Found:
    """Copies, missing classes, skipped files, texts that are cut, and test images or classes that the weights have met
    before."""
    found = in_classes(data, split) if isinstance(split, ClassSplit) else in_images(data, split)
    return (
        *found,
        *cut_short(experiment, data),
        *unread(experiment, data),
        *met(experiment, method, data, split, runs),
    )


def cut_short(experiment: Experiment, data: LabelledSet) -> Iterator[Finding]:
    """Texts that are longer than what the network reads of one; of a large set a sample tells."""
    form, size = catalog.backbone(experiment.backbone.name).form, catalog.image_size(experiment.backbone)
    if not isinstance(data, TextSet) or not isinstance(form, TextForm):
        return
    looked = np.random.default_rng(0).permutation(len(data))[:LOOKED_AT]
    share = cut_share(form.tokenizer, data.shown(looked, experiment.dataset.shift), size)
    if share:
        words = f"{100 * share:.1f} % of the texts, after {size} word pieces"
        more = " Raise the longest text." if size < form.most else ""
        yield Finding("cut", words, f"{words[0].upper()}{words[1:]}, are cut: what comes then is not read.{more}")


def met(experiment: Experiment, method: Method, data: LabelledSet, split: Division, runs: Path) -> list[Finding]:
    """Test images or classes that the weights have met before, and images by which they may have been chosen."""
    before = seen.past_of(experiment, method, runs)
    if isinstance(split, ClassSplit):
        return seen.met_in_classes(before, data, split.test)
    return [
        *seen.met_in_images(before, data, split.classes, split.test),
        *(chosen_by_hand(experiment.backbone, data, split.test, runs) if method.uses_pretrained else []),
    ]


def write_down(experiment: Experiment, method: Method, data: LabelledSet, split: Division, directory: Path) -> None:
    """What the run's weights will have met and which files were left out, into its folder. Raises `StorageError`."""
    after = seen.after(seen.past_of(experiment, method, directory.parent), experiment, method, data, split)
    keep_left_out(data, directory)
    with in_run_folder(directory):
        seen.write(after, directory)


def unread(experiment: Experiment, data: LabelledSet) -> Iterator[Finding]:
    """Shifts of texts that change nothing of what the network reads, such as capitals where it knows none; a sample
    tells."""
    form, size = catalog.backbone(experiment.backbone.name).form, catalog.image_size(experiment.backbone)
    if not isinstance(data, TextSet) or not isinstance(form, TextForm):
        return
    choice, looked = experiment.dataset, np.random.default_rng(0).permutation(len(data))[:SHIFTED]
    for shift in dict.fromkeys(filter(changes_pixels, (choice.shift, *choice.tested_on))):
        plain, shifted = (tokens(form.tokenizer, data.shown(looked, one), size) for one in (None, shift))
        if np.array_equal(plain, shifted):
            yield Finding("", "", f"{describe(shift)} changes nothing of what the network reads of these texts.")


def keep_left_out(data: LabelledSet, directory: Path, *others: LabelledSet) -> None:
    """The names of all files that were left out and how the others were read, into the run's folder; and the list of
    those, once for all runs that had the same. others: further sets that the run has images of. Raises `StorageError`.
    """
    further = {one.fingerprint: one for one in others if one.fingerprint != data.fingerprint}.values()
    theirs = [replace(one, path=f"{of.title}: {one.path}") for of in further for one in of.skipped]
    with in_run_folder(directory):
        left_out.write([*data.skipped, *theirs], directory)
        read_as.write(data, directory)
        for one in (data, *further):
            lists.keep(one)


@contextmanager
def in_run_folder(directory: Path) -> Iterator[None]:
    """What is written there; raises `StorageError` where it cannot be."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"The run's folder {directory} cannot be written.", "Free some disk space or choose another workspace."
        ) from error


def notices(found: Iterable[Finding]) -> Iterator[Notice]:
    return (Notice(one.sentence, "warning") for one in found)


def warnings(experiment: Experiment, runs: Path) -> list[str]:
    """What the weights have met before, whether the images suit the network, and which classes are too small for an
    episode, as sentences before a run starts; reads the data if they are not in memory. Raises `ExperimentError`
    where they cannot be read or divided."""
    if is_drawn(experiment.dataset):
        return []
    experiment, method = with_method(experiment)
    data, split = seen.divided(experiment)
    small = ""
    if isinstance(split, ClassSplit):
        assert isinstance(method, LearnsEpisodes)
        small = left_out_words(data, samplers(data, experiment.dataset, method.episodes))
    said = [
        *misfit(experiment, data),
        *loses(experiment, method, runs),
        *(one.sentence for one in met(experiment, method, data, split, runs)),
    ]
    return [*said, f"{small}."] if small else said


def loses(experiment: Experiment, method: Method, runs: Path) -> Iterator[str]:
    """ "The head of these weights, which tells 5 classes apart, is replaced: …"; nothing where the trunk stays as it
    is, so that the old head still fits."""
    choice = experiment.backbone
    if choice.head == "kept" or not choice.weights.startswith(seen.RUN) or not isinstance(method, seen.TrainsBlocks):
        return
    if not method.uses_pretrained or seen.trains_head_alone(experiment, method):
        return
    classes = seen.past(choice.model_copy(update={"head": "kept"}), runs).classes
    if classes:
        yield (
            f"The head of these weights, which tells {len(classes)} classes apart, is replaced: expect these to be "
            "forgotten. L2-SP, LoRA, a smaller rate, or mixing with the start afterwards (WiSE-FT) keep more of them."
        )


def misfit(experiment: Experiment, data: LabelledSet) -> Iterator[str]:
    """ "The images are 512 px in colour, and Conv-4 reads 28 px in grey: SqueezeNet 1.0 would suit them better." """
    if not isinstance(data, ImageSet):
        return
    info, side = catalog.backbone(experiment.backbone.name), min(data.typical_size)
    size = catalog.image_size(experiment.backbone)
    colour = data.channels == 3 and info.form.channels == 1
    if data.channels > 3 or not (colour or side >= FAR * size or size >= FAR * side):
        return
    others = [one for one in catalog.image_backbones() if suits(one, side, data.channels)]
    better = f": {min(others, key=lambda one: one.parameters).title} would suit them better" if others else ""
    kinds = {1: "in grey", 3: "in colour"}
    yield (
        f"The images are {side} px {kinds[data.channels]}, and {info.title} reads {size} px {kinds[info.form.channels]}"
        f"{better}."
    )
