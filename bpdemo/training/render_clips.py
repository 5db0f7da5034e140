"""Clips of which everything is known: a face with a given pulse, and things that must never give a reading.

```
pulse -> each cell's own (weaker or stronger, a little earlier or later)
      -> darkens the portrait's skin by blood volume  -> the head moves
      -> light (drift, lamp flicker, exposure, white balance)  -> gloss, screen bands
      -> sensor noise  -> 8 bits  -> a real codec
```

A real camera's picture differs in many ways, but what tells a pulse from no pulse is here: it is in the skin alone, it
changes colour by how blood absorbs, and it survives no more of noise and codec than a real one. All ranges are ours.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from bpdemo.regions import CELLS
from bpdemo.training.portrait import Portrait, load_portrait
from bpdemo.training.render_maps import BLOOD_VOLUME
from bpdemo.training.write_clip import write_clip

_BEAT = ((1.0, 0.20, 0.085), (0.45, 0.40, 0.10), (0.32, 0.60, 0.13))
"""Height, place and width of a beat's parts in units of its length: systolic peak, late systolic and dicrotic wave."""

_CELL_STRENGTH_SCATTER = 0.2
_BREATHING_HZ = 0.25
_AWAY_S = 0.4  # the face leaves the picture in this time
_NOISE_POOL = 1 << 22  # normals drawn once; every frame takes its noise from another place


@dataclass(frozen=True)
class Scene:
    """What happens in front of the camera, and how it is recorded. Everything else follows from `seed`.

    Attributes:
        subject: "face" shows the portrait, "wall" an empty textured wall.
        duration_s, frame_rate_hz: length and constant rate; `times_s` gives the frames' own times instead.
        times_s: times of the frames in seconds, rising from 0, for a variable rate.
        width, height: of the upright picture, even.
        face_width: of the picture's height, between the temples.
        heart_rate_bpm: mean over the clip, exact; None for a still picture (no pulse).
        heart_rate_swing: how much the rate swings with the breath, relative, to either side.
        pulse: overrides the waveform: takes times in seconds, gives blood volume, about 0 to 1 a beat.
        pulse_strength: height of the pulse along `BLOOD_VOLUME` relative to the skin's brightness: 0.01 darkens green
            by 0.77 %. A phone sees 0.003 to 0.015.
        pulse_delay_s: largest difference in arrival between cells.
        brightness: multiplies the light; 1 is the portrait as photographed, 0.1 dark, 2 overexposed.
        motion: slow head or hand movement, displacement in face widths (standard deviation).
        tremor, tremor_hz: regular shake on top, displacement in face widths, and its frequency.
        gloss: white reflection that comes and goes with the movement, 8-bit levels at a tremor's or sway's full reach.
        drift: slow change of the light, relative standard deviation.
        flicker, flicker_hz: lamp flicker as the camera sees it (beat of mains and shutter), relative.
        exposure_step: size of automatic exposure's steps every few seconds, relative.
        white_balance, white_balance_hz: automatic white balance swinging between red and blue, relative.
        bands, bands_hz: screen refresh: dark bands that run down the picture, relative depth, and how many a second.
        light: gain of the light over time, [frames] to [frames] or [frames, 3], on top of all of these.
        noise: standard deviation of the sensor noise in 8-bit levels at mid grey.
        mirror: the picture is flipped left to right, as front cameras do.
        second_face: size of another, pulseless face at the right of the picture relative to the first; 0 for none.
        away_s: the face is out of the picture from ... to ...
        codec, bit_rate_kbps, key_frame_s, rotation_degrees, sound: see `write_clip`.
    """

    seed: int = 0
    subject: Literal["face", "wall"] = "face"
    duration_s: float = 15.0
    frame_rate_hz: float = 30.0
    times_s: tuple[float, ...] | None = None
    width: int = 640
    height: int = 480
    face_width: float = 0.4
    heart_rate_bpm: float | None = 72.0
    heart_rate_swing: float = 0.02
    pulse: Callable[[np.ndarray], np.ndarray] | None = None
    pulse_strength: float = 0.01
    pulse_delay_s: float = 0.03
    brightness: float = 1.0
    motion: float = 0.015
    tremor: float = 0.0
    tremor_hz: float = 1.3
    gloss: float = 0.0
    drift: float = 0.005
    flicker: float = 0.0
    flicker_hz: float = 1.2
    exposure_step: float = 0.0
    white_balance: float = 0.0
    white_balance_hz: float = 1.1
    bands: float = 0.0
    bands_hz: float = 1.0
    light: Callable[[np.ndarray], np.ndarray] | None = None
    noise: float = 2.0
    mirror: bool = False
    second_face: float = 0.0
    away_s: tuple[float, float] | None = None
    codec: str = "h264"
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
        return self.subject == "face" and (self.heart_rate_bpm is not None or self.pulse is not None)


