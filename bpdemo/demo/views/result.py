"""The result at one glance: a reading, a refusal or an error - and what stands there before."""

import io
import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from matplotlib.figure import Figure
from PIL import Image

from bpdemo import figures, quality
from bpdemo.capture import Thumbnail
from bpdemo.clip import CaptureReport
from bpdemo.demo.cuff import Adjusted, tell_limits, tell_offset
from bpdemo.demo.downloads import data_url
from bpdemo.demo.server.queue import QUEUE_LENGTH
from bpdemo.demo.texts import Words
from bpdemo.demo.views.checks import tell_failed
from bpdemo.demo.views.html import attribute, card, icon, percent, picture, sketch
from bpdemo.estimate import PRESSURE_UNIT, Estimate, PressureEstimate
from bpdemo.stmap import MIN_WINDOW_S

_EVIDENCE_QUALITY = "standard"
_FRAME_SIZE = (360, 270)


def draw_pressure(estimate: Estimate, words: Words) -> Figure | None:
    """Draw the range probabilities; None for an estimate without pressures."""
    if estimate.systolic is None or estimate.diastolic is None:
        return None
    return figures.draw_ranges(estimate.systolic, estimate.diastolic, words.figures)


def empty_glance(words: Words) -> str:
    """Return what stands in the result's place before there is one."""
    body = f"<h2>{words('glance.empty_title')}</h2>{_list_of_steps(words)}{_short_disclaimer(words)}"
    return _card("empty", body, words)


def working_glance(words: Words) -> str:
    """Return what stands there while a clip is read, beneath the progress bar."""
    body = (
        f"<h2>{words('glance.working_title')}</h2><div class='bp-progress'></div><p>{words('glance.working_note')}</p>"
        f"{_list_of_steps(words)}"
    )
    return _card("working", body, words)


def cancelled_glance(words: Words) -> str:
    """Return what stands there after a cancel."""
    return _card("empty", f"<h2>{words('glance.cancelled_title')}</h2><p>{words('glance.cancelled_note')}</p>", words)


def refused_glance(words: Words, is_busy: bool) -> str:
    """Return what stands there after a request that was not served: too many were waiting, or it failed here."""
    if not is_busy:
        message, remedy = words.get("reasons.unexpected")
        return _card("error", f"<p class='bp-seen'>{message}</p><p>{remedy}</p>", words)
    told = words("page.busy", count=QUEUE_LENGTH)
    return _card("error", f"<h2>{words('glance.busy_title')}</h2><p>{told}</p>", words)


def glance(
    estimate: Estimate,
    config: Mapping[str, Any],
    words: Words,
    ranges: Figure | None = None,
    truth: str = "",
    adjusted: Adjusted | None = None,
) -> str:
    """Return the result at one glance.

    Args:
        estimate: a reading, a refusal or an error.
        config: of the weights.
        words: to say it in.
        ranges: drawn by `draw_pressure`, for a reading.
        truth: what is known to be true of an example clip.
        adjusted: a reading as the user's own cuff reading moves it.
    """
    known = f"<p class='bp-truth'><b>{words('page.example_truth')}:</b> {escape(truth)}</p>" if truth else ""
    if estimate.status != "reading":
        again = known or f"<p>{words('glance.try_again')}</p>"
        return _card(estimate.status, _no_reading(estimate, words) + again + _short_disclaimer(words), words)
    both = adjusted is not None and adjusted.plausible
    values = _pressure(estimate, words, is_raw=both) + (_adjusted(adjusted, words) if both else "")
    note = f"<p class='bp-notes'>{words('calibration.implausible')}</p>" if adjusted is not None and not both else ""
    bars = picture(figures.to_svg(ranges, "ranges"), _ranges_in_words(estimate, words)) if ranges is not None else ""
    body = (
        f"{_verdict('reading', words)}<div class='bp-values{' bp-both' if both else ''}'>"
        f"{values}{_heart_rate(estimate, words)}</div>{note}{known}{bars}"
        f"<p>{words('glance.meaning')}</p><p class='bp-small'>{tell_evidence(config, words)}</p>"
        f"<p class='bp-disclaimer'>{escape(words.disclaimer)}</p>"
    )
    return _card("reading", body, words)


def _list_of_steps(words: Words) -> str:
    steps = "".join(
        f"<li>{sketch(step)}<div><b>{escape(name)}</b><span>{escape(what)}</span></div></li>"
        for step, (name, what) in enumerate(words.get("glance.empty_steps"))
    )
    return f"<ol class='bp-list'>{steps}</ol>"


