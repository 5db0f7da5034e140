"""A data set as it is delivered, from its pictures to weights and to the table of a paper."""

import json

import numpy as np
import pytest

from bpdemo.capture import read_capture
from bpdemo.data.registry import load
from bpdemo.maps.store import read_rows
from bpdemo.models.config import BeatsConfig
from bpdemo.training.recipe import Recipe
from bpdemo.training.train import train
from bpdemo.window import read_windows
from tests.support.filmed_sessions import film
from tests.support.small_faces_sets import MMSE_HR_FIRST, MMSE_HR_OTHERS, Session, write_mmse_hr

pytestmark = pytest.mark.slow

PEOPLE = [*(f"F{number:03d}" for number in range(5, 8)), *(f"M{number:03d}" for number in range(1, 4))]
TINY = Recipe(qualities=("standard",), cycles=1, epochs=1, folds=3, repetitions=1, test_renderings=1, batch=4)
SMALL = BeatsConfig(members=1, width=4, hidden=4, shape=2, features=4)


def test_mmse_hr_goes_from_pictures_to_the_papers_table(tmp_path, run_here):
    def command(*words):
        ran = run_here(*words)
        assert not ran.returncode
        return ran.stdout

    folder, maps, weights = tmp_path / "set", tmp_path / "maps", tmp_path / "weights"
    sessions = [
        Session(person, "T10", 104.0 + 10 * number, 58.0 + 6 * number, 66 + 4 * (int(person[1:]) % 4), seconds=10)
        for number, person in enumerate(PEOPLE)
    ]
    write_mmse_hr(folder, sessions[:2], MMSE_HR_FIRST, film)
    write_mmse_hr(folder, sessions[2:], MMSE_HR_OTHERS, film)

    assert "6 people" in command("data", "check", f"mmse_hr={folder}")
    assert "6 with a reading" in command("extract", "--data", f"mmse_hr={folder}", "--output", maps)
    rows = {row["person"]: row for row in read_rows(maps, ["person", "stmap", "systolic", "diastolic", "status"])}
    assert [*rows] == [f"mmse_hr:{person}" for person in PEOPLE]
    for session in sessions:
        row = rows[f"mmse_hr:{session.person}"]
        assert (row["systolic"], row["diastolic"]) == pytest.approx((session.systolic, session.diastolic), abs=1e-4)
    first = load({"mmse_hr": folder})[0]
    (window,) = read_windows(read_capture(first.clip))
    np.testing.assert_array_equal(rows[first.person]["stmap"], window.stmap.values.astype(np.float16).ravel())

    config = train({}, weights, maps=[maps], device="cpu", recipe=TINY, network=SMALL)
    assert config.training.people == 6
    options = ("--maps", maps, "--weights", weights, "--protocol", "zhuang-mmse-hr", "--json")
    results = json.loads(command("evaluate", *options))
    assert (results["people"], results["seen_in_training"]) == (6, 6)
    assert results["protocol"]["name"] == "zhuang-mmse-hr"
    assert results["protocol"]["lines"][0]["windows"] == 6
    mean = np.mean([session.systolic for session in sessions])
    baseline = np.mean([abs(session.systolic - mean) for session in sessions])
    assert results["qualities"]["filmed"]["systolic"]["baseline_mae"] == pytest.approx(baseline, abs=0.05)
