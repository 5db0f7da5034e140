"""Protocols of papers: whose data set, who is tested, which test windows count, and what the paper reports.

Each is run as far as it is known. What differs is said in the results: the windows are ours, no epoch is picked on test
people, and where a paper leaves test windows out, figures with and without them stand beside each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bpdemo.errors import DataError, shown
from bpdemo.stmap import MIN_WINDOW_S, WINDOW_S
from bpdemo.training.predictions import Predictions
from bpdemo.training.results import Line, ProtocolResults, Published
from bpdemo.training.scoring import Edges, score_rows

Limits = tuple[tuple[float, float], tuple[float, float]]
"""Lowest and highest pressure that counts, mmHg: of the systolic, of the diastolic."""


@dataclass(frozen=True)
class Protocol:
    """How a data set is split and scored."""

    name: str
    data_set: str  # a key of `registry.LOADERS`
    folds: int | None  # by person (`folds.deal_folds`); None tests weights that were trained elsewhere on everybody
    published: tuple[Published, ...]
    remarks: tuple[str, ...]
    limits: Limits | None = None  # test windows outside are left out by the paper


_OURS = f"Ours are the windows the demo reads, {MIN_WINDOW_S:g} to {WINDOW_S:g} s long"
_HWANG_LIMITS: Limits = ((80.0, 160.0), (40.0, 100.0))
_HWANG_REMARKS = (
    f"{_OURS}; theirs are 6 s.",
    "They pick the best epoch on the test fold; ours is picked on training people set aside.",
)


def _published(whose: str, systolic: float, diastolic: float, remark: str) -> Published:
    return Published(whose=whose, systolic_mae=(systolic,) * 2, diastolic_mae=(diastolic,) * 2, remark=remark)


def _hwang(name: str, data_set: str, systolic: float, diastolic: float) -> Protocol:
    filtered = "test windows outside 80-160 / 40-100 mmHg dropped, best epoch picked on the test fold"
    published = _published("Hwang and Lee", systolic, diastolic, filtered)
    return Protocol(name, data_set, 5, (published,), _HWANG_REMARKS, _HWANG_LIMITS)


_ALL = (
    Protocol(
        "zhuang-mmse-hr",
        "mmse_hr",
        None,
        (
            Published(
                whose="Zhuang et al., Sensors 23(6), 2963, 2023",
                systolic_mae=(12.35, 12.35),
                diastolic_mae=(9.54, 9.54),  # 9.5 in the abstract
                systolic_rmse=16.55,
                diastolic_rmse=12.22,
                remark="trained on a set of their own; no mean baseline given",
            ),
        ),
        (f"{_OURS}; theirs are about 15 s.",),
    ),
    _hwang("hwang-mmse-hr", "mmse_hr", 10.19, 7.09),
    _hwang("hwang-v4v", "v4v", 13.64, 9.40),
    Protocol(
        "mcd-rppg-5fold",
        "mcd_rppg",
        5,
        (
            Published(
                whose="Egorov et al., arXiv 2508.17924, 2025: models of frames",
                systolic_mae=(13.2, 14.0),
                diastolic_mae=(7.4, 8.6),
                remark="split by person; their heart rate is off by 14 to 17 bpm",
            ),
            _published("always the mean", 13.0, 7.4, "about; one split of this set, 90 test people"),
        ),
        (f"{_OURS}; theirs are 20 s.",),
    ),
)
PROTOCOLS = {protocol.name: protocol for protocol in _ALL}


def find_protocol(name: str) -> Protocol:
    """Return a protocol by its name.

    Raises:
        DataError: `protocol_unknown`.
    """
    if name not in PROTOCOLS:
        known = ", ".join(PROTOCOLS)
        raise DataError("protocol_unknown", f"No protocol is called {shown(name)!r}.", f"Known are: {known}.")
    return PROTOCOLS[name]


def describe_run(
    protocol: Protocol, model: str, windows: Predictions, folds: Sequence[Sequence[str]], edges: Edges
) -> ProtocolResults:
    """Return the part of the results that is about the protocol.

    `windows` are the answers to all test windows, `folds` the names of the people tested in each fold.
    """
    lines = [_line("all test windows", windows, np.ones(len(windows.person), bool), edges)]
    if protocol.limits:
        low, high = np.array(protocol.limits).T
        inside = ((windows.truth >= low) & (windows.truth <= high)).all(axis=1)
        kept = " / ".join(f"{low:.0f} to {high:.0f}" for low, high in protocol.limits)
        lines.append(_line(f"test windows of {kept} mmHg", windows, inside, edges))
    return ProtocolResults(
        name=protocol.name,
        data_set=protocol.data_set,
        model=model,
        folds=[list(names) for names in folds],
        lines=lines,
        published=list(protocol.published),
        remarks=list(protocol.remarks),
    )


def _line(what: str, windows: Predictions, kept: np.ndarray, edges: Edges) -> Line:
    left = windows.select(kept)
    return Line(
        what=what,
        people=len(np.unique(left.person)),
        windows=len(left.person),
        dropped=int((~kept).sum()),
        scores=score_rows(left, edges) if len(left.person) else {},
    )
