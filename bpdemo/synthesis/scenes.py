"""Clips of which everything is known: a face with a given pulse, and things that must never give a reading.

```
pulse -> colours of each cell, by the physics of `skin`: weaker or stronger, earlier or later, smoother
      -> the portrait's skin changes with them (or is painted with given ones)  -> the head moves, and recoils from each
         beat  -> light (drift, lamp flicker, exposure, white balance)  -> gloss, screen bands
      -> sensor noise  -> what the camera does to colours: black level, noise reduction  -> 8 bits  -> a real codec
```

A real camera's picture differs in many ways, but what tells a pulse from no pulse is here: it is in the skin alone, it
changes colour by how blood absorbs, and it survives no more of noise and codec than a real one. All ranges are ours.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from bpdemo.regions import CELLS
from bpdemo.synthesis.camera import Development, draw_balance, draw_recoil, draw_shading
from bpdemo.synthesis.encode import write_clip
from bpdemo.synthesis.portrait import load_portrait
from bpdemo.synthesis.pulses import PulseWave, known_pulse
from bpdemo.synthesis.skin import draw_blood, draw_skin, pulse_change, tone_colour
from bpdemo.synthesis.stages import Stage, face_stage, painted_skin, pulsing_skin, wall_stage

Subject = Literal["face", "wall"]

_LEAVING_S = 0.4  # the face leaves the picture in this time
_RECOIL_WAY = np.array([0.2, 0.98])  # to the side and down, of length 1
_NOISE_POOL = 1 << 22  # normals drawn once; every frame takes its noise from another place


@dataclass(frozen=True)
class Scene:
    """What happens in front of the camera, and how it is recorded. Everything else follows from `seed`."""

    seed: int = 0
    subject: Subject = "face"  # the portrait, or an empty textured wall
    duration_s: float = 15.0
    frame_rate_hz: float = 30.0
    times_s: Sequence[float] | np.ndarray | None = None  # of the frames, rising from 0; in place of a constant rate
    width: int = 640  # of the upright picture, even, as the height
    height: int = 480
    face_width: float = 0.4  # of the picture's height, between the temples
    heart_rate_bpm: float | None = 72.0  # mean over the clip, exact; None for a still picture (no pulse)
    breaths_per_minute: float | None = None  # of a breath to be seen in the pulse; None for a faint one of any rate
    pulse_strength: float = 0.01
    """Height of the pulse along `skin.BLOOD_VOLUME` relative to the skin's brightness: 0.01 darkens green by 0.77 %. A
    phone sees 0.003 to 0.015."""
    skin_tone: float | None = None
    """0 for the lightest to 1 for the darkest: the skin of a portrait with a pulse is tinted so, and the darker it is,
    the less of the pulse it shows (`skin`). None for the portrait's own, with all of the pulse."""
    colours: np.ndarray | None = field(default=None, repr=False, compare=False)
    """In place of a pulse, the mean R, G, B of every cell on every frame, [frames, cells, 3] in 8-bit levels, NaN where
    hidden: what `maps.render_colours` gives, with its times as `times_s`. The face is painted with them (see
    `stages.painted_skin`); light, movement and noise of the scene come on top."""
    brightness: float = 1.0  # multiplies the light; 1 is the portrait as photographed, 0.1 dark, 2 overexposed
    motion: float = 0.015  # slow head or hand movement, displacement in face widths (standard deviation)
    motion_hz: tuple[float, float] = (0.05, 0.7)  # between which frequencies that movement lies
    tremor: float = 0.0  # regular shake on top, displacement in face widths
    tremor_hz: float = 1.3
    recoil: float = 0.0
    """How far the head swings after each beat, mostly up and down, in face widths: a real one 0.0004 to 0.0035, as 0.05
    to 0.5 mm of 14 cm are (`camera.draw_recoil`)."""
    recoil_shade: float = 0.0  # and by how much that changes the brightness of the skin, relative, where it does most
    beats_s: Sequence[float] | None = None  # times of the beats' feet where the cells' colours are given
    gloss: float = 0.0  # white reflection that follows the movement, 8-bit levels at its full reach
    drift: float = 0.005  # slow change of the light, relative standard deviation
    flicker: float = 0.0  # of a lamp as the camera sees it (beat of mains and shutter), relative
    flicker_hz: float = 1.2
    exposure_step: float = 0.0  # size of automatic exposure's steps every few seconds, relative
    white_balance: float = 0.0  # automatic white balance swinging between red and blue, relative
    white_balance_hz: float = 1.1
    balance_steps: float = 0.0  # size of steps in which automatic white balance corrects itself, relative
    bands: float = 0.0  # screen refresh: depth of dark bands that run down the picture, relative
    bands_hz: float = 1.0  # how many a second
    light: Callable[[np.ndarray], np.ndarray] | None = None  # gain over time, [frames] to [frames] or [frames, 3]
    noise: float = 2.0  # standard deviation of the sensor noise in 8-bit levels at mid grey
    blue_noise: float = 1.0  # times that in blue: what warm light lacks of blue, the camera amplifies with its noise
    black_level: float = 0.0  # 8-bit levels that become black, all above stretched: dark colours get more contrast
    chroma_lag_s: float = 0.0  # time constant of a noise reduction that averages colours, not brightness, over frames
    mirror: bool = False  # flip the picture left to right, as front cameras do
    second_face: float = 0.0  # size of a pulseless face at the right relative to the first; 0 for none
    away_s: tuple[float, float] | None = None  # the face is out of the picture from ... to ...
    codec: str = "h264"  # this and the rest: see `write_clip`
    plain_encoder: bool = False
    bit_rate_kbps: float | None = None
    key_frame_s: float | None = None
    rotation_degrees: int = 0
    sound: bool = False

    def frame_times_s(self) -> np.ndarray:
        """Return the times of the frames, [frames] in seconds."""
        if self.times_s is not None:
            return np.asarray(self.times_s, float)
        return np.arange(round(self.duration_s * self.frame_rate_hz)) / self.frame_rate_hz

    @property
    def has_pulse(self) -> bool:
        """Whether there is a pulse to be found."""
        return self.subject == "face" and (self.heart_rate_bpm is not None or self.colours is not None)


