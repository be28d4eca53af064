"""What mixtures came to, in sentences that the window and the terminal share."""

from __future__ import annotations

from collections.abc import Iterator

from engine.comparison.intervals import wilson
from engine.comparison.wording import bare_interval, count, interval_text, number
from engine.landscape.surveying import Sounding
from engine.mixtures.soup import Soup, Tasted
from engine.mixtures.wise_ft import ALPHAS, Along


def share(one: Sounding) -> str:
    """ "81.2 (78.0 to 84.1)", in percent with Wilson's interval."""
    return bare_interval(wilson(int(one.right.sum()), len(one.right)))


def along_words(found: Along) -> Iterator[str]:
    """What was chosen, what it brings and what that rests on."""
    yield "Alpha 0 is the start with its probe’s head, 1 the run’s result."
    if found.chosen is None:
        yield "There are no validation examples, so no alpha is chosen."
    else:
        gain, images = found.gain(), len(found.validation[0].right)
        above = f"{number(100 * gain.value)} points above the result ({interval_text(gain)})"
        yield (
            f"Alpha {ALPHAS[found.chosen]:g} is chosen by {count(images, 'validation examples')}; on "
            f"{count(gain.n, 'test examples')} it is {above}."
        )
    yield f"Old classes: {found.source_words.removesuffix('.')}."
    anew = (
        "those of the start and of the result at the ends; between them averaged anew on the training examples, and "
        "moved as far as these two are beside their own averages"
    )
    same = "the same at both ends, so kept"
    yield f"Batch norm’s statistics are {anew if found.averaged else same}."


def mixtures(soup: Soup) -> tuple[tuple[str, Tasted], ...]:
    return ("Greedy soup", soup.greedy), ("Uniform soup", soup.uniform), ("Ensemble of logits", soup.ensemble)


def soup_words(soup: Soup) -> Iterator[str]:
    validation, test = (
        count(n, f"{kind} examples") for n, kind in zip(soup.images, ("validation", "test"), strict=True)
    )
    yield f"Chosen by {validation}, never by the {test}."
    same = "the same in all of them, so kept"
    anew = "averaged anew on the training examples, and moved as far as those of the runs are beside their own averages"
    yield f"Batch norm’s statistics are {anew if soup.kitchen.averages else same}."
    yield f"The ensemble costs {count(len(soup.ingredients), 'passes')} for each example, a soup one."
