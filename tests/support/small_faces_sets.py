"""MMSE-HR, BP4D+ and V4V as they are delivered, with arterial waves of which each beat is known."""

import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from scipy.interpolate import PchipInterpolator

FRAME_RATE_HZ = 25
_DOT = cv2.imencode(".jpg", np.full((2, 3, 3), 90, np.uint8))[1].tobytes()


@dataclass(frozen=True)
class Session:
    """A person at a task, with constant pressures; the first valley is at `lag_s`."""

    person: str
    task: str
    systolic: float = 120.0
    diastolic: float = 70.0
    rate_bpm: float = 75.0
    seconds: float = 12.0
    lag_s: float = 0.2

    @property
    def wave(self) -> np.ndarray:
        """Its arterial wave at 1000 Hz, mmHg; as many milliseconds as `seconds` has."""
        beats = int(self.seconds * self.rate_bpm / 60) + 3
        period_s = 60 / self.rate_bpm
        wave = arterial_wave([self.systolic] * beats, [self.diastolic] * beats, period_s)
        return wave[round((period_s - self.lag_s) * 1000) :][: round(self.seconds * 1000)]


Frames = Callable[[Session], Iterable[bytes]]


def three_dots(session: Session) -> Iterable[bytes]:
    """Three JPEG pictures of 3 x 2 px."""
    return [_DOT] * 3


def arterial_wave(systolic: Sequence[float], diastolic: Sequence[float], period_s: float = 0.8) -> np.ndarray:
    """A wave at 1000 Hz that rises from `diastolic[i]` to `systolic[i]` and falls, with a dicrotic notch, to the next.

    Peaks and valleys have exactly these values. It begins and ends in a valley.
    """
    count, period = len(systolic), round(period_s * 1000)
    at, level = [], []
    for i, (high, low) in enumerate(zip(systolic, diastolic, strict=True)):
        for phase, height in ((0.0, 0.0), (0.14, 1.0), (0.4, 0.42), (0.48, 0.5)):
            at.append(i * period + round(phase * period))
            level.append(low + height * (high - low))
    wave = PchipInterpolator([*at, count * period], [*level, diastolic[-1]])
    return wave(np.arange(count * period + 1))


def write_column(path: Path, values: Iterable[float]) -> Path:
    """One number a line, no header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{value:.6f}\n" for value in values))
    return path


def write_pictures(folder: Path, pictures: Iterable[bytes]) -> None:
    """Zero-padded names, and what systems leave beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures):
        (folder / f"{number:04d}.jpg").write_bytes(picture)
    for name in ("Thumbs.db", ".DS_Store", "._0000.jpg"):
        (folder / name).write_bytes(b"\0")


def write_physiology(folder: Path, session: Session, steps: bool = False) -> None:
    """The wave, and what lies beside it; `steps`: with the pressures held from beat to beat, as BP4D+ has."""
    write_column(folder / "BP_mmHg.txt", session.wave)
    write_column(folder / "Pulse Rate_BPM.txt", np.full(40, session.rate_bpm))
    write_column(folder / "Resp_Volts.txt", np.full(40, -10.0))
    if steps:
        count = round(session.seconds * 1000)
        write_column(folder / "LA Systolic BP_mmHg.txt", held(session.systolic, count))
        write_column(folder / "LA Mean BP_mmHg.txt", held((session.systolic + 2 * session.diastolic) / 3, count))
        write_column(folder / "BP Dia_mmHg.txt", held(session.diastolic, count))


