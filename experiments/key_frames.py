"""What do carried landmarks cost? The pulse with 1, 2 and 6 key frames a second, and with every frame a key frame.

    python -m benchmarks.key_frames CLIP...

How long each takes is told by `benchmarks.speed`.
"""

import sys

from bpdemo.clip import Clip
from bpdemo.face import KEY_FRAMES_HZ, FaceTracker
from bpdemo.pulse import measure_pulse
from bpdemo.regions import read_colours
from bpdemo.stmap import place_windows

_EVERY_FRAME_HZ = 1000.0


def main(clips: list[str]) -> None:
    """Print one line for each clip and key-frame rate."""
    print(f"{'clip':32}{'key frames':>14}{'heart rate bpm':>16}{'SNR dB':>8}")
    for path in clips:
        for key_frames_hz in (1.0, KEY_FRAMES_HZ, 6.0, _EVERY_FRAME_HZ):
            with Clip(path) as clip, FaceTracker(key_frames_hz=key_frames_hz) as tracker:
                time_s, colours = read_colours(tracker.follow(clip.frames())).stacked()
            window = (place_windows(clip.report.duration_s) or [(0.0, clip.report.duration_s)])[0]
            pulse = measure_pulse(time_s, colours, *window)
            rate = "every frame" if key_frames_hz == _EVERY_FRAME_HZ else f"{key_frames_hz:g} a second"
            label = path.rsplit("/", 1)[-1][:30]
            print(f"{label:32}{rate:>14}{pulse.heart_rate_bpm:16.2f}{pulse.snr_db:8.1f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
