"""What is filmed: everything without a pulse that might pass for one, good captures, and less good ones.

Each clip is drawn at random by its seed, and the seeds of the halves lie apart: thresholds may be chosen on *choice*
and are then tried on *test*. All ranges are ours and stand in `docs/controls.md`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from bpdemo.regions import CELLS, LUMA
from bpdemo.synthesis.camera import band_limited_noise
from bpdemo.synthesis.encode import write_clip
from bpdemo.synthesis.pulses import known_pulse
from bpdemo.synthesis.scenes import Scene, render_clip
from bpdemo.synthesis.skin import BLOOD_VOLUME, draw_blood, draw_skin, pulse_change

NEGATIVES = (
    "photograph",
    "photograph, hand shake",
    "photograph, flicker",
    "photograph, white balance",
    "photograph, autogain",
    "photograph, bad codec",
    "photograph, much noise",
    "photograph on a screen",
    "photograph, coloured lamp",
    "photograph, all at once",
    "wall",
    "noise alone",
    "photograph, plain encoder",
    "made-up face",
)
GOOD = ("face", "face of any skin tone", "face, beating head", "face, darkest skin")
LESS_GOOD = (
    "face, weak pulse",
    "face, moving",
    "face, browser recording",
    "face, noisy MJPEG recording",
    "face, VP9 recording",
    "face, sent by messenger",
    "face, plain encoder",
    "face, dim light",
    "face, real camera",
)
GIVEN = "made-up face, by others"  # clips of a folder: nothing is drawn
KINDS = (*NEGATIVES, GIVEN, *GOOD, *LESS_GOOD)

_LATER = (
    "photograph, plain encoder",
    "made-up face",
    "face, beating head",
    "face, darkest skin",
    "face, plain encoder",
    "face, dim light",
    "face, real camera",
)
# A later kind leaves the others' seeds alone.
_BY_SEED = (*(kind for kind in KINDS if kind not in (GIVEN, *_LATER)), *_LATER)
_OWN_SKIN = (
    "face",
    "face, weak pulse",
    "face, moving",
    "face, browser recording",
    "face, sent by messenger",
    "face, beating head",
)  # the others' is of any tone
_TONES = {"face, darkest skin": (0.8, 1.0), "face, dim light": (0.5, 1.0)}  # of the skin; of others any
_LUMA = {"face, darkest skin": (70, 110), "face, dim light": (42, 70), "face, real camera": (55, 150)}  # of the face
_DURATION_S = 10.0  # hardly more than the shortest window: chance finds a rhythm in that sooner than in 15 s
_FACE_SIZE = (480, 360)
_NEGATIVE_SIZES = ((320, 240), (320, 240), (320, 240), _FACE_SIZE)
_FRAME_RATES_HZ = (24.0, 25.0, 30.0, 30.0, 30.0, 60.0)
_CODECS = ("h264", "h264", "vp8", "vp9", "mjpeg")
_FACE_CODECS = ("h264", "vp8")
_RECORDER_BITS = 8e6 / (640 * 480 * 30)  # a pixel: about what the page's recorder gets of what it asks for
_PHONE_KEY_FRAME_S = 1.0
_PLAIN_CODECS = ("h264", "hevc", "vp8", "vp9", "mpeg4")
_PLAIN_KEY_FRAME_S = (0.5, 10.0)
_MADE_UP_SIZE = (360, 360)
_MADE_UP_HZ = (0.1, 3.0)  # between which a made-up face moves, speaks and changes
_PAINTED_PHOTOGRAPHS = 0.5
_ENCODERS = ("photograph, bad codec", "photograph, all at once")
_SEEDS_APART = 10_000  # of two kinds
# A test half that showed what had to be mended is spent: so are those that began at 1 000 000 to 4 000 000.
_FIRST_SEED = {"choice": 0, "test": 5_000_000}


@dataclass(frozen=True)
class Half:
    """How many clips there are of each kind.

    Attributes:
        name: "choice" or "test".
        negatives, good, less_good: clips of each kind of `NEGATIVES`, `GOOD` and `LESS_GOOD`.
        others: kind -> clips of it, in place of those numbers.
    """

    name: str
    negatives: int
    good: int
    less_good: int
    others: Mapping[str, int] = field(hash=False)

    def clips(self) -> list["Film"]:
        """Return the clips, kinds mixed: what is done when a run is stopped holds some of each."""
        counts = dict.fromkeys(NEGATIVES, self.negatives) | dict.fromkeys(GOOD, self.good)
        counts |= dict.fromkeys(LESS_GOOD, self.less_good) | self.others
        films = [Film(self.name, kind, number) for kind in counts for number in range(counts[kind])]
        return sorted(films, key=lambda film: (film.number + 1) / counts[film.kind])


_LIT = ("photograph on a screen", "photograph, white balance", "photograph, flicker")
_CHOICE = (
    dict.fromkeys(_ENCODERS, 80)
    | dict.fromkeys(_LIT, 40)
    | dict(zip(_LATER, (60, 40, 20, 20, 20, 20, 20), strict=True))
)
_TEST = dict.fromkeys(_ENCODERS, 40) | dict(zip(_LATER, (60, 40, 50, 50, 12, 12, 12), strict=True))
HALVES = {half.name: half for half in (Half("choice", 8, 45, 4, _CHOICE), Half("test", 26, 100, 6, _TEST))}


@dataclass(frozen=True)
class Film:
    """One clip: of which half and kind, and the how manieth."""

    half: str
    kind: str
    number: int

    @property
    def seed(self) -> int:
        """What everything in the clip is drawn from: no two clips share it."""
        return _FIRST_SEED[self.half] + _SEEDS_APART * _BY_SEED.index(self.kind) + self.number


@dataclass(frozen=True)
class Drawn:
    """A scene, and what is true of it that the scene does not say.

    Attributes:
        scene: what is filmed.
        heart_rate_bpm: of a face; None without a pulse.
        tone: of painted skin, 0 for the lightest to 1 for the darkest; None for the portrait's own and for no face.
    """

    scene: Scene
    heart_rate_bpm: float | None = None
    tone: float | None = None


def draw_scene(kind: str, seed: int) -> Drawn:
    """Draw a clip of this kind; of "noise alone", the scene says only how it is recorded."""
    rng = np.random.default_rng(seed)
    still = kind in NEGATIVES
    width, height = _NEGATIVE_SIZES[rng.integers(len(_NEGATIVE_SIZES))] if still else _FACE_SIZE
    scene = Scene(
        seed=seed,
        duration_s=_DURATION_S,
        width=width,
        height=height,
        face_width=rng.uniform(0.38, 0.55),
        heart_rate_bpm=None,
        noise=rng.uniform(0.5, 4.0 if still else 2.5),
        motion=rng.uniform(0.005, 0.03 if still else 0.02),
        brightness=rng.uniform(0.5, 1.0),
        frame_rate_hz=float(rng.choice(_FRAME_RATES_HZ)),
        codec=str(rng.choice(_CODECS if still else _FACE_CODECS)),
    )
    return _draw_negative(kind, scene, rng) if still else _draw_face(kind, scene, rng)


def film(path: Path, kind: str, scene: Scene) -> None:
    """Write the clip of a scene of this kind."""
    if kind != "noise alone":
        render_clip(path, scene)
        return
    codec = {"codec": scene.codec, "bit_rate_kbps": scene.bit_rate_kbps}
    write_clip(path, _noise_frames(scene), scene.frame_times_s(), **codec)


def _draw_face(kind: str, scene: Scene, rng: np.random.Generator) -> Drawn:
    rate_bpm, strength = rng.uniform(46, 130), rng.uniform(0.006, 0.012)
    scene = replace(scene, heart_rate_bpm=rate_bpm, pulse_strength=strength)
    if scene.codec == "vp8":  # what the recorder makes
        scene = replace(scene, frame_rate_hz=30.0)
    else:  # what phones make
        scene = replace(scene, key_frame_s=_PHONE_KEY_FRAME_S)
    pixels_hz = scene.width * scene.height * scene.frame_rate_hz
    scene = replace(scene, bit_rate_kbps=1e-3 * _RECORDER_BITS * pixels_hz)
    if kind == "face, noisy MJPEG recording":
        scene = replace(scene, codec="mjpeg", bit_rate_kbps=None, noise=rng.uniform(2.5, 5.0))
    if kind == "face, VP9 recording":
        scene = replace(scene, codec="vp9", bit_rate_kbps=None)
    if kind in ("face, plain encoder", "face, dim light", "face, real camera"):
        strength *= rng.uniform(1.0, 2.0)  # as large as the pulses of real clips in few bits or little light are
        scene = replace(scene, pulse_strength=strength)
    if kind in ("face, plain encoder", "face, real camera"):
        scene = replace(scene, **_plain_encoder(scene, (0.03, 0.25), rng))
    if kind not in _OWN_SKIN:
        low, high = _TONES.get(kind, (0.0, 1.0))
        skin, time_s = draw_skin(rng, low + (high - low) * rng.uniform()), scene.frame_times_s()
        pulse = known_pulse(rate_bpm, _DURATION_S, rng)
        change = pulse_change(pulse, time_s, strength * draw_blood(rng) * skin.diffuse, rng)
        # How bright a face is comes with its skin here: the light is what it takes to be seen.
        brightness = rng.uniform(0.8, 1.0)
        if kind in _LUMA:
            brightness = rng.uniform(*_LUMA[kind]) / float((skin.level @ LUMA).mean())
        painted = replace(
            scene, colours=skin.level * (1 + change), brightness=brightness, beats_s=tuple(pulse.onsets_s)
        )
        return Drawn(replace(painted, **_camera(kind, rng)), rate_bpm, skin.tone)
    changes = {
        "face": {},
        "face, weak pulse": {"pulse_strength": rng.uniform(0.002, 0.005)},
        "face, moving": {"motion": rng.uniform(0.04, 0.1), "tremor": 0.008, "tremor_hz": rng.uniform(0.8, 2.2)},
        "face, browser recording": {"codec": "vp8", "bit_rate_kbps": rng.uniform(600, 2500)},
        "face, sent by messenger": {
            "codec": "h264",
            "bit_rate_kbps": 1e-3 * rng.uniform(0.1, 0.5) * pixels_hz,
            "key_frame_s": _PHONE_KEY_FRAME_S,
        },
    }
    changes["face, beating head"] = _recoil(rng)
    return Drawn(replace(scene, **changes[kind]), rate_bpm)


def _recoil(rng: np.random.Generator) -> dict:
    """Return how a head swings with its beats."""
    return {"recoil": rng.uniform(0.0004, 0.0035), "recoil_shade": rng.uniform(0.0005, 0.004)}


def _camera(kind: str, rng: np.random.Generator) -> dict:
    """Return what the camera of a face does to its colours, and how its head swings."""
    if kind not in ("face, dim light", "face, real camera"):
        return {}
    dim = kind == "face, dim light"
    return {
        "noise": rng.uniform(1.0, 4.0 if dim else 3.0),
        "blue_noise": rng.uniform(2.0 if dim else 1.0, 4.0),
        "black_level": rng.uniform(3.0, 18.0 if dim else 12.0),
        "balance_steps": rng.uniform(0.0, 0.006),
        "chroma_lag_s": rng.uniform(0.0, 0.2 if dim else 0.12),
        **({} if dim else _recoil(rng)),
    }


def _plain_encoder(scene: Scene, bits_per_pixel: tuple[float, float], rng: np.random.Generator) -> dict:
    """Return how an encoder left to its habits records a scene, with so many bits a pixel, more often few than many."""
    bits, rate_hz = float(np.exp(rng.uniform(*np.log(bits_per_pixel)))), float(rng.choice([25.0, 30.0]))
    return {
        "codec": str(rng.choice(_PLAIN_CODECS)),
        "plain_encoder": True,
        "frame_rate_hz": rate_hz,
        "bit_rate_kbps": 1e-3 * bits * scene.width * scene.height * rate_hz,
        "key_frame_s": rng.uniform(*_PLAIN_KEY_FRAME_S),
    }


def _draw_made_up(scene: Scene, rng: np.random.Generator) -> Drawn:
    """Draw a stand-in for a talking face that a machine made of one photograph (ours).

    It turns and nods all the time, light and shade wander over it as it speaks, each place by itself; some machines
    begin anew every 12 to 25 frames.
    """
    width, height = _MADE_UP_SIZE
    scene = replace(scene, width=width, height=height, face_width=rng.uniform(0.45, 0.6))
    scene = replace(scene, **_plain_encoder(scene, (0.06, 0.12), rng) | {"codec": "h264", "frame_rate_hz": 25.0})
    scene = replace(scene, key_frame_s=10.0, noise=rng.uniform(0.2, 1.0), drift=0.0, motion_hz=_MADE_UP_HZ)
    skin, frames = draw_skin(rng, rng.uniform(0.0, 0.6)), len(scene.frame_times_s())
    shade = band_limited_noise(frames, 2 * len(CELLS) + 3, *_MADE_UP_HZ, 25.0, rng)
    common, own = shade[:, :3], shade[:, 3:].reshape(frames, len(CELLS), 2)
    colour = rng.uniform(0.0, 0.4) * own[..., 1:] * rng.standard_normal(3) + rng.uniform(0, 0.2) * common[:, None]
    change = own[..., :1] + rng.uniform(0.1, 0.7) * common[:, None, :1] + colour
    if rng.uniform() < 0.5:
        since = (np.arange(frames) / int(rng.integers(12, 26))) % 1  # of a block's length
        change = change + rng.uniform(0.3, 1.0) * (0.5 - since)[:, None, None] * rng.standard_normal((len(CELLS), 1))
    colours = skin.level * (1 + rng.uniform(0.003, 0.02) * change)
    return Drawn(replace(scene, colours=colours, brightness=1.0, motion=rng.uniform(0.04, 0.07)), tone=skin.tone)


def _draw_negative(kind: str, scene: Scene, rng: np.random.Generator) -> Drawn:
    if kind == "made-up face":
        return _draw_made_up(scene, rng)
    rate_hz = rng.uniform(0.8, 2.2)  # of whatever swings: as a heart would beat
    shake = {"tremor": rng.uniform(0.004, 0.02), "tremor_hz": rate_hz, "gloss": rng.uniform(0, 12)}
    flicker = {"flicker": rng.uniform(0.003, 0.03), "flicker_hz": rate_hz}
    balance = {"white_balance": rng.uniform(0.001, 0.008), "white_balance_hz": rate_hz}
    codec = {"codec": "h264", "bit_rate_kbps": rng.uniform(60, 900), "key_frame_s": rng.uniform(0.6, 1.4)}
    changes = {
        "photograph": {},
        "photograph, hand shake": shake,
        "photograph, flicker": flicker,
        "photograph, white balance": balance,
        "photograph, autogain": {"light": _hunting(rate_hz, rng)},
        "photograph, bad codec": codec,
        "photograph, much noise": {"noise": rng.uniform(8, 40)},
        "photograph on a screen": {
            "bands": rng.uniform(0.01, 0.06),
            "bands_hz": rate_hz,
            "white_balance": rng.uniform(0, 0.003),
            "white_balance_hz": rate_hz,
        },
        "photograph, coloured lamp": {"light": _blood_coloured(rate_hz, rng.uniform(0.003, 0.01))},
        "photograph, all at once": shake | flicker | balance | codec | {"key_frame_s": 1 / rate_hz},
        "wall": {"subject": "wall", "flicker": rng.uniform(0, 0.02), "flicker_hz": rate_hz},
        "noise alone": {"noise": rng.uniform(3, 60)},
    }
    if kind == "photograph, plain encoder":
        held = scene.motion if rng.uniform() < 0.5 else 0.0  # in a hand, or on a tripod
        changes[kind] = _plain_encoder(scene, (0.02, 0.3), rng) | {"motion": held}
    scene = replace(scene, **changes[kind])
    if scene.subject == "face" and kind != "noise alone" and rng.uniform() < _PAINTED_PHOTOGRAPHS:
        skin = draw_skin(rng)
        still = np.broadcast_to(skin.level, (len(scene.frame_times_s()), len(CELLS), 3))
        return Drawn(replace(scene, colours=still, brightness=rng.uniform(0.8, 1.0)), tone=skin.tone)
    return Drawn(scene)


def _blood_coloured(rate_hz: float, swing: float) -> Callable[[np.ndarray], np.ndarray]:
    """Return the light of a lamp whose colour swings as blood does."""

    def light(time_s: np.ndarray) -> np.ndarray:
        return 1 - swing * np.sin(2 * np.pi * rate_hz * time_s)[:, None] * BLOOD_VOLUME

    return light


def _hunting(rate_hz: float, rng: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
    """Return the light as automatic exposure lets it through that never comes to rest (ours).

    Every few seconds the scene becomes brighter or darker; the exposure comes back to its aim in swings that die away,
    and in between it hunts: a small swing that stays, in the steps the camera's gain has. Gain is not quite grey.
    """
    jumps_s = np.cumsum(rng.uniform(1.5, 4.0, size=8))
    sizes = rng.uniform(0.05, 0.3, size=8) * rng.choice([-1.0, 1.0], size=8)
    dies_s, small, step = rng.uniform(0.3, 1.5), rng.uniform(0.002, 0.02), rng.uniform(0.001, 0.008)
    tint = 1 + rng.uniform(-0.08, 0.08, size=3)

    def light(time_s: np.ndarray) -> np.ndarray:
        gain = small * np.sin(2 * np.pi * rate_hz * time_s)
        for at_s, size in zip(jumps_s, sizes, strict=True):
            since_s = np.maximum(time_s - at_s, 0)
            swing = size * np.exp(-since_s / dies_s) * np.cos(2 * np.pi * rate_hz * since_s)
            gain += np.where(time_s >= at_s, swing, 0)
        return np.exp(step * np.round(gain / step)[:, None] * tint)

    return light


def _noise_frames(scene: Scene) -> Iterator[np.ndarray]:
    """Yield pictures of noise alone, fine or coarse, coloured or grey: [height, width, 3] uint8."""
    rng = np.random.default_rng(scene.seed)
    grain, channels = int(rng.choice([1, 2, 4, 16])), int(rng.choice([1, 3]))
    level = scene.brightness * rng.uniform(60, 180)
    for _ in scene.frame_times_s():
        shape = (scene.height // grain, scene.width // grain, channels)
        noise = np.broadcast_to(rng.standard_normal(shape, dtype=np.float32), (*shape[:2], 3))
        picture = cv2.resize(noise, (scene.width, scene.height), interpolation=cv2.INTER_NEAREST)
        yield np.clip(np.round(level + scene.noise * picture), 0, 255).astype(np.uint8)
