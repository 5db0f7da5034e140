"""The live preview's science, in the browser: the same numbers as Python's, and what it tells of made-up faces."""

import base64
import json

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

from bpdemo import evidence, pulse, spectrum, stmap
from bpdemo.beats import band_pass
from bpdemo.figures.shown import SHOWN_LIMITS, shown_map
from bpdemo.pulse_methods import METHODS
from bpdemo.regions import CELLS
from tests.support.serve_app import ROOT

SKIN, BLOOD = np.array([180.0, 130.0, 110.0]), np.array([0.33, 0.77, 0.53])
CELLS_TEXT, EVIDENCE_TEXT = ((ROOT / "bpdemo" / f"{name}.json").read_text() for name in ("cells", "evidence"))
LIMIT = SHOWN_LIMITS["T"]

# Shorthands that every script below has: arrays by name, as rows where they have columns.
PRELUDE = """async (given) => {
  const arrays = {};
  for (const [name, { bytes, shape }] of Object.entries(given.arrays)) {
    const flat = new Float64Array(Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0)).buffer);
    const width = shape[1];
    const row = (_, at) => flat.slice(at * width, (at + 1) * width);
    arrays[name] = width ? Array.from({ length: shape[0] }, row) : flat;
  }
  const { cells } = JSON.parse(given.cells);
  const load = (name) => import(`/live/pulse/${name}.js`);
  const plain = (key, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
  const newSignal = async (evidence = JSON.parse(given.evidence)) =>
    new (await load("signal")).Signal({ evidence, cells, limitT: given.limit });
  const show = (signal, rows) =>
    rows.forEach((row) =>
      signal.add(row[0], Float32Array.from(row.subarray(1, 91)), row.subarray(91, 94), row.subarray(94)));
  const answer = await (async () => { %s })();
  return JSON.stringify(answer, plain); // NaN becomes null
}"""


@pytest.fixture
def run(blank_page):
    """Return a function that runs a script's body in the page, with arrays by name, and returns its answer."""

    def run_body(body, **arrays):
        sent = {
            name: {"bytes": base64.b64encode(np.ascontiguousarray(each, "<f8").tobytes()).decode(), "shape": each.shape}
            for name, each in arrays.items()
        }
        given = {"arrays": sent, "cells": CELLS_TEXT, "evidence": EVIDENCE_TEXT, "limit": LIMIT}
        return json.loads(blank_page.evaluate(PRELUDE % body, given))

    return run_body


def made_up(
    rate_bpm=None, seconds=15.0, *, strength=0.008, second=0.4, lamp=0.0, noise=0.3, seed=0, away_s=(0, 0), hz=30.0
):
    """Rows of a face's frames: time, colours of the cells, surround, position; NaN while the face is away.

    `second` is the height of the wave's second harmonic, `lamp` the part of the wave that is around the head as well.
    """
    rng = np.random.default_rng(seed)
    frames = round(hz * seconds)
    time_s = np.arange(frames) / hz + rng.uniform(0, 0.01, frames)
    turn = 2 * np.pi * (rate_bpm or 0) / 60 * time_s
    wave = (np.sin(turn) + second * np.sin(2 * turn + 0.7)) if rate_bpm else 0 * time_s
    light = 1 + 0.004 * np.sin(2 * np.pi * 0.2 * time_s)
    each = SKIN * light[:, None, None] * (1 - strength * wave[:, None, None] * BLOOD)
    colours = each + rng.normal(0, noise, (len(time_s), len(CELLS), 3))
    colours[(time_s >= away_s[0]) & (time_s < away_s[1])] = np.nan
    surround = 90 * light[:, None] * (1 - lamp * strength * wave[:, None] * BLOOD) + rng.normal(
        0, 0.2, (len(time_s), 3)
    )
    position = rng.normal(0, 0.001, (len(time_s), 2)).cumsum(axis=0)
    return np.column_stack((time_s, colours.astype(np.float32).reshape(len(time_s), -1), surround, position))


def traces_of(rows, seconds):
    """Python's traces of a made-up face, and of its surround."""
    colours, surround = rows[:, 1:91].reshape(-1, len(CELLS), 3), rows[:, None, 91:94]
    return [stmap.resample(rows[:, 0], each, rows[0, 0], rows[0, 0] + seconds) for each in (colours, surround)]


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(1).normal(0, 0.01, (3, 400)).cumsum(axis=1)


@pytest.mark.parametrize("length", [400, 40])
def test_filters_are_scipys(run, noise, length):
    wave = noise[0, :length]
    found = run("return (await load('filters')).bandPass(arrays.wave, [0.6, 8])", wave=wave)
    np.testing.assert_allclose(found, band_pass(wave, (0.6, 8.0)), atol=1e-9)


