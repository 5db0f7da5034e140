"""Sets of clips, from the table to scores and weights."""

import shutil
from functools import cache

import pytest
from small_tables import write_recordings
from small_weights import write_small

from bpdemo import estimator
from bpdemo.capture import read_capture
from bpdemo.errors import DataError
from bpdemo.estimator import BloodPressureEstimator
from bpdemo.training import describe, film_maps
from bpdemo.training import evaluate as evaluation
from bpdemo.training import fit as fitting
from bpdemo.training.datasets import load_people
from bpdemo.training.evaluate import evaluate
from bpdemo.training.film_maps import film_set
from bpdemo.training.fit import Recipe, train
from bpdemo.weights import load_weights

HEADER = "clip,person,systolic,diastolic\n"
TINY = Recipe(qualities=("standard",), cycles=1, epochs=1, batch=4, folds=2)


@pytest.fixture(scope="module", autouse=True)
def each_clip_once():
    """Decoding takes nearly all of the time, and gives the same each time."""
    with pytest.MonkeyPatch.context() as patch:
        once = cache(read_capture)
        for module in (film_maps, estimator):
            patch.setattr(module, "read_capture", lambda path, *_: once(path))
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


@pytest.mark.parametrize("with_recordings", [False, True])
def test_weights_can_be_trained_on_clips(filmed, tmp_path, monkeypatch, with_recordings):
    for module in (fitting, evaluation, describe):
        monkeypatch.setattr(module, "RENDERINGS", 1)
    data = {"ours": filmed}
    if with_recordings:
        (tmp_path / "pulses").mkdir()
        data["pulses"] = write_recordings(tmp_path / "pulses", people=2)
    config = train(data, tmp_path / "weights", device="cpu", recipe=TINY)
    loaded = load_weights(tmp_path / "weights", device="cpu")
    assert loaded.config == config
    assert config["training"]["people"] == (4 if with_recordings else 2)
    assert config["training"]["left_out"] == 1
    assert config["training"]["clips"]["read"] == 2
    assert "face clips" in loaded.provenance["statement"]
    assert ("finger pulses" in loaded.provenance["statement"]) is with_recordings
    rendered = ["strong", "standard", "poor"] if with_recordings else []
    assert list(config["validation"]["qualities"]) == [*rendered, "filmed"]
    card = (tmp_path / "weights" / "README.md").read_text()
    assert "no video of a face" not in card
    assert "Clips read: 2; refused: too_short 1, not_a_video 1." in card
    if not with_recordings:
        assert evaluate(loaded, {"ours": filmed})["seen_in_training"] == 2
