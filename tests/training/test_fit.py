"""Fits are judged on slices whose relation to the pressure is known."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from bpdemo.errors import DataError
from bpdemo.models.beats import BloodPressureNetwork, NetworkConfig
from bpdemo.training import fit as fitting
from bpdemo.training.fit import OVERSAMPLING, Recipe, augment, fit, sampling
from bpdemo.training.predictions import predict
from tests.support.small_slices import made_slices

CPU = torch.device("cpu")
SMALL = NetworkConfig(members=2, stem_width=2, width=4, hidden=4)
TINY = Recipe(epochs=3, batch=4, set_aside=4)


def quick_fit(slices, people, seed=1, config=SMALL, recipe=TINY, **more):
    return fit(slices, people, config, recipe, seed, CPU, title=None, **more)


def assert_same_weights(one, other):
    for name, tensor in one.state_dict().items():
        np.testing.assert_array_equal(other.state_dict()[name], tensor, err_msg=name)


@pytest.fixture(scope="module")
def eight():
    return made_slices(np.linspace(95, 165, 8), each=3)


@pytest.fixture(scope="module")
def through(eight):
    """A fit on six of the eight."""
    return quick_fit(eight, [0, 2, 3, 4, 6, 7])


@pytest.fixture(scope="module")
def sixty():
    return made_slices(np.random.default_rng(3).permutation(np.linspace(95, 165, 60)))


@pytest.fixture(scope="module")
def learned(sixty):
    recipe = replace(TINY, epochs=14, patience=14, batch=20, learning_rate=0.02, average_decay=0.9, set_aside=8)
    return quick_fit(sixty, range(40), config=replace(SMALL, members=1, dropout=0.0), recipe=recipe)


def test_people_not_fitted_on_are_told_apart(sixty, learned):
    of = sixty.of_people(range(40, 60))
    value, _, _ = predict(learned, sixty, of, CPU)
    mean = sixty.pressures[:40].mean(axis=0)
    for k in (0, 1):
        truth = sixty.truth[of, k]
        assert np.abs(value[:, k] - truth).mean() < 0.5 * np.abs(mean[k] - truth).mean()
        assert np.corrcoef(truth, value[:, k])[0, 1] > 0.85


def test_strange_beats_are_known_from_those_it_was_fitted_on(sixty, learned):
    _, _, usual = predict(learned, sixty, sixty.of_people(range(40)), CPU)
    strange = replace(sixty, values=sixty.values[..., ::-1].copy())
    _, _, unusual = predict(learned, strange, np.arange(40), CPU)
    assert (usual == 1).mean() == pytest.approx(0.95, abs=0.02)
    assert unusual.min() > 1.2


def test_the_same_seed_gives_the_same_weights(eight, through):
    assert_same_weights(through, quick_fit(eight, [0, 2, 3, 4, 6, 7]))


def test_another_seed_gives_other_weights(eight, through):
    other = quick_fit(eight, [0, 2, 3, 4, 6, 7], seed=2)
    assert not torch.equal(other.members[0].stem.weight, through.members[0].stem.weight)
    assert not torch.equal(through.members[1].stem.weight, through.members[0].stem.weight)


def test_nobody_but_those_fitted_on_has_a_say():
    slices, people = made_slices(np.linspace(95, 165, 8), each=9), [0, 2, 3, 4, 6, 7]
    spoiled = replace(slices, values=slices.values.copy(), weight=slices.weight.copy(), rate_hz=slices.rate_hz.copy())
    for array in (spoiled.values, spoiled.weight, spoiled.rate_hz):
        array[np.isin(slices.person, (1, 5))] = np.nan
    nobody = replace(slices.people[0], systolic=np.nan, diastolic=np.nan)
    spoiled = replace(spoiled, people=tuple(nobody if i in (1, 5) else one for i, one in enumerate(slices.people)))
    recipe = replace(TINY, epochs=1, batch=18)
    clean, other = (quick_fit(given, people, recipe=recipe) for given in (slices, spoiled))
    assert clean.usual_novelty != 1  # there were enough to tell what is usual
    assert_same_weights(clean, other)


def test_those_fitted_on_have_a_say(eight, through):
    changed = replace(eight, own_pressures=eight.truth + 20 * (eight.person == 2)[:, None].astype(np.float32))
    other = quick_fit(changed, [0, 2, 3, 4, 6, 7])
    assert not torch.equal(other.members[0].stem.weight, through.members[0].stem.weight)


def test_a_network_comes_ready_for_use(through):
    assert not any(module.training for module in through.modules())


def test_one_person_is_too_few(eight):
    with pytest.raises(DataError) as caught:
        quick_fit(eight, [3])
    assert caught.value.code == "too_few_people"


def test_a_recipe_can_be_written_down():
    recipe = Recipe()
    assert json.loads(json.dumps(recipe.to_dict())) == recipe.to_dict()
    assert recipe.to_dict()["loss"]["neighbours"] == recipe.loss.neighbours


@pytest.fixture
def roles(eight, monkeypatch):
    """Whom each member drew from, and whom it was watched on, when all but 1 and 5 are fitted on."""
    drawn, watched = [], []

    def note_drawn(slices, people, *rest):
        drawn.append(set(people))
        return sampling(slices, people, *rest)

    def note_watched(job, member, aside, device):
        watched.append(set(aside))
        return 1.0

    monkeypatch.setattr(fitting, "sampling", note_drawn)
    monkeypatch.setattr(fitting._Job, "_loss_aside", note_watched)
    quick_fit(eight, [0, 2, 3, 4, 6, 7], config=replace(SMALL, members=5), recipe=replace(TINY, epochs=1))
    return drawn, watched


def test_people_set_aside_are_nobody_the_member_learns_from_and_never_test_people(roles):
    for learning, aside in zip(*roles, strict=True):
        assert aside
        assert not aside & learning
        assert aside | learning == {0, 2, 3, 4, 6, 7}


def test_people_set_aside_differ_from_member_to_member_until_all_had_their_turn(roles):
    _, aside = roles
    assert set.union(*aside[:4]) == {0, 2, 3, 4, 6, 7}
    assert sum(map(len, aside[:4])) == 6
    assert aside[4] == aside[0]


def test_the_loss_aside_is_the_error_of_both_pressures(eight):
    member = BloodPressureNetwork(replace(SMALL, members=1)).eval()
    value, _, _ = predict(member, eight, eight.of_people([1, 4]), CPU)
    error = value - eight.truth[eight.of_people([1, 4])]
    job = fitting._Job(eight, SMALL, TINY, 0, CPU, None)
    told = job._loss_aside(member.members[0], [1, 4], CPU)
    assert told == pytest.approx(np.sqrt((error**2).mean(axis=0)).sum(), rel=1e-5)


class Scripted:
    """Stands in for the loss aside: gives what is written down, and remembers the weights it was asked about."""

    def __init__(self, losses):
        self.losses, self.told, self.asked = list(losses), [], []

    def __call__(self, job, member, aside, device):
        self.told.append(self.losses[len(self.told)])
        self.asked.append({name: tensor.clone() for name, tensor in member.state_dict().items()})
        return self.told[-1]


def script(monkeypatch, *losses):
    scripted = Scripted(losses)
    monkeypatch.setattr(fitting._Job, "_loss_aside", lambda *given: scripted(*given))
    return scripted


def test_the_weights_kept_are_those_of_the_best_epoch(eight, monkeypatch):
    scripted = script(monkeypatch, 9.0, 5.0, 7.0, 6.0, 5.5, 8.0)
    alone = replace(SMALL, members=1)
    fitted = quick_fit(eight, range(8), config=alone, recipe=replace(TINY, epochs=6, patience=6))
    for name, tensor in fitted.members[0].state_dict().items():
        np.testing.assert_array_equal(tensor, scripted.asked[1][name], err_msg=name)
    assert not torch.equal(scripted.asked[1]["stem.weight"], scripted.asked[5]["stem.weight"])


@pytest.mark.parametrize(
    ("patience", "losses", "epochs"),
    [
        (1, [5, 4, 4, 1, 1, 1], 3),  # no better is not better
        (2, [5, 4, 6, 4.5, 1, 1], 4),
        (2, [5, 6, 4, 6, 3, 6], 6),
        (3, [5, 6, 7, 8, 1, 1], 4),
    ],
)
def test_waiting_ends_a_fit(eight, monkeypatch, patience, losses, epochs):
    scripted = script(monkeypatch, *losses)
    alone = replace(SMALL, members=1)
    quick_fit(eight, range(8), config=alone, recipe=replace(TINY, epochs=6, patience=patience))
    assert len(scripted.told) == epochs


IMPATIENT = replace(TINY, epochs=4, patience=1)
LOSSES = (5.0, 4.0, 4.5, 7.0, 6.0, 5.0, 4.0)  # the first member loses patience after three epochs
SAVES = 3 + 1 + 4 + 1  # after every epoch, and after every member


@pytest.fixture(scope="module")
def unbroken(eight):
    with pytest.MonkeyPatch.context() as patch:
        scripted = script(patch, *LOSSES)
        fitted = quick_fit(eight, range(8), recipe=IMPATIENT)
    assert len(scripted.told) == 7
    return fitted


@pytest.mark.parametrize("stop", range(1, SAVES + 1))
def test_a_stopped_fit_goes_on_to_the_same_weights(eight, unbroken, tmp_path, monkeypatch, stop):
    scripted = script(monkeypatch, *LOSSES)
    write, saves = fitting.replace_file, []

    def write_and_stop(path, content):
        write(path, content)
        saves.append(path)
        if len(saves) == stop:
            raise KeyboardInterrupt

    monkeypatch.setattr(fitting, "replace_file", write_and_stop)
    with pytest.raises(KeyboardInterrupt):
        quick_fit(eight, range(8), recipe=IMPATIENT, checkpoint=tmp_path / "fit.pt")
    resumed = quick_fit(eight, range(8), recipe=IMPATIENT, checkpoint=tmp_path / "fit.pt")
    assert len(scripted.told) == 7
    assert len(saves) == SAVES
    assert_same_weights(unbroken, resumed)


def test_checkpoints_hold_the_random_state_of_a_gpu(eight, monkeypatch):
    """Without one at hand: what is asked of it and told to it is noted."""
    told = []
    state = torch.arange(16, dtype=torch.uint8)
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda device: state)
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda *given: told.append(given))
    rng, gpu = np.random.default_rng(0), torch.device("cuda", 1)
    saved = fitting._state({}, rng, gpu, 2, 5.0, 1)
    assert fitting._resume(saved, {}, rng, gpu) == (2, 5.0, 1)
    assert told == [(state, gpu)]
    # A fit goes on elsewhere than where it was begun, too.
    fitting._resume(fitting._state({}, rng, CPU, 2, 5.0, 1), {}, rng, gpu)
    fitting._resume(saved, {}, rng, CPU)
    assert len(told) == 1


def test_a_finished_fit_is_taken_as_it_is(eight, unbroken, tmp_path, monkeypatch):
    script(monkeypatch, *LOSSES)
    quick_fit(eight, range(8), recipe=IMPATIENT, checkpoint=tmp_path / "fit.pt")
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda *_: pytest.fail("fitted again"))
    assert_same_weights(unbroken, quick_fit(eight, range(8), recipe=IMPATIENT, checkpoint=tmp_path / "fit.pt"))


UNEVEN = replace(SMALL, systolic_edges=(80.0, 100.0, 120.0, 140.0), diastolic_edges=(40.0, 120.0))
CROWD = np.array([1] + [3] * 3 + [8] * 8)


@pytest.fixture(scope="module")
def uneven():
    """Twelve people in ranges of 1, 3 and 8, of whom one has fewer maps; and two more."""
    slices = made_slices([90] + [110] * 3 + [130] * 8 + [90, 110], each=6)
    kept = (slices.person != 1) | (np.arange(len(slices.person)) % 2 == 0)
    arrays = {name: getattr(slices, name)[kept] for name in ("values", "weight", "rate_hz", "person", "quality")}
    return replace(slices, **arrays)


def drawn_by(uneven, how):
    """Chance of each person, and how much each person's errors count in all."""
    indices, chances, importance = sampling(uneven, range(12), UNEVEN, how)
    assert chances.sum() == pytest.approx(1)
    assert chances @ importance == pytest.approx(1)
    assert set(uneven.person[indices]) == set(range(12))
    whose = uneven.person[indices]
    for person in range(12):
        assert np.ptp(chances[whose == person]) == 0
    return np.bincount(whose, chances, 12), np.bincount(whose, chances * importance, 12)


