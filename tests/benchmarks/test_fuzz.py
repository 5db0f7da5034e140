"""A few mutated inputs of each kind; `python -m benchmarks.fuzz` tries as many as there is time for."""

import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.faults import mutations
from tests.support.small_weights import small_config, write_small


def few(count):
    """The same inputs every time, none of them kept."""
    return settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@pytest.fixture(scope="module")
def clips(folder):
    return mutations.seed_clips(folder)


def test_the_clips_that_are_mutated_are_sound(folder, clips):
    for number, content in enumerate(clips):
        path = folder / f"sound_{number}"
        path.write_bytes(content)
        mutations.check_clip(path)
        assert mutations.frames_of(path) >= 3


@few(150)
@given(st.data())
def test_mutated_clips_give_frames_in_order_or_a_typed_error(folder, clips, data):
    path = folder / "mutated"
    path.write_bytes(data.draw(mutations.mutated(clips)))
    mutations.check_clip(path)


@few(150)
@given(mutations.mutated_config(json.loads(small_config().to_json())))
def test_mutated_configs_can_be_used_or_give_a_typed_error(content):
    mutations.check_config(content)


@few(60)
@given(st.data())
def test_mutated_tensors_are_finite_and_fit_or_give_a_typed_error(folder, data):
    weights = folder / "weights"
    if not weights.exists():
        write_small(weights)
        (weights / "model.safetensors").rename(folder / "sound.safetensors")
    sound = (folder / "sound.safetensors").read_bytes()
    (weights / "model.safetensors").write_bytes(data.draw(mutations.mutated([sound], 3)))
    mutations.check_weights(weights)
