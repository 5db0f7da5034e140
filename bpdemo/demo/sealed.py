"""A result in the visitor's own keeping: files of it are made when they are asked for, and the server keeps nothing.

The browser gets the estimate as a sealed package beside its result and sends it back when a file is wanted. The seal is
made with a key that lives as long as this process: what anybody else made, or changed, is not opened.
"""

import base64
import hashlib
import hmac
import io
import pickle
import secrets
import zlib
from dataclasses import replace

import numpy as np
from PIL import Image

from bpdemo.capture import Thumbnail
from bpdemo.errors import BpdemoError
from bpdemo.estimate import Estimate
from bpdemo.figures import shown_thumbnails
from bpdemo.window import WindowEstimate

MAX_PACKAGE_BYTES = 8 * 2**20  # of a clip of five minutes it is about a fifth of that
_KEY = secrets.token_bytes(32)
_SHOWN_HZ = 5.0  # of a spectrum; figures end there
_NOT_OURS = (
    "result_expired",
    "This result is too old to make files of.",
    "Read the clip once more, then take the file.",
)


def seal(estimate: Estimate) -> str:
    """Return an estimate as text that `unseal` opens, for as long as this process runs."""
    content = zlib.compress(pickle.dumps(_slim(estimate)))
    return base64.b64encode(_sign(content) + content).decode()


def unseal(package: object) -> Estimate:
    """Return the estimate of a package by `seal`.

    Raises:
        BpdemoError: `result_expired`: it is none, was changed, or another process made it.
    """
    if not isinstance(package, str) or len(package) > MAX_PACKAGE_BYTES:
        raise BpdemoError(*_NOT_OURS)
    try:
        sealed = base64.b64decode(package, validate=True)
    except ValueError:
        raise BpdemoError(*_NOT_OURS) from None
    seal_length = hashlib.sha256().digest_size
    content = sealed[seal_length:]
    if not hmac.compare_digest(sealed[:seal_length], _sign(content)):
        raise BpdemoError(*_NOT_OURS)
    estimate: Estimate = pickle.loads(zlib.decompress(content))
    return replace(estimate, thumbnails=tuple(_open_picture(each) for each in estimate.thumbnails))


def _sign(content: bytes) -> bytes:
    return hmac.digest(_KEY, content, "sha256")


def _slim(estimate: Estimate) -> Estimate:
    """Return an estimate without what no file shows: most pictures, maps of other windows than the best."""
    best = estimate.best_window
    windows = tuple(_slim_window(window, is_best=window is best) for window in estimate.windows)
    shown = shown_thumbnails(estimate.thumbnails) if estimate.thumbnails else ()
    return replace(estimate, windows=windows, thumbnails=tuple(_pack_picture(each) for each in shown))


def _slim_window(window: WindowEstimate, *, is_best: bool) -> WindowEstimate:
    pulse = window.pulse
    if pulse is not None:
        shown = pulse.frequency_hz <= _SHOWN_HZ if is_best else slice(0)
        power = pulse.power[shown].astype(np.float32)
        pulse = replace(
            pulse,
            frequency_hz=pulse.frequency_hz[shown],
            power=power,
            region_waves=pulse.region_waves[:, :0],
            methods=tuple(replace(each, wave=each.wave[:0]) for each in pulse.methods),
        )
    stmap = window.stmap if is_best else replace(window.stmap, values=window.stmap.values[..., :0])
    return replace(window, pulse=pulse, stmap=stmap, beats=window.beats if is_best else None)


def _pack_picture(thumbnail: Thumbnail) -> Thumbnail:
    buffer = io.BytesIO()
    Image.fromarray(thumbnail.image).save(buffer, "JPEG", quality=90)
    return replace(thumbnail, image=np.frombuffer(buffer.getvalue(), np.uint8))


def _open_picture(thumbnail: Thumbnail) -> Thumbnail:
    with Image.open(io.BytesIO(thumbnail.image.tobytes())) as picture:
        return replace(thumbnail, image=np.asarray(picture))
