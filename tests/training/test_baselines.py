import numpy as np
import openpyxl
import pytest
from sklearn.svm import SVR
from small_ppg_bp import finger_pulse

from bpdemo.training import baselines
from bpdemo.training.baselines import (
    BEAT_POINTS,
    CONTACT,
    HEART_RATE,
    MEAN,
    PERMUTED,
    RECOVERED,
    ROWS_ONLY,
    SHUFFLED,
    TRAITS,
    contact_beat,
    main,
    predict_out_of_fold,
    read_ppg_bp_traits,
    recover_beat,
    recover_wave,
    rows_only,
    shuffle_columns,
)
from bpdemo.training.datasets import Person, Recording, split_by_person
from bpdemo.training.evidence import score_models
from bpdemo.training.map_set import MapSet

CELLS, COLUMNS, RATE_HZ = 4, 450, 30.0


def one_map(rate_bpm: float, notch: float, noise: float, rng: np.random.Generator) -> np.ndarray:
    """A map whose T channel shows a known pulse in every cell; the other channels hold noise."""
    values = rng.standard_normal((4, CELLS, COLUMNS))
    pulse = finger_pulse(rate_bpm, notch, COLUMNS / RATE_HZ, RATE_HZ, phase=rng.uniform())
    values[3] = 3 * (pulse - pulse.mean()) + noise * values[3]
    return values.astype(np.float16)


def a_person(number: int, rng: np.random.Generator) -> tuple[Person, float, float]:
    """Pressure follows the second wave, and nothing else does; also returns heart rate and second wave."""
    rate_bpm, notch = rng.uniform(60, 85), rng.uniform(0.1, 0.6)
    recording = Recording(finger_pulse(rate_bpm, notch, 3.0, 1000), 1000.0)
    systolic, diastolic = 160 - 100 * notch, 95 - 50 * notch
    return Person(f"made:{number}", (recording,), systolic, diastolic), rate_bpm, notch


def map_set(people, renderings: int, seed: int) -> MapSet:
    rng = np.random.default_rng(seed)
    qualities = (("strong", 0.3), ("poor", 3.0)) * renderings
    values = np.stack([one_map(rate, notch, noise, rng) for _, rate, notch in people for _, noise in qualities])
    return MapSet(
        values,
        np.ones(values[:, 0].shape, bool),
        np.repeat(np.arange(len(people)), len(qualities)),
        np.tile([quality for quality, _ in qualities], len(people)),
        tuple(person for person, _, _ in people),
    )


@pytest.fixture(scope="module", autouse=True)
def few_fits():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(baselines, "INNER_FOLDS", 2)
        patch.setattr(baselines, "SUPPORT_VECTORS", (SVR(epsilon=2.0), {"C": [10.0, 100.0], "gamma": [0.3]}))
        patch.setattr(baselines, "RENDERINGS", 1)
        patch.setattr(baselines, "TRAINING_RENDERINGS", 2)
        yield


@pytest.fixture(scope="module")
def sets():
    rng = np.random.default_rng(0)
    people = [a_person(i, rng) for i in range(30)]
    return map_set(people, 1, 1), map_set(people, 1, 2)


@pytest.fixture(scope="module")
def out(sets):
    maps, tests = sets
    traits = {person.name: (person.systolic, 0.0, 1.0) for person in maps.people}  # one that gives the answer away
    return predict_out_of_fold(maps, tests, folds=3, traits=traits)


@pytest.fixture(scope="module")
def results(out):
    return score_models(out)


def test_quiet_cells_count_most():
    rng = np.random.default_rng(0)
    values = np.zeros((4, 2, COLUMNS))
    true = np.sin(np.arange(COLUMNS) / 4)
    values[3] = true + np.array([[0.05], [3.0]]) * rng.standard_normal((2, COLUMNS))
    wave = recover_wave(values, np.ones((2, COLUMNS), bool))
    assert np.abs(wave - true).std() < 0.1