def test_none_draws_people_alike(uneven):
    chances, say = drawn_by(uneven, "none")
    assert chances == pytest.approx(1 / 12)
    assert say == pytest.approx(1 / 12)


def test_inverse_draws_ranges_alike(uneven):
    chances, say = drawn_by(uneven, "inverse")
    assert chances == pytest.approx(1 / 3 / CROWD)
    assert say == pytest.approx(chances)


def test_root_lies_between(uneven):
    chances, say = drawn_by(uneven, "root")
    assert chances / chances[0] == pytest.approx(CROWD**-0.5)
    assert say == pytest.approx(chances)


def test_density_keeps_fewer_renderings_of_common_ranges(uneven):
    indices, chances, importance = sampling(uneven, range(12), UNEVEN, "density")
    kept = np.bincount(uneven.person[indices], minlength=12)
    # sqrt(1 / 3) and sqrt(1 / 8) of the 6 (of the second person 3) there are, rounded up
    assert kept.tolist() == [6, 2, 4, 4, *[3] * 8]
    assert np.ptp(chances) == np.ptp(importance) == 0
    assert chances.sum() == pytest.approx(1)


@pytest.mark.parametrize("how", OVERSAMPLING)
def test_every_way_takes_as_many_steps(uneven, monkeypatch, how):
    steps = []
    step = torch.optim.AdamW.step
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda *given, **more: steps.append(1) or step(*given, **more))
    recipe = replace(TINY, epochs=2, batch=4, oversampling=how)
    quick_fit(uneven, range(12), config=replace(UNEVEN, members=1), recipe=recipe)
    # Three of the twelve are set aside; of the nine, one has three maps and the others six.
    assert len(steps) == 2 * ((8 * 6 + 3) // 4)


def test_density_leaves_a_quarter_at_least():
    crowded = made_slices([90] + [110] * 40, each=8)
    indices, _, _ = sampling(crowded, range(41), UNEVEN, "density")
    assert np.bincount(crowded.person[indices]).tolist() == [8, *[2] * 40]


def test_loss_draws_people_alike_and_gives_ranges_the_same_say(uneven):
    chances, say = drawn_by(uneven, "loss")
    assert chances == pytest.approx(1 / 12)
    assert say == pytest.approx(1 / 3 / CROWD)


@pytest.mark.parametrize("how", OVERSAMPLING)
def test_only_those_asked_for_are_drawn(uneven, how):
    indices, _, _ = sampling(uneven, [2, 5, 13], UNEVEN, how)
    assert set(uneven.person[indices]) == {2, 5, 13}


def test_what_is_not_known_is_refused(uneven):
    with pytest.raises(DataError) as caught:
        sampling(uneven, range(12), UNEVEN, "sometimes")
    assert caught.value.code == "oversampling_unknown"
    assert all(how in caught.value.reason.remedy for how in OVERSAMPLING)


def test_importance_reaches_the_fit(eight, monkeypatch):
    told = []
    loss = fitting.blood_pressure_loss

    def note(*given, importance):
        told.append(importance)
        return loss(*given, importance=importance)

    monkeypatch.setattr(fitting, "blood_pressure_loss", note)
    config = replace(UNEVEN, members=4, systolic_edges=(80.0, 125.0, 180.0))
    quick_fit(eight, range(8), config=config, recipe=replace(TINY, oversampling="loss", epochs=1))
    assert len(torch.cat(told).unique()) > 1


@pytest.fixture(scope="module")
def varied():
    torch.manual_seed(0)
    values, weight = torch.randn(6, 4, 4, 5, 48), torch.rand(6, 4, 5) + 0.1
    rng = np.random.default_rng(0)
    return values, weight, [augment(values.clone(), weight.clone(), rng) for _ in range(60)]


def test_augmentation_keeps_what_was_measured_its_its_values_and_their_order(varied):
    values, _, drawn = varied
    for changed, _ in drawn:
        assert torch.equal(changed, values)


def test_augmented_weight_stays_or_falls_to_nothing(varied):
    _, weight, drawn = varied
    for _, changed in drawn:
        assert ((changed == weight) | (changed == 0)).all()


def test_augmentation_leaves_something_of_every_map(varied):
    assert all((changed > 0).any(dim=(1, 2)).all() for _, changed in varied[2])


def test_augmentation_hides_whole_slices_and_whole_regions(varied):
    fewer_slices = fewer_regions = 0
    for _, changed in varied[2]:
        left = changed > 0
        slices, regions = left.any(dim=2), left.any(dim=1)
        assert torch.equal(left, slices[:, :, None] & regions[:, None])
        fewer_slices += not slices.all()
        fewer_regions += not regions.all()
    assert 60 > fewer_slices > 20
    assert fewer_regions > 20
