"""What age, sex, height and weight say of pressures, alone and beside a clip: one joint Gaussian (ours).

Systolic and diastolic pressure, what the clip shows, age, sex (1 female, 0 male), the logarithms of height and weight,
and how far the age is from 50, squared, of the training people are taken as jointly normal. A new person's pressures
are the conditional means given what is known; what is not known is marginalised, that is, left out of mean and
covariance, so nothing is filled in. The square is there as diastolic pressure rises up to about that age and falls
later (Franklin et al., *Hemodynamic patterns of age-related changes in blood pressure*, Circulation 96, 1997).

What the clip shows is the shape of its beat, where the model recovers one, and else the model's answers: the shape says
more beside what is told than two pressures do.
"""

from typing import Annotated, Self

import numpy as np
from numpy.typing import ArrayLike
from pydantic import BaseModel, ConfigDict, Field, model_validator

REGULARISATION = 0.2
"""Share of its variance that is added to each predictor's, as in ridge regression: people are few (ours)."""
COVERAGE = 0.9
"""Share of new people whose cuff pressure an interval is made to cover."""
_PRESSURES, _OF_TRAITS = 2, 5
"""Variables: pressures come first, those of what was told last; between them what the clip shows."""
_MIDDLE_AGE = 50.0
_FURTHEST = 4.0  # standard deviations: what is further off says as much as that, and no more
_LEAST_EIGENVALUE = 1e-3  # of the correlations: far below what complete data of people give
_SAME = 1e-9  # a spread below this, beside the mean, is rounding: nobody differs

_Variables = Annotated[tuple[float, ...], Field(min_length=_PRESSURES + _OF_TRAITS, max_length=1000)]
_Factor = Annotated[float, Field(gt=0, le=100)]
_Count = Annotated[int, Field(ge=0, le=10**9)]


