"""Protocols, run on made-up maps: who is tested, which windows count, and what stands beside them."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.svm import SVR

from bpdemo.data.person import Person
from bpdemo.errors import DataError, WeightsError
from bpdemo.models.config import BeatsConfig
from bpdemo.training import baselines
from bpdemo.training.evaluate import evaluate, predict
from bpdemo.training.evaluate_protocol import evaluate_elsewhere, evaluate_folds
from bpdemo.training.filmed import collect
from bpdemo.training.folds import deal_folds
from bpdemo.training.protocols import PROTOCOLS, find_protocol
from bpdemo.training.recipe import Recipe
from bpdemo.training.results import TRAITS, Windows
from tests.support.made_up_maps import make_rows, write_maps

TINY = Recipe(epochs=1, batch=8)
SMALL = BeatsConfig(members=1, width=4, hidden=4, shape=2, features=4)
FITS = {"device": "cpu", "recipe": TINY, "network": SMALL}
HWANG, MCD, ZHUANG = (PROTOCOLS[name] for name in ("hwang-mmse-hr", "mcd-rppg-5fold", "zhuang-mmse-hr"))
PEOPLE = 12


@pytest.fixture(scope="module", autouse=True)
def few_settings():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(baselines, "SUPPORT_VECTORS", (SVR(epsilon=2.0), {"C": [10.0], "gamma": [0.3]}))
        yield


@pytest.fixture(scope="module")
def rows():
    """Twelve people of 70 to 158 mmHg and more; of the first, no age is known."""
    rows = make_rows(people=PEOPLE, lowest=70.0, step=8.0)
    for row in rows[:4]:
        row["age"] = None
    return rows


@pytest.fixture(scope="module")
def maps(rows, tmp_path_factory):
    """Maps of two data sets in one folder, as one run of `bpdemo extract` writes them."""
    return write_maps(tmp_path_factory.mktemp("maps"), [*make_rows("v4v", people=2), *rows])


@pytest.fixture(scope="module")
def folded(maps):
    return evaluate_folds(HWANG, {}, [maps], seed=4, **FITS)


@pytest.fixture(scope="module")
def elsewhere(weights, maps):
    return evaluate_elsewhere(ZHUANG, weights, {}, [maps])


def test_folds_are_dealt_from_the_sorted_names():
    people = [Person(name, 120, 80) for name in ("s:b", "s:a10", "s:a2", "s:c", "s:a1", "s:d", "s:e")]
    folds = deal_folds(people, 3, seed=8)
    order = ["s:a1", "s:a10", "s:a2", "s:b", "s:c", "s:d", "s:e"]
    assert [[people[one].name for one in fold.test] for fold in folds] == [order[0::3], order[1::3], order[2::3]]
    for number, fold in enumerate(folds):
        assert (fold.split, fold.number, fold.seed) == (0, number, 8)
        assert sorted([*fold.train, *fold.test]) == list(range(7))


def test_too_few_people_make_no_folds():
    for count, folds in ((4, 5), (2, 2)):
        with pytest.raises(DataError) as caught:
            deal_folds([Person(f"s:{i}", 120, 80) for i in range(count)], folds, 0)
        assert caught.value.code == "too_few_people"


def test_the_folds_of_a_run_are_in_its_result(folded):
    names = sorted(f"mmse_hr:{sex}{i:03}" for sex in "FM" for i in range(PEOPLE // 2))
    assert folded.protocol.folds == [names[number::5] for number in range(5)]
    assert (folded.folds, folded.seeds, folded.people, folded.dataset) == (5, [4], PEOPLE, "mmse_hr")
    assert (folded.protocol.model, folded.seen_in_training) == ("beats", 0)


def test_nobody_is_answered_by_a_network_that_knows_them(maps, monkeypatch):
    from bpdemo.training import cross_validation

    fits, fit, ask = [], cross_validation.fit, cross_validation.ask

    def note_fit(dataset, people, *given, **named):
        fits.append({dataset.people[one].name for one in people})
        return fit(dataset, people, *given, **named)

    def note_ask(network, dataset, windows, device):
        asked = {dataset.people[one].name for one in dataset.person[windows]}
        assert not asked & fits[-1]
        assert asked | fits[-1] == {person.name for person in dataset.people}
        return ask(network, dataset, windows, device)

    monkeypatch.setattr(cross_validation, "fit", note_fit)
    monkeypatch.setattr(cross_validation, "ask", note_ask)
    evaluate_folds(HWANG, {}, [maps], **FITS)
    assert len(fits) == 5


def test_windows_outside_the_limits_of_a_paper_are_left_out_of_a_second_line(folded, rows):
    everything, filtered = folded.protocol.lines
    systolic = np.array([row["systolic"] for row in rows])
    kept = (systolic >= 80) & (systolic <= 160)  # the diastolic, half of it and 10, are then within 40 and 100
    assert 0 < kept.sum() < len(kept)
    assert (everything.windows, everything.dropped, everything.people) == (len(kept), 0, PEOPLE)
    assert (filtered.windows, filtered.dropped) == (kept.sum(), (~kept).sum())
    people = {row["person"] for row, inside in zip(rows, kept, strict=True) if inside}
    assert filtered.people == filtered.scores["systolic"].people == len(people) < PEOPLE
    assert everything.scores["systolic"] == folded.levels["window"]["systolic"]
    assert filtered.scores["systolic"].sd_truth == pytest.approx(systolic[kept].std(), abs=1e-3)


def test_the_limits_themselves_and_both_pressures_count(weights, tmp_path):
    rows = make_rows(people=5, clips=1, windows=1)
    pressures = [(80, 40), (160, 100), (79.5, 60), (120, 101), (120, 39)]
    for row, (high, low) in zip(rows, pressures, strict=True):
        row.update(systolic=high, diastolic=low)
    both = replace(ZHUANG, limits=HWANG.limits)
    _, filtered = evaluate_elsewhere(both, weights, {}, [write_maps(tmp_path, rows)]).protocol.lines
    assert (filtered.windows, filtered.dropped) == (2, 3)
    nothing = replace(ZHUANG, limits=((10.0, 20.0), (10.0, 20.0)))
    _, filtered = evaluate_elsewhere(nothing, weights, {}, [tmp_path]).protocol.lines
    assert (filtered.windows, filtered.dropped, filtered.scores) == (0, 5, {})


def test_published_figures_stand_beside():
    published = {name: protocol.published[0] for name, protocol in PROTOCOLS.items()}
    first = {name: (each.systolic_mae[0], each.diastolic_mae[0]) for name, each in published.items()}
    assert first == {
        "zhuang-mmse-hr": (12.35, 9.54),
        "hwang-mmse-hr": (10.19, 7.09),
        "hwang-v4v": (13.64, 9.4),
        "mcd-rppg-5fold": (13.2, 7.4),
    }
    assert (published["zhuang-mmse-hr"].systolic_rmse, published["zhuang-mmse-hr"].diastolic_rmse) == (16.55, 12.22)
    assert all(protocol.remarks for protocol in PROTOCOLS.values())


def test_simpler_models_are_fitted_on_the_same_folds(folded):
    mean = folded.models["training mean"]["filmed"]["systolic"]
    assert mean.mae == pytest.approx(folded.qualities["filmed"]["systolic"].baseline_mae)
    assert mean.predictions == 2 * PEOPLE  # clips
    words = folded.models[TRAITS]["filmed"]["systolic"]
    assert words.people == PEOPLE
    assert words.network.network_mae == pytest.approx(folded.levels["clip"]["systolic"].mae, rel=0.2)


def test_everybody_of_the_data_set_is_answered_by_weights_trained_elsewhere(elsewhere, weights, rows):
    assert (elsewhere.people, elsewhere.dataset, elsewhere.seen_in_training) == (PEOPLE, "mmse_hr", 0)
    assert elsewhere.protocol.folds == [sorted({row["person"] for row in rows})]
    windows = predict(weights, collect(rows).dataset)
    (line,) = elsewhere.protocol.lines
    assert (line.windows, line.dropped) == (len(rows), 0)
    for k, pressure in enumerate(("systolic", "diastolic")):
        error = np.abs(windows.value - windows.truth)[:, k]
        assert line.scores[pressure].mae == pytest.approx(error.mean(), abs=1e-3)


def test_people_the_weights_have_seen_are_counted(weights, maps):
    training = weights.config.training.model_copy(update={"names": ["mmse_hr:F001", "v4v:F000", "mmse_hr:M004"]})
    known = replace(weights, config=weights.config.model_copy(update={"training": training}))
    assert evaluate_elsewhere(ZHUANG, known, {}, [maps]).seen_in_training == 3  # V4V has people of MMSE-HR


def test_what_people_can_tell_stands_beside_the_weights(weights, rows, tmp_path):
    """Age, and with it the BMI, rises with the pressure, step by step."""
    results = evaluate(weights, {}, [write_maps(tmp_path, rows)])
    words = results.models[TRAITS]["filmed"]
    assert words["systolic"].people == PEOPLE  # of one of them the age is not known
    assert words["systolic"].r > 0.95
    assert words["systolic"].mae < 8
    assert words["systolic"].network.gain < 0
    assert results.qualities["filmed"]["systolic"].predictions == 2 * PEOPLE
    assert results.windows == Windows(read=4 * PEOPLE, refused={}, overlapping=0)
    assert list(results.groups) == ["task", "sex"]


def test_of_too_few_people_what_they_can_tell_is_not_asked(weights, tmp_path):
    for people in (2, 3):
        results = evaluate(weights, {}, [write_maps(tmp_path / str(people), make_rows(people=people))])
        assert (TRAITS in results.models) == (people == 3)


def test_a_data_set_that_is_not_there_is_named(weights, tmp_path):
    maps = write_maps(tmp_path, make_rows("v4v", people=3))
    for run in (
        lambda: evaluate_elsewhere(ZHUANG, weights, {}, [maps]),
        lambda: evaluate_folds(MCD, {}, [maps], **FITS),
    ):
        with pytest.raises(DataError) as caught:
            run()
        assert caught.value.code == "protocol_data"
        assert "v4v" in str(caught.value)


def test_what_is_wrong_with_a_protocols_own_data_is_told_as_it_is(weights, tmp_path):
    maps = write_maps(tmp_path, make_rows(people=3, status="refused", code="no_pulse"))
    with pytest.raises(DataError) as caught:
        evaluate_elsewhere(ZHUANG, weights, {}, [maps])
    assert caught.value.code == "no_clips"


def test_unknown_names_are_told_which_are_known(maps):
    with pytest.raises(DataError) as caught:
        find_protocol("hwang")
    assert caught.value.code == "protocol_unknown"
    assert all(name in str(caught.value) for name in PROTOCOLS)
    with pytest.raises(WeightsError) as caught:
        evaluate_folds(HWANG, {}, [maps], model="nothing", **FITS)
    assert caught.value.code == "model_unknown"
    assert "beats" in str(caught.value)