def _no_reading(estimate: Estimate, words: Words) -> str:
    """Return a refusal or an error: what was seen, what to change."""
    reasons = [words.reason(reason) for reason in estimate.reasons]
    seen = ""
    for reason in reasons:
        measured = _list(tell_measured(estimate, reason.code, words), "bp-measured")
        seen += f"<p class='bp-seen'>{escape(reason.message)}</p>{measured}"
    remedies = _list([reason.remedy for reason in reasons])
    heart_rate = ""
    if estimate.heart_rate is not None:
        heart_rate = (
            f"<p>{words('glance.heart_rate_without_pressure')}</p>"
            f"<div class='bp-values'>{_heart_rate(estimate, words)}</div>"
        )
    told = (
        f"<div><h3>{words('glance.what_was_seen')}</h3>{seen}"
        f"<h3>{words('glance.what_to_change')}</h3>{remedies}{heart_rate}</div>"
    )
    frame = _frame(estimate.thumbnails[len(estimate.thumbnails) // 2], words) if estimate.thumbnails else ""
    return f"{_verdict(estimate.status, words)}<div class='bp-told'>{told}{frame}</div>"


def tell_measured(estimate: Estimate, code: str, words: Words) -> list[str]:
    """Return what was measured where a reason lies in numbers, beside what is needed; nothing elsewhere."""
    window = estimate.best_window
    if code == "no_pulse" and window is not None and window.pulse is not None:
        return tell_failed(window.pulse, words)
    numbers = _numbers_behind(estimate).get(code)
    if numbers is None or not all(math.isfinite(number) for number in numbers):
        return []
    value, limit = numbers
    parts = {"value": value, "limit": limit}
    if code in ("no_face", "face_lost", "clipped", "too_much_motion", "light_flicker"):
        parts = {name: percent(number) for name, number in parts.items()}
    key = code
    if code == "too_bright" and value <= limit:  # it was the other limit
        key, face = "clipped", estimate.capture["face"]
        parts = {"value": percent(face["clipped"]), "limit": percent(quality.MAX_CLIPPED)}
    return [words(f"glance.seen.{key}", **parts)]


def _numbers_behind(estimate: Estimate) -> dict[str, tuple[float, float]]:
    """Return what was measured and the limit it is held against, by the reason's code."""
    numbers: dict[str, tuple[float, float]] = {}
    if estimate.capture is not None:
        capture, face = estimate.capture, estimate.capture["face"]
        numbers = {
            "no_face": (face["seen"], quality.MIN_SEEN),
            "too_short": (capture["duration_s"], MIN_WINDOW_S),
            "frame_rate_low": (capture["frame_rate_hz"], quality.MIN_FRAME_RATE_HZ),
        }
        if face["seen"] < quality.MIN_MEASURED:
            numbers["face_lost"] = (face["seen"], quality.MIN_MEASURED)
        if face["seen"]:
            numbers |= {
                "too_dark": (face["luma"], quality.MIN_LUMA),
                "too_bright": (face["luma"], quality.MAX_LUMA),
                "too_much_motion": (face["motion_per_second"], quality.MAX_MOTION_PER_SECOND),
                "face_turned": (face["turn_degrees"], quality.MAX_TURN_DEGREES),
                "face_too_small": (face["width_pixels"], quality.MIN_FACE_PIXELS),
            }
    window = estimate.best_window
    if window is not None and window.pulse is not None:
        light, shape = quality.check_reading(window.pulse)
        numbers["light_flicker"] = (light.value, light.high)
        if not shape.passed:
            numbers["weak_pulse"] = (shape.value, shape.low)
        if estimate.capture is not None:
            coding = quality.check_coding(window.pulse, CaptureReport.from_dict(estimate.capture))
            numbers["too_compressed"] = (coding.value, coding.low)
    return numbers


def _list(lines: Sequence[str], kind: str = "") -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<ul class='{kind}'>{items}</ul>" if items else ""


def _frame(thumbnail: Thumbnail, words: Words) -> str:
    """Return a frame of the clip as it was seen."""
    frame = Image.fromarray(thumbnail.image)
    frame.thumbnail(_FRAME_SIZE)
    buffer = io.BytesIO()
    frame.save(buffer, "JPEG", quality=85)
    alt = attribute(words("glance.frame", time_s=thumbnail.time_s))
    return f"<img class='bp-frame' alt='{alt}' src='{data_url(buffer.getvalue(), 'image/jpeg')}'>"


def _verdict(status: str, words: Words) -> str:
    return f"<h2 class='bp-verdict'>{icon(status)}{words(f'glance.{status}')}</h2>"


def _pressure(estimate: Estimate, words: Words, *, is_raw: bool) -> str:
    """Return both pressures in large type with their intervals."""
    systolic, diastolic = estimate.systolic, estimate.diastolic
    interval = words(
        "glance.interval_values",
        systolic_low=systolic.interval[0],
        systolic_high=systolic.interval[1],
        diastolic_low=diastolic.interval[0],
        diastolic_high=diastolic.interval[1],
    )
    coverage = words("glance.interval", coverage=percent(systolic.coverage))
    under = f"<b>{interval}</b> {PRESSURE_UNIT} <span class='bp-quiet'>{coverage}</span>"
    label = words("glance.raw_pressure" if is_raw else "glance.pressure")
    return _value(label, _pair(systolic.value, diastolic.value), under)


def _adjusted(adjusted: Adjusted, words: Words) -> str:
    """Return the pressures as the user's own cuff reading moves them, marked as such."""
    return _value(
        words("calibration.adjusted"),
        _pair(adjusted.systolic, adjusted.diastolic),
        f"{tell_offset(adjusted, words)}<br>{tell_limits(adjusted, words)}",
        "bp-adjusted",
    )


def _heart_rate(estimate: Estimate, words: Words) -> str:
    if estimate.heart_rate is None:
        return ""
    return _value(
        words("glance.heart_rate"),
        f"{estimate.heart_rate.value:.1f}<small>bpm</small>",
        words("glance.snr", snr=estimate.heart_rate.snr_db),
        "bp-second",
    )


def _pair(systolic: float, diastolic: float) -> str:
    return f"{systolic:.0f}<i>/</i>{diastolic:.0f}<small>{PRESSURE_UNIT}</small>"


def _value(label: str, number: str, under: str, extra: str = "") -> str:
    """Return one value: its name above, what is to be known of it beneath; all HTML."""
    return (
        f"<div class='bp-value {extra}'><span class='bp-label'>{label}</span>"
        f"<span class='bp-number'>{number}</span><span class='bp-under'>{under}</span></div>"
    )


def _ranges_in_words(estimate: Estimate, words: Words) -> str:
    """Return what the bars show, for whoever cannot see them."""
    pressures = {
        name: _range_in_words(words.figures[name], getattr(estimate, name), words) for name in ("systolic", "diastolic")
    }
    return words("glance.ranges", **pressures)


def _range_in_words(name: str, pressure: PressureEstimate, words: Words) -> str:
    likeliest = max(pressure.ranges, key=lambda part: part.probability)
    return words(
        "glance.ranges_of",
        name=name,
        low=likeliest.low,
        high=likeliest.high,
        probability=percent(likeliest.probability),
        value=pressure.value,
        interval_low=pressure.interval[0],
        interval_high=pressure.interval[1],
        baseline=pressure.baseline.value,
    )


def tell_evidence(config: Mapping[str, Any], words: Words) -> str:
    """Return what the weights' own figures say, in one sentence, the baseline beside it."""
    trained = config["training"]
    means = {f"{name}_mean": f"{trained[name]['mean']:.0f}" for name in ("systolic", "diastolic")}
    try:
        validation = config["validation"]
        figures_of = validation["qualities"][_EVIDENCE_QUALITY]
        said = {
            f"{name}_{short}": f"{figures_of[name][key]:.1f}"
            for name in ("systolic", "diastolic")
            for short, key in (("mae", "mae"), ("baseline", "baseline_mae"))
        }
        return words("glance.evidence", people=int(validation["people"]), **means, **said)
    except (KeyError, TypeError, ValueError):  # other people's weights may bring other figures
        errors = {
            f"{name}_baseline": f"{trained[name]['mean_absolute_error']:.1f}" for name in ("systolic", "diastolic")
        }
        return words("glance.baseline_only", **means, **errors)


def _card(state: str, body: str, words: Words) -> str:
    return card(state, body, words, words("glance.result"))


def _short_disclaimer(words: Words) -> str:
    return f"<p class='bp-disclaimer'>{words('page.short_disclaimer')}</p>"
