"""First-order MAML: the gradient at the adapted weights moves the initial ones as it is (Finn et al. 2017, 5.2).

θ ← θ - β ∇_φ L(φ, query): the derivative of φ by θ is taken to be the identity. About a third less computing; level
with MAML on easy tasks, behind it on harder ones (20-way 1-shot).
"""

from __future__ import annotations

from engine.methods.meta.gradient_based import SINUSOID, GradientBased, GradientHyperparameters


class FOMAML(GradientBased):
    name = "fomaml"
    order = 310
    title = "First-order MAML"
    idea = "MAML without second derivatives: the gradient after adapting moves the initial weights."
    paper = "Finn, Abbeel & Levine 2017, Model-Agnostic Meta-Learning, section 5.2, arXiv 1703.03400"
    Hyperparameters = GradientHyperparameters
    presets = {
        "Minutes on a laptop": {},
        "Paper's values, Omniglot 5-way": {"meta_batch": 32, "steps": 60_000},
        "Sinusoid": SINUSOID,
    }
