"""processes.py: many items in several processes, in order, none harmed by another."""

import os
import signal
import time
from pathlib import Path

import pytest

from bpdemo.system import processes
from bpdemo.system.processes import map_in_processes, worthwhile_processes

factor = 0


def prepare(value):
    """What each process does first."""
    global factor
    factor = value


def multiply(item):
    """Multiply; end the process on a negative number, and take longer over small ones."""
    if item < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02 * (10 - item))
    return factor * item


def process_of(_):
    time.sleep(0.2)
    return os.getpid()


def leave_a_mark(path):
    Path(path).touch()
    time.sleep(0.1)
    return path


@pytest.mark.parametrize(
    ("items", "results"),
    [([1, 5, 2, 9, 3], [10, 50, 20, 90, 30]), ([], []), ([1, 2, -1, 3, -1, 4], [10, 20, None, 30, None, 40])],
    ids=["in order", "none", "an item that ends its process costs no other"],
)
def test_results(items, results):
    assert list(map_in_processes(multiply, items, processes=2, prepare=prepare, arguments=(10,))) == results


def test_several_processes_share_the_work():
    workers = set(map_in_processes(process_of, range(6), processes=2))
    assert len(workers) == 2
    assert os.getpid() not in workers


def test_what_nobody_waits_for_is_not_done(tmp_path):
    paths = [str(tmp_path / str(number)) for number in range(40)]
    results = map_in_processes(leave_a_mark, paths, processes=2)
    assert next(results) == paths[0]
    results.close()
    assert len(list(tmp_path.iterdir())) < 20


@pytest.mark.parametrize(("items", "expected"), [(1, 1), (2, 1), (6, 2), (12, 4), (1000, 4)])
def test_processes_are_started_for_several_items_each(monkeypatch, items, expected):
    monkeypatch.setattr(processes.os, "sched_getaffinity", lambda _: set(range(4)), raising=False)
    assert worthwhile_processes(items) == expected
