"""The result: a reading, a refusal or an error with its strip of pictures - and what stands there before."""

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bpdemo.demo.camera_note import CameraNote, note_words
from bpdemo.demo.files import kinds_of
from bpdemo.demo.sealed import seal
from bpdemo.demo.server.queue import QUEUE_FULL
from bpdemo.demo.views.strip import shown_pressure, shown_result, to_json
from bpdemo.demo.views.templating import render
from bpdemo.demo.views.told import beside
from bpdemo.errors import Reason
from bpdemo.estimate import Estimate
from bpdemo.models import find_model
from bpdemo.reasons import like_average
from bpdemo.regions import CELLS
from bpdemo.weights.config import WeightsConfig
from bpdemo.wording.checks import failed_rows
from bpdemo.wording.pressures import GUESS, at_least, describe, evidence_sentence, intervals

if TYPE_CHECKING:
    from bpdemo.demo.examples import Example
    from bpdemo.demo.reader import OtherReading

_TITLES = {"reading": "Reading", "pulse": "Pulse, no pressure", "refused": "No reading", "error": "Not readable"}


def no_result(state: str) -> str:
    """Return the card without a result; `state` is empty, working, cancelled, busy or failed."""
    return render("no_result", state=state, queue_full=QUEUE_FULL)


def result(
    estimate: Estimate,
    config: WeightsConfig,
    others: "Sequence[OtherReading]" = (),
    *,
    example: "tuple[int, Example] | None" = None,
    key: str = "",
    was_ready: bool = False,
    wrong: Reason | None = None,
    note: CameraNote | None = None,
) -> str:
    """Return a result.

    `others` is what other models make of the clip; `example` its number and what is known of it; `key` what the browser
    calls a visitor's clip; `was_ready` whether it was read before; `wrong` why what was told could not be used; `note`
    what the browser measured while it recorded.
    """
    level = estimate.level if estimate.level == "pulse" else estimate.status
    shown: dict[str, Any] = shown_result(estimate) | {
        "verdict": _TITLES[level],
        "reason": estimate.reasons[0].message if estimate.reasons else "",
        "id": secrets.token_hex(4),
        "key": key,
        "example": example[1].path.name if example else None,
        "number": example[0] if example else None,
        "package": seal(estimate),
    }
    shown["models"] = [
        {
            "name": other.model,
            "systolic": shown_pressure(other.systolic),
            "diastolic": shown_pressure(other.diastolic),
        }
        for other in others
    ]
    sentences: list[str] = []
    ranges: list[str] = []
    both = ""
    if estimate.systolic is not None and estimate.diastolic is not None:
        average = like_average(estimate.systolic, estimate.diastolic)
        both = intervals(estimate.systolic, estimate.diastolic)
        sentences = [average.message if average else GUESS, evidence_sentence(config)]
        ranges = [describe("Systolic", estimate.systolic), describe("Diastolic", estimate.diastolic)]
        told_of = at_least(estimate.systolic, estimate.diastolic)
        ranges += [told_of] if told_of else []
    return render(
        "result",
        estimate=estimate,
        title=_TITLES[level],
        icon=level,
        has_reading=estimate.systolic is not None,
        intervals=both,
        sentences=sentences,
        failed=failed_rows(estimate),
        truth=example[1].truth if example else "",
        was_ready=was_ready,
        note=note_words(note, estimate),
        beside=beside(estimate, wrong),
        shown=shown,
        script=to_json(shown),
        ranges_in_words=ranges,
        about_model=find_model(config.model).network.ABOUT,
        cells=len(CELLS),
        kinds=kinds_of(estimate),
    )
