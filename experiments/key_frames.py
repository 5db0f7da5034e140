"""What do carried landmarks cost? Pulse and mean beat with fewer and more key frames, and with every frame one.

    python -m experiments.key_frames CLIP...

`benchmarks.speed` measures how long each takes. Last run: November 2026.
"""

import argparse

from bpdemo.clip import Clip
from bpdemo.face import KEY_FRAMES_HZ, FaceTracker
from bpdemo.pulse import measure_pulse
from bpdemo.regions import read_traces
from bpdemo.stmap import WINDOW_S, resample
from bpdemo.synthesis.maps import MARGIN_S
from experiments.realism import measure_capture

_EVERY_FRAME_HZ = 1000.0


def main(clips: list[str]) -> None:
    """Print one line for each clip and key-frame rate."""
    print(f"{'clip':32}{'key frames':>14}{'heart rate bpm':>16}{'SNR dB':>8}{'error of the mean beat, T':>28}")
    for path in clips:
        for key_frames_hz in (1.0, KEY_FRAMES_HZ, 3.0, 6.0, _EVERY_FRAME_HZ):
            with Clip(path) as clip, FaceTracker(key_frames_hz=key_frames_hz) as tracker:
                traces = read_traces(tracker.follow(clip.frames()))
            duration_s = min(clip.report.duration_s - 2 * MARGIN_S, WINDOW_S)
            pulse = measure_pulse(resample(traces.time_s, traces.colours, MARGIN_S, MARGIN_S + duration_s))
            if pulse is None:
                print(f"{path}: no cell was measured")
                continue
            rate = "every frame" if key_frames_hz == _EVERY_FRAME_HZ else f"{key_frames_hz:g} a second"
            label = path.rsplit("/", 1)[-1][:30]
            error = measure_capture(traces, duration_s).figures["beat_error_T"]
            print(f"{label:32}{rate:>14}{pulse.heart_rate_bpm:16.2f}{pulse.snr_db:8.1f}{error:28.3f}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="+", metavar="CLIP")
    main(parser.parse_args().clips)
