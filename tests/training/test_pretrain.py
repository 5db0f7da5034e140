"""Pretraining is judged on maps whose pulse is known."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from bpdemo.cli import app
from bpdemo.errors import BpdemoError
from bpdemo.models import find_model
from bpdemo.models.config import BbpConfig, BeatsConfig, PaperConfig
from bpdemo.models.pressure_model import Member
from bpdemo.regions import CELLS, REGIONS
from bpdemo.spectrum import power_spectrum
from bpdemo.stmap import RATE_HZ
from bpdemo.training import fit as fitting
from bpdemo.training import pretrain as module
from bpdemo.training import teach as teaching
from bpdemo.training.fit import fit
from bpdemo.training.map_waves import MapWaves, resample, trim
from bpdemo.training.pretrain import PretrainRecipe, draw, pretrain, read_windows
from bpdemo.training.recipe import Recipe
from bpdemo.training.train import open_start
from bpdemo.weights.start import load_start, save_start
from tests.support.made_up_maps import add_maps, make_rows, write_maps
from tests.support.pulse_maps import make_pulse_maps
from tests.support.small_tables import write_mw_ppg

CPU = torch.device("cpu")
PAPER = PaperConfig(blocks=(1, 1), widths=(4, 8), hidden=4)
BEATS = BeatsConfig(members=2, width=4, hidden=4, shape=2, features=4)
QUICK = PretrainRecipe(epochs=3, batch=4, learning_rate=0.02, set_aside=4)


def code_of(call, *given, **named):
    with pytest.raises(BpdemoError) as caught:
        call(*given, **named)
    return caught.value.code


@pytest.fixture(scope="module")
def maps():
    return make_pulse_maps()


@pytest.fixture
def known(maps, monkeypatch):
    """Windows of known pulse, whatever is named."""
    monkeypatch.setattr(module, "read_windows", lambda *_, **__: maps)


def teach(output, method="contrast-phys", model="paper", network=PAPER, recipe=QUICK, **more):
    return pretrain(output, method=method, model=model, network=network, device="cpu", recipe=recipe, **more)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["contrast-phys", "yue"])
def test_waves_come_to_show_the_pulse_of_people_nobody_learned_from(known, tmp_path, method):
    found = teach(tmp_path / "start", method, recipe=replace(QUICK, epochs=8)).figures
    before, after = found["before"], found["after"]
    assert before["heart_rate_mae"] > 10
    assert after["heart_rate_mae"] < 3
    assert after["snr_db"] > before["snr_db"] + 3
    assert after["irrelevant_power"] < before["irrelevant_power"]
    assert after["loss"] < before["loss"]


def test_beats_of_one_person_come_to_be_alike(known, tmp_path):
    found = teach(tmp_path / "start", "contrast-phys", "beats", BEATS).figures
    assert found["after"]["loss"] < found["before"]["loss"]
    assert found["after"]["heart_rate_mae"] is None


@pytest.mark.parametrize("ratio", [0.4, 1.0, 1.6])
def test_resampled_windows_have_exactly_the_rate_times_the_ratio(ratio):
    maps = make_pulse_maps(people=2, each=1, noise=0.0)
    windows = replace(maps.inputs(np.arange(2)), mask=maps.mask[:2].copy())
    windows.mask[:, 3, 100:] = False
    faster = resample(windows, ratio)
    for number, rate_hz in enumerate(windows.rate_hz):
        frequency_hz, power = power_spectrum(faster.stmap[number, -1, 0])
        assert frequency_hz[power.argmax()] == pytest.approx(ratio * rate_hz, abs=0.005)
    assert faster.mask.shape[-1] == faster.stmap.shape[-1] == min(450, int(449 / ratio) + 1)
    assert faster.mask[0, 3].sum() == pytest.approx(min(100 / ratio, 450), abs=2)
    assert not faster.stmap[0, :, 3, int(100 / ratio) + 2 :].any()


def test_windows_end_with_the_shortest(maps):
    windows = maps.inputs(np.arange(3))
    mask = windows.mask.copy()
    mask[1, :, 300:] = mask[2] = False
    assert trim(replace(windows, mask=mask)).stmap.shape[-1] == 300


def test_a_region_that_was_not_measured_has_the_wave_of_the_others(maps):
    torch.manual_seed(0)
    member = find_model("paper").network(PAPER).eval()
    windows = maps.inputs(np.arange(2))
    mask = windows.mask & np.array([cell.region != REGIONS[1] for cell in CELLS])[:, None]
    features, rate_hz = member.pulse_features(member.tensors(replace(windows, mask=mask)))
    assert (features.shape, rate_hz) == ((2, 4, len(REGIONS), 113), RATE_HZ / 4)
    rows = np.array([sum(cell.region == region for cell in CELLS) for region in REGIONS], float)
    rows[1] = 0
    others = torch.einsum("bfwt,w->bft", features, torch.tensor(rows / rows.sum()).float())
    torch.testing.assert_close(features[:, :, 1], others, rtol=1e-4, atol=1e-5)


def test_features_of_beats_are_those_of_each_region(maps):
    member = find_model("beats").network(BEATS).eval()
    values, weight, rate_hz = member.tensors(maps.inputs(np.arange(3)))
    features, rate = member.pulse_features((values, weight, rate_hz))
    assert (features.shape, rate) == ((3, 4, len(REGIONS), 10), None)
    alone = weight.clone()
    alone[..., 1:] = 0
    only, _ = member.pulse_features((values, alone, rate_hz))
    torch.testing.assert_close(only[:, :, 0], features[:, :, 0])
    torch.testing.assert_close(only[:, :, 3], only[:, :, 0])  # the mean of all that was measured


def test_a_step_is_of_different_people(maps):
    drawn = draw(maps, maps.windows_of([1, 4, 5]), 8, np.random.default_rng(0))
    assert sorted(maps.person[drawn]) == [1, 4, 5]


def test_what_cannot_be_pretrained_says_so(known, tmp_path):
    assert code_of(teach, tmp_path, "yue", "beats", BEATS) == "method_needs_time"
    assert code_of(teach, tmp_path, "contrast-phys", "bbp", BbpConfig(width=1)) == "model_not_pretrainable"
    assert code_of(teach, tmp_path, "beats", "paper", PAPER) == "method_not_for_maps"
    assert code_of(teach, tmp_path, "mine") == "model_unknown"


def test_only_what_was_taught_is_kept_and_every_member_starts_from_it(known, maps, tmp_path):
    config = teach(tmp_path / "start", model="paper", network=PAPER)
    start = load_start(tmp_path / "start")
    assert start.config == config
    assert {name.partition(".")[0] for name in start.tensors} == {"stem", "blocks"}
    assert not any(name.startswith("blocks.1") for name in start.tensors)  # the second stage has no part in it
    two = replace(PAPER, members=2)
    no_steps = Recipe(epochs=1, batch=4, learning_rate=1e-12, weight_decay=0.0)
    fitted = fit(maps, range(8), two, no_steps, 0, CPU, model="paper", title=None, start=start).model
    other = fit(maps, range(8), two, no_steps, 0, CPU, model="paper", title=None).model
    for member in fitted.members:
        torch.testing.assert_close(member.stem[0].weight, start.tensors["stem.0.weight"])
    assert not torch.allclose(other.members[0].stem[0].weight, start.tensors["stem.0.weight"])
    assert not torch.equal(fitted.members[0].lstm.weight_hh_l0, fitted.members[1].lstm.weight_hh_l0)


class Stopped(Exception):  # noqa: N818 - what happens to a run, not an error of it
    pass


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_a_stopped_run_goes_on_to_the_same_weights(known, tmp_path, monkeypatch, stop):
    teach(tmp_path / "through")
    write, saves = module.save_checkpoint, []

    def write_and_stop(path, content):
        write(path, content)
        saves.append(path)
        if len(saves) == stop:
            raise Stopped

    monkeypatch.setattr(module, "save_checkpoint", write_and_stop)
    with pytest.raises(Stopped):
        teach(tmp_path / "resumed")
    teach(tmp_path / "resumed")
    assert len(saves) == QUICK.epochs
    one, other = (load_start(tmp_path / name) for name in ("through", "resumed"))
    assert one.identity == other.identity
    teach(tmp_path / "resumed", seed=1)  # another run begins anew
    assert len(saves) == 2 * QUICK.epochs


def test_nobody_is_tested_on_whom_the_start_has_seen(known, maps, tmp_path):
    config = teach(tmp_path / "start")
    aside = [person for person in maps.people if person.name in config.set_aside]
    seen = [person for person in maps.people if person.name in config.names]
    assert len(aside) + len(seen) == len(maps.people)
    assert open_start(tmp_path / "start", "paper", PAPER, aside) is not None
    assert code_of(open_start, tmp_path / "start", "paper", PAPER, [*aside, seen[0]]) == "people_seen"


def test_a_start_of_another_model_or_size_is_refused(known, tmp_path):
    teach(tmp_path / "start")
    start = load_start(tmp_path / "start")
    start.check("paper", replace(PAPER, members=3, dropout=0.5, hidden=9))
    assert code_of(start.check, "beats", BEATS) == "start_differs"
    assert code_of(start.check, "paper", replace(PAPER, widths=(5, 8))) == "start_differs"


def test_a_folder_that_is_not_a_start_is_refused(known, tmp_path):
    assert code_of(load_start, tmp_path) == "start_missing"
    teach(tmp_path / "start")
    start = load_start(tmp_path / "start")
    tensors = start.tensors | {"stem.0.weight": torch.full_like(start.tensors["stem.0.weight"], np.nan)}
    save_start(tmp_path / "nan", replace(start, tensors=tensors))
    assert code_of(load_start, tmp_path / "nan") == "start_invalid"
    content = json.loads((tmp_path / "start" / "start.json").read_text())
    for change in ({"bpdemo": "start/9"}, {"stmap": {"version": 9}}, {"names": []}):
        (tmp_path / "start" / "start.json").write_text(json.dumps(content | change))
        assert code_of(load_start, tmp_path / "start") == "start_invalid"


def test_maps_without_pressures_are_learned_from_and_pressures_are_not_read(tmp_path):
    rows = add_maps(make_rows(people=4, clips=1))
    for row in rows[:4]:
        row |= {"systolic": None, "diastolic": None}
    rows[5] |= {"status": "refused", "code": "dark"}
    dataset = read_windows({}, [write_maps(tmp_path / "maps", rows)], QUICK, 0, with_maps=True)
    assert len(dataset.person) == 7
    assert np.isnan(dataset.truth).all()
    assert np.isnan(dataset.pressures).all()
    assert dataset.mask.any(axis=(1, 2)).all()


def test_recordings_are_rendered_without_their_pressures(tmp_path):
    (tmp_path / "mw_ppg").mkdir()
    few = replace(QUICK, qualities=("strong",), cycles=1)
    dataset = read_windows({"mw_ppg": write_mw_ppg(tmp_path / "mw_ppg", people=2)}, [], few, 0, with_maps=True)
    assert (len(dataset.person), dataset.stmap.shape[-1]) == (2, 450)
    assert np.isnan(dataset.pressures).all()


def test_the_command_prints_what_was_found_before_and_after(known, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PretrainRecipe", lambda: QUICK)
    command = ["pretrain", "--method", "contrast-phys", "--model", "paper", "--size", "small", "--maps", "a"]
    ran = CliRunner().invoke(app, [*command, "--output", str(tmp_path / "start"), "--device", "cpu"])
    assert ran.exit_code == 0, ran.output
    lines = ran.stdout.strip().splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["before", "after"]
    assert len(lines[0].split("|")) == 7
    assert load_start(tmp_path / "start").config.network == find_model("paper").size("small")


def test_members_cannot_be_pretrained_unless_they_say_how(maps):
    member = find_model("beats").network(BEATS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(member), "pulse_features", Member.pulse_features)
        assert code_of(MapWaves, member, find_model("contrast-phys")) == "model_not_pretrainable"


def test_a_recipe_pretrains_each_member_on_those_it_learns_from(maps, monkeypatch):
    taught_on = []
    teach_member = fitting.teach_member

    def note(member, method, dataset, windows, *given):
        taught_on.append((method.name, set(dataset.person[windows])))
        begun = {name: tensor.clone() for name, tensor in member.state_dict().items()}
        teach_member(member, method, dataset, windows, *given)
        moved = {name for name, tensor in member.state_dict().items() if not torch.equal(tensor, begun[name])}
        assert moved
        assert not any(name.startswith(("lstm", "systolic", "diastolic")) for name in moved)
        assert all(parameter.requires_grad for parameter in member.parameters())

    monkeypatch.setattr(fitting, "teach_member", note)
    monkeypatch.setattr(teaching, "PretrainRecipe", lambda: replace(QUICK, epochs=1))
    recipe = Recipe(pretrain="contrast-phys", epochs=1, batch=4, set_aside=2)
    people = [0, 1, 2, 3]
    fitted = fit(maps, people, PAPER, recipe, 0, CPU, model="paper", title=None)
    ((method, learned),) = taught_on
    assert method == "contrast-phys"
    assert learned < set(people)
    assert not learned & set(fitted.set_aside.person)
