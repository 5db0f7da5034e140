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
from bpdemo.models.beats import NetworkConfig
from bpdemo.stmap import COLUMNS
from bpdemo.training import baselines, film_maps
from bpdemo.training.dataset import MapSet
from bpdemo.training.evaluate import evaluate
from bpdemo.training.film_maps import FilmSet, film_set, mean_by_clip, part_usable, read_windows
from bpdemo.training.fit import Recipe
from bpdemo.training.train import train
from bpdemo.weights.store import load_weights
from tests.support.small_tables import write_recordings
from tests.support.small_weights import write_small

HEADER = "clip,person,systolic,diastolic\n"
TINY = Recipe(qualities=("standard",), cycles=1, epochs=1, folds=2, repetitions=1, test_renderings=1, batch=4)
SMALL = NetworkConfig(members=1, stem_width=2, width=4, hidden=4)


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

        for module in (film_maps, estimator):
            patch.setattr(module, "read_capture", read_once)
        yield


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    write_small(folder)
    return load_weights(folder, device="cpu")


@pytest.fixture(scope="module")
def filmed(tmp_path_factory, pulse_clip_24, short_clip, text_file):
    """Three people, of whom one has no clip that can be read."""
    folder = tmp_path_factory.mktemp("filmed")
    for name, source in (
        ("a.mp4", pulse_clip_24.path),
        ("b.mp4", pulse_clip_24.path),
        ("short.mp4", short_clip.path),
        ("text.mp4", text_file),
    ):
        shutil.copy(source, folder / name)
    rows = "a.mp4,1,118,70\nshort.mp4,1,300,80\nb.mp4,2,131,82\ntext.mp4,3,150,90\n"
    (folder / "clips.csv").write_text(HEADER + rows)
    return folder


def test_clips_are_scored_as_the_demo_answers(weights, filmed):
    report = evaluate(weights, {"ours": filmed})
    answer = BloodPressureEstimator(weights).estimate(filmed / "a.mp4")
    assert report["dataset"] == "ours"
    assert (report["people"], report["left_out"], report["seen_in_training"], report["renderings"]) == (2, 1, 0, 0)
    assert report["clips"] == {"read": 2, "refused": {"too_short": 1, "not_a_video": 1}}
    assert list(report["qualities"]) == ["filmed"]
    # Both clips hold the same film, so there is one answer; the clip that was refused has no part in it.
    for name, pressures, mean in (("systolic", (118, 131), 127.5), ("diastolic", (70, 82), 71.0)):
        figures = report["qualities"]["filmed"][name]
        value = getattr(answer, name).value
        assert figures["mae"] == pytest.approx(sum(abs(value - true) for true in pressures) / 2, abs=0.1)
        assert figures["baseline_mae"] == pytest.approx(sum(abs(mean - true) for true in pressures) / 2, abs=0.01)
        assert figures["r"] == 0  # of a constant


def test_a_set_without_a_readable_clip_is_an_error(tmp_path, text_file):
    shutil.copy(text_file, tmp_path / "text.mp4")
    (tmp_path / "clips.csv").write_text(HEADER + "text.mp4,1,120,80\n")
    with pytest.raises(DataError) as caught:
        film_set(load_people({"clips": tmp_path}))
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
    assert config["training"]["people"] == (6 if with_recordings else 4)
    assert config["training"]["left_out"] == 1
    assert config["training"]["clips"] == {"read": 4, "refused": {"too_short": 1, "not_a_video": 1}}
    assert "face clips" in loaded.provenance["statement"]
    assert ("finger pulses" in loaded.provenance["statement"]) is with_recordings
    rendered = ["strong", "standard", "poor"] if with_recordings else []
    assert list(config["validation"]["qualities"]) == [*rendered, "filmed"]
    card = (tmp_path / "weights" / "README.md").read_text()
    assert "no video of a face" not in card
    assert "Clips read: 4; refused: too_short 1, not_a_video 1." in card
    if not with_recordings:
        assert evaluate(loaded, {"ours": four})["seen_in_training"] == 4


def test_windows_are_those_the_demo_would_read(filmed, pulse_clip_24):
    windows, code = read_windows(pulse_clip_24.path)
    assert (len(windows), code) == (1, "")
    assert read_windows(filmed / "short.mp4") == ([], "too_short")
    assert read_windows(filmed / "text.mp4") == ([], "not_a_video")


def test_a_persons_pressures_are_those_of_the_clips_that_were_read(filmed):
    told = load_people({"ours": filmed})
    assert [person.systolic for person in told] == [209, 131, 150]  # 118 and 300; 131; 150
    recorded, films = part_usable(told)
    assert recorded == []
    assert films.maps.pressures.tolist() == [[118, 70], [131, 82]]
    assert [[film.path.name for film in person.films] for person in films.maps.people] == [["a.mp4"], ["b.mp4"]]


def test_people_are_parted_by_what_they_have(filmed, tmp_path):
    told = load_people({"ours": filmed, "pulses": write_recordings(tmp_path, people=2)})
    recorded, films = part_usable(told[::-1])
    assert {person.name for person in recorded} == {"pulses:0", "pulses:1"}
    assert {person.name for person in films.maps.people} == {"ours:1", "ours:2"}
    assert part_usable(told[3:])[1] is None


def test_a_short_window_is_padded_with_nothing(filmed, pulse_clip_24):
    maps = film_set(load_people({"ours": filmed})).maps
    window = read_windows(pulse_clip_24.path)[0][0]
    columns = window.mask.shape[1]
    assert columns < COLUMNS == maps.mask.shape[2]
    assert not maps.mask[0, :, columns:].any()
    assert not maps.values[..., columns:].any()
    np.testing.assert_array_equal(maps.mask[0, :, :columns], window.mask)
    np.testing.assert_allclose(maps.values[0, :, :, :columns], np.nan_to_num(window.values), rtol=1e-3, atol=1e-3)
    assert maps.truth.tolist() == [[118, 70], [131, 82]]


def test_windows_of_a_clip_are_averaged():
    maps = MapSet(np.zeros(4), np.zeros(4, bool), np.array([0, 0, 0, 1]), np.full(4, "filmed"), ())
    films = FilmSet(maps, np.array([0, 0, 3, 4]), {})
    assert films.clips == 3
    assert mean_by_clip(films, np.array([[1.0, 10], [3, 30], [5, 50], [7, 70]])).tolist() == [[2, 20], [5, 50], [7, 70]]
