"""Renderings in memory: what they depend on, and what they are."""

from dataclasses import replace

import numpy as np
import pytest

from bpdemo.data.registry import load_people
from bpdemo.synthesis.maps import MARGIN_S, render_traces
from bpdemo.training import rendered as module
from bpdemo.training.rendered import render
from bpdemo.window import read_window
from tests.support.small_dataset import assert_same


@pytest.fixture(scope="module")
def people(ppg_bp):
    return load_people({"ppg_bp": ppg_bp})


@pytest.fixture(scope="module")
def both(people):
    return render(people[:2], ("strong", "poor"), 0, "training")


def test_renderings_depend_on_nobody_else(people, both):
    alone = render(people[1:2], ("strong", "poor"), 0, "training")
    np.testing.assert_array_equal(both.values[both.windows_of([1])], alone.values)
    for other in (render(people[1:2], ("strong", "poor"), *how) for how in ((0, "evaluation"), (1, "training"))):
        assert not np.array_equal(alone.values, other.values)
    assert both.quality.tolist() == ["strong", "poor"] * 2
    assert both.person.tolist() == [0, 0, 1, 1]
    assert both.truth.tolist() == both.pressures[both.person].tolist()
    assert set(both.clip) == {-1}
    assert (both.values.dtype, both.rate_hz.dtype) == (np.float32, np.float32)


def test_a_rendering_is_read_as_the_demo_reads_a_window(people, both, monkeypatch):
    given = []

    def note(traces, start_s, end_s):
        given.append(read_window(traces, start_s, end_s))
        return given[-1]

    monkeypatch.setattr(module, "read_window", note)
    again = render(people[:2], ("strong", "poor"), 0, "training")
    assert_same(again, both)
    for i, window in enumerate(given):
        assert (window.start_s, window.end_s) == (MARGIN_S, MARGIN_S + 15)
        np.testing.assert_array_equal(window.beats.values, both.values[i])
        np.testing.assert_array_equal(window.beats.weight, both.weight[i])
        assert both.rate_hz[i] == pytest.approx(window.beats.rate_hz)
        assert both.readable[i] == (window.status == "reading")
    assert set(both.readable) == {True, False}


@pytest.mark.slow
def test_renderings_are_the_same_in_processes(people, both, monkeypatch):
    monkeypatch.setattr(module, "_WORTH_A_POOL", 1)
    monkeypatch.setattr(module, "cores", lambda: 2)
    assert_same(render(people[:2], ("strong", "poor"), 0, "training"), both)


def test_traces_of_which_nothing_can_be_measured_have_no_weight(people):
    def hidden(*given):
        traces = render_traces(*given)
        return replace(traces, colours=np.full_like(traces.colours, np.nan))

    nothing = render(people[:1], ("strong",), 0, "training", hidden)
    assert not nothing.weight.any()
    assert not nothing.values.any()
    assert nothing.rate_hz[0] > 0


def test_another_renderer_may_take_the_place(people, both):
    def inverted(beats, *given):
        return render_traces([-beat for beat in beats], *given)

    changed = render(people[:1], ("strong",), 0, "training", inverted)
    assert np.corrcoef(changed.values[0].ravel(), both.values[0].ravel())[0, 1] < 0.5


def test_a_rendering_carries_its_map_where_a_model_reads_it(people, both, monkeypatch):
    given = []
    monkeypatch.setattr(module, "read_window", lambda *window: given.append(read_window(*window)) or given[-1])
    again = render(people[:2], ("strong", "poor"), 0, "training", with_maps=True)
    np.testing.assert_array_equal(again.values, both.values)
    assert both.stmap is both.mask is None
    for i, window in enumerate(given):
        np.testing.assert_array_equal(again.stmap[i], window.stmap.values.astype(np.float16))
        np.testing.assert_array_equal(again.mask[i], window.stmap.mask)
