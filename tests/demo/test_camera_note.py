"""What the browser measured while it recorded: judged as whatever a client sends, and shown beside the result."""

import math
from dataclasses import replace

import pytest

from bpdemo.demo.camera_note import CameraNote, note_words, read_note
from bpdemo.demo.views.result import result
from bpdemo.reasons import reason
from tests.support.made_up_results import CONFIG, READING, REFUSED
from tests.support.parsed_html import Parsed

SENT = {"rate_hz": 29.63, "dropped": 0, "luma": 121.5, "sway": 0.02, "bpm": 71.8}
NOTE = CameraNote(**SENT)
SLOW = replace(NOTE, rate_hz=11.0, dropped=12)


def test_a_note_is_read():
    assert read_note(SENT) == NOTE
    assert read_note(SENT | {"bpm": None, "sway": None}) == replace(NOTE, bpm=None, sway=None)
    assert read_note(SENT | {"more": ["x" * 1000]}) == NOTE
    assert read_note({}) == CameraNote()


@pytest.mark.parametrize("name", SENT)
@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, -1, 10**400, 1e308, "29", True, [29], {"a": 29}], ids=lambda v: repr(v)[:9]
)
def test_a_note_with_anything_in_it_that_cannot_be_true_is_none(name, value):
    assert read_note(SENT | {name: value}) is None


@pytest.mark.parametrize("sent", [None, 7, "note", [SENT], b"{}", True], ids=repr)
def test_what_is_no_note_is_none(sent):
    assert read_note(sent) is None


def refused(*codes):
    return replace(REFUSED, reasons=tuple(map(reason, codes)), heart_rate=None)


@pytest.mark.parametrize(
    ("note", "estimate", "told", "not_told"),
    [
        (NOTE, READING, ["29.6 frames", "none dropped", "72 bpm"], ["122", "upload", "fast enough"]),
        (SLOW, READING, ["11.0 frames", "12 dropped"], ["too slow"]),
        (replace(NOTE, dropped=None), READING, ["29.6 frames"], ["dropped"]),
        (replace(NOTE, rate_hz=None), READING, ["72 bpm"], ["frames", "dropped"]),
        (NOTE, refused("no_pulse"), ["29.6 frames"], ["bpm"]),
        (SLOW, refused("frame_rate_low"), ["11.0 frames", "camera was too slow"], ["fast enough"]),
        (NOTE, refused("frame_rate_low"), ["29.6 frames", "fast enough"], ["too slow"]),
        (replace(NOTE, luma=31.4), refused("too_dark"), ["31 of 255"], ["%"]),
        (replace(NOTE, sway=0.4), refused("too_much_motion"), ["40 % of its width"], ["255"]),
    ],
)
def test_a_note_is_told_and_explains_a_refusal(note, estimate, told, not_told):
    words = note_words(note, estimate)
    assert all(part in words for part in told)
    assert not any(part in words for part in not_told)
    assert words in Parsed(result(estimate, CONFIG, note=note)).words


@pytest.mark.parametrize("note", [None, CameraNote(), CameraNote(dropped=3, luma=100.0, sway=0.1)])
def test_without_anything_to_tell_nothing_is_told(note):
    assert note_words(note, READING) == ""
    assert "Your browser" not in result(READING, CONFIG, note=note)


def test_a_note_changes_nothing_else():
    with_note, without = (Parsed(result(READING, CONFIG, note=note)).data for note in (SLOW, None))
    for data in (with_note, without):
        del data["id"], data["package"]
    assert with_note == without