class ToldParameters(BaseModel):
    """The fitted Gaussian.

    Attributes:
        people: how many it was fitted on.
        known: of how many of them age, sex, height and weight were known.
        ages: the lowest and the highest of their ages, years; None where no age was known.
        mean: of systolic, diastolic (mmHg), what the clip shows, age, sex, log(height / cm), log(weight / kg), (age -
            50)^2.
        covariance: of the same, symmetric and positive definite, regularised.
        factors: of systolic and diastolic: times the conditional standard deviation they give an interval's half-width.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="allow", allow_inf_nan=False)

    people: Annotated[int, Field(ge=1, le=10**9)]
    known: tuple[_Count, _Count, _Count, _Count]
    ages: tuple[float, float] | None
    mean: _Variables
    covariance: tuple[_Variables, ...]
    factors: tuple[_Factor, _Factor]

    @property
    def shown(self) -> int:
        """How many numbers are taken of a clip."""
        return len(self.mean) - _PRESSURES - _OF_TRAITS

    @model_validator(mode="after")
    def _positive_definite(self) -> Self:
        if {len(row) for row in self.covariance} != {len(self.mean)} or len(self.covariance) != len(self.mean):
            raise ValueError("covariance must have a row and a column for each mean")
        covariance = np.array(self.covariance)
        variance = np.diag(covariance)
        if (variance <= 0).any() or not np.allclose(covariance, covariance.T):
            raise ValueError("covariance must be symmetric with positive variances")
        spread = np.sqrt(variance)
        if np.linalg.eigvalsh(covariance / np.outer(spread, spread))[0] < _LEAST_EIGENVALUE / 100:
            raise ValueError("covariance must be positive definite")
        return self


def fit_told(
    shown: ArrayLike,
    traits: ArrayLike,
    pressures: ArrayLike,
    factors: tuple[float, float] | None = None,
    people: int | None = None,
) -> ToldParameters:
    """Return the Gaussian of training people, each a row, or as many rows as all others; NaN is not known.

    Means come from all who know a value, covariances from all who know both. Such a matrix may have eigenvalues below
    zero: those of its correlations are raised to a small positive number, and its diagonal is made 1 again. What nobody
    knows, or in which nobody differs, gets no covariance and says nothing.

    Args:
        shown: [n, F], what the clip shows of people whom its model was not fitted on.
        traits: [n, 4]: age in years, 1 for a woman and 0 for a man, height in cm, weight in kg.
        pressures: [n, 2], mmHg.
        factors: of the intervals, by `conformal_factors` from people it was not fitted on; None takes the residuals of
            these people, which are a little too small.
        people: how many there are; None for one a row.
    """
    traits, pressures = np.asarray(traits, float), np.asarray(pressures, float)
    values = np.column_stack([pressures, shown, _variables(traits)])
    known = np.isfinite(values)
    mean = np.where(known, values, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, values - mean, 0)
    together = known.T.astype(float) @ known
    covariance = centred.T @ centred / np.maximum(together, 1)
    spread = np.sqrt(np.diag(covariance))
    differs = spread > _SAME * np.maximum(np.abs(mean), 1)
    spread = np.where(differs, spread, 1.0)
    correlation = np.where(np.outer(differs, differs), covariance / np.outer(spread, spread), np.eye(len(mean)))
    covariance = _positive(correlation) * np.outer(spread, spread)
    covariance[np.diag_indices_from(covariance)] *= 1 + REGULARISATION * (np.arange(len(mean)) >= _PRESSURES)
    ages = traits[np.isfinite(traits[:, 0]), 0]
    fitted = ToldParameters(
        people=people or len(values),
        known=tuple((np.isfinite(traits).sum(axis=0) * (people or len(values)) // len(values)).tolist()),
        ages=(float(ages.min()), float(ages.max())) if len(ages) else None,
        mean=tuple(mean.tolist()),
        covariance=tuple(map(tuple, covariance.tolist())),
        factors=factors or (1.0, 1.0),
    )
    if factors is None:
        fitted = fitted.model_copy(update={"factors": conformal_factors(fitted, shown, traits, pressures)})
    return fitted


def conformal_factors(
    parameters: ToldParameters, shown: ArrayLike, traits: ArrayLike, pressures: ArrayLike
) -> tuple[float, float]:
    """Return what makes intervals hold `COVERAGE` of new people: split-conformal, with the standard deviation as scale.

    The arguments are those of `fit_told`, of people that `parameters` were not fitted on; with too few of them the
    largest error is taken. Lei et al., *Distribution-free predictive inference for regression*, JASA 113, 2018, 5.2.
    """
    scale = parameters.model_copy(update={"factors": (1.0, 1.0)})
    rows = zip(np.asarray(shown, float), np.asarray(traits, float), strict=True)
    value, deviation = np.array([predict(scale, trait, seen) for seen, trait in rows]).swapaxes(0, 1)
    errors = np.abs(np.asarray(pressures, float) - value) / deviation
    level = min(1.0, np.ceil((len(errors) + 1) * COVERAGE) / len(errors))
    systolic, diastolic = np.quantile(errors, level, axis=0, method="inverted_cdf").tolist()
    return systolic, diastolic


def predict(
    parameters: ToldParameters, traits: ArrayLike, shown: ArrayLike | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return value and half-width of the interval, mmHg, each float64 [2] for systolic and diastolic.

    Args:
        parameters: by `fit_told`.
        traits: [4] as there, NaN where not told.
        shown: [F] as there; None for the traits alone.
    """
    mean, covariance = np.array(parameters.mean), np.array(parameters.covariance)
    seen = np.full(parameters.shown, np.nan) if shown is None else shown
    given = np.concatenate([seen, _variables(np.array([traits], float))[0]])
    known = _PRESSURES + np.flatnonzero(np.isfinite(given))
    shared = covariance[known, :_PRESSURES]
    gain = np.linalg.solve(covariance[np.ix_(known, known)], shared).T
    furthest = _FURTHEST * np.sqrt(np.diag(covariance)[known])
    value = mean[:_PRESSURES] + gain @ np.clip(given[known - _PRESSURES] - mean[known], -furthest, furthest)
    variance = np.diag(covariance[:_PRESSURES, :_PRESSURES] - gain @ shared)
    return value, np.array(parameters.factors) * np.sqrt(variance)


def conditional_deviation(parameters: ToldParameters) -> np.ndarray:
    """Return the standard deviation left of both pressures, mmHg [2], where the clip and all traits are known."""
    anybody = parameters.model_copy(update={"factors": (1.0, 1.0)})
    shown = np.zeros(parameters.shown)  # what they are does not matter to it
    return predict(anybody, [_MIDDLE_AGE, 0.0, 170.0, 70.0], shown)[1]


def what_clip_shows(value: np.ndarray, shape: np.ndarray | None) -> np.ndarray:
    """Return what `fit_told` and `predict` take of a clip, [n, F]: the shape [n, S], or else the answers [n, 2]."""
    return value if shape is None else shape


def _variables(traits: np.ndarray) -> np.ndarray:
    """Return what the Gaussian takes of traits: of height and weight the logarithms, as people differ by shares."""
    return np.column_stack([traits[:, :2], np.log(traits[:, 2:]), (traits[:, 0] - _MIDDLE_AGE) ** 2])


def _positive(correlation: np.ndarray) -> np.ndarray:
    """Return a positive definite correlation matrix near one that may not be."""
    values, vectors = np.linalg.eigh(correlation)
    if values[0] >= _LEAST_EIGENVALUE:
        return correlation
    raised = vectors * np.maximum(values, _LEAST_EIGENVALUE) @ vectors.T
    size = np.sqrt(np.diag(raised))
    return raised / np.outer(size, size)
