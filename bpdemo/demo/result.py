"""An estimate as HTML: one glance first, then every step with its picture. No handler and no layout in here."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from matplotlib.figure import Figure

from bpdemo import figures
from bpdemo.demo import downloads, texts
from bpdemo.errors import Reason
from bpdemo.estimate import DISCLAIMER, Estimate
from bpdemo.pulse import Pulse

_EVIDENCE_QUALITY = "standard"


def draw(estimate: Estimate) -> dict[str, Figure]:
    """Draw the figures that an estimate has the data for, by name, in the order of the steps."""
    window = estimate.best_window
    drawn: dict[str, Figure] = {}
    if estimate.thumbnails:
        drawn["cells"] = figures.draw_cells(estimate.thumbnails)
    if window is not None and window.stmap.mask.any():
        drawn["stmap"] = figures.draw_stmap(window.stmap)
    if window is not None and window.slices is not None and window.slices.measured:
        drawn["slices"] = figures.draw_slices(window.slices, window.stmap.scale)
    if window is not None and window.pulse is not None:
        drawn["pulse"] = figures.draw_pulse(window.pulse, window.heart_rate)
    if len(estimate.windows) > 1:
        drawn["windows"] = figures.draw_windows(estimate.windows)
    return drawn


def draw_pressure(estimate: Estimate) -> Figure | None:
    """Draw the range probabilities; None for an estimate without pressures."""
    if estimate.systolic is None or estimate.diastolic is None:
        return None
    return figures.draw_ranges(estimate.systolic, estimate.diastolic)


def empty_glance() -> str:
    """Return what stands in the result's place before there is one."""
    steps = "".join(f"<li><b>{escape(name)}</b><span>{escape(what)}</span></li>" for name, what in texts.EMPTY_STEPS)
    return _card("empty", f"<h2>{texts.EMPTY_TITLE}</h2><ol class='bp-list'>{steps}</ol>{_short_disclaimer()}")


def working_glance() -> str:
    """Return what stands there while a clip is read, beneath the progress bar."""
    return _card("working", f"<h2>{texts.WORKING_TITLE}</h2><p>{texts.WORKING_NOTE}</p>")


def cancelled_glance() -> str:
    """Return what stands there after a cancel."""
    return _card("empty", f"<h2>{texts.CANCELLED_TITLE}</h2><p>{texts.CANCELLED_NOTE}</p>")


def glance(estimate: Estimate, config: Mapping[str, Any], ranges: Figure | None = None, truth: str = "") -> str:
    """Return the result at one glance.

    Args:
        estimate: a reading, a refusal or an error.
        config: of the weights.
        ranges: drawn by `draw_pressure`, for a reading.
        truth: what is known to be true of an example clip.
    """
    known = f"<p class='bp-truth'><b>{texts.EXAMPLE_TRUTH}:</b> {escape(truth)}</p>" if truth else ""
    if estimate.status != "reading":
        return _card(
            estimate.status, _no_reading(estimate) + (known or f"<p>{texts.TRY_AGAIN}</p>") + _short_disclaimer()
        )
    systolic, diastolic = estimate.systolic, estimate.diastolic
    interval = texts.INTERVAL.format(
        coverage=_percent(systolic.coverage),
        systolic_low=round(systolic.interval[0]),
        systolic_high=round(systolic.interval[1]),
        diastolic_low=round(diastolic.interval[0]),
        diastolic_high=round(diastolic.interval[1]),
    )
    pressure = (
        f"<div class='bp-value'><span class='bp-label'>{texts.PRESSURE_LABEL}</span>"
        f"<span class='bp-number'>{systolic.value:.0f}<i>/</i>{diastolic.value:.0f}<small>mmHg</small></span>"
        f"<span class='bp-under'>{interval}</span></div>"
    )
    picture = _picture(figures.to_svg(ranges, "ranges"), texts.RANGES_ALT) if ranges is not None else ""
    body = (
        f"<h2 class='bp-verdict'>{texts.READING_VERDICT}</h2>"
        f"<div class='bp-values'>{pressure}{_heart_rate(estimate)}</div>{known}{picture}"
        f"<p>{texts.MEANING} {_evidence(config)}</p>"
        f"<p class='bp-disclaimer'>{escape(DISCLAIMER)}</p>"
    )
    return _card("reading", body)


