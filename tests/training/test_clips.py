"""Sets of clips, from the table to scores and weights."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from sklearn.svm import SVR

from bpdemo import estimator
from bpdemo.capture import read_capture
from bpdemo.data.registry import load_people
from bpdemo.errors import DataError
from bpdemo.estimator import BloodPressureEstimator
from bpdemo.maps import recording
from bpdemo.models.config import BeatsConfig
from bpdemo.training import baselines
from bpdemo.training.cohort import prepare
from bpdemo.training.evaluate import evaluate
from bpdemo.training.recipe import Recipe
from bpdemo.training.train import train
from bpdemo.weights.config import Clips
from bpdemo.weights.store import load_weights
from bpdemo.window import read_windows
from tests.support.small_tables import write_recordings

pytestmark = pytest.mark.slow

HEADER = "clip,person,systolic,diastolic\n"
CLIPS = Clips(read=2, refused={"too_short": 1, "not_a_video": 1})
TINY = Recipe(qualities=("standard",), cycles=1, epochs=1, folds=2, repetitions=1, test_renderings=1, batch=4)
SMALL = BeatsConfig(members=1, width=4, hidden=4, shape=2, features=4)


@pytest.fixture(scope="module", autouse=True)
def each_clip_once():
    """Decoding takes nearly all of the time, and gives the same each time."""
    with pytest.MonkeyPatch.context() as patch:
        read = {}

        def read_once(path, *_):
            content = Path(path).read_bytes()
            if content not in read:
                read[content] = read_capture(path)
            return read[content]

        for module in (recording, estimator):
            patch.setattr(module, "read_capture", read_once)
        yield


@pytest.fixture(scope="module")
def filmed(tmp_path_factory, pulse_clip_24, short_clip, text_file):
    """Three people, of whom one has no clip that can be read."""
    folder = tmp_path_factory.mktemp("filmed")
    pulse, short = pulse_clip_24.path, short_clip.path
    for name, source in {"a": pulse, "b": pulse, "short": short, "text": text_file}.items():
        shutil.copy(source, folder / f"{name}.mp4")
    rows = "a.mp4,1,118,70\nshort.mp4,1,300,80\nb.mp4,2,131,82\ntext.mp4,3,150,90\n"
    (folder / "clips.csv").write_text(HEADER + rows)
    return folder


def test_clips_are_scored_as_the_demo_answers(weights, filmed):
    results = evaluate(weights, {"ours": filmed})
    answer = BloodPressureEstimator(weights).estimate(filmed / "a.mp4")
    assert results.dataset == "ours"
    assert (results.people, results.left_out, results.seen_in_training, results.renderings) == (2, 1, 0, 0)
    assert results.clips == CLIPS
    assert list(results.qualities) == ["filmed"]
    # Both clips hold the same film, so there is one answer; the clip that was refused has no part in it.
    for name, pressures, mean in (("systolic", (118, 131), 127.5), ("diastolic", (70, 82), 71.0)):
        figures = results.qualities["filmed"][name]
        value = getattr(answer, name).value
        assert figures.mae == pytest.approx(sum(abs(value - true) for true in pressures) / 2, abs=0.1)
        assert figures.baseline_mae == pytest.approx(sum(abs(mean - true) for true in pressures) / 2, abs=0.01)
        assert figures.r is None  # of two people


def test_a_set_without_a_readable_clip_is_an_error(tmp_path, text_file):
    shutil.copy(text_file, tmp_path / "text.mp4")
    (tmp_path / "clips.csv").write_text(HEADER + "text.mp4,1,120,80\n")
    with pytest.raises(DataError) as caught:
        prepare({"clips": tmp_path})
    assert caught.value.code == "no_clips"
    assert "not_a_video: 1" in str(caught.value)


@pytest.fixture
def four(filmed, tmp_path):
    """Four people with a clip each that can be read, and one without."""
    folder = tmp_path / "four"
    shutil.copytree(filmed, folder)
    for name in ("c.mp4", "d.mp4"):
        shutil.copy(filmed / "a.mp4", folder / name)
    (folder / "clips.csv").write_text((filmed / "clips.csv").read_text() + "c.mp4,4,142,88\nd.mp4,5,109,66\n")
    return folder


@pytest.mark.parametrize("with_recordings", [False, True])
def test_weights_can_be_trained_on_clips(four, tmp_path, monkeypatch, with_recordings):
    monkeypatch.setattr(baselines, "SUPPORT_VECTORS", (SVR(), {"C": [10.0]}))
    data = {"ours": four}
    if with_recordings:
        (tmp_path / "pulses").mkdir()
        data["pulses"] = write_recordings(tmp_path / "pulses", people=2)
    config = train(data, tmp_path / "weights", device="cpu", recipe=TINY, network=SMALL)
    loaded = load_weights(tmp_path / "weights", device="cpu")
    assert loaded.config == config
    assert config.training.people == (6 if with_recordings else 4)
    assert config.training.left_out == 1
    assert config.training.clips == Clips(read=4, refused=CLIPS.refused)
    assert "face clips" in config.provenance.statement
    assert ("finger pulses" in config.provenance.statement) is with_recordings
    rendered = ["strong", "standard", "poor"] if with_recordings else []
    assert list(config.validation.qualities) == [*rendered, "filmed"]
    if not with_recordings:
        assert evaluate(loaded, {"ours": four}).seen_in_training == 4


def test_windows_are_those_the_demo_would_read(filmed, pulse_clip_24):
    found = prepare({"ours": filmed}).filmed
    windows = found.dataset
    (window,) = read_windows(read_capture(pulse_clip_24.path))
    assert found.clips == CLIPS
    assert windows.clip.tolist() == [0, 1]
    assert [clip.name for clip in windows.clips] == ["a.mp4", "b.mp4"]
    for i in (0, 1):
        np.testing.assert_array_equal(windows.values[i].ravel(), window.beats.values.ravel())
        np.testing.assert_array_equal(windows.weight[i].ravel(), window.beats.weight.ravel())
    assert windows.truth.tolist() == windows.pressures.tolist() == [[118, 70], [131, 82]]


def test_a_persons_pressures_are_those_of_the_clips_that_were_read(filmed):
    people = load_people({"ours": filmed})
    assert [person.systolic for person in people] == [209, 131, 150]  # 118 and 300; 131; 150
    cohort = prepare({"ours": filmed})
    assert (cohort.recorded, cohort.left_out) == ((), 1)
    assert [person.systolic for person in cohort.people] == [118, 131]


def test_recordings_are_rendered_and_clips_stand_behind_them(filmed, tmp_path):
    cohort = prepare({"ours": filmed, "pulses": write_recordings(tmp_path, people=2)})
    assert [person.name for person in cohort.people] == ["pulses:0", "pulses:1", "ours:1", "ours:2"]
    both = cohort.render(("standard", "poor"), 0, "training")
    assert both.people == cohort.people
    assert both.person.tolist() == [0, 0, 1, 1, 2, 3]
    assert both.quality.tolist() == ["standard", "poor"] * 2 + ["filmed"] * 2
