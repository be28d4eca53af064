"""The questions of a course on transfer and meta-learning beside what answers each here: a study, or an experiment."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QWidget

from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.studies.study import study_preset
from ui.parts import Navigator
from ui.widgets.buttons import button
from ui.widgets.frame import SlimArea
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Text

TITLE = "Questions of the lectures"
INTRODUCTION = (
    "“Try it” opens the study that answers a question, or fills in New experiment. Nothing starts by itself, and how "
    "long it will take is told before."
)


@dataclass(frozen=True)
class AnsweredQuestion:
    """A question and where its answer is found. opens: the name of a study that comes with the program, or an
    experiment."""

    question: str
    answer: str
    opens: str | Experiment


def digits(method: str, **values: object) -> Experiment:
    """This method on the digits that come with the program, with Conv-4 from random weights."""
    return Experiment(
        dataset=DatasetChoice(name="digits"), backbone=BackboneChoice(name="conv4"),
        method=MethodChoice(name=method, hyperparameters=dict(values)),
    )  # fmt: skip


SINUSOIDS = Experiment(
    dataset=DatasetChoice(name="sinusoid"), backbone=BackboneChoice(name="sine_mlp"),
    method=MethodChoice(name="maml", hyperparameters={
        "shot": 5, "training_shot": 10, "query": 10, "inner_rate": 0.01, "meta_batch": 25, "steps": 2000,
        "test_steps": 10, "validate_every": 200,
    }),
)  # fmt: skip
SMALL_LANGUAGE_MODEL = Experiment(
    dataset=DatasetChoice(name="clinc150"), backbone=BackboneChoice(name="text_transformer", weights="random"),
    method=MethodChoice(name="next_word", hyperparameters={"epochs": 5}),
)  # fmt: skip
FROM_OMNIGLOT = Experiment(
    dataset=DatasetChoice(name="digits", labels_per_class=10),
    backbone=BackboneChoice(name="conv4", weights="omniglot-supervised"),
    method=MethodChoice(name="lp_ft"),
)
SECTIONS: dict[str, tuple[AnsweredQuestion, ...]] = {
    "Pretraining": (
        AnsweredQuestion(
            "What is the difference between transfer and self-supervised pretraining (DINO, puzzles, occlusion)?",
            "Transfer takes weights that were learnt with labels of something else. Under Pretraining a network is "
            "asked what images answer themselves: are these two views of one image, what was hidden, which way was it "
            "turned. What is put to it is shown before Start; its trunk is then weights like any others.",
            digits("simclr"),
        ),
        AnsweredQuestion(
            "Do you need labels to pretrain for a task that has them?",
            "The same few labels on weights that were random, pretrained without labels, and pretrained with them.",
            "do-you-need-labels",
        ),
        AnsweredQuestion(
            "Must the data to pretrain on be diverse?",
            "The same study: its arms pretrain on the target's own images or on another, larger set.",
            "do-you-need-labels",
        ),
        AnsweredQuestion(
            "Does learning without labels mean recreating the input?",
            "It may. Denoising and masking rebuild the image, and what was hidden, what was rebuilt and what is true "
            "stand beside each other while it learns.",
            digits("denoising"),
        ),
        AnsweredQuestion(
            "What are texts without labels worth (ULMFiT’s figure)?",
            "The error over labels of a network from scratch, of MiniLM, which knows English sentences, and of MiniLM "
            "after it read the target’s own texts without their labels.",
            "ulmfit",
        ),
        AnsweredQuestion(
            "How is a language model pretrained, and what does a small one know?",
            "A small transformer guesses the next word of texts, from nothing: what was begun, how it goes on and how "
            "it went on stand below each other while its perplexity falls. Masked words asks for hidden ones. Its "
            "weights then start other runs.",
            SMALL_LANGUAGE_MODEL,
        ),
        AnsweredQuestion(
            "Is a small language model worth pretraining?",
            "From scratch, after guessing hidden or next words in the target’s own texts, and in many others.",
            "small-language-model",
        ),
    ),
    "Transfer and fine-tuning": (
        AnsweredQuestion(
            "Can any large, diverse set be a source?",
            "Weights learnt on Omniglot's characters meet digits. Under Weights choose others: what a network has met, "
            "and what suits the images, is said beside each.",
            FROM_OMNIGLOT,
        ),
        AnsweredQuestion(
            "When does transfer help?",
            "Error against the number of labels, from pretrained weights and from scratch: where the lines meet, "
            "pretraining has stopped paying. “Measure” beside a data set ranks weights beforehand, and says how far "
            "such a ranking is to be trusted.",
            "error-against-size",
        ),
        AnsweredQuestion(
            "Does fine-tuning destroy what was pretrained?",
            "Full fine-tuning, a linear probe and LP-FT, tested on clean digits and on six corruptions that nobody "
            "trained on.",
            "lp-ft-out-of-distribution",
        ),
        AnsweredQuestion(
            "How are the old data and the new ones balanced: what is forgotten?",
            "Digits first, then other characters by five recipes: how well each still tells digits, by its old head "
            "and by a fresh probe. The same of your own runs: “Measure what it keeps” below weights that a run left.",
            "what-is-forgotten",
        ),
        AnsweredQuestion(
            "Does pretraining start in a better basin?",
            "Train this with two seeds, and once more from random weights with two. “Between these…” of two runs draws "
            "the loss on the way from one to the other: is there a barrier? “Look around…” draws it around one.",
            FROM_OMNIGLOT.model_copy(update={"method": MethodChoice(name="full_ft")}),
        ),
        AnsweredQuestion(
            "Several tasks at once, or transfer from one to the other?",
            "Two halves of the digits on one trunk: each alone, one after the other, both at once. What of the first "
            "is forgotten while the second is learnt, and how far their gradients disagree, is measured.",
            "multi-task-digits",
        ),
        AnsweredQuestion(
            "Which layers should learn?",
            "First, middle or last block, or the head, for changed pixels and for changed labels.",
            "which-block",
        ),
        AnsweredQuestion(
            "Can a network adapt at test time, without any label?",
            "The same study: statistics of the target and TENT stand beside no adaptation. They see the test images, "
            "and are marked for it.",
            "which-block",
        ),
    ),
    "Meta-learning": (
        AnsweredQuestion(
            "Can initial weights be learnt from which a few steps suffice?",
            "MAML on sinusoids: the curve before and after each step is drawn while it learns.",
            SINUSOIDS,
        ),
        AnsweredQuestion(
            "Does it work for reinforcement learning?",
            "A point has to find its goal by rewards: a policy learnt for it by MAML, and one of all goals pooled. "
            "The ways to four goals are drawn, before and after each step.",
            "point-mass",
        ),
        AnsweredQuestion(
            "Does what was meta-learnt hold far from where it was learnt?",
            "Land cover: tasks of regions that lie further and further from those of the training.",
            "land-cover",
        ),
    ),
}


class LecturesDialog(QDialog):
    """A page of help; beside the window, and gone once something of it is opened."""

    def __init__(self, navigator: Navigator, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(TITLE)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._navigator = navigator
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        buttons.button(QDialogButtonBox.StandardButton.Close).setIcon(QIcon())  # the style's own is black in the dark
        buttons.setContentsMargins(16, 0, 16, 0)
        self.area = SlimArea(self._page())
        self.area.setAccessibleName(TITLE)
        in_column((self.area, 1), buttons, owner=self, edges=(0, 0, 0, 12))
        room = self.screen().availableSize()
        self.resize(min(720, room.width() - 40), min(820, room.height() - 60))

    def _page(self) -> QWidget:
        page = QWidget()
        parts: list[QWidget] = [Text(INTRODUCTION, role="muted")]
        for title, answered in SECTIONS.items():
            parts.append(Text(title, "heading"))
            parts += [self._entry(one) for one in answered]
        in_column(*parts, ..., owner=page, gap=14, edges=(16, 12, 16, 12))
        return page

    def _entry(self, one: AnsweredQuestion) -> QWidget:
        box = QWidget()
        act = button("Try it", "", self._where(one), lambda: self._open(one))
        act.setAccessibleName(f"Try it: {one.question}")
        in_column(Text(one.question, bold=True), Text(one.answer), in_row(act, ...), owner=box, gap=6)
        return box

    def _where(self, one: AnsweredQuestion) -> str:
        """What the button opens, in words."""
        if isinstance(one.opens, Experiment):
            return "Fills in New experiment"
        return f"Opens the study “{study_preset(one.opens).title}”"

    def _open(self, one: AnsweredQuestion) -> None:
        if isinstance(one.opens, Experiment):
            self._navigator.open("new_experiment", one.opens)
        else:
            self._navigator.open("studies", study_preset(one.opens))
        self.accept()
