"""Captures whose pulse, noise, colours and cells are known: the figures must say what was put in."""

from dataclasses import replace

import numpy as np
import pytest

from bpdemo.data.signals import Samples
from bpdemo.regions import CELLS, CellTraces
from bpdemo.stmap import RATE_HZ, build_stmap, resample
from bpdemo.synthesis.maps import MARGIN_S, QUALITIES
from bpdemo.synthesis.pulses import cut_beats
from experiments.realism import (
    FIGURES,
    compare_table,
    measure_capture,
    measure_renderings,
    nearest_quality,
    outside,
    remove_beats,
    render_capture,
    summarise,
)
from experiments.realism_figure import draw_realism
from tests.support.small_ppg_bp import finger_pulse

pytestmark = pytest.mark.exhaustive

PEOPLE = [cut_beats(Samples.evenly(finger_pulse(bpm, notch, 8, 200.0), 200.0)) for bpm, notch in ((66, 0.5), (84, 0.3))]
DURATION_S = 10.0
BLOOD = np.array([0.3, 1.0, 0.5])


def coloured(frames: int, rows: int, rate_hz: float, fall: float, rng) -> np.ndarray:
    """Noise [frames, rows] of unit deviation; amplitude goes with frequency to the power of -fall."""
    frequency = np.fft.rfftfreq(2 * frames, 1 / rate_hz)
    draws = rng.standard_normal((2, len(frequency), rows))
    curves = np.fft.irfft((np.maximum(frequency, 0.3) ** -fall)[:, None] * (draws[0] + 1j * draws[1]), axis=0)[:frames]
    return curves / curves.std()


def a_capture(
    seed=0, rate_hz=60.0, own=0.004, common=0.0, grey=0.0, blue=1.0, fall=0.0, pulse=0.01, seconds=16.0
) -> CellTraces:
    """A capture at 72 bpm; noise is relative to brightness, per frame."""
    rng = np.random.default_rng(seed)
    frames = int(seconds * rate_hz) + 1
    time_s = np.arange(frames) / rate_hz

    def noise(rows: int) -> np.ndarray:
        curves = coloured(frames, 4 * rows, rate_hz, fall, rng).reshape(frames, rows, 4)
        return (np.sqrt(grey) * curves[..., 3:] + np.sqrt(1 - grey) * curves[..., :3]) * (1, 1, blue)

    beat = finger_pulse(72, 0.3, seconds + 1, rate_hz)[:frames, None, None]
    relative = -pulse * beat * BLOOD + own * noise(len(CELLS)) + common * noise(1)
    return traces_of(time_s, 128 * (1 + relative))


def traces_of(time_s, colours) -> CellTraces:
    shape = colours.shape[:2]
    return CellTraces(time_s, colours, np.full(shape, 900), np.full((shape[0], 3), np.nan), np.zeros(shape[0]))


def figures(with_pulse=True, **how) -> dict[str, float]:
    return measure_capture(a_capture(**how), with_pulse=with_pulse).figures


@pytest.fixture(scope="module")
def rendered():
    """A few renderings of each quality."""
    return {name: measure_renderings(PEOPLE, quality, DURATION_S, count=6) for name, quality in QUALITIES.items()}


