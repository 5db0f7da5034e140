"""Estimators of several models: loaded once, when they are first asked for, and only the embedded ones."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from bpdemo import BloodPressureEstimator
from bpdemo.demo import estimators
from bpdemo.demo.estimators import Estimators
from bpdemo.errors import WeightsError
from bpdemo.weights import embedded
from tests.support.small_weights import code_of, register_paper, write_small


@pytest.fixture
def root(tmp_path, monkeypatch):
    register_paper(monkeypatch)
    monkeypatch.setattr(embedded, "asset_folder", lambda name: tmp_path / name)
    write_small(tmp_path / "weights")
    write_small(tmp_path / "weights" / "paper", name="the other", model="paper")
    return tmp_path / "weights"


def test_each_is_loaded_once_and_when_it_is_first_asked_for(root, monkeypatch):
    default = BloodPressureEstimator.from_pretrained(root, "cpu", isolate=True)
    made = Estimators(default)
    assert made.names == ["beats", "paper"]
    loaded, load = [], BloodPressureEstimator.from_pretrained
    monkeypatch.setattr(
        estimators.BloodPressureEstimator,
        "from_pretrained",
        lambda *names, **options: loaded.append(names) or load(*names, **options),
    )
    assert made.get() is made.get("beats") is default
    assert not loaded
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(made.get, ["paper"] * 8))
    assert len(loaded) == 1
    assert all(one is found[0] for one in found)
    assert (found[0].weights.name, found[0].isolate) == ("the other", True)


def test_a_name_that_is_no_model_is_an_error(root):
    made = Estimators(BloodPressureEstimator.from_pretrained(root, "cpu"))
    assert code_of(made.get, "magic") == "model_unknown"
    for file in (root / "paper").iterdir():
        file.unlink()
    assert code_of(made.get, "paper") == "model_not_trained"


def test_weights_from_elsewhere_leave_no_choice(root, tmp_path):
    write_small(tmp_path / "elsewhere", name="elsewhere")
    made = Estimators(BloodPressureEstimator.from_pretrained(tmp_path / "elsewhere", "cpu"))
    assert made.names == ["beats"]
    assert made.get("beats").weights.name == "elsewhere"
    assert code_of(made.get, "paper") == "model_differs"
    with pytest.raises(WeightsError) as caught:
        made.get("paper")
    assert str(tmp_path) not in str(caught.value)
