"""Answers to the examples are there before anybody asks, and reading them is in nobody's way."""

import logging
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bpdemo.demo.example_results import ExampleResults
from bpdemo.demo.examples import Example
from bpdemo.estimate import Estimate
from tests.support.made_up_results import READING, REFUSED
from tests.support.stand_in import PATIENCE_S, SlowStandIn

EXAMPLES = [Example(Path(f"examples/{name}.mp4"), name, "face", 72.0) for name in ("first", "second", "third")]


class Reads:
    """Reads each example as is said of it: an estimate, or an error to raise."""

    def __init__(self, **answers):
        self.answers, self.seen = answers, []

    def answer(self, path, progress):
        self.seen.append(path.stem)
        progress(0.5, "face")
        answer = self.answers.get(path.stem, READING)
        if isinstance(answer, Exception):
            raise answer
        return replace(answer, clip=path.name, path=str(path))


@contextmanager
def started(estimator, *arguments, **options):
    results = ExampleResults(EXAMPLES, estimator, *arguments, **options)
    results.start()
    try:
        yield results
    finally:
        results.stop()


def wait_until(condition):
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_every_example_is_read_once_in_order_however_often_a_page_is_opened():
    estimator = Reads(second=REFUSED)
    with started(estimator) as results:
        results.start()
        wait_until(lambda: results.get(2))
        assert [results.get(number).clip for number in range(3)] == ["first.mp4", "second.mp4", "third.mp4"]
        assert [results.get(number).status for number in range(3)] == ["reading", "refused", "reading"]
        assert results.get(0).path is None
        assert results.get(3) is None
    results.start()
    assert estimator.seen == ["first", "second", "third"]


@pytest.mark.parametrize(
    "failure", [RuntimeError("a fault of ours"), Estimate("second.mp4", "error", reasons=REFUSED.reasons)]
)
def test_an_example_that_cannot_be_read_is_logged_and_has_no_answer(failure, caplog):
    with caplog.at_level(logging.ERROR), started(Reads(second=failure)) as results:
        wait_until(lambda: results.get(2))
        assert results.get(0)
        assert results.get(1) is None
    assert len(caplog.records) == 1


def test_visitors_come_first():
    busy, asked = threading.Event(), threading.Event()
    busy.set()

    def is_busy():
        asked.set()
        return busy.is_set()

    estimator = Reads()
    with started(estimator, is_busy) as results:
        assert asked.wait(PATIENCE_S)
        assert not estimator.seen
        busy.clear()
        wait_until(lambda: results.get(2))


def test_an_end_of_the_app_ends_the_reading_under_way():
    estimator = SlowStandIn()
    with started(estimator):
        wait_until(lambda: estimator.reading)
    assert (estimator.reading, estimator.seen) == (0, [])


def test_it_ends_while_visitors_are_busy_and_reads_nothing_more():
    estimator = Reads()
    with started(estimator, lambda: True):
        pass
    assert not estimator.seen


def test_switched_off_it_reads_nothing():
    estimator = Reads()
    with started(estimator, enabled=False) as results:
        assert results.get(0) is None
    assert not estimator.seen