@pytest.fixture(scope="module")
def clips(rendered):
    """A clip like the standard renderings, the same with two odd figures, and one without a pulse."""
    by_error = sorted(rendered["standard"], key=lambda capture: capture.figures["beat_error_T"])
    good = by_error[len(by_error) // 2]
    dark = {
        name: np.nan if name.startswith(("beat", "noise_T", "noise_Y", "pulse")) else good.figures[name]
        for name in FIGURES
    }
    odd = good.figures | {"noise_blue": 9.0, "cell_r": -0.5}
    return {"good": good, "odd": replace(good, figures=odd), "dark": replace(good, figures=dark | {"snr_db": -40.0})}


def test_beats_are_taken_out_and_noise_is_left_at_its_size():
    rng = np.random.default_rng(0)
    starts = 7.3 + 25.4 * np.arange(16)
    pure = np.sin(2 * np.pi * (np.arange(420) - starts[0]) / 25.4)
    noise, mean = remove_beats(np.stack((pure, pure + 0.2 * rng.standard_normal(420))), starts)
    assert np.abs(noise[0]).max() < 0.01
    assert noise[1].std() == pytest.approx(0.2, rel=0.06)
    np.testing.assert_allclose(mean[0], np.sin(2 * np.pi * np.arange(27) / 25.4), atol=0.01)


def test_size_of_noise_does_not_depend_on_how_many_beats_there_are():
    rng = np.random.default_rng(0)
    few = [remove_beats(rng.standard_normal(131), 30.0 * np.arange(5))[0].std() for _ in range(60)]
    assert np.mean(few) == pytest.approx(1, rel=0.05)


def test_few_beats_are_refused():
    with pytest.raises(ValueError, match="3 whole beats"):
        remove_beats(np.zeros(100), np.array([0.0, 30.0, 60.0, 90.0]))


def test_strength_of_the_pulse_in_red_and_blue():
    found = figures(own=0.002, seed=1)
    assert found["pulse_red"] == pytest.approx(0.3, abs=0.03)
    assert found["pulse_blue"] == pytest.approx(0.5, abs=0.03)


def test_colour_of_the_skin():
    traces = a_capture()
    found = measure_capture(replace(traces, colours=traces.colours * (1.2, 0.8, 0.6))).figures
    assert found["skin_red"] == pytest.approx(1.5, abs=0.02)
    assert found["skin_blue"] == pytest.approx(0.75, abs=0.02)


def test_light_and_movement_do_not_pass_for_a_pulse_in_red():
    traces = a_capture(own=0.002)
    swing = coloured(len(traces.time_s), 1, 60.0, 1.5, np.random.default_rng(5))[:, :, None]
    found = measure_capture(replace(traces, colours=traces.colours * (1 + 0.01 * swing))).figures
    assert found["pulse_red"] == pytest.approx(0.3, abs=0.08)


@pytest.mark.parametrize("grey", [0.0, 0.5])
@pytest.mark.parametrize("with_pulse", [True, False])
def test_colours_of_the_cells_own_noise(grey, with_pulse):
    found = figures(with_pulse, grey=grey, blue=2.0, common=0.002, pulse=0.01 if with_pulse else 0.0)
    for pair in ("red_green", "red_blue", "green_blue"):
        assert found[f"noise_r_{pair}"] == pytest.approx(grey, abs=0.06)
    assert found["noise_blue"] == pytest.approx(2, rel=0.06)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_share_of_noise_common_to_all_cells(share):
    found = figures(own=0.004 * (1 - share), common=0.004 * share / np.sqrt(len(CELLS)), pulse=0.004)
    # 15 s tell a power to about a tenth, which is a third in amplitude where there should be nothing.
    assert found["shared_T"] == pytest.approx(share, abs=0.17 if share else 0.35)
    assert found["shared_Y"] == pytest.approx(share, abs=0.17 if share else 0.35)


@pytest.mark.parametrize("fall", [0.0, 0.5, 1.0])
def test_how_noise_falls_with_frequency(fall):
    found = [figures(with_pulse=False, pulse=0, fall=fall, seed=seed)["noise_fall"] for seed in range(4)]
    assert np.mean(found) == pytest.approx(fall, abs=0.2)


def test_size_of_noise_in_each_band():
    # White noise up to 30 Hz; all of Y's weights on three independent colours, averaged over the cells.
    own, cells = 0.004, len(CELLS)
    density = own * np.sqrt(0.299**2 + 0.587**2 + 0.114**2) / np.sqrt(cells) / np.sqrt(30)
    found = measure_capture(a_capture(own=own))
    height = 0.01 * (np.array([0.299, 0.587, 0.114]) @ BLOOD) * np.ptp(finger_pulse(72, 0.3, 2, 200.0))
    for low, high in ((1.5, 3), (3, 6)):
        assert found.figures[f"noise_Y_{low:g}_{high:g}"] == pytest.approx(
            density * np.sqrt(high - low) / height, rel=0.3
        )
    inside = (found.frequency_hz > 2) & (found.frequency_hz < 6)
    assert np.sqrt((found.noise[0, inside] ** 2).mean()) == pytest.approx(density / height, rel=0.3)


def test_cells_without_noise_are_alike_and_with_it_they_are_not():
    assert figures(own=1e-5)["cell_r"] > 0.98
    noisy = figures(own=0.02)
    assert noisy["cell_r"] < 0.4
    assert abs(noisy["cell_noise_r"]) < 0.05
    assert noisy["snr_db"] < figures(own=0.004)["snr_db"]
    assert noisy["beat_error_T"] > 2 * figures(own=0.004)["beat_error_T"]


def test_without_a_pulse_nothing_is_said_in_relation_to_one():
    found = measure_capture(a_capture(pulse=0), with_pulse=False)
    unknown = {name for name, value in found.figures.items() if np.isnan(value)}
    assert unknown == {name for name in FIGURES if name.startswith(("beat_error", "noise_T", "noise_Y", "pulse"))}
    assert np.isnan(found.noise).all()
    assert not found.has_pulse


def test_a_slow_camera_tells_nothing_of_fast_noise():
    found = figures(rate_hz=15.0)
    assert np.isnan(found["noise_T_6_9"])
    assert np.isfinite(found["noise_T_3_6"])


def test_hidden_cells_do_not_count():
    traces = a_capture()
    known = measure_capture(traces).figures
    traces.colours[200:400, 3] = np.nan
    assert measure_capture(traces).figures["cell_r"] == pytest.approx(known["cell_r"], abs=0.02)
    traces.colours[200:400, 1:] = np.nan
    with pytest.raises(ValueError, match="two cells"):
        measure_capture(traces)


def test_figures_do_not_depend_on_the_level_of_the_light():
    traces = a_capture()
    bright, dim = (measure_capture(replace(traces, colours=level * traces.colours)).figures for level in (1.0, 0.5))
    assert bright == pytest.approx(dim, rel=1e-3)


def test_renderings_follow_their_seed_and_their_quality(rendered):
    again = measure_renderings(PEOPLE, QUALITIES["strong"], DURATION_S, count=6)
    assert [each.figures for each in again] == [each.figures for each in rendered["strong"]]
    other = measure_renderings(PEOPLE, QUALITIES["strong"], DURATION_S, count=1, seed=1)
    assert other[0].figures != again[0].figures
    errors = [summarise(each)["beat_error_T"][1] for each in rendered.values()]
    assert errors == sorted(errors)
    assert all(nearest_quality(each, rendered) == "strong" for each in rendered["strong"][:3])


def test_one_rendering_can_be_had_again(rendered):
    found = measure_capture(render_capture(PEOPLE, QUALITIES["poor"], 4, 6), DURATION_S)
    assert found.figures == rendered["poor"][4].figures


def test_the_table_has_every_figure_of_every_clip_and_quality(clips, rendered):
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in compare_table(clips, rendered).splitlines()]
    assert rows[0] == ["figure", "good", "odd", "dark", "rendered, strong", "rendered, standard", "rendered, poor"]
    assert [row[0] for row in rows[2:]] == list(FIGURES.values())
    assert {len(row) for row in rows} == {7}
    assert rows[2][1].endswith(" %")
    assert rows[2][3] == "-"


def test_what_lies_outside_the_renderings_is_named(clips, rendered):
    assert nearest_quality(clips["good"], rendered) == "standard"
    below, above, compared = outside(clips["odd"], rendered)
    assert compared == len(FIGURES)
    assert "cell_r" in below
    assert "noise_blue" in above
    assert not {"cell_r", "noise_blue"} & {*outside(clips["good"], rendered)[0], *outside(clips["good"], rendered)[1]}
    below, above, compared = outside(clips["dark"], rendered)
    assert compared == 10
    assert "snr_db" not in below


def test_the_picture_shows_both_maps_in_one_scale(rendered):
    traces = render_capture(PEOPLE, QUALITIES["strong"], 0, 6)
    stmap = build_stmap(resample(traces.time_s, traces.colours, MARGIN_S, MARGIN_S + DURATION_S))
    figure = draw_realism({"a_clip": rendered["strong"][0]}, rendered, {"Real": stmap, "Rendered": stmap})
    figure.canvas.draw()
    pictures = [image for axes in figure.axes for image in axes.images]
    assert len(pictures) == 2
    assert len({image.get_clim() for image in pictures}) == 1
    assert pictures[0].get_array().shape == (len(CELLS), round(DURATION_S * RATE_HZ))