def render_clip(path: str | Path, scene: Scene) -> dict:
    """Render a scene into a clip file.

    Args:
        path: where to; its suffix names the container and has to fit `scene.codec`.
        scene: what to show.

    Returns:
        What is true of the clip, JSON-able: `subject`, `has_pulse`, `heart_rate_bpm` (None without a pulse), `codec`,
        `width`, `height`, `frames`, `duration_s`, `frame_rate_hz`, `faces`, `seed`.
    """
    path, times_s = Path(path), scene.frame_times_s()
    write_clip(
        path,
        render_frames(scene),
        times_s,
        codec=scene.codec,
        bit_rate_kbps=scene.bit_rate_kbps,
        key_frame_s=scene.key_frame_s,
        rotation_degrees=scene.rotation_degrees,
        sound=scene.sound,
    )
    interval_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.0
    return {
        "subject": scene.subject,
        "has_pulse": scene.has_pulse,
        "heart_rate_bpm": scene.heart_rate_bpm if scene.has_pulse and scene.pulse is None else None,
        "codec": scene.codec,
        "width": scene.width,
        "height": scene.height,
        "frames": len(times_s),
        "duration_s": float(times_s[-1] + interval_s),
        "frame_rate_hz": float((len(times_s) - 1) / times_s[-1]) if len(times_s) > 1 else 0.0,
        "faces": 0 if scene.subject == "wall" else 1 + (scene.second_face > 0),
        "seed": scene.seed,
    }


def render_frames(scene: Scene) -> Iterator[np.ndarray]:
    """Yield the scene's pictures, one a frame: [height, width, 3] uint8 R, G, B, as the sensor gives them."""
    rng = np.random.default_rng(scene.seed)
    times_s = scene.frame_times_s()
    stage = _Wall(scene, rng) if scene.subject == "wall" else _Face(scene, times_s, rng)
    moves = _moves(scene, times_s, rng)
    light = _light(scene, times_s, rng) * scene.brightness
    gloss = scene.gloss * np.clip(moves.reach, -1, 1)
    rows = np.arange(scene.height)[:, None, None] / scene.height
    pool = rng.standard_normal(_NOISE_POOL, dtype=np.float32)
    size = scene.height * scene.width * 3
    pool = np.resize(pool, max(_NOISE_POOL, 2 * size))
    level = None
    for frame, time_s in enumerate(times_s):
        image = stage.show(frame, moves.matrix(frame, stage.centre, stage.place))
        image += np.float32(gloss[frame])
        gain = light[frame]
        if scene.bands:
            gain = gain * (1 - scene.bands * (0.5 + 0.5 * np.sin(2 * np.pi * (2 * rows - scene.bands_hz * time_s))))
        image *= np.asarray(gain, np.float32)
        if level is None:
            # Shot noise grows with the root of the light; the darkest parts keep the read-out's noise.
            level = scene.noise * np.sqrt(np.clip(image, 0, 255) / 128 + 0.05)
        start = rng.integers(len(pool) - size + 1)
        noise = level * pool[start : start + size].reshape(image.shape)
        picture = cv2.add(image, noise, dtype=cv2.CV_8U)  # rounds and stays within 0 to 255
        yield picture[:, ::-1] if scene.mirror else picture


def beat_wave(phase: np.ndarray) -> np.ndarray:
    """Return blood volume at a phase of the beat (whole numbers are feet): foot about 0, peak about 1."""
    phase = np.asarray(phase, float) % 1
    parts = (height * np.exp(-0.5 * ((phase - at) / width) ** 2) for height, at, width in _BEAT)
    return sum(parts) / 1.05