def held(pressure: float, count: int) -> np.ndarray:
    """Steps that are 2 mmHg higher and lower by turns, and 0.0 for 26 samples in between."""
    steps = pressure + np.where(np.arange(count) // 800 % 2, -2.0, 2.0)
    steps[count // 2 : count // 2 + 26] = 0.0
    return steps


MMSE_HR_FIRST = ("first 10 subjects 2D", "first 10 subjects Phydata released/Phydata")
MMSE_HR_OTHERS = ("T10_T11_30Subjects", "T10_T11_30PhyBPHRData")
MMSE_HR_REARRANGED = ("video", "signal")


def write_mmse_hr(
    folder: Path, sessions: Sequence[Session], layout: tuple[str, str] = MMSE_HR_FIRST, frames: Frames = three_dots
) -> Path:
    """One of the two deliveries, or Hwang's arrangement; `frames` are a session's encoded pictures."""
    for one in sessions:
        write_pictures(folder / layout[0] / one.person / one.task, frames(one))
        write_physiology(folder / layout[1] / one.person / one.task, one)
        (folder / layout[1] / one.person / "._T1").write_bytes(b"\0")
    (folder / layout[0] / ".DS_Store").write_bytes(b"\0")
    return folder


def write_bp4d(folder: Path, sessions: Sequence[Session], frames: Frames = three_dots, unpacked: bool = False) -> Path:
    """Frames in one zip a person (or unpacked), physiology beside them."""
    for person in sorted({one.person for one in sessions}):
        own = [one for one in sessions if one.person == person]
        for one in own:
            write_physiology(folder / "Physiology" / one.person / one.task, one, steps=True)
            if unpacked:
                write_pictures(folder / "2D+3D" / one.person / one.task, frames(one))
        if not unpacked:
            (folder / "2D+3D").mkdir(parents=True, exist_ok=True)
            _pack(folder / "2D+3D" / f"{person}.zip", own, frames)
    for other in ("Thermal/F001/T1.wmv", "AUCoding/AU_OCC/F001_T1.csv", "2D+3D/Thumbs.db", "2D+3D/._F001.zip"):
        (folder / other).parent.mkdir(parents=True, exist_ok=True)
        (folder / other).write_bytes(b"\0")
    return folder


def _pack(path: Path, sessions: Sequence[Session], frames: Frames) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("__MACOSX/F001/T9/._0000.jpg", b"\0")
        for one in sessions:
            inside = f"{one.person}/{one.task}"
            archive.writestr(f"{inside}/", b"")
            for number, picture in enumerate(frames(one)):
                archive.writestr(f"{inside}/{number:04d}.jpg", picture)
                archive.writestr(f"{inside}/{number:04d}.obj", b"v 0 0 0\n")


PHASE_1, PHASE_2 = "Phase 1_ Training_Validation sets", "Phase 2_ Testing set"
_PARTS = {  # where videos and pressures lie, and how these end
    "train": (f"{PHASE_1}/Videos/train-001_of_002", f"{PHASE_1}/Ground truth/BP_raw_1KHz", "-BP.txt"),
    "valid": (f"{PHASE_1}/Videos/valid", f"{PHASE_2}/blood_pressure/val_set_bp", ".txt"),
    "test": (f"{PHASE_2}/Videos/Test/test", f"{PHASE_2}/blood_pressure/test_set_bp", ".txt"),
}
_REARRANGED = {
    "train": ("train/video", "train/signal", "-BP.txt"),
    "valid": ("val/video", "val/signal", ".txt"),
    "test": ("test/video", "test/signal", ".txt"),
}


def write_v4v(folder: Path, parts: dict[str, Sequence[Session]], rearranged: bool = False) -> Path:
    """The sessions of train, valid and test as delivered, or in Hwang's arrangement (which has no heart rates)."""
    for part, sessions in parts.items():
        videos, pressures, ending = (_REARRANGED if rearranged else _PARTS)[part]
        (folder / videos).mkdir(parents=True, exist_ok=True)
        for one in sessions:
            (folder / videos / f"{one.person}_{one.task}.mkv").write_bytes(b"\0")
            write_column(folder / pressures / f"{one.person}-{one.task}{ending}", one.wave)
        for junk in ("Thumbs.db", "._F001_T1.mkv"):
            (folder / videos / junk).write_bytes(b"\0")
        if not rearranged:
            _write_rates(folder, part, sessions)
    return folder


def write_v4v_by_session(folder: Path, sessions: Sequence[Session]) -> Path:
    """As remotebiosensing has it: a folder a session."""
    for one in sessions:
        own = folder / "train_val" / "data" / f"{one.person}_{one.task}"
        write_column(own / "label.txt", one.wave)
        (own / "video.mkv").write_bytes(b"\0")
    return folder


def _write_rates(folder: Path, part: str, sessions: Sequence[Session]) -> None:
    """Two lines a session, a value a frame: heart rates that are 3 higher and lower by turns, and breaths."""
    lines = {}
    for one in sessions:
        rates = [one.rate_bpm + (3 if frame % 2 else -3) for frame in range(10)]
        lines[one] = "".join(
            f"{one.person}_{one.task}.mkv, {kind}, {', '.join(f'{value:.4f}' for value in values)}\n"
            for kind, values in (("HR", rates), ("RR", [15.0] * 10))
        )
    if part == "train":
        (folder / PHASE_1 / "Ground truth/Physiology").mkdir(parents=True, exist_ok=True)
        for one, text in lines.items():
            (folder / PHASE_1 / f"Ground truth/Physiology/{one.person}_{one.task}.txt").write_text(text)
    else:
        name = {"valid": "validation_set_gt_release.txt", "test": "test_set_gt_release.txt"}[part]
        (folder / PHASE_2).mkdir(parents=True, exist_ok=True)
        (folder / PHASE_2 / name).write_text("".join(lines.values()))
