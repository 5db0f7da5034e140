"""An estimate as a few readable lines."""

from collections.abc import Iterator

from bpdemo.errors import shown
from bpdemo.estimate import DISCLAIMER, Estimate, PressureEstimate
from bpdemo.told import WAYS, ToldEstimate
from bpdemo.wording.verdict import reason_line, refusal_lines, verdict


def summary(result: Estimate) -> str:
    """Return the lines on one clip: pressures, heart rate, pulse, reasons with failed checks, capture, weights."""
    # A file may be called anything, a terminal's commands among it.
    lines = [f"{shown(result.clip)}: {verdict(result)}", *(f"  {line}" for line in refusal_lines(result))]

    def add(label: str, text: str) -> None:
        lines.append(f"  {label:<11}{text}")

    if result.systolic and result.diastolic:
        add("systolic", _pressure_line(result.systolic))
        add("diastolic", _pressure_line(result.diastolic))
    if result.told:
        for label, line in _told_lines(result.told):
            add(label, line)
    if rate := result.heart_rate:
        low, high = rate.interval
        add("heart rate", f"{rate.value:.1f} bpm, interval {low:.1f} to {high:.1f}, pulse SNR {rate.snr_db:.1f} dB")
    if result.best_window and result.best_window.evidence:
        add("pulse", f"probability {result.best_window.evidence.probability:.4f}")
    for label, measured in (("HRV", result.heart_rate_variability), ("breathing", result.respiration)):
        if measured and measured.reason is None:
            add(label, str(measured))
    lines += [f"  {reason_line(note)}" for note in result.notes]
    if len(result.windows) > 1:
        read = sum(window.status == "reading" for window in result.windows)
        pulses = sum(window.has_pulse for window in result.windows)
        add("windows", f"{len(result.windows)}: {read} read, {pulses} with a pulse")
    if result.capture:
        file = result.capture.file
        add(
            "capture",
            f"{file.width} x {file.height} {file.codec}, {file.frame_rate_hz:.1f} frames/s, "
            f"{file.duration_s:.1f} s, face seen {100 * result.capture.face.seen:.0f} %",
        )
    if result.pulse_weights:
        add("method", f"{result.pulse_weights.name}: {result.pulse_weights.provenance.statement}")
    if result.systolic and result.weights:
        add("weights", f"{result.weights.name}: {result.weights.provenance.statement}")
    if result.status != "error":
        lines += ["", DISCLAIMER]
    return "\n".join(lines)


def _told_lines(told: ToldEstimate) -> Iterator[tuple[str, str]]:
    """Yield label and text of what was told, and of each pressure from the clip, from what was told and from both."""
    spreads = [f"{name} {_to(pressure.neither.interval)}" for name, pressure in told.pressures.items()]
    compared = f"; the training people's own spread is {', '.join(spreads)} mmHg" if spreads else ""
    yield "told", f"{told.person}{compared}"
    for name, pressure in told.pressures.items():
        for way, words in WAYS.items():
            found = getattr(pressure, way)
            line = f"{words} {found.value:.0f} mmHg, interval {_to(found.interval)}, {pressure.narrowing(way)}"
            yield "" if way != "clip" else name, line
    for note in told.notes:
        yield "", reason_line(note)


def _to(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.0f} to {interval[1]:.0f}"


def _pressure_line(pressure: PressureEstimate) -> str:
    """Return value, interval, what ranges tell where there are any, and baseline of a pressure in one line."""
    above = pressure.at_least
    at_least = f"; {above.value:.0f} or more {100 * above.probability:.0f} %" if above else ""
    likely = pressure.likeliest_range
    ranges = f"; most likely {likely.low:.0f} to {likely.high:.0f} ({100 * likely.probability:.0f} %)" if likely else ""
    low, high = pressure.interval
    baseline = pressure.baseline
    return (
        f"{pressure.value:.0f} mmHg, {100 * pressure.coverage:.0f} % interval {low:.0f} to {high:.0f}"
        f"{ranges}{at_least}; always answering {baseline.value:.0f} is off by "
        f"{baseline.mean_absolute_error:.1f} on average"
    )
