"""The heads there are, the simplest first. Torch-free: titles are needed before torch is loaded."""

from __future__ import annotations

from engine.heads.class_names import ClassNames
from engine.heads.cosine_classifier import CosineClassifier
from engine.heads.counted_words import CountedWords
from engine.heads.head import Head
from engine.heads.logistic import Logistic
from engine.heads.mahalanobis import Mahalanobis
from engine.heads.nearest_mean import NearestMean, NearestMeanCosine
from engine.heads.raw_pixels import RawPixels
from engine.heads.ridge import Ridge
from engine.heads.simple_shot import CentredNearestMean, PowerNearestMean
from engine.modules import hold_all

HEADS: tuple[Head, ...] = (
    NearestMean(), NearestMeanCosine(), CentredNearestMean(), PowerNearestMean(), CosineClassifier(), Logistic(),
    Ridge(), Mahalanobis(),
)  # fmt: skip
OTHERS: tuple[Head, ...] = (ClassNames(), CountedWords(), RawPixels())  # which learn from more than features, or else
_files = (type(head).__module__.rpartition(".")[2] for head in (*HEADS, *OTHERS))
hold_all("engine.heads", ["catalog", "head", *_files])
TITLES: dict[str, str] = {head.name: head.title for head in (*HEADS, *OTHERS)}
