from pathlib import Path

import numpy as np

from tests.support.small_ppg_bp import finger_pulse


def write_recordings(folder: Path, people: int = 6) -> Path:
    """People with two recordings each: one a text column at 125 Hz, one a .npy array at 200 Hz."""
    lines = ["file,person,sampling_rate_hz,systolic,diastolic,remark"]
    for i in range(people):
        rate, notch = 60 + 6 * i, 0.6 - 0.1 * i
        np.savetxt(folder / f"p{i}.txt", 5 + finger_pulse(rate, notch, 4, 125))
        np.save(folder / f"p{i}.npy", 5 + finger_pulse(rate, notch, 4, 200).astype(np.float32))
        lines.append(f"p{i}.txt,{i},125,{104 + 14 * i},{60 + 5 * i},first")
        lines.append(f"p{i}.npy,{i},200,{108 + 14 * i},{60 + 5 * i},second")
    (folder / "recordings.csv").write_text("\n".join(lines) + "\n")
    return folder


def write_mw_ppg(folder: Path, people: int = 3, **changed) -> Path:
    """As MW-PPG is laid out: 10 s of three wavelengths at 200 Hz."""
    waves = [[finger_pulse(60 + 5 * i, notch, 10, 200) for notch in (0.2, 0.3, 0.4)] for i in range(people)]
    arrays = {
        "x": 20000 + 900 * np.array(waves, dtype=np.float32).transpose(0, 2, 1),
        "fs": np.array(200),
        "sbp": 100 + 10.0 * np.arange(people),
        "dbp": 60 + 4.0 * np.arange(people),
        "id": 11 + np.arange(people),
        "sex": np.array(["F"] * people, dtype=object),  # as published: an array that is never to be unpickled
    }
    arrays = {key: value for key, value in (arrays | changed).items() if value is not None}
    np.savez(folder / "mwppg_200hz.npz", **arrays)
    return folder
