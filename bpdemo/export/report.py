"""A result on one page of paper: an A4 PDF with the same numbers and figures as the page."""

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace, TTFFont
from matplotlib import get_data_path
from matplotlib.figure import Figure
from PIL import Image

from bpdemo import figures
from bpdemo.cuff import Adjusted
from bpdemo.errors import shown
from bpdemo.estimate import DISCLAIMER, Estimate, HeartRate
from bpdemo.reasons import like_average
from bpdemo.told import ToldEstimate
from bpdemo.weights.config import WeightsConfig
from bpdemo.wording.checks import failures, other_failures
from bpdemo.wording.cuff import adjusted_by, adjusted_limits
from bpdemo.wording.measured import capture_rows, whole_clip_lines
from bpdemo.wording.numbers import percent, percent_down
from bpdemo.wording.pressures import GUESS, at_least, evidence_sentence, intervals, moved_lines
from bpdemo.wording.told import told_rows

_TITLE = "Blood pressure from a face clip"
_FONT = "DejaVu"
_FONT_FILES = {"": "DejaVuSans.ttf", "B": "DejaVuSans-Bold.ttf"}  # matplotlib's, with letters beyond Latin-1
_BIG_PT, _HEADING_PT, _TEXT_PT, _SMALL_PT = 25, 15, 8.5, 7.5
_LINE = 1.35  # height of a line over that of its letters
_QUIET, _BOX = "#566173", "#eef1f5"
_MARGIN_MM, _LOWER_MARGIN_MM, _GUTTER_MM = 14, 8, 8
_FOOT_MM = 68  # at the lower edge, for the capture report and the weights
_TABLE = {"borders_layout": TableBordersLayout.NONE, "first_row_as_headings": False, "text_align": "L"}
_REASONS = 3
_COLUMNS = (("ranges",), ("pulse",), ("cells", "windows"))  # below the map
_MAP_SHARE = 0.62  # of the room for figures, at most


def make_report(
    estimate: Estimate,
    config: WeightsConfig,
    drawn: Mapping[str, Figure],
    adjusted: Adjusted | None = None,
    made: datetime | None = None,
) -> bytes | None:
    """Return the report as a PDF of one A4 page; None when the clip could not be opened: there is nothing to report.

    `drawn` are the figures by `draw_figures`; `made` is now unless given.
    """
    if estimate.capture is None:
        return None
    page = _Page(made or datetime.now(UTC))
    page.write_head(estimate.clip)
    if estimate.status == "reading":
        _write_values(page, estimate, adjusted)
    else:
        _write_reasons(page, estimate)
    _write_pulse(page, estimate)
    page.place_figures(drawn)
    page.set_xy(_MARGIN_MM, page.h - _FOOT_MM + 3)
    page.paragraph("Capture", bold=True)
    _write_pairs(page, capture_rows(estimate.capture))
    if estimate.weights is not None:
        origin = estimate.weights.provenance
        version = f"{estimate.weights.name}, STMap version {estimate.weights.stmap_version}"
        page.ln(2)
        weights = _shorten(shown(f"{version}; {origin.date}, commit {origin.commit[:12]}"), 120)
        page.paragraph(f"Weights: {weights}", _SMALL_PT)
        page.paragraph(evidence_sentence(config), _SMALL_PT)
    return bytes(page.output())