def steps(estimate: Estimate, drawn: Mapping[str, Figure]) -> str:
    """Return the steps behind the result, each with a line of explanation and its picture."""
    parts = []
    if "cells" in drawn:
        with_face = any(thumbnail.landmarks is not None for thumbnail in estimate.thumbnails)
        parts.append(_step(texts.CELLS if with_face else texts.CELLS_WITHOUT_FACE, drawn["cells"], "cells"))
    if "stmap" in drawn:
        parts.append(_step(texts.STMAP, drawn["stmap"], "stmap"))
    if "slices" in drawn:
        parts.append(_step(texts.SLICES, drawn["slices"], "slices"))
    if "pulse" in drawn:
        title, line = texts.PULSE
        line = line.format(agreement=_agreement(estimate.best_window.pulse))
        parts.append(_step((title, line), drawn["pulse"], "pulse"))
    if "windows" in drawn:
        parts.append(_step(texts.WINDOWS, drawn["windows"], "windows"))
    if estimate.capture is not None:
        title, line = texts.CAPTURE
        table = _table(capture_rows(estimate.capture), caption=title)
        parts.append(_section(title, line, f"{_notes(estimate.notes)}{table}"))
    return f"<div class='bp-steps'>{''.join(parts)}</div>" if parts else ""


def files(estimate: Estimate, drawn: Mapping[str, Figure]) -> str:
    """Return the downloads as links that carry their content, so that no file of a clip is kept anywhere."""
    stem = estimate.clip.rpartition(".")[0] or estimate.clip or "clip"
    window = estimate.best_window
    links = [(texts.DOWNLOAD_JSON, f"{stem}.json", "application/json", downloads.estimate_json(estimate))]
    if "stmap" in drawn:
        content = downloads.stmap_npz(window.stmap)
        links.append((texts.DOWNLOAD_STMAP, f"{stem}.stmap.npz", "application/octet-stream", content))
    if "pulse" in drawn:
        links.append((texts.DOWNLOAD_PULSE, f"{stem}.pulse.csv", "text/csv", downloads.pulse_csv(window.pulse)))
    if drawn:
        content = downloads.figures_zip(drawn)
        links.append((texts.DOWNLOAD_FIGURES, f"{stem}.figures.zip", "application/zip", content))
    anchors = "".join(
        f"<a download='{escape(name, quote=True)}' href='{downloads.data_url(content, kind)}'>{escape(title)}</a>"
        for title, name, kind, content in links
    )
    return f"<nav class='bp-files' aria-label='{texts.DOWNLOADS}'><span>{texts.DOWNLOADS}</span>{anchors}</nav>"


def how_it_works(config: Mapping[str, Any], weights: Mapping[str, Any]) -> str:
    """Return the page's lower part: the method, and the weights with their evidence. The same for every clip."""
    coverage = _percent(config["intervals"]["coverage"])
    lines = "".join(
        f"<li>{line.format(cells=len(config['stmap']['cells']), coverage=coverage)}</li>" for line in texts.HOW_STEPS
    )
    provenance = {**weights, **weights["provenance"]}
    rows = [(title, provenance.get(key)) for key, title in texts.PROVENANCE_ROWS.items()]
    table = _table([(title, str(value)) for title, value in rows if value is not None], caption=texts.WEIGHTS_TITLE)
    statement = escape(str(weights["provenance"]["statement"]))
    return (
        f"<div class='bp-steps bp-about'>{_section(texts.HOW_TITLE, '', f'<ol>{lines}</ol><p>{texts.API_NOTE}</p>')}"
        f"{_section(texts.WEIGHTS_TITLE, statement, _evidence_table(config) + table)}</div>"
    )


