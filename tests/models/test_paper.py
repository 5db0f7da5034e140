from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from bpdemo.data.registry import load_people
from bpdemo.models import find_model
from bpdemo.models.config import PaperConfig
from bpdemo.models.inputs import Inputs
from bpdemo.models.losses import blood_pressure_loss
from bpdemo.models.paper import Network, scale_map
from bpdemo.regions import CELLS
from bpdemo.self_check import made_up_face
from bpdemo.training.rendered import render
from bpdemo.window import read_window
from tests.support.small_weights import code_of

SMALL = find_model("paper").size("small")
CELL, COLUMNS = len(CELLS), 450


@pytest.fixture(scope="module")
def network() -> Network:
    torch.manual_seed(0)
    built = Network(SMALL)
    for seed in range(3):
        built(*a_batch(8, seed))  # the normalisations see something
    with torch.no_grad():  # an untrained network says nearly the same of everything
        for head in (built.systolic, built.diastolic):
            head.classifier.weight *= 30
    return built.eval()


def a_batch(count: int = 3, seed: int = 1, columns: int = COLUMNS) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    stmap = torch.randn(count, 4, CELL, columns, generator=generator)
    stmap += 2 * (torch.arange(columns) * torch.rand(count, 1, 1, 1, generator=generator)).sin()
    return stmap, torch.rand(count, CELL, columns, generator=generator) < 0.9


def both(prediction) -> torch.Tensor:
    return torch.stack((prediction.systolic.value, prediction.diastolic.value), dim=1).detach()


def test_sizes_are_known_by_name_and_of_the_stated_depth():
    full, small = (Network(find_model("paper").size(name)) for name in ("full", "small"))
    count = {name: parameter.numel() for name, parameter in full.named_parameters()}
    # ResNet-18 without its classifier holds 11,176,512 parameters; a fourth channel adds 7 x 7 x 64 to its stem.
    residual = sum(number for name, number in count.items() if name.startswith(("stem.", "blocks.")))
    assert residual == 11_176_512 + 7 * 7 * 64
    assert sum(isinstance(module, torch.nn.Conv2d) and module.kernel_size != (1, 1) for module in full.modules()) == 17
    assert sum(parameter.numel() for parameter in small.parameters()) < 150_000
    assert find_model("paper").size(None) == find_model("paper").size("full") == PaperConfig()
    assert find_model("paper").name_of(SMALL) == "small"
    assert find_model("paper").name_of(replace(SMALL, hidden=5)) is None
    assert code_of(find_model("paper").size, "huge\x1b[2J") == "size_unknown"
    assert code_of(find_model("beats").size, "small") == "size_unknown"


@pytest.mark.parametrize("columns", [285, 450])
def test_a_prediction_has_the_stated_shapes(network, columns):
    prediction = network(*a_batch(columns=columns))
    for part, edges in (
        (prediction.systolic, SMALL.systolic_edges),
        (prediction.diastolic, SMALL.diastolic_edges),
    ):
        assert part.logits.shape == part.probability.shape == part.in_range.shape == (3, len(edges) - 1)
        assert part.value.shape == (3,)


@pytest.mark.parametrize(("columns", "slices"), [(450, 9), (285, 5), (90, 1)])
def test_a_map_is_cut_into_half_overlapping_slices_and_keeps_its_rows_in_the_stem(network, columns, slices):
    seen = []
    hook = network.stem.register_forward_hook(lambda _, given, made: seen.append((given[0], made)))
    stmap, _ = a_batch(2, columns=columns)
    network(stmap, torch.ones(2, CELL, columns, dtype=torch.bool))
    hook.remove()
    ((entered, made),) = seen
    assert tuple(entered.shape) == (2 * slices, 4, CELL, 90)
    assert made.shape[2] == CELL
    for number in range(slices):
        cut = stmap[1, :, :, 45 * number : 45 * number + 90]
        assert torch.corrcoef(torch.stack((entered[slices + number].flatten(), cut.flatten())))[0, 1] > 0.999


@pytest.mark.parametrize("held", [1e6, -7.0, float("nan"), float("inf")])
def test_what_entries_hold_that_were_not_measured_is_without_effect(network, held):
    stmap, mask = a_batch()
    mask[:, 4] = False  # a cell
    mask[1, :, 200:330] = False  # a stretch of time
    expected = both(network(stmap, mask))
    changed = torch.where(mask[:, None], stmap, torch.tensor(held))
    torch.testing.assert_close(both(network(changed, mask)), expected, rtol=0, atol=0)


def test_a_slice_without_a_measured_entry_is_as_good_as_none(network):
    stmap, mask = a_batch()
    mask[:, :, 270:] = False
    # The last slice with a measured entry begins at 225, and ends at 315.
    expected = both(network(stmap[..., :315], mask[..., :315]))
    torch.testing.assert_close(both(network(stmap, mask)), expected, rtol=1e-5, atol=1e-3)


def test_every_cell_channel_and_slice_has_an_effect(network):
    stmap, mask = a_batch(1)
    expected = both(network(stmap, mask))
    for channel in range(4):
        changed = stmap.clone()
        changed[:, channel] *= -1
        assert (both(network(changed, mask)) - expected).abs().max() > 1e-3
    for cell in range(CELL):
        fewer = mask.clone()
        fewer[:, cell] = False
        assert (both(network(stmap, fewer)) - expected).abs().max() > 1e-3
    for start in range(0, COLUMNS, 45):
        fewer = mask.clone()
        fewer[..., start : start + 45] = False
        assert (both(network(stmap, fewer)) - expected).abs().max() > 1e-3


