"""Which weights come with the project, and what is said of a model that has none."""

import pytest

from bpdemo import BloodPressureEstimator
from bpdemo.weights import embedded
from bpdemo.weights.embedded import embedded_folder, embedded_models
from bpdemo.weights.store import load_weights
from tests.support.small_weights import code_of, register_paper, write_small


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A folder of embedded weights of the default model, and a second model without any."""
    register_paper(monkeypatch)
    monkeypatch.delenv("BPDEMO_WEIGHTS", raising=False)
    monkeypatch.setattr(embedded, "asset_folder", lambda name: tmp_path / name)
    write_small(tmp_path / "weights", name="the default")
    return tmp_path / "weights"


@pytest.fixture
def paper(root):
    write_small(root / "paper", name="the other", model="paper")
    return root / "paper"


def test_a_model_is_found_by_its_name(root, paper):
    assert embedded_models() == ["beats", "paper"]
    assert embedded_folder() == embedded_folder("beats") == root
    assert embedded_folder("paper") == paper
    for model, name in ((None, "the default"), ("beats", "the default"), ("paper", "the other")):
        estimator = BloodPressureEstimator.from_pretrained(device="cpu", model=model)
        assert estimator.weights.name == name
        assert estimator.weights.summary.model == (model or "beats")


def test_a_model_without_weights_names_the_command_that_trains_them(root):
    assert embedded_models() == ["beats"]
    assert code_of(load_weights, model="paper") == "model_not_trained"
    with pytest.raises(Exception, match="bpdemo train --model paper --data ppg_bp=DIR --output weights/paper"):
        load_weights(model="paper")


@pytest.mark.parametrize("name", ["magic", "", "../weights", "PAPER"])
def test_an_unknown_model_is_none(root, name):
    assert code_of(load_weights, model=name) == "model_unknown"
    assert code_of(load_weights, root, model=name) == "model_unknown"


def test_other_weights_must_be_of_the_model_that_is_named(root, paper, tmp_path, monkeypatch):
    assert load_weights(paper, "cpu", "paper").name == "the other"
    assert code_of(load_weights, paper, model="beats") == "model_differs"
    monkeypatch.setenv("BPDEMO_WEIGHTS", str(paper))
    assert load_weights(model="paper").name == "the other"
    assert code_of(load_weights, model="beats") == "model_differs"


def test_embedded_weights_of_another_model_than_their_folder_says_are_refused(root):
    write_small(root / "paper", model="beats")
    assert code_of(load_weights, model="paper") == "model_differs"