def capture_rows(capture: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the capture report as (title, text) rows; what was not measured is left out."""
    face = capture["face"]
    turned = f", turned {capture['rotation_degrees']}°" if capture["rotation_degrees"] else ""
    cells = {
        "picture": f"{capture['width']} x {capture['height']} pixels{turned}",
        "duration": f"{capture['duration_s']:.1f} s",
        "frames": f"{capture['frames']}",
        "frame_rate": f"{capture['frame_rate_hz']:.1f} Hz",
        "jitter": f"{capture['jitter_ms']:.1f} ms",
        "gap": f"{1000 * capture['longest_gap_s']:.0f} ms",
        "bit_rate": f"{capture['bit_rate_kbps']:.0f} kbit/s",
        "file": f"{capture['codec']} in {capture['container'].split(',')[0]}, {capture['file_bytes'] / 1e6:.1f} MB",
        "seen": f"{_percent(face['seen'])} of the frames looked at",
    }
    if capture["frames_dropped"]:
        cells["dropped"] = f"{capture['frames_dropped']}"
    if face["seen"]:
        cells |= {
            "faces": f"{face['faces']}",
            "face_width": f"{face['width_pixels']:.0f} pixels",
            "turn": f"{face['turn_degrees']:.0f}°",
            "motion": f"{100 * face['motion_per_second']:.1f} % of the face's width a second",
            "luma": f"{face['luma']:.0f} of 255",
            "clipped": f"{100 * face['clipped']:.1f} %",
        }
    return [(title, cells[key]) for key, title in texts.CAPTURE_ROWS.items() if key in cells]


def _no_reading(estimate: Estimate) -> str:
    """Return a refusal or an error: what was seen, what to change."""
    verdict = texts.ERROR_VERDICT if estimate.status == "error" else texts.REFUSED_VERDICT
    seen = "".join(f"<p class='bp-seen'>{escape(reason.message)}</p>" for reason in estimate.reasons)
    remedies = "".join(f"<li>{escape(reason.remedy)}</li>" for reason in estimate.reasons)
    heart_rate = ""
    if estimate.heart_rate is not None:
        heart_rate = f"<p>{texts.HEART_RATE_WITHOUT_PRESSURE}</p><div class='bp-values'>{_heart_rate(estimate)}</div>"
    return f"<h2 class='bp-verdict'>{verdict}</h2>{seen}<h3>{texts.WHAT_TO_CHANGE}</h3><ul>{remedies}</ul>{heart_rate}"


def _heart_rate(estimate: Estimate) -> str:
    if estimate.heart_rate is None:
        return ""
    snr = texts.SNR.format(snr=f"{estimate.heart_rate.snr_db:.1f}")
    return (
        f"<div class='bp-value'><span class='bp-label'>{texts.HEART_RATE_LABEL}</span>"
        f"<span class='bp-number bp-second'>{estimate.heart_rate.value:.1f}<small>bpm</small></span>"
        f"<span class='bp-under'>{snr}</span></div>"
    )


def _evidence(config: Mapping[str, Any]) -> str:
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
        return texts.EVIDENCE.format(people=int(validation["people"]), **means, **said)
    except (KeyError, TypeError, ValueError):  # other people's weights may bring other figures
        errors = {
            f"{name}_baseline": f"{trained[name]['mean_absolute_error']:.1f}" for name in ("systolic", "diastolic")
        }
        return texts.BASELINE_ONLY.format(**means, **errors)


def _evidence_table(config: Mapping[str, Any]) -> str:
    """Return the validation figures as a table; nothing when the config brings none in our form."""
    try:
        rows = [
            (
                name,
                str(quality),
                f"{of[name]['mae']:.1f}",
                f"{of[name]['baseline_mae']:.1f}",
                f"{of[name]['r']:.2f}",
                _percent(of[name]["coverage"]),
            )
            for name in ("systolic", "diastolic")
            for quality, of in config["validation"]["qualities"].items()
        ]
    except (KeyError, TypeError, ValueError, AttributeError):
        return ""
    head = "".join(f"<th scope='col'>{title}</th>" for title in texts.EVIDENCE_COLUMNS)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f"<div class='bp-scroll'><table class='bp-table'><caption>{texts.EVIDENCE_CAPTION}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _agreement(pulse: Pulse) -> str:
    return texts.AGREEMENT.format(regions=f"{pulse.region_agreement:.2f}", colours=f"{pulse.colour_agreement:.2f}")


def _notes(notes: Sequence[Reason]) -> str:
    items = "".join(f"<li>{escape(note.message)} {escape(note.remedy)}</li>" for note in notes)
    return f"<div class='bp-notes'><b>{texts.NOTES}</b><ul>{items}</ul></div>" if items else ""


def _step(words: tuple[str, str], figure: Figure, name: str) -> str:
    title, line = words
    return _section(title, line, _picture(figures.to_svg(figure, name), title))


def _section(title: str, line: str, body: str) -> str:
    return f"<section class='bp-card'><h2>{title}</h2><p>{line}</p>{body}</section>"


def _picture(svg: str, words: str) -> str:
    return f"<figure role='img' aria-label='{escape(words, quote=True)}'>{svg}</figure>"


def _table(rows: Sequence[tuple[str, str]], caption: str) -> str:
    body = "".join(f"<tr><th scope='row'>{escape(title)}</th><td>{escape(text)}</td></tr>" for title, text in rows)
    return f"<table class='bp-table' aria-label='{escape(caption, quote=True)}'><tbody>{body}</tbody></table>"


def _card(state: str, body: str) -> str:
    return f"<section class='bp-card bp-{state}' role='status' data-status='{state}'>{body}</section>"


def _short_disclaimer() -> str:
    return f"<p class='bp-disclaimer'>{texts.SHORT_DISCLAIMER}</p>"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
