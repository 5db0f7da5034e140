"""What all models share: heads, the average over members, and how answers are drawn to the training people."""

import copy
import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from bpdemo.models import MODELS, find_model
from bpdemo.models.config import BeatsConfig, NetworkConfig
from bpdemo.models.heads import Prediction, RangeHead, RangePrediction, combine, range_of
from bpdemo.models.pressure_model import Member, PressureModel
from tests.support.small_weights import code_of

EDGES = NetworkConfig(systolic_edges=(80.0, 100.0, 120.0, 140.0), diastolic_edges=(40.0, 60.0, 80.0))
PRESSURES = ("systolic", "diastolic")


class Network(Member):
    """Features -> heads."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config)
        self.systolic = RangeHead(6, config.systolic_edges, config.dropout)
        self.diastolic = RangeHead(6, config.diastolic_edges, config.dropout)

    @staticmethod
    def tensors(windows):
        raise NotImplementedError

    @staticmethod
    def augment(tensors, rng):
        raise NotImplementedError

    def forward(self, features: Tensor) -> Prediction:
        return Prediction(self.systolic(features), self.diastolic(features))


@pytest.fixture
def model() -> PressureModel:
    torch.manual_seed(0)
    return PressureModel(Network, replace(EDGES, members=3)).eval()


def features(count: int = 5) -> Tensor:
    return 3 * torch.randn(count, 6, generator=torch.Generator().manual_seed(1))


def assert_ranges_hold(part: RangePrediction, edges):
    torch.testing.assert_close(part.probability.sum(dim=1), torch.ones(len(part.value)))
    torch.testing.assert_close(part.value, (part.probability * part.in_range).sum(dim=1))
    torch.testing.assert_close(part.probability, part.logits.softmax(dim=1))
    assert (part.in_range > torch.tensor(edges[:-1])).all()
    assert (part.in_range < torch.tensor(edges[1:])).all()


def test_ranges_hold_their_low_edge_and_not_their_high_one():
    pressures = torch.tensor([80.0, 99.9, 100.0, 139.9, 140.0, 50.0, 300.0])
    assert range_of(pressures, EDGES.systolic_edges).tolist() == [0, 0, 1, 2, 2, 0, 2]


@pytest.mark.parametrize("pressure", PRESSURES)
@pytest.mark.parametrize("kept", [1.0, 0.4, 0.0])
def test_a_prediction_has_the_stated_shapes_and_parts(model, pressure, kept):
    model.fit_shrinkage(np.array([[90.0, 50], [95, 52], [112, 61], [131, 79]]), np.array([kept, kept]))
    part, edges = getattr(model(features()), pressure), getattr(EDGES, f"{pressure}_edges")
    assert part.logits.shape == part.probability.shape == part.in_range.shape == (5, len(edges) - 1)
    assert part.value.shape == (5,)
    assert_ranges_hold(part, edges)


@pytest.mark.parametrize("pressure", PRESSURES)
def test_members_are_averaged_and_unchanged_before_anything_is_fitted(model, pressure):
    alone = [getattr(member(features()), pressure) for member in model.members]
    assert len(alone) == 3
    part = getattr(model(features()), pressure)
    torch.testing.assert_close(part.probability, torch.stack([one.probability for one in alone]).mean(dim=0))
    values = torch.stack([one.value for one in alone])
    torch.testing.assert_close(part.value, values.mean(dim=0))
    assert values.std(dim=0).min() > 0


def test_a_range_that_every_member_rules_out_keeps_a_value_inside_it(model):
    members = [member(features()) for member in model.members]
    for member in members:
        member.systolic.probability[:, 2:] = 0.0
        member.systolic.probability[:, :2] = 0.5
    part = combine(members).systolic
    edges = torch.tensor(EDGES.systolic_edges)
    assert ((part.in_range > edges[:-1]) & (part.in_range < edges[1:])).all()
    assert part.logits.isfinite().all()


PEOPLE = np.array([[85.0, 50.0], [95.0, 70.0], [125.0, 75.0], [135.0, 45.0], [130.0, 40.0]])  # none in 100 to 120


def test_an_answer_is_drawn_to_the_people_by_exactly_the_share_that_is_not_kept(model):
    free = model(features())
    model.fit_shrinkage(PEOPLE, np.array([0.25, 0.9]))
    drawn = model(features())
    for k, (pressure, kept) in enumerate(zip(PRESSURES, (0.25, 0.9), strict=True)):
        before, after = getattr(free, pressure), getattr(drawn, pressure)
        expected = kept * before.value + (1 - kept) * PEOPLE[:, k].mean()
        torch.testing.assert_close(after.value, expected.float(), rtol=1e-5, atol=1e-4)
        torch.testing.assert_close((after.probability * after.in_range).sum(dim=1), after.value, rtol=1e-5, atol=1e-4)
    share = torch.tensor([2 / 5, 0.0, 3 / 5])
    torch.testing.assert_close(drawn.systolic.probability, 0.25 * free.systolic.probability + 0.75 * share)


def test_nothing_kept_is_what_is_known_of_anybody(model):
    model.fit_shrinkage(PEOPLE, np.zeros(2))
    systolic = model(features()).systolic
    torch.testing.assert_close(systolic.probability, torch.tensor([[0.4, 0.0, 0.6]]).expand(5, -1))
    torch.testing.assert_close(systolic.in_range[:, [0, 2]], torch.tensor([[90.0, 130.0]]).expand(5, -1))
    assert ((systolic.in_range[:, 1] > 100) & (systolic.in_range[:, 1] < 120)).all()
    assert systolic.logits.isfinite().all()


def test_people_outside_all_ranges_do_not_lead_a_value_out_of_its_range(model):
    model.fit_shrinkage(np.array([[60.0, 50.0], [190.0, 130.0]]), np.zeros(2))
    prediction = model(features())
    assert prediction.systolic.in_range[0, [0, 2]].tolist() == [80, 140]
    assert model.systolic_prior.value.tolist() == [80, 110, 140]
    assert model.diastolic_prior.value.tolist() == [50, 80]


def test_shares_and_people_are_saved_with_the_weights(model):
    model.fit_shrinkage(PEOPLE, np.array([0.25, 0.9]))
    other = PressureModel(Network, model.config).eval()
    other.load_state_dict(model.state_dict())
    torch.testing.assert_close(other(features()).systolic.value, model(features()).systolic.value)


def test_models_are_found_by_name_and_built_in_their_own_sizes():
    assert "beats" in MODELS
    built = find_model("beats").build(BeatsConfig(members=2, width=4, hidden=4, shape=2, features=4))
    assert len(built.members) == 2
    assert code_of(find_model, "slices\x1b[2J") == "model_unknown"


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if model.gives != "pulse"])
def test_every_model_is_copied_and_sent_to_processes(name):
    model = find_model(name)
    built = model.build(model.config())
    for other in (copy.deepcopy(built), pickle.loads(pickle.dumps(built))):
        assert other.network is model.network
        assert torch.equal(next(other.parameters()), next(built.parameters()))


def test_importing_the_models_does_not_import_torch():
    script = "import sys, bpdemo.models, bpdemo.models.config, bpdemo.models.inputs; print('torch' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


@pytest.mark.parametrize(
    "change",
    [
        *({"members": members} for members in (0, 17, "3", 2.0)),
        {"width": True},
        {"width": -1},
        {"hidden": 10**6},
        {"dropout": 1.0},
        *({"systolic_edges": edges} for edges in ((120, 110), (120,), (100, 100), (0, 1e9))),
        {"diastolic_edges": "wide"},
        {"diastolic_edges": (40, float("nan"))},
    ],
)
def test_impossible_configs_are_refused(change):
    with pytest.raises(ValidationError):
        replace(BeatsConfig(), **change)
