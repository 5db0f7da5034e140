import numpy as np
import pytest
import torch
from sklearn.svm import SVR

from bpdemo.models.config import BeatsConfig
from bpdemo.regions import CellTraces
from bpdemo.synthesis.maps import MARGIN_S, QUALITIES, render_traces
from bpdemo.synthesis.pulses import beats_of
from bpdemo.training import baselines
from bpdemo.training.cohort import prepare
from bpdemo.training.recipe import Recipe
from bpdemo.window import read_window
from experiments.negative_controls import keep_means, permute_labels, run_controls, shuffle_time
from tests.support.small_dataset import make_dataset

pytestmark = pytest.mark.exhaustive

FRAMES, CELLS = 40, 5
TINY = Recipe(qualities=("standard",), cycles=1, epochs=1, folds=2, repetitions=2, test_renderings=1, batch=4)


@pytest.fixture(scope="module")
def traces():
    """Every frame of every cell is known by its value; a part was not seen."""
    colours = np.arange(FRAMES * CELLS * 3, dtype=np.float32).reshape(FRAMES, CELLS, 3)
    colours[10:25, 2] = colours[:, 4] = np.nan
    surround = np.arange(FRAMES * 3, dtype=float).reshape(FRAMES, 3)
    return CellTraces(np.arange(FRAMES) / 30, colours, np.ones((FRAMES, CELLS), int), surround, np.arange(FRAMES) / 99)


def test_shuffled_frames_stay_whole_and_keep_no_order(traces):
    shuffled = shuffle_time(traces, np.random.default_rng(0))
    order = shuffled.clipped * 99
    assert sorted(order) == pytest.approx(range(FRAMES))
    rows = np.round(order).astype(int)
    np.testing.assert_array_equal(shuffled.colours, traces.colours[rows])
    np.testing.assert_array_equal(shuffled.surround, traces.surround[rows])
    np.testing.assert_array_equal(shuffled.time_s, traces.time_s)
    assert np.abs(np.corrcoef(order, np.arange(FRAMES))[0, 1]) < 0.5
    assert np.abs(np.corrcoef(order[1:], order[:-1])[0, 1]) < 0.5
    other = shuffle_time(traces, np.random.default_rng(1))
    assert not np.array_equal(other.colours, shuffled.colours, equal_nan=True)


def test_means_are_constant_where_a_cell_was_seen(traces):
    still = keep_means(traces, np.random.default_rng(0))
    np.testing.assert_array_equal(np.isnan(still.colours), np.isnan(traces.colours))
    for cell in range(CELLS - 1):
        seen = np.isfinite(traces.colours[:, cell, 0])
        assert np.ptp(still.colours[seen, cell], axis=0) == pytest.approx(0)
        assert still.colours[seen, cell][0] == pytest.approx(traces.colours[seen, cell].mean(axis=0), rel=1e-5)


def test_no_pulse_is_left(ppg_bp):
    person = prepare({"ppg_bp": ppg_bp}).people[3]
    traces = render_traces(beats_of(person), QUALITIES["strong"], np.random.default_rng(0))
    assert read_window(traces, MARGIN_S, MARGIN_S + 15).has_pulse
    for destroy in (shuffle_time, keep_means):
        window = read_window(destroy(traces, np.random.default_rng(0)), MARGIN_S, MARGIN_S + 15)
        assert not window.has_pulse
        assert window.reasons
    assert window.beats is None or not window.beats.measured


def test_pressures_are_given_to_others():
    dataset = make_dataset(100 + np.arange(50.0), each=2)
    permuted = permute_labels(dataset, 0)
    assert sorted(permuted.pressures.tolist()) == sorted(dataset.pressures.tolist())  # pairs stay pairs
    assert (permuted.pressures[:, 0] == dataset.pressures[:, 0]).mean() < 0.2
    np.testing.assert_array_equal(permuted.truth, permuted.pressures[dataset.person])
    np.testing.assert_array_equal(permuted.values, dataset.values)
    assert permute_labels(dataset, 0).people == permuted.people != permute_labels(dataset, 1).people


def test_all_controls_are_scored_on_the_truth(ppg_bp, tmp_path, monkeypatch):
    monkeypatch.setattr(baselines, "SUPPORT_VECTORS", (SVR(), {"C": [10.0]}))
    network = BeatsConfig(members=2, width=4, hidden=4, shape=2, features=4)
    answers = run_controls({"ppg_bp": ppg_bp}, network, TINY, 0, tmp_path, torch.device("cpu"))
    controls = ("time shuffled", "means only", "labels permuted")
    assert set(answers) == {f"{who}, {what}" for who in ("network", "recovered beat") for what in controls}
    for predictions in answers.values():
        assert len(predictions.person) == 6 * 3
        assert set(predictions.split) == {0}
        assert predictions.truth[predictions.person == 2].tolist() == [[137, 72]] * 3
    assert len({answers[name].value.tobytes() for name in answers}) == len(answers)
    # What is there is not fitted again.
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda *_: pytest.fail("fitted again"))
    again = run_controls({"ppg_bp": ppg_bp}, network, TINY, 0, tmp_path, torch.device("cpu"))
    for name, predictions in answers.items():
        np.testing.assert_array_equal(again[name].value, predictions.value)
