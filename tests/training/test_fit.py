"""Fits are judged on beats whose relation to the pressure is known."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from bpdemo.errors import DataError
from bpdemo.models.config import BeatsConfig
from bpdemo.training import fit as fitting
from bpdemo.training import loop
from bpdemo.training.fit import draw_chances, fit, share_to_keep
from bpdemo.training.predictions import Predictions, ask
from bpdemo.training.recipe import Recipe, recipe_of
from tests.support.small_dataset import make_dataset

CPU = torch.device("cpu")
SMALL = BeatsConfig(members=2, width=4, hidden=4, shape=2, features=4)
TINY = Recipe(epochs=3, batch=4, set_aside=4)


def cross_fit(dataset, people, seed=1, config=SMALL, recipe=TINY, **more):
    return fit(dataset, people, config, recipe, seed, CPU, title=None, **more)


def quick_fit(*given, **more):
    return cross_fit(*given, **more).model


def assert_same_weights(one, other):
    for name, tensor in one.state_dict().items():
        np.testing.assert_array_equal(other.state_dict()[name], tensor, err_msg=name)


@pytest.fixture(scope="module")
def eight():
    return make_dataset(np.linspace(95, 165, 8), each=3)


@pytest.fixture(scope="module")
def through(eight):
    """A fit on six of the eight."""
    return quick_fit(eight, [0, 2, 3, 4, 6, 7])


@pytest.fixture(scope="module")
def sixty():
    return make_dataset(np.random.default_rng(3).permutation(np.linspace(95, 165, 60)))


@pytest.fixture(scope="module")
def learned(sixty):
    recipe = replace(TINY, epochs=14, batch=20, learning_rate=0.02, set_aside=8)
    return cross_fit(sixty, range(40), config=replace(SMALL, members=1, dropout=0.0), recipe=recipe)


@pytest.mark.slow
def test_people_not_fitted_on_are_told_apart(sixty, learned):
    windows = sixty.windows_of(range(40, 60))
    value = ask(learned.model, sixty, windows, CPU).value
    mean = sixty.pressures[:40].mean(axis=0)
    for k in (0, 1):
        truth = sixty.truth[windows, k]
        assert np.abs(value[:, k] - truth).mean() < 0.5 * np.abs(mean[k] - truth).mean()
        assert np.corrcoef(truth, value[:, k])[0, 1] > 0.85


def test_the_seed_decides_on_the_weights(eight, through):
    assert_same_weights(through, quick_fit(eight, [0, 2, 3, 4, 6, 7]))
    other = quick_fit(eight, [0, 2, 3, 4, 6, 7], seed=2)
    assert not torch.equal(other.members[0].stem.weight, through.members[0].stem.weight)
    assert not torch.equal(through.members[1].stem.weight, through.members[0].stem.weight)


def test_nobody_but_those_fitted_on_has_a_say():
    dataset, people = make_dataset(np.linspace(95, 165, 8), each=9), [0, 2, 3, 4, 6, 7]
    arrays = {name: getattr(dataset, name).copy() for name in ("values", "weight", "rate_hz", "truth")}
    for array in arrays.values():
        array[np.isin(dataset.person, (1, 5))] = np.nan
    nobody = replace(dataset.people[0], systolic=np.nan, diastolic=np.nan)
    everybody = tuple(nobody if i in (1, 5) else one for i, one in enumerate(dataset.people))
    spoiled = replace(dataset, **arrays, people=everybody)
    recipe = replace(TINY, epochs=1, batch=18)
    clean, other = (quick_fit(given, people, recipe=recipe) for given in (dataset, spoiled))
    assert clean.members[0].reference_rows.any()
    assert_same_weights(clean, other)


def test_those_fitted_on_have_a_say(eight, through):
    changed = replace(eight, truth=eight.truth + 20 * (eight.person == 2)[:, None].astype(np.float32))
    other = quick_fit(changed, [0, 2, 3, 4, 6, 7])
    pairs = zip(other.members, through.members, strict=True)
    assert any(
        not torch.equal(one.systolic.classifier.weight, before.systolic.classifier.weight) for one, before in pairs
    )


def test_a_network_comes_ready_for_use(through):
    assert not any(module.training for module in through.modules())


def test_one_person_is_too_few(eight):
    with pytest.raises(DataError) as caught:
        quick_fit(eight, [3])
    assert caught.value.code == "too_few_people"


def test_a_recipe_can_be_written_down():
    recipe = Recipe()
    assert json.loads(json.dumps(recipe.to_json())) == recipe.to_json()
    assert recipe_of("beats").set_aside == BeatsConfig().members


@pytest.fixture
def learned_from(eight, monkeypatch):
    """Whom each member drew from, when all but 1 and 5 are fitted on."""
    drawn = []

    def note_drawn(dataset, people, config):
        drawn.append(set(people))
        return draw_chances(dataset, people, config)

    monkeypatch.setattr(fitting, "draw_chances", note_drawn)
    return drawn


def test_everybody_is_set_aside_in_turn_and_learned_from_by_the_others(eight, learned_from):
    people = {0, 2, 3, 4, 6, 7}
    quick_fit(eight, sorted(people), config=replace(SMALL, members=5), recipe=replace(TINY, epochs=1))
    aside = [people - learning for learning in learned_from]
    assert set.union(*aside[:4]) == people
    assert sum(map(len, aside[:4])) == 6
    assert aside[4] == aside[0]


SAVES = 2 * (TINY.epochs + 1)  # after every epoch, and after every member


@pytest.fixture(scope="module")
def unbroken(eight):
    return quick_fit(eight, range(8))


@pytest.mark.slow
@pytest.mark.parametrize("stop", range(1, SAVES + 1))
def test_a_stopped_fit_goes_on_to_the_same_weights(eight, unbroken, tmp_path, monkeypatch, stop):
    write, saves = fitting.save_checkpoint, []

    def write_and_stop(path, content):
        write(path, content)
        saves.append(path)
        if len(saves) == stop:
            raise KeyboardInterrupt

    monkeypatch.setattr(fitting, "save_checkpoint", write_and_stop)
    with pytest.raises(KeyboardInterrupt):
        quick_fit(eight, range(8), checkpoint=tmp_path / "fit.pt")
    resumed = quick_fit(eight, range(8), checkpoint=tmp_path / "fit.pt")
    assert len(saves) == SAVES
    assert_same_weights(unbroken, resumed)


def test_checkpoints_hold_the_random_state_of_a_gpu(eight, monkeypatch):
    """Without one at hand: what it is asked and given is noted."""
    restored = []
    state = torch.arange(16, dtype=torch.uint8)
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda device: state)
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda *given: restored.append(given))
    rng, gpu = np.random.default_rng(0), torch.device("cuda", 1)
    saved = loop.state_of({}, rng, gpu, 2)
    assert loop.resume(saved, {}, rng, gpu) == 2
    assert restored == [(state, gpu)]
    # A fit goes on elsewhere than where it was begun, too.
    loop.resume(loop.state_of({}, rng, CPU, 2), {}, rng, gpu)
    loop.resume(saved, {}, rng, CPU)
    assert len(restored) == 1


def test_a_finished_fit_is_taken_as_it_is(eight, unbroken, tmp_path, monkeypatch):
    quick_fit(eight, range(8), checkpoint=tmp_path / "fit.pt")
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda *_: pytest.fail("fitted again"))
    assert_same_weights(unbroken, quick_fit(eight, range(8), checkpoint=tmp_path / "fit.pt"))


UNEVEN = replace(SMALL, systolic_edges=(80.0, 100.0, 120.0, 140.0), diastolic_edges=(40.0, 120.0))


@pytest.fixture(scope="module")
def uneven():
    """Twelve people in ranges of 1, 3 and 8, of whom one has fewer windows; and two more."""
    dataset = make_dataset([90] + [110] * 3 + [130] * 8 + [90, 110], each=6)
    return dataset.select((dataset.person != 1) | (np.arange(len(dataset.person)) % 2 == 0))


def test_the_chances_lie_halfway_between_alike_people_and_alike_ranges(uneven):
    windows, chances = draw_chances(uneven, range(12), UNEVEN)
    whose = uneven.person[windows]
    assert set(whose) == set(range(12))
    assert all(np.ptp(chances[whose == person]) == 0 for person in range(12))
    of_people = np.bincount(whose, chances)
    assert of_people.sum() == pytest.approx(1)
    assert of_people / of_people[0] == pytest.approx(np.array([1] + [3] * 3 + [8] * 8) ** -0.5)


def test_only_those_asked_for_are_drawn(uneven):
    assert set(uneven.person[draw_chances(uneven, [2, 5, 13], UNEVEN)[0]]) == {2, 5, 13}


def test_steps_go_by_the_windows_there_are(uneven, monkeypatch):
    steps = []
    step = torch.optim.AdamW.step
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda *given, **more: steps.append(1) or step(*given, **more))
    quick_fit(uneven, range(12), config=replace(UNEVEN, members=1), recipe=replace(TINY, epochs=2))
    # Three of the twelve are set aside; of the nine, one has three windows and the others six.
    assert len(steps) == 2 * ((8 * 6 + 3) // 4)


def answers_of(person, truth, value) -> Predictions:
    zeros = np.zeros(len(person), int)
    return Predictions(np.array(person), np.full(len(person), "x"), truth, zeros, zeros, 0 * truth, value)


def test_what_is_kept_is_the_slope_of_the_truth_on_the_answer_by_person():
    rng, mean = np.random.default_rng(0), np.array([130.0, 70.0])
    signal = rng.normal(0, 10, (4000, 2))
    value = mean + signal + rng.normal(0, 10, signal.shape) * [1, 0.5]
    truth = mean + signal
    people = np.arange(4000)
    # signal / (signal + noise), in variances
    assert share_to_keep(answers_of(people, truth, value), mean) == pytest.approx([0.5, 0.8], abs=0.03)
    # A person of many answers counts as one: the second is answered the wrong way round.
    two = answers_of([0, 0, 0, 1], mean + np.full((4, 2), 8.0), mean + np.array([[10.0, 10]] * 3 + [[-2.0, -2]]))
    expected = (8 * 10 - 8 * 2) / (10**2 + 2**2)
    assert share_to_keep(two, mean) == pytest.approx(expected)


def test_what_is_kept_is_neither_more_than_all_nor_less_than_nothing():
    truth = np.array([[150.0, 60], [110, 80]])
    mean = truth.mean(axis=0)
    halved = answers_of([0, 1], truth, mean + (truth - mean) * [0.5, -1])
    assert share_to_keep(halved, mean).tolist() == [1, 0]
    assert share_to_keep(answers_of([0, 1], truth, truth * 0 + mean), mean).tolist() == [0, 0]


@pytest.mark.parametrize("share", [1.0, 0.2, 0.0, -1.0])
def test_answers_that_are_drawn_to_the_mean_are_not_worse_than_the_mean(share):
    rng = np.random.default_rng(1)
    truth = rng.normal(100, 10, (30, 2))
    mean = truth.mean(axis=0)
    answers = answers_of(np.arange(30), truth, mean + share * (truth - mean) + rng.normal(0, 8, truth.shape))
    drawn = mean + share_to_keep(answers, mean) * (answers.value - mean)
    assert (((drawn - truth) ** 2).mean(axis=0) <= truth.var(axis=0) + 1e-9).all()


def test_people_set_aside_are_answered_by_the_member_that_did_not_learn_from_them(eight, learned_from):
    people = [0, 2, 3, 4, 6, 7]
    fitted = cross_fit(eight, people, config=replace(SMALL, members=4), recipe=replace(TINY, epochs=1))
    aside = [set(people) - learning for learning in learned_from]
    answers = fitted.set_aside
    truth = eight.pressures[people].astype(float)
    mean = truth.mean(axis=0)
    assert sorted(answers.person) == sorted(eight.person[eight.windows_of(people)])
    for part, member in enumerate(fitted.model.members):
        rows = answers.select(answers.fold == part)
        assert set(rows.person) == aside[part]
        windows = eight.windows_of(sorted(aside[part]))
        drawn = mean + fitted.model.kept.numpy() * (ask(member, eight, windows, CPU).value - mean)
        assert rows.value == pytest.approx(drawn)
        assert rows.truth == pytest.approx(eight.truth[windows])
        others = [one for one in people if one not in aside[part]]
        assert rows.baseline[0] == pytest.approx(eight.pressures[others].mean(axis=0))
    # What is drawn to the mean already has nothing left to give.
    assert (share_to_keep(answers, mean) >= 1 - 1e-5)[fitted.model.kept.numpy() < 1].all()
    systolic = fitted.model.systolic_prior
    assert float(systolic.probability @ systolic.value) == pytest.approx(truth[:, 0].mean(), abs=1e-3)


def test_with_fewer_members_than_parts_those_set_aside_count(eight):
    fitted = cross_fit(eight, range(8), config=replace(SMALL, members=1), recipe=replace(TINY, epochs=1))
    assert len(np.unique(fitted.set_aside.person)) == 2


def test_what_is_learned_is_kept(learned):
    assert (learned.model.kept > 0.8).all()


def test_trust_is_learned_where_answers_are_given(eight):
    """Of windows that the demo refuses, nothing is asked; where it refuses all of them, all count."""
    one = replace(SMALL, members=1)
    readable = np.arange(len(eight.person)) % 3 == 0
    some = cross_fit(replace(eight, readable=readable), range(8), config=one, recipe=replace(TINY, epochs=1)).set_aside
    assert len(some.person) == len(np.unique(some.person)) == 2
    none = cross_fit(replace(eight, readable=readable & False), range(8), config=one, recipe=replace(TINY, epochs=1))
    assert len(none.set_aside.person) == 6