@dataclass(frozen=True)
class ClipTruth:
    """What is true of a rendered clip; its rate is None without a pulse, and where the cells' colours were given."""

    subject: Subject
    has_pulse: bool
    heart_rate_bpm: float | None
    codec: str
    width: int
    height: int
    frames: int
    duration_s: float
    frame_rate_hz: float
    faces: int
    seed: int


def render_clip(path: str | Path, scene: Scene) -> ClipTruth:
    """Write the clip of a scene and return what is true of it; the path's suffix has to fit `scene.codec`."""
    times_s = scene.frame_times_s()
    write_clip(
        Path(path),
        render_frames(scene),
        times_s,
        codec=scene.codec,
        plain=scene.plain_encoder,
        bit_rate_kbps=scene.bit_rate_kbps,
        key_frame_s=scene.key_frame_s,
        rotation_degrees=scene.rotation_degrees,
        sound=scene.sound,
    )
    interval_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.0
    return ClipTruth(
        subject=scene.subject,
        has_pulse=scene.has_pulse,
        heart_rate_bpm=scene.heart_rate_bpm if scene.has_pulse and scene.colours is None else None,
        codec=scene.codec,
        width=scene.width,
        height=scene.height,
        frames=len(times_s),
        duration_s=float(times_s[-1] + interval_s),
        frame_rate_hz=float((len(times_s) - 1) / times_s[-1]) if len(times_s) > 1 else 0.0,
        faces=0 if scene.subject == "wall" else 1 + (scene.second_face > 0),
        seed=scene.seed,
    )


