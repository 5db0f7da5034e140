"""timing.py: what pictures' timestamps become, right ones and wrong ones."""

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from bpdemo.timing import SEAM_S, Timeline, frame_rate_hz, slow_motion

TICKS_HZ = 30
REGULAR = [*range(60)]
HOUR, EPOCH = 3600 * TICKS_HZ, 1_700_000_000 * TICKS_HZ


def picture(pts, dts=None, duration=1):
    return SimpleNamespace(pts=pts, dts=dts, duration=duration, time_base=Fraction(1, TICKS_HZ))


def follow(pictures, *, stored_order=False, slowed=1.0):
    """Return the times in ticks, the numbers of the pictures that are kept, and the timeline."""
    pictures = [one if isinstance(one, SimpleNamespace) else picture(one) for one in pictures]
    for number, one in enumerate(pictures):
        one.number = number
    timeline = Timeline(slowed)
    kept = list(timeline.follow(pictures, lambda: stored_order))
    return [TICKS_HZ * time_s for time_s, _ in kept], [one.number for _, one in kept], timeline


def changed(places):
    """Return regular times with others at some places."""
    return [places.get(number, number) for number in REGULAR]


@pytest.mark.parametrize("first", [0, 7, -40, EPOCH, 10**17])
def test_regular_times_begin_at_0(first):
    times, kept, timeline = follow([first + number for number in REGULAR])
    assert times == pytest.approx(REGULAR)
    assert (kept, timeline.dropped, timeline.breaks_s) == (REGULAR, 0, [])


def test_without_a_time_of_its_own_a_picture_has_that_of_its_packet_or_follows_the_one_before():
    pictures = [picture(None, dts=number if number < 55 else None) for number in REGULAR]
    times, _, timeline = follow(pictures)
    assert times == pytest.approx(REGULAR)
    times, _, timeline = follow([picture(None), picture(None, duration=0), *map(picture, REGULAR)])
    assert times == pytest.approx(REGULAR)
    assert timeline.dropped == 2


def test_times_in_the_order_of_storing_are_put_in_order():
    stored = [number + (0, 2, 0, -2)[number % 4] for number in REGULAR]
    assert sorted(stored) == REGULAR
    times, kept, timeline = follow(stored, stored_order=True)
    assert times == pytest.approx(REGULAR)
    assert (kept, timeline.dropped) == (REGULAR, 0)


@pytest.mark.parametrize("stray", [HOUR, EPOCH, -HOUR, 45, -300, 400])
@pytest.mark.parametrize("place", [2, 30])
def test_a_stray_time_is_left_out(stray, place):
    times, kept, timeline = follow(changed({place: place + stray}))
    assert len(times) == 59
    assert place not in kept
    assert times == pytest.approx([number for number in REGULAR if number != place])
    assert (timeline.dropped, timeline.breaks_s) == (1, [])


@pytest.mark.parametrize("stray", [-HOUR, -EPOCH, HOUR])
def test_a_stray_time_at_either_end_is_left_out(stray):
    for place, expected in ((0, REGULAR[:-1]), (59, REGULAR[:-1])):
        times, _, timeline = follow(changed({place: place + stray}))
        assert times == pytest.approx(expected, abs=1e-3)
        assert (timeline.dropped, timeline.breaks_s) == (1, [])


@pytest.mark.parametrize("shift", [-30, -20, HOUR, -HOUR, EPOCH])
def test_times_that_start_again_go_on_after_a_seam(shift):
    times, kept, timeline = follow([number + shift * (number >= 30) for number in REGULAR])
    seam = SEAM_S * TICKS_HZ
    assert kept == REGULAR
    assert times == pytest.approx([*range(30), *(29 + seam + number for number in range(30))])
    ((start_s, end_s),) = timeline.breaks_s
    assert (start_s, end_s) == pytest.approx((29 / TICKS_HZ, 29 / TICKS_HZ + SEAM_S))


def test_pictures_that_are_repeated_are_left_out():
    times, _, timeline = follow([*range(30), *range(25, 55)])
    assert times == pytest.approx(range(55))
    assert (timeline.dropped, timeline.breaks_s) == (5, [])


def test_a_long_pause_is_a_break_and_keeps_its_length():
    for pause, breaks in ((80, 0), (100, 1)):
        times, _, timeline = follow([number + pause * (number >= 30) for number in REGULAR])
        assert times[-1] == pytest.approx(59 + pause)
        assert len(timeline.breaks_s) == breaks


def test_rare_pictures_are_all_kept():
    times, *_ = follow([number * 20 * TICKS_HZ for number in range(5)])
    assert times == pytest.approx([number * 20 * TICKS_HZ for number in range(5)])
    assert len(follow([0])[0]) == len(follow([0, 0, 0])[0]) == 1
    assert follow([])[0] == []


def test_slow_motion_is_as_fast_as_it_was_filmed():
    times, *_ = follow(REGULAR, slowed=4.0)
    assert times == pytest.approx(np.arange(60) / 4)


@pytest.mark.parametrize(
    ("filmed", "stored_hz", "slowed"),
    [
        *(("60.000000", 30, 2), ("240", 29.97, 8), ("120", Fraction(28800, 959), 4), ("2", 30, 1 / 15)),
        *(("30.0", 30, 1), ("30.0", 18.5, 1), ("24", 15, 1), ("60", 58.2, 1), ("240", 240, 1)),
        *(("no number", 30, 1), ("nan", 30, 1), ("inf", 30, 1), ("-60", 30, 1), ("0", 30, 1), ("60", None, 1)),
    ],
)
def test_what_a_phone_notes_tells_slow_motion(filmed, stored_hz, slowed):
    container = SimpleNamespace(metadata={"com.android.capture.fps": filmed})
    assert slow_motion(container, SimpleNamespace(average_rate=stored_hz)) == pytest.approx(slowed)
    assert slow_motion(SimpleNamespace(metadata={}), SimpleNamespace(average_rate=stored_hz)) == 1


def test_the_frame_rate_leaves_gaps_out():
    times_s = np.arange(300) / 30
    assert frame_rate_hz(times_s) == pytest.approx(30)
    assert frame_rate_hz(np.append(times_s, 35.0)) == pytest.approx(30)
    assert frame_rate_hz(np.append(times_s, np.arange(12, 40, 2.0))) == pytest.approx(30)
    assert frame_rate_hz(times_s[::3]) == pytest.approx(10)
    assert frame_rate_hz(times_s[:1]) == 0
