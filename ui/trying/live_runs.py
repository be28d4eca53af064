"""What the chosen runs say of a single image in memory, for the camera."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ui.trying.answer_book import AnswerBook, Said
from ui.trying.answer_detail import told_of
from ui.trying.camera.live import Answering, LiveAnswer
from ui.trying.lot import Networks
from ui.trying.triable import Triable


def run_answers(chosen: Sequence[Triable], networks: Networks) -> Answering:
    """The same answers as to a file of the image."""

    def answer(body: Mapping[str, bytes], cancelled: Callable[[], bool]) -> LiveAnswer:
        from engine.data.files.loose import LooseImages
        from engine.using.trial import answers

        book = AnswerBook()
        with networks.held, LooseImages.held(body) as images:
            opened = networks.open(chosen, lambda _: None, cancelled)
            pairs = zip(chosen, opened, strict=True)
            book.runs = [Said(run.key, run.title, one.classes, one.words) for run, one in pairs]
            for batch in answers(opened, images, 0, cancelled):
                book.append(batch)
        told = tuple((run.title, run.best(0)) for run in book.runs)
        return LiveAnswer(told, "\n".join(dict.fromkeys(told_of(run, 0) for run in book.runs)), book.reasons[0])

    return answer
