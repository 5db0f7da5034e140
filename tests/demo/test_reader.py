"""What other models make of a clip is what they would have read from it themselves."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from bpdemo import BloodPressureEstimator, estimator
from bpdemo.demo.estimators import Estimators
from bpdemo.demo.reader import Reader
from bpdemo.models import MODELS
from bpdemo.weights import embedded
from tests.support.made_up_capture import make_capture
from tests.support.made_up_results import REFUSED
from tests.support.small_weights import write_small

ACROSS = make_capture(40, dark_s=(0, 14))  # some windows are refused
CLIPS = {"windows": (ACROSS, "pos"), "by another method": (make_capture(15), "green")}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Estimators of three models, untrained, each with weights of its own; one of them reads frames."""
    root = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded, "asset_folder", lambda name: root / name)
        patch.setitem(MODELS, "other", MODELS["beats"])
        patch.setitem(MODELS, "frames", replace(MODELS["beats"], reads="frames"))
        write_small(root / "weights")
        for seed, name in enumerate(("other", "frames"), start=1):
            write_small(root / "weights" / name, seed=seed, name=name, model=name)
        yield Estimators(BloodPressureEstimator.from_pretrained(root / "weights", "cpu"))


@pytest.mark.parametrize(("capture", "method"), CLIPS.values(), ids=CLIPS)
@pytest.mark.parametrize(("model", "other"), [("beats", "other"), ("other", "beats")])
def test_they_give_the_values_of_their_own_reading(models, uploads, monkeypatch, capture, method, model, other):
    monkeypatch.setattr(estimator, "read_capture", lambda *_: capture)
    estimate, own = (models.get(name).estimate("a.mp4", method=method) for name in (model, other))
    assert estimate.status == own.status == "reading"
    (found,) = Reader(models, uploads).by_other_models(estimate)
    assert found.model == other
    for name in ("systolic", "diastolic"):
        there, expected = getattr(found, name), getattr(own, name)
        assert there.value == pytest.approx(expected.value, abs=1e-3)
        assert there.interval == pytest.approx(expected.interval, abs=1e-3)
        assert [part.probability for part in there.ranges] == pytest.approx(
            [part.probability for part in expected.ranges], abs=1e-5
        )
        assert abs(there.value - getattr(estimate, name).value) > 0.01, "the models must differ"


@pytest.mark.parametrize(("model", "name"), [(None, "small"), ("beats", "small"), ("other", "other")])
def test_a_clip_is_read_by_the_model_that_is_asked_for(models, uploads, monkeypatch, model, name):
    monkeypatch.setattr(estimator, "read_capture", lambda *_: make_capture(15))
    clip = uploads.new_file("a.mp4")
    clip.write_bytes(b"clip")
    estimate = Reader(models, uploads).read_upload(str(clip), lambda *_: None, model=model)
    assert (estimate.status, estimate.weights.name, estimate.clip) == ("reading", name, "a.mp4")


def test_of_what_is_no_reading_they_make_nothing(models, uploads, monkeypatch):
    monkeypatch.setattr(estimator, "read_capture", lambda *_: make_capture(15, dark_s=(0, 15)))
    refused = models.get().estimate("a.mp4")
    assert (refused.status, len(refused.windows)) == ("refused", 1)
    reader = Reader(models, uploads)
    assert reader.by_other_models(refused) == reader.by_other_models(REFUSED) == []


def test_weights_from_elsewhere_stand_alone(models, uploads, monkeypatch):
    monkeypatch.setattr(estimator, "read_capture", lambda *_: make_capture(15))
    alone = SimpleNamespace(names=["beats"], get=models.get, default=models.default)
    assert Reader(alone, uploads).by_other_models(models.get().estimate("a.mp4")) == []
