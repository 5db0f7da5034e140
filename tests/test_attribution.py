"""What moved a reading, by networks that are known to look at one part alone."""

import numpy as np
import pytest
import torch

from bpdemo.attribution import LeftOut, average_moved, leave_out
from bpdemo.beats import MEAN_BEATS, PHASES, POINTS, phase_points
from bpdemo.estimate import MovedBy
from bpdemo.models import find_model
from bpdemo.models.beats import average_rows
from bpdemo.models.config import BeatsConfig
from bpdemo.models.inputs import Inputs
from bpdemo.regions import REGIONS
from bpdemo.self_check import made_up_face
from bpdemo.window import read_window

U, T = 1, 3  # the channels' places
TIME = np.linspace(0, 2 * np.pi, POINTS)


def a_model(weigh, members=1):
    """Networks whose systolic value goes with the mean row, weighed by `weigh` [4, points], and with nothing else."""
    sizes = BeatsConfig(members=members, width=4, hidden=4, shape=1, features=2)
    model = find_model("beats").build(sizes).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        for member in model.members:
            member.direct.weight[0, :-1] = torch.tensor(weigh, dtype=torch.float32).flatten()
            member.features.weight[:, 0] = torch.tensor([1.0, -1.0])
            member.systolic.classifier.weight[0] = torch.tensor([-1.0, 1.0])
            member.reference_rows[T] = torch.tensor(np.sin(TIME) / np.sqrt((np.sin(TIME) ** 2).mean()))
    return model


def a_window(u, regions=REGIONS, height=1.0):
    """A window in which T is the reference's and U, of the same height, is `u` by region; some regions not measured."""
    values = np.zeros((1, MEAN_BEATS, 4, len(REGIONS), POINTS), np.float32)
    weight = np.zeros((1, MEAN_BEATS, len(REGIONS)), np.float32)
    values[:, :, T] = height * np.sin(TIME) / np.sqrt((np.sin(TIME) ** 2).mean())
    for region in regions:
        values[:, :, U, REGIONS.index(region)] = height * u.get(region, 0)
        weight[:, :, REGIONS.index(region)] = 1
    return tuple(map(torch.from_numpy, (values, weight, np.full(1, 1.2, np.float32))))


def moved(model, window):
    batch, left_out = leave_out(model, window)
    with torch.inference_mode():
        prediction, alone = model(*batch), model(*window)
    torch.testing.assert_close(prediction.systolic.value[:1], alone.systolic.value)
    return left_out.moved(prediction.systolic.value)


def only(row, points):
    weigh = np.zeros((4, POINTS))
    weigh[row] = points
    return weigh


def test_every_point_of_a_beat_lies_in_one_phase():
    points = np.stack([phase_points(phase) for phase in PHASES])
    assert (points.sum(axis=0) == 1).all()
    assert (points.argmax(axis=0) == np.sort(points.argmax(axis=0))).all()
    assert points[:, round((POINTS - 1) * 0.2)].tolist() == [False, True, False, False], "the upstroke"


@pytest.mark.parametrize("region", REGIONS)
def test_the_region_that_shows_what_is_looked_at_is_the_one_that_moves_the_reading(region):
    model = a_model(only(U, 1 / POINTS))
    found = moved(model, a_window({region: 2.0}))
    assert list(found.regions) == list(REGIONS)
    others = [value for name, value in found.regions.items() if name != region]
    # The mean of U over six regions is a third; of the five others 0, or two fifths where one of those is left out.
    values = [model(*a_window(dict.fromkeys(REGIONS, u))).systolic.value.item() for u in (0.0, 1 / 3, 2 / 5)]
    assert found.regions[region] == pytest.approx(values[0] - values[1], abs=1e-3)
    assert others == pytest.approx([values[2] - values[1]] * 5, abs=1e-3)
    assert abs(found.regions[region]) > 4 * max(others) > 0


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("height", [1.0, 0.003])
def test_the_phase_that_is_looked_at_is_the_one_that_moves_the_reading(phase, height):
    looks = phase_points(phase) / phase_points(phase).sum()
    model = a_model(only(U, looks), members=2)
    found = moved(model, a_window(dict.fromkeys(REGIONS, 1.0), height=height))
    flat = a_window(dict.fromkeys(REGIONS, 0.0))  # U of the reference
    expected = (model(*flat).systolic.value - model(*a_window(dict.fromkeys(REGIONS, 1.0))).systolic.value).item()
    assert abs(expected) > 1
    assert found.phases == pytest.approx({name: expected * (name == phase) for name in PHASES}, abs=1e-3)


def test_a_phase_left_out_is_the_references_and_the_beats_lie_as_far_apart_as_before():
    values, weight, rate_hz = a_window({})
    values += torch.randn(values.shape, generator=torch.Generator().manual_seed(0))
    values[:, :, :, 2], weight[:, :, 2] = float("nan"), 0
    member = a_model(only(U, 0)).members[0]
    before, _ = average_rows(values, weight)
    changed, same_weight, _ = member.without_phase((values, weight, rate_hz), PHASES[1])
    after, _ = average_rows(changed, same_weight)
    inside = phase_points(PHASES[1])
    after = after * (before[0, -1, T, ~inside] / after[0, -1, T, ~inside]).mean()  # heights are set anew
    torch.testing.assert_close(after[0, -1, :, inside], member.reference_rows[:, inside], rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(after[0, -1, :, ~inside], before[0, -1, :, ~inside], rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(after[0, :-1] - after[0, -1], before[0, :-1] - before[0, -1], rtol=1e-3, atol=1e-3)


def test_a_region_that_was_not_measured_or_stands_alone_is_not_left_out():
    model = a_model(only(U, 1 / POINTS))
    assert list(moved(model, a_window({}, REGIONS[1:3])).regions) == list(REGIONS[1:3])
    alone = moved(model, a_window({}, REGIONS[:1]))
    assert (alone.regions, list(alone.phases)) == ({}, list(PHASES))
    assert moved(model, a_window({}, ())) is None


def test_a_map_is_read_without_a_regions_cells():
    torch.manual_seed(0)
    small = find_model("paper").build(find_model("paper").size("small")).eval()
    window = read_window(made_up_face(), 0.0, 10.0)
    tensors = small.tensors(Inputs.of_window(window))
    batch, left_out = leave_out(small, tensors)
    assert left_out == LeftOut(REGIONS, ())
    rows = np.array([region == REGIONS[2] for region in window.stmap.regions])
    assert not batch[1][3, rows].any()
    assert torch.equal(batch[1][3, ~rows], tensors[1][0, ~rows])
    hidden = tensors[1] & torch.from_numpy(~rows)[:, None]
    assert leave_out(small, (tensors[0], hidden))[1].regions == tuple(name for name in REGIONS if name != REGIONS[2])
    assert leave_out(small, (tensors[0], tensors[1] & torch.from_numpy(rows)[:, None]))[1] == LeftOut((), ())


def test_windows_are_averaged_and_what_one_lacks_moved_nothing_there():
    first = MovedBy({"nose": 2.0, "chin": -1.0}, {PHASES[0]: 4.0})
    second = MovedBy({"chin": -3.0}, {PHASES[0]: 0.0})
    assert average_moved([first, second, None, None]) == MovedBy({"nose": 0.5, "chin": -1.0}, {PHASES[0]: 1.0})
    assert average_moved([None, None]) is None