def test_what_is_not_measured_is_not_read():
    values, mask = np.zeros((4, 2, COLUMNS)), np.ones((2, COLUMNS), bool)
    values[3] = np.sin(np.arange(COLUMNS) / 4)
    mask[0, 100:200] = False
    values[3, ~mask] = 1000
    assert recover_wave(values, mask) == pytest.approx(np.sin(np.arange(COLUMNS) / 4))
    mask[1, 150:160] = False
    values[3, ~mask] = np.nan
    wave = recover_wave(values, mask)
    assert np.diff(wave[149:161], n=2) == pytest.approx(0)
    assert not recover_wave(values, np.zeros_like(mask)).any()


@pytest.mark.parametrize("rate_bpm", [50, 72, 110])
def test_the_mean_beat_is_found(rate_bpm):
    values, mask = one_map(rate_bpm, 0.4, 0.5, np.random.default_rng(1)), np.ones((CELLS, COLUMNS), bool)
    beat, found_bpm = recover_beat(values, mask)
    assert found_bpm == pytest.approx(rate_bpm, abs=2)
    assert beat.shape == (BEAT_POINTS,)
    assert beat.mean() == pytest.approx(0, abs=1e-9)
    assert np.ptp(beat) == pytest.approx(1)
    true = finger_pulse(60, 0.4, 1, BEAT_POINTS, phase=0)  # where it begins is free: the best of all turns counts
    assert max(np.corrcoef(np.roll(true, shift), beat)[0, 1] for shift in range(BEAT_POINTS)) > 0.95


def test_the_mean_beat_begins_at_the_same_place_and_has_no_unit():
    rng = np.random.default_rng(2)
    mask = np.ones((CELLS, COLUMNS), bool)
    first, second = one_map(70, 0.4, 0.1, rng), one_map(70, 0.4, 0.1, rng)  # another phase
    assert recover_beat(first, mask)[0] == pytest.approx(recover_beat(2 * second, mask)[0], abs=0.05)


def test_a_map_of_nothing_has_no_beat():
    beat, _ = recover_beat(np.zeros((4, CELLS, COLUMNS)), np.zeros((CELLS, COLUMNS), bool))
    assert not beat.any()


def test_contact_beat_tells_rate_and_shape():
    beats = {
        notch: contact_beat(Person("a", (Recording(finger_pulse(75, notch, 4, 1000), 1000.0),), 120, 80))
        for notch in (0.1, 0.5)
    }
    assert [rate for _, rate in beats.values()] == pytest.approx([75, 75], abs=1)
    assert np.abs(beats[0.1][0] - beats[0.5][0]).max() > 0.2


def test_shuffled_columns_stay_whole(sets):
    maps = sets[0]
    shuffled = shuffle_columns(maps, 0)
    before, after = (of.values[0].reshape(-1, COLUMNS).T.tolist() for of in (maps, shuffled))
    assert before != after
    assert sorted(before) == sorted(after)


def test_models_find_what_is_there(results):
    def r(name, quality="strong", pressure="systolic"):
        return results[name][quality][pressure]["r"]

    assert r(RECOVERED) > 0.8
    assert r(RECOVERED, pressure="diastolic") > 0.8
    assert r(RECOVERED) > r(RECOVERED, "poor")
    assert r(CONTACT) > 0.9
    assert r(CONTACT) == pytest.approx(r(CONTACT, "poor"))
    assert r(TRAITS) > 0.9
    assert r(HEART_RATE) < 0.5


@pytest.mark.parametrize("name", [SHUFFLED, ROWS_ONLY, PERMUTED, HEART_RATE])
def test_negative_controls_fall_to_the_training_mean(results, name):
    for quality in ("strong", "poor"):
        for pressure, figures in results[name][quality].items():
            beat = results[RECOVERED][quality][pressure]
            assert figures["gain"] < 0.1 * figures["baseline_mae"] < beat["gain"], (quality, pressure)


