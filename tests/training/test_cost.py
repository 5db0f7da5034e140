import pytest
import torch

from bpdemo.models import find_model
from bpdemo.models.config import PaperConfig
from bpdemo.training.cost import measure_cost
from tests.support.small_weights import small_network

PAPER = PaperConfig(blocks=(1,), widths=(4,), hidden=4)


def test_parameters_are_those_of_all_members_and_time_passes():
    model = small_network()
    parameters, milliseconds = measure_cost(model)
    assert parameters == sum(each.numel() for member in model.members for each in member.parameters())
    assert 0 < milliseconds < 10_000


def test_threads_are_as_many_as_before():
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        used = []
        model = small_network()
        model.register_forward_hook(lambda *_: used.append(torch.get_num_threads()))
        measure_cost(model)
        assert set(used) == {1}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("name", ["beats", "paper"])
def test_the_window_that_is_timed_was_measured_throughout(name):
    model = small_network() if name == "beats" else find_model("paper").build(PAPER)
    given = []
    model.register_forward_pre_hook(lambda _, tensors: given.append(tensors))
    measure_cost(model)
    values, measured = given[0][:2]
    assert measured.bool().all()
    assert values.std() > 0.5