class _Page(FPDF):
    """An A4 page in one font. Text flows; figures share the room that is left above the foot."""

    def __init__(self, made: datetime) -> None:
        super().__init__(unit="mm", format="A4")
        self.made = made.astimezone(UTC)
        self.set_title(_TITLE)
        self.set_creator("bpdemo")
        self.set_creation_date(self.made)
        for style, file in _FONT_FILES.items():
            self.add_font(_FONT, style, Path(get_data_path(), "fonts", "ttf", file))
        self.set_margin(_MARGIN_MM)
        self.set_auto_page_break(True, _LOWER_MARGIN_MM)
        self.c_margin = 0  # text begins where figures begin
        self.set_font(_FONT, size=_TEXT_PT)
        self.add_page()

    def normalize_text(self, text: str) -> str:
        """Return text with question marks for what the font lacks: fpdf2 would log letters of a person's file name."""
        font = self.fonts[_FONT.lower()]
        known = font.cmap if isinstance(font, TTFFont) else {}
        return super().normalize_text("".join(c if c == "\n" or ord(c) in known else "?" for c in text))

    def paragraph(
        self, text: str, size: float = _TEXT_PT, *, bold: bool = False, quiet: bool = False, box: bool = False
    ) -> None:
        """Write text in lines as wide as the page."""
        with self.local_context(
            font_style="B" if bold else "", font_size_pt=size, text_color=_QUIET if quiet else None, fill_color=_BOX
        ):
            height = size * _LINE / self.k
            self.multi_cell(
                0, height, text, align="L", fill=box, padding=2 if box else 0, new_x=XPos.LMARGIN, new_y=YPos.NEXT
            )

    def write_head(self, clip: str) -> None:
        """Write the title, the clip's name and the disclaimer."""
        with self.local_context(text_color=_QUIET):
            made = f"bpdemo, {self.made:%Y-%m-%d %H:%M} UTC"
            self.cell(0, _HEADING_PT * _LINE / self.k, made, align="R", new_x=XPos.LMARGIN, new_y=YPos.TOP)
        self.paragraph(_TITLE, _HEADING_PT, bold=True)
        self.paragraph(f"Clip: {_shorten(shown(clip), 90)}", quiet=True)
        self.ln(2)
        self.paragraph(DISCLAIMER, 8, bold=True, box=True)
        self.ln(2)

    def place_figures(self, drawn: Mapping[str, Figure]) -> None:
        """Place the map across the page, the rest in columns below it, each as wide as fits above the foot."""
        top, bottom = self.y + 3, self.h - _FOOT_MM
        if "stmap" in drawn:
            ratio = _ratio(drawn["stmap"])
            width = min(self.epw, _MAP_SHARE * (bottom - top) / ratio)
            self._place(drawn["stmap"], _MARGIN_MM, top, width)
            top += width * ratio + 2
        columns = [[drawn[name] for name in names if name in drawn] for names in _COLUMNS]
        columns = [column for column in columns if column]
        for number, column in enumerate(columns):
            room = (self.epw + _GUTTER_MM) / len(columns)
            width = min(room - _GUTTER_MM, self.epw / 2, (bottom - top) / sum(map(_ratio, column)))
            y = top
            for figure in column:
                self._place(figure, _MARGIN_MM + number * room, y, width)
                y += width * _ratio(figure)

    def _place(self, figure: Figure, x: float, y: float, width: float) -> None:
        picture = Image.open(io.BytesIO(figures.to_png(figure)))
        self.image(picture.convert("RGB"), x, y, width)  # with its alpha it would be stored as two


def _ratio(figure: Figure) -> float:
    return figure.get_figheight() / figure.get_figwidth()


def _write_values(page: _Page, estimate: Estimate, adjusted: Adjusted | None) -> None:
    systolic, diastolic, heart_rate = estimate.systolic, estimate.diastolic, estimate.heart_rate
    assert systolic is not None
    assert diastolic is not None
    interval = f"{percent(systolic.coverage)} interval {intervals(systolic, diastolic)}"
    upper, lower = systolic.baseline, diastolic.baseline
    errors = f"always answering it is off by {upper.mean_absolute_error:.1f} / {lower.mean_absolute_error:.1f}"
    values = [
        ("Systolic / diastolic, mmHg", f"{systolic.value:.0f} / {diastolic.value:.0f}", interval),
        ("Training mean, mmHg", f"{upper.value:.0f} / {lower.value:.0f}", errors),
    ]
    if heart_rate is not None:
        values.insert(1, ("Heart rate, bpm", f"{heart_rate.value:.1f}", _rate_interval(heart_rate)))
    styles = (FontFace(color=_QUIET), FontFace(emphasis="B", size_pt=_BIG_PT), FontFace(size_pt=_SMALL_PT))
    with page.table(col_widths=(5, 5, 5), **_TABLE) as table:
        for cells, style in zip(zip(*values, strict=True), styles, strict=True):
            row = table.row()
            for cell in cells:
                row.cell(cell, style=style)
    page.ln(2)
    average = like_average(systolic, diastolic)
    told = [average.message if average else "", at_least(systolic, diastolic), *moved_lines(estimate)]
    if any(told):
        page.paragraph(" ".join(filter(None, told)), _SMALL_PT)
    if adjusted is not None and adjusted.plausible:
        pair = f"{adjusted.systolic:.0f} / {adjusted.diastolic:.0f}"
        page.paragraph(f"Adjusted by the user's own cuff reading, mmHg: {pair}", bold=True)
        page.paragraph(f"{adjusted_by(adjusted)}. {adjusted_limits(adjusted)}")
    else:
        page.paragraph(GUESS)
    if estimate.told is not None:
        _write_told(page, estimate, estimate.told)


