"""prefetch.py: items come in order, a few before they are asked for; errors arrive where items are asked for."""

import threading

import pytest

from bpdemo.system.prefetch import prefetch


def counted(count, fetched, end=None):
    """Yield numbers and note in `fetched` which thread fetched each; raise `end` after the last one."""
    for number in range(count):
        fetched.append(threading.get_ident())
        yield number
    if end is not None:
        raise end


def test_items_come_in_order_from_one_thread_of_their_own():
    fetched = []
    with prefetch(counted(50, fetched), 4) as items:
        assert list(items) == list(range(50))
    assert len(set(fetched)) == 1
    assert threading.get_ident() not in fetched


def test_no_items():
    with prefetch([], 3) as items:
        assert list(items) == []


def test_no_more_than_so_many_wait():
    fetched = []
    with prefetch(counted(50, fetched), 4) as items:
        for taken, _ in enumerate(items, start=1):
            assert len(fetched) <= taken + 4
    assert len(fetched) == 50


def test_some_are_fetched_before_the_first_is_asked_for():
    fetched, ready = [], threading.Event()

    def watched():
        for number in counted(9, fetched):
            if number == 2:
                ready.set()
            yield number

    with prefetch(watched(), 3):
        assert ready.wait(60)
    assert len(fetched) == 3


def test_what_goes_wrong_is_raised_after_what_went_well():
    taken = []
    with pytest.raises(ValueError, match="at the end"), prefetch(counted(5, [], ValueError("at the end")), 8) as items:
        taken.extend(iter(items.__next__, None))
    assert taken == [0, 1, 2, 3, 4]


def test_nothing_is_fetched_after_it_was_left():
    fetched = []
    with prefetch(counted(1000, fetched), 2) as items:
        next(items)
    left = len(fetched)
    assert left <= 3
    assert fetched[0] not in [thread.ident for thread in threading.enumerate()]


def test_one_step_may_follow_another():
    with prefetch(range(30), 3) as numbers, prefetch((2 * number for number in numbers), 3) as doubled:
        assert list(doubled) == list(range(0, 60, 2))


def test_a_pipeline_may_be_left_while_its_steps_wait_for_each_other():
    with prefetch(counted(1000, []), 2) as numbers, prefetch((number for number in numbers), 2) as passed:
        assert next(passed) == 0
