"""What a browser keeps of a result opens again as it was, and nothing else does."""

import base64
import gc
import pickle
import weakref
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from bpdemo.demo import sealed
from bpdemo.demo.sealed import MAX_PACKAGE_BYTES, seal, unseal
from bpdemo.errors import BpdemoError, ClipError
from bpdemo.estimate import Estimate
from bpdemo.export.figures import draw_figures
from bpdemo.export.files import pulse_csv, stmap_npz
from bpdemo.figures import to_png
from tests.support.made_up_results import READING, REFUSED, WEIGHTS, make_reading, make_thumbnails, make_window

ERROR = Estimate.from_error("a.mp4", ClipError("a", "b", "c"), WEIGHTS)


def noisy_pictures(count):
    """Pictures of noise, which no coding makes small, with the face's landmarks."""
    rng, (_, thumbnail, _) = np.random.default_rng(0), make_thumbnails()
    size = thumbnail.image.shape
    return tuple(replace(thumbnail, time_s=i, image=rng.integers(0, 256, size, np.uint8)) for i in range(count))


def long_reading(windows):
    """A clip of that many windows, the third the best."""
    window = make_window()
    later = [
        replace(
            window,
            start_s=5.0 * number,
            end_s=5.0 * number + 15,
            pulse=replace(window.pulse, snr_db=9.0 if number == 2 else 8.0),
        )
        for number in range(windows)
    ]
    return replace(READING, windows=tuple(later), thumbnails=noisy_pictures(12))


@pytest.mark.parametrize(
    "estimate",
    [
        make_reading(hidden_row=20), long_reading(5), REFUSED, ERROR,
        replace(REFUSED, windows=(replace(make_window(), pulse=None, beats=None, evidence=None, has_pulse=False),)),
    ],
    ids=["reading", "long", "refused", "error", "no pulse"],
)  # fmt: skip
def test_what_was_sealed_gives_the_same_files(estimate):
    opened = unseal(seal(estimate))
    assert opened.to_dict() == estimate.to_dict()
    before, after = estimate.best_window, opened.best_window
    if before is not None:
        assert stmap_npz(after.stmap) == stmap_npz(before.stmap)
        assert after.start_s == before.start_s
        if before.pulse is not None:
            assert pulse_csv(after.pulse) == pulse_csv(before.pulse)
    drawn = draw_figures(opened)
    assert drawn.keys() == draw_figures(estimate).keys()
    for figure in drawn.values():
        assert to_png(figure).startswith(b"\x89PNG")


def test_figures_of_what_was_sealed_are_the_same_but_for_a_coded_face():
    estimate = make_reading(silent_row=12)
    before, after = draw_figures(estimate), draw_figures(unseal(seal(estimate)))
    for name in before.keys() - {"cells", "pulse"}:  # a spectrum is kept at half the precision
        assert to_png(after[name]) == to_png(before[name]), name
    for kept, was in zip(unseal(seal(estimate)).thumbnails, estimate.thumbnails, strict=True):
        assert kept.time_s == was.time_s
        assert_array_equal(kept.landmarks, was.landmarks)
        np.testing.assert_allclose(kept.image.astype(float), was.image, atol=4)


def test_the_sealed_estimate_itself_is_not_changed():
    estimate = make_reading()
    window = estimate.best_window
    values, power, waves = window.stmap.values.copy(), window.pulse.power.copy(), window.pulse.region_waves.shape
    seal(estimate)
    assert_array_equal(window.stmap.values, values)
    assert_array_equal(window.pulse.power, power)
    assert window.pulse.region_waves.shape == waves


def test_a_long_clip_makes_a_small_package():
    short, long = len(seal(long_reading(2))), len(seal(long_reading(57)))  # of five minutes
    assert long < MAX_PACKAGE_BYTES / 2
    assert (long - short) / 55 < 12_000, "what each further window adds"


@pytest.fixture
def unpickled(monkeypatch):
    """Notes whatever is unpickled."""
    opened, loads = [], pickle.loads
    monkeypatch.setattr(sealed.pickle, "loads", lambda content: opened.append(content) or loads(content))
    return opened


def coded(content):
    return base64.b64encode(content).decode()


def changed_at(package, place):
    content = bytearray(base64.b64decode(package))
    content[place] ^= 1
    return coded(bytes(content))


def of_another_process(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(sealed, "_KEY", bytes(32))
        return seal(ERROR)


class Trap:
    """What would run code when it is unpickled."""

    def __reduce__(self):
        return print, ("opened",)


FOREIGN = {
    "changed content": lambda package: changed_at(package, -1),
    "changed seal": lambda package: changed_at(package, 0),
    "cut off": lambda package: coded(base64.b64decode(package)[:-3]),
    "longer": lambda package: coded(base64.b64decode(package) + b"x"),
    "content alone": lambda package: coded(base64.b64decode(package)[32:]),
    "made elsewhere": lambda package: coded(bytes(32) + pickle.dumps(Trap())),
    "seal alone": lambda package: coded(base64.b64decode(package)[:32]),
    "empty": lambda package: "",
    "not base 64": lambda package: package[:-4] + "é!?",
    "too long": lambda package: "A" * (MAX_PACKAGE_BYTES + 1),
    "bytes": lambda package: package.encode(),
    "none": lambda package: None,
    "a number": lambda package: 7,
    "a list": lambda package: [package],
    "a dict": lambda package: {"package": package},
}


@pytest.mark.parametrize("change", FOREIGN.values(), ids=FOREIGN)
def test_what_this_process_did_not_make_is_refused_and_never_unpickled(change, unpickled):
    package = seal(ERROR)
    assert unseal(package).clip == ERROR.clip
    unpickled.clear()
    with pytest.raises(BpdemoError) as caught:
        unseal(change(package))
    assert caught.value.code == "result_expired"
    assert unpickled == []


def test_what_was_refused_is_not_kept():
    class Package(str):
        """A text that can be watched."""

    package = Package("AAAA")
    watched = weakref.ref(package)
    with suppress(BpdemoError):
        unseal(package)
    del package
    gc.collect()
    assert watched() is None


def test_a_package_of_another_process_is_refused(monkeypatch, unpickled):
    package = of_another_process(monkeypatch)
    with pytest.raises(BpdemoError) as caught:
        unseal(package)
    assert caught.value.code == "result_expired"
    assert unpickled == []