def test_the_scale_of_a_map_is_without_effect(network):
    stmap, mask = a_batch()
    expected = both(network(stmap, mask))
    for factor in (0.01, 30.0):
        torch.testing.assert_close(both(network(factor * stmap, mask)), expected, rtol=1e-4, atol=1e-3)


def test_what_is_measured_of_t_gets_one_size_and_channels_keep_theirs_beside_it():
    stmap, mask = a_batch()
    stmap[:, 0] *= 3
    scaled = scale_map(torch.where(mask[:, None], stmap, torch.tensor(float("nan"))), mask)
    assert not scaled[~mask[:, None].expand_as(scaled)].any()
    for one, seen, before in zip(scaled, mask, stmap, strict=True):
        power, was = (part[:, seen].square().mean(dim=1) for part in (one, before))
        torch.testing.assert_close(power, was / was[3])


def test_maps_of_a_batch_do_not_touch_each_other(network):
    stmap, mask = a_batch()
    mask[0, :, 285:] = False
    mask[2, :9] = False
    together = both(network(stmap, mask))
    alone = torch.cat([both(network(stmap[i : i + 1], mask[i : i + 1])) for i in range(3)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-3)


def test_nothing_measured_gives_finite_numbers(network):
    stmap, mask = a_batch()
    one = torch.zeros_like(mask)
    one[:, 3, 200] = True
    nothing = torch.zeros_like(mask)
    for batch in (
        *((stmap, nothing), (0 * stmap, mask), (stmap, one), (1e4 * stmap, mask)),
        Network.tensors(Inputs.empty(2, with_maps=True)),
    ):
        assert both(network(*batch)).isfinite().all()


def test_shapes_that_do_not_fit_are_refused(network):
    stmap, mask = a_batch()
    for wrong in (stmap[:, :3], stmap[:, :, :29], stmap[..., :80], stmap[:2], stmap[..., :449]):
        with pytest.raises(ValueError, match="not"):
            network(wrong, mask)
    with pytest.raises(ValueError, match="mask"):
        network(stmap[..., :80], mask[..., :80])
    with pytest.raises(ValueError, match="no maps"):
        Network.tensors(Inputs.empty(2, with_maps=False))


@pytest.mark.parametrize("seconds", [9.6, 10.0])
def test_a_shorter_window_is_read_as_its_map_alone(network, seconds):
    window = read_window(made_up_face(), 0.0, seconds)
    stmap, mask = Network.tensors(Inputs.of_window(window))
    columns = window.stmap.mask.shape[1]
    assert (tuple(stmap.shape), stmap.dtype) == ((1, 4, CELL, COLUMNS), torch.float32)
    assert not mask[..., columns:].any()
    assert torch.equal(mask[0, :, :columns], torch.from_numpy(window.stmap.mask))
    expected = torch.from_numpy(np.where(window.stmap.mask, window.stmap.values, 0))
    seen = torch.where(mask[0], stmap[0], torch.zeros(()))[..., :columns]
    torch.testing.assert_close(seen, expected, rtol=1e-3, atol=1e-3)
    assert both(network(stmap, mask)).isfinite().all()


def test_gradients_reach_every_parameter():
    torch.manual_seed(0)
    built = Network(replace(SMALL, dropout=0.0))
    prediction = built(*a_batch(4))
    sum(part.value.sum() + part.logits[:, 0].sum() for part in (prediction.systolic, prediction.diastolic)).backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in built.parameters())


def test_augmentation_hides_cells_and_stretches_of_time_and_never_everything():
    stmap, _ = a_batch(6)
    mask, rng = torch.ones(6, CELL, COLUMNS, dtype=torch.bool), np.random.default_rng(0)
    shorter = fewer_cells = 0
    for _ in range(40):
        same, left = Network.augment((stmap, mask), rng)
        assert same is stmap
        assert left.any(dim=(1, 2)).all()
        cells, columns = left.any(dim=2), left.any(dim=1)
        assert torch.equal(left, cells[:, :, None] & columns[:, None])
        stretches = columns.view(6, -1, 45)
        assert torch.equal(stretches.any(dim=2), stretches.all(dim=2))
        shorter += not columns.all()
        fewer_cells += not cells.all()
    assert 40 > shorter > 12
    assert fewer_cells > 12
    little = torch.zeros_like(mask)
    little[:, 2, 7] = True  # wherever that is hidden, nothing else is
    assert all(Network.augment((stmap, little), rng)[1].any(dim=(1, 2)).all() for _ in range(20))


def test_the_small_size_learns_four_people_by_heart(ppg_bp):
    people = load_people({"ppg_bp": ppg_bp})[:4]
    dataset = render(people, ("strong",), 0, "training", with_maps=True)
    tensors = Network.tensors(dataset.inputs(np.arange(len(people))))
    torch.manual_seed(0)
    network = Network(replace(SMALL, dropout=0.0))
    optimizer = torch.optim.AdamW(network.parameters(), 5e-3)
    truth = torch.from_numpy(dataset.truth)
    for _ in range(60):
        optimizer.zero_grad()
        blood_pressure_loss(network(*tensors), truth, SMALL).backward()
        optimizer.step()
    assert (both(network.eval()(*tensors)) - truth).abs().max() < 4


@pytest.mark.parametrize(
    "change",
    [
        {"blocks": (1, 1, 1)},
        {"blocks": (), "widths": ()},
        {"blocks": (17, 1, 1, 1)},
        {"widths": (64, 128, 256, 2048)},
        {"widths": (64, 128, 256, 512.0)},
        *({"slice_columns": columns} for columns in (0, 286, 90.0)),
        {"blocks": (1,) * 9, "widths": (1,) * 9},
    ],
)
def test_impossible_configs_are_refused(change):
    with pytest.raises(ValidationError):
        replace(PaperConfig(), **change)
