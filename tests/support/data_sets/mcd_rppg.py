"""MCD-rPPG, small: three patients, three cameras, two states; columns in the order of the real table, and not all."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from tests.support.data_sets.parts import put_clip, wave

CAMERAS = {"FullHDwebcam": "front", "USBVideo": "left", "IriunWebcam": "right"}
HEADER = "patient_id,weight,height,bmi,age,sex,upper_ap,lower_ap,pulse,stress,step,camera,view,ecg,ppg,video"
PATIENTS = {  # what is the same in both states, and pressures and pulse after and before
    "1020": ("55.0,170.0,19.03,23.0,F", "113.0,78.0,100.0", "105.0,77.0,83.0"),
    "4571": ("66.0,166.0,23.95,18.0,M", "148.0,91.0,120.0", ",,93.0"),  # no pressure before
    "7412": ("81.5,181.0,24.88,61.0,M", "1130.0,91.0,0", "88.0,131.0,"),  # impossible ones, no pulse
}
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab\nsize 41943040\n"


def write_mcd_rppg(folder: Path, clips: Mapping[str, Path] | None = None) -> Path:
    """Lay it out; `clips` are real ones for recordings by name. The pulse of `7412_*_after` is dead."""
    lines = [HEADER]
    for patient, (traits, after, before) in PATIENTS.items():
        for step, measured in (("after", after), ("before", before)):
            for i, (camera, view) in enumerate(CAMERAS.items()):
                name = f"{patient}_{camera}_{step}"
                files = f"ecg/{patient}_{step}.json,ppg/{patient}_{step}.PW,video/{name}.avi"
                lines.append(f"{patient},{traits},{measured},4.0,{step},{camera},{view},{files}")
                put_clip(folder / "video" / f"{name}.avi", (clips or {}).get(name))
                dead = name.startswith("7412") and step == "after"
                write_pulse(folder, name, [60.0] * 50 if dead else wave(50, i))
    (folder / "db.csv").write_text("\n".join(lines) + "\n")
    return folder


def write_pulse(folder: Path, name: str, values: list[float], step_s: float = 0.01) -> None:
    """A line a sample: the value, and the seconds since the line before."""
    (folder / "ppg_sync").mkdir(exist_ok=True)
    (folder / "ppg_sync" / f"{name}.txt").write_text("".join(f"{value} {step_s}\n" for value in values))


def write_pulse_of_frames(folder: Path, name: str, values: list[float], frames: int) -> None:
    """A line a frame, at 24 frames a second: the value nearest to it, and how far away in time that was."""
    distances = [0.001 * (i % 5) for i in range(len(values))]
    lines = [f"{value} {distance:.3f}\n" for value, distance in zip(values, distances, strict=True)]
    (folder / "ppg_sync" / f"{name}.txt").write_text("".join(lines))
    (folder / "meta").mkdir(exist_ok=True)
    start = datetime(2024, 3, 5, 11, 59, 58, 900000)
    stamps = [f"{i + 1} {start + timedelta(seconds=i / 24)}\n" for i in range(frames)]
    (folder / "meta" / f"{name}.txt").write_text("".join(stamps))