def test_interpolation_is_scipys(run, noise):
    time_s = np.linspace(0, 5, 60) + np.random.default_rng(0).uniform(0, 0.05, 60)
    values, wanted = noise[0, :60].round(2), np.linspace(-0.2, 5.2, 500)
    body = """const { Pchip, onLines } = await load("interpolate");
      const cubic = new Float64Array(arrays.wanted.length);
      new Pchip(arrays.time, arrays.wanted).interpolate(arrays.values, cubic);
      return [cubic, onLines(arrays.time, arrays.values, arrays.wanted)]"""
    cubic, lines = run(body, time=time_s, values=values, wanted=wanted)
    held = np.clip(wanted, time_s[0], time_s[-1])
    np.testing.assert_allclose(cubic, PchipInterpolator(time_s, values)(held), atol=1e-12)
    np.testing.assert_allclose(lines, np.interp(wanted, time_s, values), atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_methods_are_pythons(run, noise, method):
    relative = 1 + noise / 10
    found = run(f"return (await load('methods')).METHODS.{method}(arrays.skin)", skin=relative)
    np.testing.assert_allclose(found, METHODS[method](relative.T), atol=1e-9)


@pytest.mark.parametrize(("columns", "half"), [(240, 0), (400, 0), (400, 0.9)])
def test_spectrum_is_pythons(run, columns, half):
    time_s = np.arange(columns) / 30
    wave = np.sin(2 * np.pi * 1.37 * time_s) + half * np.sin(np.pi * 1.37 * time_s)
    wave += np.random.default_rng(2).normal(0, 1, columns)
    body = """const { powerSpectrum, heartRateHz, snrDb, lineToNoise, amplitudeAt, rivalDb } = await load("spectrum");
      const spectrum = powerSpectrum(arrays.wave), rate = heartRateHz(spectrum);
      return [rate, snrDb(spectrum, rate), lineToNoise(spectrum, rate), rivalDb(arrays.wave, rate),
        ...amplitudeAt(arrays.wave, rate)]"""
    rate_hz = spectrum.heart_rate_hz(wave)
    measured = [measure(wave, rate_hz) for measure in (spectrum.snr_db, spectrum.line_to_noise, spectrum.rival_db)]
    amplitude = spectrum.amplitude_at(wave, rate_hz)
    expected = [rate_hz, *measured, amplitude.real, amplitude.imag]
    np.testing.assert_allclose(run(body, wave=wave), expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("away_s", "hidden"), [((0, 0), 0), ((0, 0), 1), ((4.0, 5.1), 2)], ids=["in sight", "turned", "away for a second"]
)
def test_a_window_is_measured_as_python_does(run, away_s, hidden):
    rows = made_up(77, away_s=away_s, hz=23.7)
    rows[60 : 60 + 200 * hidden, 1:4] = np.nan  # the first cell turns away for long
    rows[200 : 200 + 10 * hidden, 4:7] = np.nan
    rows[len(rows) - 30 * hidden :, 7:10] = np.nan
    rows[: 30 * hidden, 10:13] = np.nan
    rows[100 : 100 + 10 * hidden, 91:94] = np.nan
    traces, surround = traces_of(rows, 14.5)
    position = np.stack([np.interp(traces.time_s, rows[:, 0], axis) for axis in rows[:, 94:].T], axis=1)
    known = pulse.measure_pulse(traces, surround, position)
    answers = {question.name: getattr(known, question.name) for question in evidence.QUESTIONS}
    body = """const { resample } = await load("resample"), { averageSkin, measurePulse } = await load("pulse");
      const [values, timeS] = [new Float64Array(96 * arrays.rows.length), arrays.rows.map((row) => row[0])];
      arrays.rows.forEach((row, frame) => values.set(row, 96 * frame));
      const frames = { timeS: Float64Array.from(timeS), values, width: 96 };
      const traces = resample(frames, 1, 30, timeS[0], 435);
      const { relative: around, mask: isKnown } = resample(frames, 91, 1, timeS[0], 435);
      const skin = averageSkin(traces);
      const pulse = measurePulse(traces, skin, cells.map(({ region }) => region),
        isKnown[0].includes(0) ? null : around, arrays.position);
      const { probability } = await load("evidence");
      return { ...pulse, relative: traces.relative, mask: traces.mask,
        probability: probability(JSON.parse(given.evidence), pulse.answers) }"""
    found = run(body, rows=rows, position=position.T)
    mask = np.array(found["mask"], bool)
    np.testing.assert_array_equal(mask, traces.mask)
    relative = np.where(mask[:, None], np.array(found["relative"]).reshape(30, 3, -1), np.nan)
    np.testing.assert_allclose(relative, traces.relative.transpose(1, 2, 0), atol=1e-9)
    assert found["rateHz"] == pytest.approx(known.rate_hz, rel=1e-12)
    by_method = {name: 60 * rate for name, rate in found["ratesHz"].items()}
    assert by_method == pytest.approx({each.name: each.heart_rate_bpm for each in known.methods}, rel=1e-12)
    told = {name: np.nan if value is None else value for name, value in found["answers"].items()}
    assert told == pytest.approx(answers, rel=1e-6, nan_ok=True)
    assert [found["amplitude"], found["rivalDb"]] == pytest.approx([known.amplitude, known.rival_db], rel=1e-6)
    assert found["probability"] == pytest.approx(evidence.weigh(answers).probability, rel=1e-6)


@pytest.mark.parametrize("rate_bpm", [58, 84, 110])
def test_a_pulse_is_told_with_the_servers_map_and_wave(run, rate_bpm):
    rows = made_up(rate_bpm, noise=1.5, away_s=(9.0, 9.6), seed=rate_bpm)
    rows[100, 5] *= 3  # more than the map holds
    seen = run("const signal = await newSignal(); show(signal, arrays.rows); return signal.preview()", rows=rows)
    traces, surround = traces_of(rows, seen["columns"] / 30)
    told = 100 * pulse.measure_pulse(traces, surround).wave
    percent = shown_map(stmap.build_stmap(traces)).filtered[3]
    expected = np.where(np.isfinite(percent), np.clip(percent / LIMIT * 127 / 2, -127, 127), -128)
    assert seen["state"] == "pulse"
    assert seen["bpm"] == pytest.approx(rate_bpm, abs=2)
    assert seen["startS"] == rows[0, 0]
    assert seen["seenS"] == pytest.approx(14.4, abs=0.1)
    np.testing.assert_allclose(np.reshape(seen["map"], (len(CELLS), -1)), expected, atol=0.51)
    np.testing.assert_allclose(seen["wave"], told, atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_noise_is_no_pulse(run, seed):
    body = "const signal = await newSignal(); show(signal, arrays.rows); return signal.preview()"
    seen = run(body, rows=made_up(None, seed=seed))
    assert (seen["state"], seen["bpm"], seen["columns"]) == ("none", None, pytest.approx(450, abs=1))


@pytest.mark.parametrize(
    ("face", "offset", "state"),
    [
        ({"rate_bpm": 70}, 9, "pulse"),
        ({"rate_bpm": 70}, -9, "none"),
        ({"noise": 3.0, "seed": 7}, 9, "none"),
        ({"rate_bpm": 70, "strength": 1e-4, "noise": 0.02}, 9, "none"),
        ({"rate_bpm": 70, "lamp": 1.0}, 9, "none"),
        ({"rate_bpm": 70, "second": 1.1}, 9, "none"),
        ({"rate_bpm": 40.2}, 9, "none"),
    ],
    ids=["all say so", "no evidence", "methods disagree", "too weak", "a lamp's", "half or twice", "at the band's end"],
)
def test_a_pulse_is_told_only_where_all_say_so(run, face, offset, state):
    body = f"""const signal = await newSignal({{ offset: {offset}, questions: [] }});
      show(signal, arrays.rows);
      return signal.preview().state"""
    assert run(body, rows=made_up(**face)) == state


@pytest.mark.parametrize(("seconds", "state"), [(9, "none"), (10, "pulse")])
def test_a_short_window_needs_more_evidence(run, seconds, state):
    body = """const signal = await newSignal({ offset: 0.4, questions: [] }); // a probability of 0.6
      show(signal, arrays.rows);
      return signal.preview().state"""
    assert run(body, rows=made_up(70, seconds)) == state


@pytest.mark.parametrize(("swing", "state"), [(0.0, "pulse"), (0.02, "none")])
def test_a_head_that_swings_with_the_pulse_speaks_against_it(run, swing, state):
    rows = made_up(70)
    rows[:, 95] += swing * np.sin(2 * np.pi * 70 / 60 * rows[:, 0])
    question = "{ name: 'head_swing', low: 0.002, high: 0.02, log: true, neutral: 0.005, weight: -10 }"
    body = f"""const signal = await newSignal({{ offset: 0, questions: [{question}] }});
      show(signal, arrays.rows);
      return signal.preview().state"""
    assert run(body, rows=rows) == state


def test_the_rate_is_told_anew_once_a_second(run):
    body = """const signal = await newSignal(), seen = [];
      for (const row of arrays.rows) {
        show(signal, [row]);
        if (row[0] > 10) seen.push(signal.preview().bpm);
      }
      return seen"""
    seen = run(body, rows=made_up(70, seconds=12.8, noise=3.0))
    assert len(set(seen)) == 3


def test_a_preview_grows_with_what_was_seen_and_then_moves_on(run):
    rows = made_up(66, seconds=40)
    body = """const signal = await newSignal(), seen = [signal.preview()];
      for (const [index, row] of arrays.rows.entries()) {
        show(signal, [row]);
        if ([30, 120, 225, 300, 1100].includes(index)) seen.push(signal.preview());
      }
      return seen.map(({ columns, state, wave, startS }) => ({ columns, state, wave: wave.length, startS }))"""
    seen = run(body, rows=rows)
    assert [each["state"] for each in seen] == ["waiting"] * 4 + ["pulse"] * 2
    assert [each["columns"] for each in seen] == pytest.approx([0, 31, 121, 226, 301, 450], abs=1)
    assert [each["wave"] for each in seen] == [0, 0, *(each["columns"] for each in seen[2:])]
    moved = (seen[-1]["startS"] - rows[0, 0]) * 30
    assert moved == pytest.approx(round(moved), abs=1e-6)
    assert seen[-1]["startS"] + 15 == pytest.approx(rows[1100, 0], abs=0.05)


@pytest.mark.parametrize("missing", ["frames", "face"])
def test_a_gap_of_more_than_a_second_begins_anew(run, missing):
    rows = made_up(66, seconds=20, away_s=(10, 11.2))
    if missing == "frames":
        rows = rows[np.isfinite(rows[:, 1])]
    body = """const signal = await newSignal(), seen = [];
      for (const row of arrays.rows) {
        show(signal, [row]);
        if (row[0] > 9.9 && row[0] < 10 || row[0] > 11.12 && row[0] < 11.2 || row[0] > 15) seen.push(signal.preview());
        if (row[0] > 15) break;
      }
      return seen.map(({ state, startS, columns }) => [state, startS, columns])"""
    seen = run(body, rows=rows)
    assert seen[0][0] == "pulse"
    state, start_s, columns = seen[-1]
    assert state == "waiting"
    assert start_s == pytest.approx(11.2, abs=0.05)
    assert columns == pytest.approx(3.8 * 30, abs=2)
    assert all(each == ["waiting", 0, 0] for each in seen[3:-1])


def test_each_cells_latest_value_is_the_maps(run):
    rows = made_up(66, seconds=10)
    rows[200:, 1:4] = np.nan
    body = """const signal = await newSignal();
      show(signal, arrays.rows);
      const { map, columns, seenS } = signal.preview();
      return { latest: signal.latest(), map, columns, seenS, nothing: (signal.clear(), [...signal.latest()]) }"""
    seen = run(body, rows=rows)
    drawn = np.reshape(seen["map"], (len(CELLS), -1))[:, seen["columns"] - 9 :] / 127 * 2 * LIMIT
    latest = np.array(seen["latest"], float)
    assert np.isnan(latest[0])
    assert seen["seenS"] == pytest.approx(10, abs=0.1)
    assert (np.abs(drawn[1:] - latest[1:, None]).min(axis=1) < LIMIT / 100).all()
    assert seen["nothing"] == [None] * len(CELLS)


@pytest.mark.parametrize("frame_rate_hz", [30, 240])
def test_memory_does_not_grow(run, frame_rate_hz):
    body = f"""const {{ Frames }} = await load("frames");
      const frames = new Frames(2, 15.5), before = [frames.timeS.buffer, frames.values.buffer];
      for (let frame = 0; frame < 30_000; frame++) frames.add(frame / {frame_rate_hz}, true, [frame, -frame]);
      const after = [frames.timeS.buffer, frames.values.buffer];
      return {{ isSame: after.every((each, at) => each === before[at]), timeS: frames.timeS, values: frames.values }}"""
    seen = run(body)
    time_s = np.array(seen["timeS"])
    assert seen["isSame"]
    assert len(time_s) <= 2048
    np.testing.assert_allclose(np.diff(time_s), 1 / frame_rate_hz)
    assert time_s[-1] == 29_999 / frame_rate_hz
    assert time_s[-1] - time_s[0] > min(15.5, 1700 / frame_rate_hz)
    np.testing.assert_array_equal(np.reshape(seen["values"], (-1, 2))[:, 0], np.round(time_s * frame_rate_hz))
