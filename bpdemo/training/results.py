"""What an evaluation found, typed; its JSON form is what `evaluate --json` prints and `evidence.json` holds.

Pressures and errors are in mmHg, shares are 0 to 1. Aggregates only: nobody's own pressure and nobody's own answer.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field

from bpdemo.training.scores import Figures, GroupFigures, Interval, Scores
from bpdemo.weights.config import Clips, Intervals, Scatter

SCHEMA: Final = "bpdemo.evidence/2"
PRESSURES = ("systolic", "diastolic")
FILMED = "filmed"
"""The quality of windows of clips; all others are rendered."""
NETWORK, MEAN, HEART_RATE = "network", "training mean", "heart rate"
TRAITS, RECOVERED, CONTACT = "told traits", "recovered beat", "contact beat"
BOTH = f"{NETWORK} + {TRAITS}"
"""Names of the network, of the models beside it (`baselines`), and of the network with what a person tells."""

_DIGITS = 4


class Squares(Figures):
    """The Bland-Altman plot: counts [difference][mean] of answers in squares, and the low edges of the first square."""

    size: float
    mean: float
    difference: float
    counts: list[list[int]]


class Spread(Figures):
    """Standard deviation of the true pressures, mmHg: of all, and of those given nearly the same answer."""

    all: float
    same_answer: float | None


class Agreement(Figures):
    """Agreement of one pressure after Bland and Altman, Lancet 327, 1986; None as in `Scores`."""

    bias: float  # mean of predicted - truth, mmHg
    limits: Interval | None  # bias -+ 1.96 standard deviations
    slope: float | None  # of the difference on the mean of both; below 0, high pressures are answered too low
    slope_on_truth: float | None  # mmHg of answer for each mmHg of pressure: 1 is ideal, 0 is always the same answer
    bins: Squares
    spread: Spread


class ReliabilityBin(Figures):
    """Answers whose confidence lies in [low, high)."""

    low: float = Field(alias="from")
    high: float = Field(alias="to")
    confidence: float
    accuracy: float
    answers: int


class RangeAccuracy(Figures):
    """Share of answers whose range is right, and whose range is right or one beside the right one."""

    accuracy: float
    beside_accuracy: float


class Calibration(Figures):
    """How good the range probabilities of one pressure are; `commonest_range` is for always naming the commonest."""

    calibration_error: float | None = None
    reliability: list[ReliabilityBin] = Field(default_factory=list)
    range_accuracy: float | None = None
    beside_accuracy: float | None = None
    commonest_range: RangeAccuracy | None = None


class Repetition(Figures):
    """Figures of one repetition of the folds."""

    mae: float
    r: float | None
    baseline_mae: float


class NetworkScores(Scores, Calibration):
    """Scores of the network on one pressure at one capture quality; with range probabilities their calibration."""

    bland_altman: Agreement
    baseline_interval: float | None = None  # half-width of an interval of the same coverage around the training mean
    repetitions: list[Repetition]
    r_of_folds: list[list[float | None]]  # for each repetition, r of each fold


class Windows(Figures):
    """How many windows of clips were read, how many were refused, by reason code, and how many overlap one read."""

    read: int
    refused: dict[str, int]
    overlapping: int


class Group(Figures):
    """Clips that have something in common; `figures`, by pressure, are None where they are withheld."""

    people: int
    clips: int
    figures: dict[str, GroupFigures] | None


class Published(Figures):
    """What others report: errors from lowest to highest, mmHg."""

    whose: str
    systolic_mae: Interval
    diastolic_mae: Interval
    systolic_rmse: float | None = None
    diastolic_rmse: float | None = None
    remark: str


class Line(Figures):
    """Scores by pressure of a protocol's test windows: of all, or of those a published protocol keeps."""

    what: str
    people: int
    windows: int
    dropped: int  # windows that are in the test set and not in these scores
    scores: dict[str, Scores]  # empty where no window is left


class ProtocolResults(Figures):
    """An evaluation by the protocol of a paper, beside what the paper reports."""

    name: str
    data_set: str
    model: str
    folds: list[list[str]]  # names of the people tested in each; one list where nothing was fitted
    lines: list[Line]  # window by window
    published: list[Published]
    remarks: list[str]


ByQuality = dict[str, dict[str, Scores]]
"""Capture quality -> pressure -> scores."""


class Results(Figures):
    """All that an evaluation found."""

    schema_: Literal["bpdemo.evidence/2"] = Field(alias="schema")
    model: str = NETWORK  # name of the network, in `bpdemo.models.MODELS`
    start: str | None = None  # the label-free method that its members were pretrained by
    parameters: int | None = None  # of all its members
    milliseconds: float | None = None  # it takes for one window on one CPU thread (`cost.measure_cost`)
    kept: dict[str, float] = Field(default_factory=dict)  # pressure -> share of its answer, median of folds
    dataset: str  # names of the data sets, joined by "+"
    people: int
    left_out: int = 0  # people who could not be used
    seen_in_training: int = 0  # people the weights were fitted on; figures that include any are no evidence
    renderings: int = 0  # of each person in each quality
    folds: int | None = None  # by person, in each repetition; as the seeds of the repetitions, of a cross-validation
    seeds: list[int] = Field(default_factory=list)
    clips: Clips | None = None
    windows: Windows | None = None  # of these clips
    reference: str  # the capture quality whose figures are put first and from which intervals come
    splits: int  # repetitions of the folds
    edges: dict[str, list[float]]  # pressure -> edges of its ranges
    intervals: Intervals  # what they promise, and the half-widths that are shipped, mmHg
    scatter: Scatter | None = None  # of the answers to several captures of one person
    told_intervals: Intervals | None = None  # the same where a person's traits are told, too
    qualities: dict[str, dict[str, NetworkScores]]  # capture quality -> pressure -> scores
    models: dict[str, ByQuality]  # by name
    controls: dict[str, ByQuality]  # negative controls; each must fall to the training mean
    # Of clips: "window", "clip" and "person" -> pressure -> scores; and what clips have in common, as "task" -> its
    # value -> figures.
    levels: dict[str, dict[str, Scores]] = Field(default_factory=dict)
    groups: dict[str, dict[str, Group]] = Field(default_factory=dict)
    protocol: ProtocolResults | None = None
    other_data: dict[str, "Results"] = Field(default_factory=dict)  # data set -> results of the weights there

    @property
    def network(self) -> dict[str, NetworkScores]:
        """Scores of the network at the reference quality, by pressure."""
        return self.qualities[self.reference]

    @property
    def has_ranges(self) -> bool:
        """Whether the network gives range probabilities; otherwise it gives a value alone."""
        return all(scores.commonest_range is not None for scores in self.network.values())

    @property
    def name(self) -> str:
        """The network as tables show it: by its own name, and what it was pretrained by."""
        return f"{self.model}, pretrained ({self.start})" if self.start else self.model

    def title(self, name: str) -> str:
        """Return the name of a model or control as tables show it: the network goes by its own name."""
        return name.replace(NETWORK, self.name, 1) if name.startswith(NETWORK) else name

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form, its numbers of few digits: what rounding hides, nobody can measure."""
        return _rounded(self.model_dump(by_alias=True, exclude_unset=True))

    def rounded(self) -> "Results":
        """Return the same as its JSON form reads."""
        return Results.model_validate(self.to_json())


def load_results(path: str | Path) -> Results:
    """Return a results file.

    Raises:
        ValueError: it is of another schema.
    """
    return Results.model_validate_json(Path(path).read_bytes())


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return round(value, _DIGITS) if isinstance(value, float) else value
