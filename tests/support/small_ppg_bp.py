from pathlib import Path

import numpy as np
import openpyxl

HEADER = (
    "Num.",
    "subject_ID",
    "Sex(M/F)",
    "Age(year)",
    "Systolic Blood Pressure(mmHg)",
    "Diastolic Blood Pressure(mmHg)",
    "Heart Rate(b/m)",
)


def finger_pulse(rate_bpm: float, notch: float, seconds: float, rate_hz: float, phase: float = 0.3) -> np.ndarray:
    """An upright pulse of known rate: a steep rise, and a second wave as high as `notch`."""
    cycle = (np.arange(int(seconds * rate_hz)) / rate_hz * rate_bpm / 60 + phase) % 1
    return np.exp(-(((cycle - 0.2) / 0.09) ** 2)) + notch * np.exp(-(((cycle - 0.5) / 0.1) ** 2))


def write_ppg_bp(folder: Path, people: list[tuple[int, float, float, float, float]]) -> Path:
    """Lay out (subject, systolic, diastolic, heart rate, notch) as PPG-BP is published."""
    (folder / "0_subject").mkdir(parents=True)
    book = openpyxl.Workbook()
    book.active.append(("Cardiovascular Dataset Information File",))
    book.active.append(HEADER)
    for i, (subject, systolic, diastolic, rate, notch) in enumerate(people):
        book.active.append((i + 1, subject, "Female", 50, systolic, diastolic, rate))
        for k in (1, 2, 3):
            samples = 2000 + 300 * finger_pulse(rate, notch, 2.1, 1000, 0.3 * k)
            text = "\t".join(f"{sample:.1f}" for sample in samples)
            (folder / "0_subject" / f"{subject}_{k}.txt").write_text(text)
    book.save(folder / "PPG-BP dataset.xlsx")
    return folder
