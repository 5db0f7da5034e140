"""The figures of one pressure: how far answers are from the truth, typed."""

from pydantic import BaseModel, ConfigDict, Field

Interval = tuple[float, float]


class Figures(BaseModel):
    """Base of all results. Optional fields that were never set do not appear in the JSON form."""

    model_config = ConfigDict(populate_by_name=True, extra="ignore")


class Bootstrap(Figures):
    """95 % intervals (low, high) over people; `gain` is paired: the same people are drawn for both sides."""

    mae: Interval
    r: Interval
    gain: Interval
    calibration_slope: Interval
    coverage: Interval | None = None


class RangeErrors(Figures):
    """Errors in one range of the true pressure, mmHg; None where they are withheld (see `metrics.MIN_PEOPLE`)."""

    low: float = Field(alias="from")
    high: float = Field(alias="to")
    people: int
    mae: float | None
    mean_error: float | None
    baseline_mae: float | None
    coverage: float | None = None


class Verdicts(Figures):
    """What the numerical limits of the standards say: passed or not, and grades from A to D."""

    aami: bool
    bhs: str
    ieee_1708: str


class Comparison(Figures):
    """The network, or it with told traits, beside another model: the same people, quality and repetitions."""

    splits: int  # repetitions of the folds that both were fitted on
    mae: float  # of the other model
    network_mae: float
    gain: float  # mae - network_mae, person by person; above 0 the network is better
    gain_interval: Interval | None  # 95 %, people resampled in pairs


class Scores(Figures):
    """Figures of one pressure, mmHg; error = predicted - truth. None: of too few people (see `metrics.MIN_PEOPLE`)."""

    people: int
    predictions: int
    mae: float
    rmse: float
    mean_error: float
    sd_error: float
    r: float | None  # Pearson's; 0 when either side is constant or the prediction is the baseline
    baseline_mae: float
    baseline_rmse: float
    calibration_slope: float | None  # mmHg of truth for each mmHg of answer: 1 can be taken at its word, 0 says nothing
    sd_answers: float  # standard deviation of the answers; 0 where everybody is told the same
    sd_truth: float  # of the true pressures
    own_mean_mae: float  # of always answering the mean of these very pressures: a group's level known, its ranking not
    gain: float  # baseline_mae - mae; above 0 is better than the baseline
    bootstrap: Bootstrap | None
    within: dict[str, float]  # "5", "10", "15" -> share of errors up to that
    ranges: list[RangeErrors]
    verdicts: Verdicts
    coverage: float | None = None  # share of true pressures inside their interval
    interval: float | None = None  # mean half-width
    network: Comparison | None = None  # of another model, how the network does beside it
    both: Comparison | None = None  # of told traits, how the network with them does beside them

    @property
    def falls(self) -> bool:
        """Whether this is not clearly better than the training mean: the interval of its gain reaches 0."""
        return self.bootstrap is None or self.bootstrap.gain[0] <= 0


class GroupFigures(Figures):
    """Figures of one pressure of the clips of a group; as in `Scores`."""

    mae: float
    rmse: float
    mean_error: float
    sd_error: float
    r: float | None
    baseline_mae: float
