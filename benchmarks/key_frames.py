"""What do interpolated landmarks cost? The pulse with key frames 3, 6 and 12 times a second and on every frame.

python -m benchmarks.key_frames CLIP...
"""

import sys
import time

from bpdemo.clip import Clip
from bpdemo.face import KEY_FRAMES_HZ, FaceTracker
from bpdemo.pulse import measure_pulse
from bpdemo.regions import read_colours
from bpdemo.stmap import place_windows

_EVERY_FRAME_HZ = 1000.0


def main(clips: list[str]) -> None:
    """Print one line for each clip and key-frame rate."""
    print(f"{'clip':32}{'key frames':>14}{'heart rate bpm':>16}{'SNR dB':>8}{'seconds':>9}")
    for path in clips:
        for key_frames_hz in (3.0, KEY_FRAMES_HZ, 12.0, _EVERY_FRAME_HZ):
            began_s = time.perf_counter()
            with Clip(path) as clip, FaceTracker(key_frames_hz=key_frames_hz) as tracker:
                time_s, colours = read_colours(tracker.follow(clip.frames())).stacked()
            took_s = time.perf_counter() - began_s
            window = (place_windows(clip.report.duration_s) or [(0.0, clip.report.duration_s)])[0]
            pulse = measure_pulse(time_s, colours, *window)
            rate = "every frame" if key_frames_hz == _EVERY_FRAME_HZ else f"{key_frames_hz:g} a second"
            label = path.rsplit("/", 1)[-1][:30]
            print(f"{label:32}{rate:>14}{pulse.heart_rate_bpm:16.2f}{pulse.snr_db:8.1f}{took_s:9.1f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
