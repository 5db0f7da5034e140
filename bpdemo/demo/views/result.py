"""The result in one card: a reading, a refusal or an error - and what stands there before."""

from PIL import Image

from bpdemo import figures
from bpdemo.cuff import Adjusted
from bpdemo.demo.server.queue import QUEUE_FULL
from bpdemo.demo.views.templating import jpeg_url, render, svg
from bpdemo.estimate import DISCLAIMER, Estimate
from bpdemo.reasons import like_average
from bpdemo.weights.config import WeightsConfig
from bpdemo.wording.checks import failures, other_failures
from bpdemo.wording.cuff import adjusted_by, adjusted_limits
from bpdemo.wording.pressures import MEANING, at_least, describe, evidence_sentence, intervals

_FRAME_SIZE = (360, 270)


def no_result(state: str) -> str:
    """Return the card without a result; `state` is empty, working, cancelled, busy or failed."""
    return render("no_result", state=state, queue_full=QUEUE_FULL)


def result(estimate: Estimate, config: WeightsConfig, truth: str = "", adjusted: Adjusted | None = None) -> str:
    """Return the card of a reading, a refusal or an error; `truth` is what is known of an example clip."""
    context: dict[str, object] = {"estimate": estimate, "truth": truth, "adjusted": adjusted}
    if estimate.systolic is not None and estimate.diastolic is not None:
        context |= {
            "intervals": intervals(estimate.systolic, estimate.diastolic),
            "ranges": svg(figures.draw_ranges(estimate.systolic, estimate.diastolic), "ranges"),
            "like_average": like_average(estimate.systolic, estimate.diastolic),
            "at_least": at_least(estimate.systolic, estimate.diastolic),
            "ranges_in_words": [describe("Systolic", estimate.systolic), describe("Diastolic", estimate.diastolic)],
            "meaning": MEANING,
            "evidence": evidence_sentence(config),
            "disclaimer": DISCLAIMER,
        }
        if adjusted is not None:
            context |= {"adjusted_by": adjusted_by(adjusted), "adjusted_limits": adjusted_limits(adjusted)}
        return render("result", **context)
    thumbnail = estimate.thumbnails[len(estimate.thumbnails) // 2] if estimate.thumbnails else None
    if thumbnail is not None:
        frame = Image.fromarray(thumbnail.image)
        frame.thumbnail(_FRAME_SIZE)
        context |= {"frame_s": thumbnail.time_s, "frame": jpeg_url(frame)}
    reasons = [(reason, failures(estimate, reason.code)) for reason in estimate.reasons]
    others = other_failures(estimate)
    return render("result", reasons=reasons, others=others, **({"frame": None} | context))