def render_frames(scene: Scene) -> Iterator[np.ndarray]:
    """Yield the scene's pictures, one a frame: [height, width, 3] uint8 R, G, B, as the sensor gives them."""
    rng = np.random.default_rng(scene.seed)
    # What came later draws from a generator of its own: every older scene stays as it was.
    recoil_rng, balance_rng = np.random.default_rng((scene.seed, 1)), np.random.default_rng((scene.seed, 2))
    times_s = scene.frame_times_s()
    pulse = None
    if scene.subject == "face" and scene.heart_rate_bpm is not None and scene.colours is None:
        pulse = known_pulse(scene.heart_rate_bpm, max(float(times_s[-1]), 1.0), rng, scene.breaths_per_minute)
    beats_s = scene.beats_s if pulse is None else pulse.onsets_s
    recoil = np.zeros(len(times_s)) if beats_s is None else draw_recoil(times_s, np.asarray(beats_s), recoil_rng)
    stage = _set_stage(scene, times_s, pulse, 1 + scene.recoil_shade * recoil[:, None] * draw_shading(recoil_rng), rng)
    motion = _draw_motion(scene, times_s, recoil, rng)
    light = _draw_light(scene, times_s, rng) * scene.brightness
    light *= draw_balance(times_s, scene.balance_steps, balance_rng)
    gloss = scene.gloss * np.clip(motion.reach, -1, 1)
    rows = np.arange(scene.height)[:, None, None] / scene.height
    pool = rng.standard_normal(_NOISE_POOL, dtype=np.float32)
    size = scene.height * scene.width * 3
    pool = np.resize(pool, max(_NOISE_POOL, 2 * size))
    development = Development(scene.black_level, scene.chroma_lag_s)
    level = None
    for frame, time_s in enumerate(times_s):
        image = stage.show(frame, motion.matrix(frame, stage))
        image += np.float32(gloss[frame])
        gain = light[frame]
        if scene.bands:
            gain = gain * (1 - scene.bands * (0.5 + 0.5 * np.sin(2 * np.pi * (2 * rows - scene.bands_hz * time_s))))
        # Spread along the lines of the picture first: a product with three numbers at a time takes eight times as long.
        image *= np.tile(np.asarray(gain, np.float32), (1, scene.width, 1))
        if level is None:
            # Shot noise grows with the root of the light; the darkest parts keep the read-out's noise.
            level = scene.noise * np.sqrt(np.clip(image, 0, 255) / 128 + 0.05)
            level *= np.tile(np.array([1, 1, scene.blue_noise], np.float32), (1, scene.width, 1))
        start = rng.integers(len(pool) - size + 1)
        image += level * pool[start : start + size].reshape(image.shape)
        image = development.show(image, time_s)
        picture = np.clip(np.rint(image, out=image), 0, 255, out=image).astype(np.uint8)
        yield picture[:, ::-1] if scene.mirror else picture


def irregular_times(
    duration_s: float, frame_rate_hz: float, *, jitter: float = 0.3, dropped: float = 0.05, seed: int = 0
) -> tuple[float, ...]:
    """Return frame times as a busy phone or browser gives them: a share of a constant rate's frames is dropped.

    `jitter` is the largest shift of a frame, to either side, in frame intervals; under 0.5.
    """
    rng = np.random.default_rng(seed)
    frames = np.arange(round(duration_s * frame_rate_hz))
    times_s = (frames + rng.uniform(-jitter, jitter, len(frames))) / frame_rate_hz
    kept = rng.uniform(size=len(frames)) >= dropped
    kept[[0, -1]] = True
    return tuple(np.round(times_s[kept] - times_s[0], 3).tolist())


@dataclass(frozen=True)
class _Motion:
    """Movement of the subject: shift [frames, 2] in pixels, turn [frames] in degrees, zoom and reach [frames]."""

    shift: np.ndarray
    turn: np.ndarray
    zoom: np.ndarray
    reach: np.ndarray

    def matrix(self, frame: int, stage: Stage) -> np.ndarray:
        matrix = cv2.getRotationMatrix2D(stage.centre.tolist(), self.turn[frame], self.zoom[frame])
        matrix[:, 2] += np.array(stage.size) / 2 - stage.centre + self.shift[frame]
        return matrix


