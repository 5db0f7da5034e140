"""A capture of any length whose stretches are good or bad, without a file."""

from dataclasses import replace

import numpy as np

from bpdemo.capture import Capture, CaptureReport
from bpdemo.clip_report import ClipReport
from bpdemo.face import FaceTrack
from bpdemo.regions import CELLS, CellTraces

_SKIN, _BLOOD = np.array([180.0, 130.0, 110.0]), np.array([0.33, 0.77, 0.53])
_FRAME_RATE_HZ, _KEY_FRAMES_HZ = 30, 2


def make_capture(
    seconds,
    *,
    rate_hz=lambda time_s: 1.2 + 0 * time_s,
    dark_s=(0, 0),
    shaking_s=(0, 0),
    away_s=(0, 0),
    still_s=(0, 0),
):
    """A face whose heart beats at `rate_hz`; dark, shaking, away or without a pulse from ... to ... seconds."""
    time_s = np.arange(_FRAME_RATE_HZ * seconds) / _FRAME_RATE_HZ

    def within(span, times_s=time_s):
        return (times_s >= span[0]) & (times_s < span[1])

    turn = 2 * np.pi * np.cumsum(rate_hz(time_s)) / _FRAME_RATE_HZ
    wave = np.where(within(still_s), 0.0, np.sin(turn) + 0.4 * np.sin(2 * turn + 0.7))
    light = np.where(within(dark_s), 0.15, 1.0)
    colours = _SKIN * light[:, None, None] * (1 - 0.008 * wave[:, None, None] * _BLOOD)
    colours = colours + np.random.default_rng(0).normal(0, 0.3, (len(time_s), len(CELLS), 3))
    away = within(away_s)
    colours[away] = np.nan
    centres = np.full((len(time_s), 2), 200.0)
    centres[:, 0] += np.where(within(shaking_s), 10.0 * (-1) ** np.arange(len(time_s)), 0.0)
    key_times_s = np.arange(_KEY_FRAMES_HZ * seconds) / _KEY_FRAMES_HZ
    gone = within(away_s, key_times_s)
    track = FaceTrack(
        list(time_s[~away]), list(centres[~away]), list(key_times_s), list(np.where(gone, np.nan, 180.0)),
        list(np.where(gone, np.nan, 3.0)), 1,
    )  # fmt: skip
    clipped = np.where(away, np.nan, 0.0)
    unknown = np.full((len(time_s), 3), np.nan)
    traces = CellTraces(time_s, colours, np.full(colours.shape[:2], 100), unknown, clipped, centres)
    file = ClipReport("mp4", "h264", 640, 480, 0, 10**7, len(time_s), float(seconds), float(_FRAME_RATE_HZ))
    capture = Capture(CaptureReport(file, track.report()), traces, (), track)
    return replace(capture, report=capture.report_between(0.0, np.inf))
