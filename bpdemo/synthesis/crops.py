"""From a person's beats to a face's crops with their contact pulse: what camera and finger sensor show of one pulse.

The crops are of the capture that `maps` renders with the same generator: the portrait is painted with its colours, on
its frames, and cut out as `crops` cuts any clip. Movement and noise of the picture come on top; their sizes are ours.
"""

from collections.abc import Sequence

import numpy as np

from bpdemo.clip_report import Frame
from bpdemo.crops import CropForm, cut_windows
from bpdemo.face import FaceTrack
from bpdemo.regions import CellTraces
from bpdemo.stmap import WINDOW_S
from bpdemo.synthesis.maps import MARGIN_S, CaptureQuality, render_colours
from bpdemo.synthesis.portrait import load_portrait
from bpdemo.synthesis.pulses import BEAT_RATE_HZ, synthesise_pulse
from bpdemo.synthesis.scenes import Scene, render_frames

_LEAST_FACE = 40.0  # pixels between the temples; in a smaller one some cells have too few to be painted
_ROOM = 1.1  # the picture's side over that of the box, so that the head may move
_MOTION = (0.0, 0.015)  # of the head in its box, in face widths
_RECOIL = (0.0004, 0.0035)  # as `Scene.recoil`
_NOISE = (0.5, 2.0)  # of a pixel, 8-bit levels at mid grey


def render_crops(
    beats: Sequence[np.ndarray], quality: CaptureQuality, form: CropForm, rng: np.random.Generator
) -> tuple[CellTraces, np.ndarray, np.ndarray]:
    """Return one capture of a person with such beats (`pulses.beats_of`), as colours and as crops.

    Returns:
        The traces that `maps.render_traces` gives with the same generator; and of their window, `MARGIN_S` to
        `MARGIN_S` + `WINDOW_S`, the crops, uint8 [T, side, side, 3] R, G, B, and the contact pulse at the same times,
        float32 [T], which rises with the blood, feet at 0 and peaks around 1.
    """
    pulse = synthesise_pulse(beats, WINDOW_S + 2 * MARGIN_S, rng)
    traces = render_colours(pulse, quality, rng)
    place = MARGIN_S, MARGIN_S + WINDOW_S
    face = max(form.side / max(form.width, form.height), _LEAST_FACE)
    side = 2 * int(np.ceil(_ROOM * face * max(form.width, form.height) / 2))
    scene = Scene(
        seed=int(rng.integers(1 << 31)),
        times_s=traces.time_s,
        width=side,
        height=side,
        face_width=face / side,
        colours=traces.colours,
        beats_s=pulse.onsets_s,
        motion=rng.uniform(*_MOTION),
        recoil=rng.uniform(*_RECOIL),
        drift=0.0,  # the light is in the colours
        noise=rng.uniform(*_NOISE),
    )
    portrait = load_portrait(scene.face_width * scene.height)
    centre = portrait.landmarks.mean(axis=0) - portrait.face_centre + side / 2
    track = FaceTrack(times_s=[0.0], centres=[centre], key_times_s=[0.0], widths=[face], turns=[0.0], faces=1)
    frames = map(Frame, traces.time_s, render_frames(scene))
    (crops,) = cut_windows(frames, track, form, [place])
    contact = np.interp(form.grid_s(*place), np.arange(len(pulse.wave)) / BEAT_RATE_HZ, pulse.wave)
    return traces, crops, contact.astype(np.float32)
