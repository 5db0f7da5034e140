"""What people tell, in training and evaluation: fitted on answers for people set aside, asked about people unseen."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bpdemo.data.person import Person
from bpdemo.models.told import ToldParameters, conditional_deviation, fit_told, predict, what_clip_shows
from bpdemo.training.dataset import pressures_of
from bpdemo.training.predictions import Predictions


def traits_of(people: Sequence[Person]) -> np.ndarray:
    """Return the traits of people (`Person.traits`), float64 [people, 4]."""
    return np.array([person.traits for person in people], dtype=np.float64).reshape(-1, 4)


def fit_told_of(answers: Predictions, people: Sequence[Person], fitted_on: Sequence[int]) -> ToldParameters | None:
    """Return the model of what people tell beside such answers; None where nothing is known of any of them.

    The answers are of people their models were not fitted on (`fit.Fitted.set_aside`). All of `fitted_on`, indices of
    `people`, say how traits and pressures hang together; of those who were not set aside, no clip was answered.
    """
    traits = traits_of(people)
    if not np.isfinite(traits[list(fitted_on)]).any():
        return None
    shown = what_clip_shows(answers.value, answers.shape)
    each = max(1, round(len(answers.person) / len(np.unique(answers.person))))  # everybody counts alike
    others = np.repeat(np.setdiff1d(fitted_on, answers.person), each)
    return fit_told(
        np.concatenate((shown, np.full((len(others), shown.shape[1]), np.nan))),
        traits[np.concatenate((answers.person, others))],
        np.concatenate((answers.truth, pressures_of(people).reshape(-1, 2)[others])),
        people=len(fitted_on),
    )


def add_told(answers: Predictions, parameters: ToldParameters | None, people: Sequence[Person]) -> Predictions:
    """Return answers with `both`, what clip and told traits say together."""
    both = np.full_like(answers.value, np.nan)
    if parameters is None:
        return replace(answers, both=both)
    traits, shown = traits_of(people)[answers.person], what_clip_shows(answers.value, answers.shape)
    for row in np.flatnonzero(np.isfinite(traits).any(axis=1)):
        both[row] = predict(parameters, traits[row], shown[row])[0]
    return replace(answers, both=both)


def answers_with_told(answers: Predictions) -> Predictions:
    """Return the answers of clip and told traits together, of those of whom any trait is known."""
    both = np.full_like(answers.value, np.nan) if answers.both is None else answers.both
    known = np.isfinite(both).all(axis=1)
    same = ("person", "quality", "truth", "split", "fold", "baseline", "clip")
    return Predictions(
        value=both[known], **{name: column[known] for name, column in answers.columns.items() if name in same}
    )


def with_half_widths(parameters: ToldParameters, half_widths: np.ndarray) -> ToldParameters:
    """Return parameters whose intervals are so wide, [2] mmHg, where clip and all traits are known; else wider."""
    systolic, diastolic = (half_widths / conditional_deviation(parameters)).tolist()
    return parameters.model_copy(update={"factors": (systolic, diastolic)})