def _draw_motion(scene: Scene, times_s: np.ndarray, recoil: np.ndarray, rng: np.random.Generator) -> _Motion:
    face_width = scene.face_width * scene.height
    sway = np.stack([_slow_noise(times_s, rng, *scene.motion_hz) for _ in range(4)], axis=1)
    shake = np.stack([np.sin(2 * np.pi * (scene.tremor_hz * times_s + rng.uniform())) for _ in range(2)], axis=1)
    swing = scene.recoil * recoil[:, None] * _RECOIL_WAY
    shift = (scene.motion * sway[:, :2] + scene.tremor * shake + swing) * face_width
    if scene.away_s is not None:
        start, end = scene.away_s
        gone = np.clip((times_s - start) / _LEAVING_S + 1, 0, 1) * np.clip((end - times_s) / _LEAVING_S + 1, 0, 1)
        shift[:, 0] -= gone * (0.5 * scene.width + 1.2 * face_width)
    reach = (scene.motion * sway[:, 0] + scene.tremor * shake[:, 0]) / max(2 * scene.motion + scene.tremor, 1e-9)
    return _Motion(shift, 30 * scene.motion * sway[:, 2], 1 + 0.5 * scene.motion * sway[:, 3], reach)


def _set_stage(
    scene: Scene, times_s: np.ndarray, pulse: PulseWave | None, shade: np.ndarray, rng: np.random.Generator
) -> Stage:
    """Return what is filmed, its skin changing with a pulse, if any, and with the shade, [frames, cells] about 1."""
    size = scene.width, scene.height
    if scene.subject == "wall":
        return wall_stage(size, rng)
    portrait = load_portrait(scene.face_width * scene.height)
    skin = None
    if scene.colours is not None:
        if np.shape(scene.colours) != (len(times_s), len(CELLS), 3):
            raise ValueError(f"colours must be [{len(times_s)}, {len(CELLS)}, 3], not {list(np.shape(scene.colours))}")
        skin = painted_skin(portrait, scene.colours * shade[..., None])
    elif pulse is not None:
        strength, tint = scene.pulse_strength * draw_blood(rng), np.ones(3)
        if scene.skin_tone is not None:
            strength = strength * draw_skin(rng, scene.skin_tone).diffuse
            tint = tone_colour(scene.skin_tone) / portrait.skin_colour
        colours = 1 + pulse_change(pulse, times_s, strength, rng)
        skin = pulsing_skin(portrait, tint * colours / colours.mean(axis=0) * shade[..., None])
    return face_stage(portrait, size, skin, scene.second_face)


def _draw_light(scene: Scene, times_s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the light's gain: [frames, 3]."""
    gain = 1 + scene.drift * _slow_noise(times_s, rng, 0.03, 0.3)
    gain *= 1 + scene.flicker * np.sin(2 * np.pi * (scene.flicker_hz * times_s + rng.uniform()))
    steps_s = np.cumsum(rng.uniform(1.5, 4, size=1 + int(times_s[-1] / 1.5)))
    sizes = scene.exposure_step * rng.choice([-1.0, 1.0], size=len(steps_s))
    for step_s, size in zip(steps_s, sizes, strict=True):
        gain *= 1 + size * np.clip((times_s - step_s) / 0.15, 0, 1)
    tilt = scene.white_balance * np.sin(2 * np.pi * (scene.white_balance_hz * times_s + rng.uniform()))
    gains = gain[:, None] * (1 + tilt[:, None] * np.array([1.0, 0.0, -1.0]))
    if scene.light is not None:
        light = np.asarray(scene.light(times_s), float)
        gains *= light if light.ndim == 2 else light[:, None]
    return gains


def _slow_noise(times_s: np.ndarray, rng: np.random.Generator, low_hz: float, high_hz: float) -> np.ndarray:
    """Return a smooth random curve [frames] of about unit deviation between two frequencies, at any times."""
    count = 8
    frequency = np.geomspace(low_hz, high_hz, count) * rng.uniform(0.85, 1.15, count)
    weight = frequency**-0.5
    waves = np.sin(2 * np.pi * (times_s[:, None] * frequency + rng.uniform(size=count)))
    return waves @ weight / np.sqrt(0.5 * (weight**2).sum())