def irregular_times(
    duration_s: float, frame_rate_hz: float, *, jitter: float = 0.3, dropped: float = 0.05, seed: int = 0
) -> tuple[float, ...]:
    """Return frame times as a busy phone or browser gives them.

    Args:
        duration_s: length of the clip.
        frame_rate_hz: rate before frames are dropped.
        jitter: largest shift of a frame, to either side, in frame intervals; under 0.5.
        dropped: share of the frames that are missing.
        seed: draws both.
    """
    rng = np.random.default_rng(seed)
    frames = np.arange(round(duration_s * frame_rate_hz))
    times_s = (frames + rng.uniform(-jitter, jitter, len(frames))) / frame_rate_hz
    kept = rng.uniform(size=len(frames)) >= dropped
    kept[[0, -1]] = True
    times_s = np.round(times_s[kept] - times_s[0], 3)
    return tuple(float(time_s) for time_s in times_s)


class _Face:
    """The portrait, its skin coloured by the pulse."""

    def __init__(self, scene: Scene, times_s: np.ndarray, rng: np.random.Generator) -> None:
        self._portrait = portrait = load_portrait(scene.face_width * scene.height)
        self._size = (scene.width, scene.height)
        self.centre = portrait.face_centre
        self.place = np.array([0.5, 0.5]) * self._size
        self._canvas = portrait.picture.copy()
        if scene.second_face:
            _paste_second(self._canvas, portrait, scene)
        left, top, right, bottom = portrait.box
        self._skin = self._canvas[top:bottom, left:right].copy()
        self._wave = _cell_waves(scene, times_s, rng) if scene.has_pulse else None

    def show(self, frame: int, matrix: np.ndarray) -> np.ndarray:
        if self._wave is not None:
            left, top, right, bottom = self._portrait.box
            field = self._portrait.pulse_field(self._wave[frame])
            darker = 1 - field[..., None] * BLOOD_VOLUME.astype(np.float32)
            np.multiply(self._skin, darker, out=self._canvas[top:bottom, left:right])
        return cv2.warpAffine(
            self._canvas, matrix, self._size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
        )


