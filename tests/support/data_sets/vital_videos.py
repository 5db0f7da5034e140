"""Vital Videos, small: three participants; values as numbers and as strings, times in milliseconds and in seconds."""

import json
from collections.abc import Mapping
from pathlib import Path

from tests.support.data_sets.parts import put_clip, wave

FIRST = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
SECOND = "1B2C3D4E-5F60-4718-93A4-B5C6D7E8F90A"
THIRD = "2c3d4e5f60718293a4b5c6d7e8f90a1b"
SITTING = {"position": "Sitting", "facial_movement": "No movement", "talking": "N"}


def series(times: list[float], values: list) -> dict:
    """A series as the files hold it."""
    return {"timeseries": [[time, value] for time, value in zip(times, values, strict=True)]}


def write_vital_videos(folder: Path, clips: Mapping[str, Path] | None = None) -> Path:
    """Lay it out; `clips` are real ones for recordings by name. Each first recording has no pressure."""
    frames = [120.0 + 33 * i for i in range(6)]
    people = {
        FIRST: (
            {"age": 71, "gender": "F", "fitzpatrick": 3},
            [
                {"RGB": {"filename": f"{FIRST}_1.mp4"}, "ppg": series([17.0 * i for i in range(40)], wave(40))},
                {
                    "RGB": {"filename": f"{FIRST}_2.mp4", **series(frames, [None] * 6)},
                    "ppg": series([100.0 + 17 * i for i in range(40)], wave(40, 1)),
                    "bp_sys": {"value": 151},
                    "bp_dia": {"value": 83.5},
                    "hr": series([0.0, 1000.0, 2000.0], [64, 66, 0]),
                },
            ],
        ),
        SECOND: (
            {"age": "34", "gender": "Male", "fitzpatrick": "5"},
            [
                {"RGB": {"filename": None}, "ppg": series([i / 60 for i in range(40)], [*wave(39, 2), None])},
                {
                    "RGB": {"filename": f"{SECOND}_2.mp4"},
                    "ppg": series([i / 60 for i in range(40)], [55.0] * 40),
                    "bp_sys": {"value": "118"},
                    "bp_dia": "76",
                    "hr": {"value": "71.5"},
                },
            ],
        ),
        THIRD: (
            {"age": None, "gender": "X", "fitzpatrick": None},
            [{"RGB": {"filename": f"{THIRD}_1.mp4"}, "bp_sys": {"value": None}, "bp_dia": {"value": 70}}],
        ),
    }
    folder.mkdir(exist_ok=True)
    for guid, (participant, recordings) in people.items():
        scenarios = []
        for i, recording in enumerate(recordings):
            scenarios.append({"scenario_settings": SITTING, "recordings": recording})
            put_clip(folder / f"{guid}_{i + 1}.mp4", (clips or {}).get(f"{guid}_{i + 1}"))
        content = {"GUID": guid, "location": "hall", "participant": participant, "scenarios": scenarios}
        (folder / f"{guid}.json").write_text(json.dumps(content))
    return folder