def _write_told(page: _Page, estimate: Estimate, told: ToldEstimate) -> None:
    """Write what was told, and the pressures from it."""
    page.ln(1)
    page.paragraph(f"With what was told: {told.person}; mmHg and 90 % interval", bold=True)
    if rows := told_rows(estimate):
        page.set_font_size(_SMALL_PT)
        with page.table(col_widths=(5, 6, 5), line_height=_SMALL_PT * _LINE / page.k, **_TABLE) as table:
            for title, cells in rows:
                row = table.row()
                row.cell(title, style=FontFace(color=_QUIET))
                for name, (value, compared) in zip(told.pressures, cells, strict=True):
                    row.cell(f"{name} {value}{', ' if compared else ''}{compared}")
        page.set_font_size(_TEXT_PT)
    for note in told.notes:
        page.paragraph(f"{note.message} {note.remedy}", _SMALL_PT)


def _write_reasons(page: _Page, estimate: Estimate) -> None:
    if rate := estimate.heart_rate:
        page.paragraph("A pulse, but no pressures", _HEADING_PT, bold=True)
        page.paragraph(f"Heart rate, bpm: {rate.value:.1f} ({_rate_interval(rate)})", bold=True)
    else:
        page.paragraph("No reading", _HEADING_PT, bold=True)
    page.ln(1)
    for reason in estimate.reasons[:_REASONS]:
        page.paragraph(f"{reason.message} {reason.remedy}")
        numbers = failures(estimate, reason.code)
        if numbers:
            page.paragraph(" ".join(numbers), _SMALL_PT)
    if len(estimate.reasons) > _REASONS:
        page.paragraph(f"and {len(estimate.reasons) - _REASONS} more")
    if others := other_failures(estimate):
        page.paragraph(f"What failed as well: {' '.join(others)}", _SMALL_PT, quiet=True)


def _write_pulse(page: _Page, estimate: Estimate) -> None:
    """Write how probable a pulse is, and what was measured over the whole clip."""
    best, lines = estimate.best_window, whole_clip_lines(estimate)
    if best is not None and best.evidence is not None:
        lines.insert(0, f"Probability of a pulse: {percent_down(best.evidence.probability)}")
    if lines:
        page.paragraph("; ".join(lines), _SMALL_PT)


def _rate_interval(rate: HeartRate) -> str:
    low, high = rate.interval
    return f"interval {low:.1f} to {high:.1f}, SNR {rate.snr_db:.1f} dB"


def _write_pairs(page: _Page, rows: Sequence[tuple[str, str]]) -> None:
    """Write (title, text) rows in two columns."""
    half = -(-len(rows) // 2)
    quiet = FontFace(color=_QUIET)
    page.set_font_size(_SMALL_PT)
    with page.table(col_widths=(5, 6, 5, 6), line_height=_SMALL_PT * _LINE / page.k, **_TABLE) as table:
        for left, right in zip(rows[:half], [*rows[half:], ("", "")][:half], strict=True):
            row = table.row()
            for title, text in (left, right):
                row.cell(title, style=quiet)
                row.cell(text)
    page.set_font_size(_TEXT_PT)


def _shorten(text: str, length: int) -> str:
    """Return text cut to a length: a long file name leaves room for what stands below it."""
    return text if len(text) <= length else f"{text[: length - 3]}..."