class _Wall:
    """A plastered wall: clouds of several sizes, lit from one side."""

    def __init__(self, scene: Scene, rng: np.random.Generator) -> None:
        height, width = round(1.3 * scene.height), round(1.3 * scene.width)
        texture = sum(
            size**0.7
            * cv2.resize(
                rng.standard_normal((height // size + 2, width // size + 2)),
                (width, height),
                interpolation=cv2.INTER_CUBIC,
            )
            for size in (2, 6, 24, 96)
        )
        texture = 1 + 0.03 * texture / texture.std() + 0.1 * np.linspace(-1, 1, width)
        self._canvas = (texture[..., None] * np.array([186.0, 176.0, 160.0])).astype(np.float32)
        self._size = (scene.width, scene.height)
        self.centre, self.place = np.array([width, height]) / 2, np.array(self._size) / 2

    def show(self, frame: int, matrix: np.ndarray) -> np.ndarray:  # noqa: ARG002 - a wall is the same on every frame
        return cv2.warpAffine(
            self._canvas, matrix, self._size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
        )


@dataclass(frozen=True)
class _Moves:
    """Movement of the subject: shift [frames, 2] in pixels, turn [frames] in degrees, zoom and reach [frames]."""

    shift: np.ndarray
    turn: np.ndarray
    zoom: np.ndarray
    reach: np.ndarray

    def matrix(self, frame: int, centre: np.ndarray, place: np.ndarray) -> np.ndarray:
        matrix = cv2.getRotationMatrix2D(centre.tolist(), self.turn[frame], self.zoom[frame])
        matrix[:, 2] += place - centre + self.shift[frame]
        return matrix


def _moves(scene: Scene, times_s: np.ndarray, rng: np.random.Generator) -> _Moves:
    face_width = scene.face_width * scene.height
    sway = np.stack([_wander(times_s, rng, 0.05, 0.7) for _ in range(4)], axis=1)
    shake = np.stack([np.sin(2 * np.pi * (scene.tremor_hz * times_s + rng.uniform())) for _ in range(2)], axis=1)
    shift = (scene.motion * sway[:, :2] + scene.tremor * shake) * face_width
    if scene.away_s is not None:
        start, end = scene.away_s
        gone = np.clip((times_s - start) / _AWAY_S + 1, 0, 1) * np.clip((end - times_s) / _AWAY_S + 1, 0, 1)
        shift[:, 0] -= gone * (0.5 * scene.width + 1.2 * face_width)
    reach = (scene.motion * sway[:, 0] + scene.tremor * shake[:, 0]) / max(2 * scene.motion + scene.tremor, 1e-9)
    return _Moves(shift, 30 * scene.motion * sway[:, 2], 1 + 0.5 * scene.motion * sway[:, 3], reach)


def _cell_waves(scene: Scene, times_s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the relative darkening of each cell along the blood-volume vector: [frames, cells]."""
    strength = scene.pulse_strength * np.exp(_CELL_STRENGTH_SCATTER * rng.standard_normal(len(CELLS)))
    at_s = times_s[:, None] - scene.pulse_delay_s * rng.uniform(size=len(CELLS))
    if scene.pulse is not None:
        return strength * scene.pulse(at_s)
    swing = scene.heart_rate_swing / (2 * np.pi * _BREATHING_HZ)
    phase, end_s = rng.uniform(), max(times_s[-1], 1.0)

    def beats(time_s: np.ndarray) -> np.ndarray:
        return time_s + swing * np.sin(2 * np.pi * (_BREATHING_HZ * time_s + phase))

    # Scaled so that the mean rate over the clip is exactly the one asked for.
    pace = scene.heart_rate_bpm / 60 * end_s / (beats(end_s) - beats(0.0))
    return strength * beat_wave(pace * beats(at_s) + rng.uniform())


def _light(scene: Scene, times_s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the light's gain: [frames, 3]."""
    gain = 1 + scene.drift * _wander(times_s, rng, 0.03, 0.3)
    gain *= 1 + scene.flicker * np.sin(2 * np.pi * (scene.flicker_hz * times_s + rng.uniform()))
    steps_s = np.cumsum(rng.uniform(1.5, 4, size=1 + int(times_s[-1] / 1.5)))
    sizes = scene.exposure_step * rng.choice([-1.0, 1.0], size=len(steps_s))
    for at_s, size in zip(steps_s, sizes, strict=True):
        gain *= 1 + size * np.clip((times_s - at_s) / 0.15, 0, 1)
    tilt = scene.white_balance * np.sin(2 * np.pi * (scene.white_balance_hz * times_s + rng.uniform()))
    gains = gain[:, None] * (1 + tilt[:, None] * np.array([1.0, 0.0, -1.0]))
    if scene.light is not None:
        own = np.asarray(scene.light(times_s), float)
        gains *= own if own.ndim == 2 else own[:, None]
    return gains


def _paste_second(canvas: np.ndarray, portrait: Portrait, scene: Scene) -> None:
    """Put a smaller copy of the head on the canvas, to the right of the first, with soft edges; in place."""
    small = cv2.resize(canvas, None, fx=scene.second_face, fy=scene.second_face, interpolation=cv2.INTER_AREA)
    centre, width = portrait.face_centre * scene.second_face, portrait.face_width * scene.second_face
    reach = np.array([1.0, 1.05]) * width
    left, top = np.maximum(np.floor(centre - reach), 0).astype(int)
    right, bottom = np.ceil(centre + reach).astype(int)
    head = small[top:bottom, left:right]
    y, x = np.mgrid[top:bottom, left:right]
    away = np.hypot((x - centre[0]) / reach[0], (y - centre[1]) / reach[1])
    share = np.clip((1 - away) / 0.15, 0, 1)[..., None].astype(np.float32)
    at = portrait.face_centre + np.array([0.5 * scene.width - 1.05 * width, 0]) - (centre - (left, top))
    column, row = np.round(at).astype(int)
    place = canvas[row : row + head.shape[0], column : column + head.shape[1]]
    place[:] = share * head + (1 - share) * place


def _wander(times_s: np.ndarray, rng: np.random.Generator, low_hz: float, high_hz: float) -> np.ndarray:
    """Return a smooth random curve [frames] of about unit standard deviation between two frequencies."""
    count = 8
    frequency = np.geomspace(low_hz, high_hz, count) * rng.uniform(0.85, 1.15, count)
    weight = frequency**-0.5
    waves = np.sin(2 * np.pi * (times_s[:, None] * frequency + rng.uniform(size=count)))
    return waves @ weight / np.sqrt(0.5 * (weight**2).sum())
