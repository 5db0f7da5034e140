"""How many bits does it take until an encoder's own rhythm is no pulse any more?

Photographs in H.264 whose key frames come as often as a heart beats, at growing bit rates, read as the demo does, but
for the question of the bits itself.
"""

from collections.abc import Sequence
from dataclasses import replace

from benchmarks.controls.counts import checks_of
from benchmarks.controls.measure import Measured, measure_scene
from benchmarks.controls.scenes import Film, draw_scene
from bpdemo.quality import CLEAR_SNR_DB, beats_with_key_frames

BITS_PER_PIXEL = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0)
_KIND = "photograph, bad codec"
_FIRST_SEED = 900_000  # beyond those of the choice half


def encoder_films(clips: int) -> list[Film]:
    """Return so many clips for each of `BITS_PER_PIXEL`: the same ones but for their bits."""
    return [Film(f"encoder {bits:g}", _KIND, number) for number in range(clips) for bits in BITS_PER_PIXEL]


def measure_encoder(clip: Film) -> Measured:
    """Render one of `encoder_films` and read it."""
    drawn = draw_scene(_KIND, _FIRST_SEED + clip.number)
    scene = drawn.scene
    bits = float(clip.half.split()[1])
    rate_kbps = bits * scene.width * scene.height * scene.frame_rate_hz / 1000
    return measure_scene(clip, replace(drawn, scene=replace(scene, codec="h264", bit_rate_kbps=rate_kbps)))


def encoder_table(measured: Sequence[Measured]) -> str:
    """Return one line for each number of bits: clips, and those that pass every other question."""
    lines = [
        "| bits a pixel, asked | clips | pass every other question | in step with key frames | of these, clear |",
        "|---|---|---|---|---|",
    ]
    for bits in BITS_PER_PIXEL:
        clips = [one for one in measured if one.half == f"encoder {bits:g}"]
        passing = [one for one in clips if _passes_all_others(one)]
        in_step = [one for one in passing if _is_in_step(one)]
        clear = sum(one.pulse["snr_db"] >= CLEAR_SNR_DB for one in in_step)
        lines.append(f"| {bits:g} | {len(clips)} | {len(passing)} | {len(in_step)} | {clear} |")
    return "\n".join(lines)


def _passes_all_others(one: Measured) -> bool:
    if one.capture_reasons or one.pulse is None:
        return False
    return all(check.passed for name, check in checks_of(one).items() if not name.startswith("bits_per_pixel"))


def _is_in_step(one: Measured) -> bool:
    return beats_with_key_frames(one.pulse["heart_rate_bpm"], one.to_report().key_frame_interval_s)