def test_rows_only_has_no_time(sets):
    maps = sets[0]
    still = rows_only(maps)
    assert np.ptp(still.values.astype(float), axis=-1).max() == 0
    assert still.values[3, 3, 1, 0] == pytest.approx(maps.values[3, 3, 1].astype(float).mean(), abs=1e-3)
    mask = maps.mask.copy()
    mask[:, :, :100] = False
    gappy = rows_only(MapSet(maps.values, mask, maps.person, maps.quality, maps.people))
    assert gappy.values[0, 3, 0, 200] == pytest.approx(maps.values[0, 3, 0, 100:].astype(float).mean(), abs=1e-3)
    assert not gappy.values[..., :100].any()


def test_predictions_know_their_people_folds_and_means(sets, out):
    maps, tests = sets
    folds = list(split_by_person(maps.people, 3, 0))
    for rows in out.values():
        assert rows.person.tolist() == tests.person.tolist()
        assert rows.quality.tolist() == tests.quality.tolist()
        assert rows.truth == pytest.approx(tests.truth)
        assert not rows.split.any()
        for fold, (train_people, test_people) in enumerate(folds):
            of = rows.fold == fold
            assert sorted(set(rows.person[of])) == sorted(test_people)
            assert rows.baseline[of] == pytest.approx(maps.pressures[train_people].mean(axis=0) + 0 * rows.truth[of])
    assert (out[MEAN].value == out[MEAN].baseline).all()


def test_each_seed_is_a_split_of_its_own(sets):
    maps, tests = sets
    both = predict_out_of_fold(maps, tests, folds=2, seeds=(0, 5))[HEART_RATE]
    alone = predict_out_of_fold(maps, tests, folds=2, seeds=(5,))[HEART_RATE]
    second = both.select(both.split == 1)
    assert len(second.person) == len(alone.person) == len(both.person) / 2
    assert second.value == pytest.approx(alone.value)
    assert second.fold.tolist() == alone.fold.tolist()
    assert both.fold[both.split == 0].tolist() != second.fold.tolist()


def test_no_test_person_has_a_say(sets):
    maps, tests = sets
    before = predict_out_of_fold(maps, tests, folds=2)
    train_people, test_people = next(split_by_person(maps.people, 2, 0))
    assert set(train_people).isdisjoint(test_people)
    values = maps.values.copy()
    values[maps.of_people(test_people)] = 0
    people = list(maps.people)
    for i in test_people:
        people[i] = Person(people[i].name, people[i].recordings, 300.0, 20.0)
    changed = MapSet(values, maps.mask, maps.person, maps.quality, tuple(people))
    after = predict_out_of_fold(changed, tests, folds=2)
    of = tests.of_people(test_people)
    for name in (MEAN, HEART_RATE, RECOVERED, CONTACT):
        assert after[name].value[of] == pytest.approx(before[name].value[of]), name


def test_traits_are_read_and_gaps_left_out(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(("a title",))
    book.active.append(("subject_ID", "Sex(M/F)", "Age(year)", "Height(cm)", "Weight(kg)"))
    book.active.append((2, "Female", 45, 150, 45))
    book.active.append((3, "Male", 60, 200, 80))
    book.active.append((4, "Male", None, 200, 80))
    book.save(tmp_path / "PPG-BP dataset.xlsx")
    assert read_ppg_bp_traits(tmp_path) == {"ppg_bp:2": (45, 1, 20), "ppg_bp:3": (60, 0, 20)}


def test_a_table_without_traits_has_none(ppg_bp):
    assert read_ppg_bp_traits(ppg_bp) == {}


def test_command_prints_the_table(ppg_bp, tmp_path, capsys):
    main(["--data", f"ppg_bp={ppg_bp}", "--people", "5", "--json", str(tmp_path / "all.json")])
    printed = capsys.readouterr().out
    assert "5 people, 5 folds by person, seed 0; 2 training and 3 evaluation maps" in printed
    assert f"| {RECOVERED} |" in printed
    assert TRAITS not in printed
    assert (tmp_path / "all.json").stat().st_size > 1000
