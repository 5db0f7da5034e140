"""People whose pressures hang together with a clip's answer and with traits in a known way, without any clip."""

import numpy as np

from bpdemo.models.told import fit_told


def made_up_people(people=1000, seed=0):
    """Answers [n, 2], traits [n, 4] as `fit_told` takes them, and pressures [n, 2] that rise with all of them."""
    rng = np.random.default_rng(seed)
    female = rng.random(people) < 0.5
    age = np.clip(50 + 13 * rng.standard_normal(people), 18, 90)
    height = 172 - 12 * female + 6 * rng.standard_normal(people)
    weight = np.exp(np.log(24 * (height / 100) ** 2) + 0.15 * rng.standard_normal(people))
    base = 0.5 * (age - 50) - 4 * female + 0.3 * (weight - 68)
    pressures = np.stack([125 + base, 75 + 0.4 * base], axis=1) + (12, 8) * rng.standard_normal((people, 2))
    answers = (125, 75) + 0.4 * (pressures - (125, 75)) + (8, 5) * rng.standard_normal((people, 2))
    return answers, np.stack([age, female, height, weight], axis=1), pressures


def made_up_told():
    """Parameters fitted on such people."""
    return fit_told(*made_up_people())
