"""The result in one card: a reading, a refusal or an error - and what stands there before."""

from PIL import Image

from bpdemo import figures
from bpdemo.demo.cuff import Adjusted
from bpdemo.demo.server.queue import QUEUE_FULL
from bpdemo.demo.views.about import evidence_sentence
from bpdemo.demo.views.checks import failures, other_failures
from bpdemo.demo.views.templating import jpeg_url, percent, render, svg
from bpdemo.estimate import DISCLAIMER, Estimate, PressureEstimate
from bpdemo.reasons import like_average
from bpdemo.weights.config import WeightsConfig

MEANING = (
    "This is what a network makes of the pulse in this clip. It is not a measurement of your blood "
    "pressure: only a cuff measures that."
)
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
            "ranges_in_words": [_describe("Systolic", estimate.systolic), _describe("Diastolic", estimate.diastolic)],
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


def intervals(systolic: PressureEstimate, diastolic: PressureEstimate) -> str:
    """Return both intervals in mmHg, as in "90 to 147 / 52 to 88"."""
    return " / ".join(f"{low:.0f} to {high:.0f}" for low, high in (systolic.interval, diastolic.interval))


def at_least(systolic: PressureEstimate, diastolic: PressureEstimate) -> str:
    """Return how probable the thresholds and more are; empty where the ranges do not tell."""
    both = (("systolic", systolic.at_least), ("diastolic", diastolic.at_least))
    told = [f"of {name} {above.value:.0f} and more {percent(above.probability)}" for name, above in both if above]
    return f"Probability {', '.join(told)}." if told else ""


def adjusted_by(adjusted: Adjusted) -> str:
    """Return by how much a reading is adjusted, and since when."""
    minutes = round(adjusted.age_s / 60)
    entered = f"{minutes} min ago" if minutes else "just now"
    systolic, diastolic = adjusted.calibration.offset
    return f"{systolic:+.0f} / {diastolic:+.0f} mmHg, from the cuff reading you entered {entered}"


def adjusted_limits(adjusted: Adjusted) -> str:
    """Return what is not known of an adjusted reading."""
    is_itself = "This is your cuff reading itself: the difference is zero by construction."
    return is_itself if adjusted.is_itself else "No interval is known for it."


def _describe(name: str, pressure: PressureEstimate) -> str:
    """Return what the figure of a pressure shows, in words."""
    likeliest = pressure.likeliest_range
    low, high = pressure.interval
    ranges = (
        f"{likeliest.low:.0f} to {likeliest.high:.0f} mmHg is most likely, {percent(likeliest.probability)}; "
        if likeliest
        else ""
    )
    return (
        f"{name}: {ranges}the reading is {pressure.value:.0f}, its interval {low:.0f} to {high:.0f}, "
        f"the training mean {pressure.baseline.value:.0f}."
    )
