"""Beats whose second wave is as low as the pressure is high, and follows nothing else."""

import numpy as np

from bpdemo.beats import MEAN_BEATS, POINTS
from bpdemo.data.person import Person
from bpdemo.regions import REGIONS
from bpdemo.stmap import CHANNELS
from bpdemo.training.dataset import Dataset


def make_dataset(systolic, each: int = 4, noise: float = 0.2, seed: int = 0) -> Dataset:
    """`each` windows of people of given systolic pressures (mmHg); the diastolic is half of it, and 10."""
    rng = np.random.default_rng(seed)
    systolic = np.asarray(systolic, float)
    people = tuple(Person(f"p:{i}", float(high), 10 + high / 2) for i, high in enumerate(systolic))
    person = np.repeat(np.arange(len(people)), each)
    share = np.linspace(0, 1, POINTS)
    wave = (170 - systolic[person, None]) / 70 * np.exp(-(((share - 0.6) / 0.1) ** 2))
    beats = np.exp(-(((share - 0.25) / 0.09) ** 2)) + wave
    gains = np.array([{"Y": -0.8, "U": 0.3, "V": -0.4, "T": 1.0}[channel] for channel in CHANNELS])
    values = gains[:, None, None] * beats[:, None, None, None]
    values = values + noise * rng.standard_normal((len(person), MEAN_BEATS, len(CHANNELS), len(REGIONS), POINTS))
    values -= values.mean(axis=-1, keepdims=True)
    return Dataset(
        values.astype(np.float32),
        rng.uniform(0.5, 1.5, (len(person), MEAN_BEATS, len(REGIONS))).astype(np.float32),
        rng.uniform(1.0, 1.4, len(person)).astype(np.float32),
        person,
        np.tile(np.array(["strong", "standard"]), len(person))[: len(person)],
        np.array([[one.systolic, one.diastolic] for one in people], np.float32)[person],
        np.full(len(person), -1),
        np.ones(len(person), bool),
        people,
    )


def assert_same(one, other):
    for name, array in vars(one).items():
        if isinstance(array, np.ndarray):
            np.testing.assert_array_equal(array, getattr(other, name), err_msg=name)
