"""The page on how good the weights are: its figures come from the results, and none from its template."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import bpdemo.reporting
from bpdemo.reporting.evaluation import write_evaluation
from bpdemo.training.results import BOTH, CONTACT, FILMED, TRAITS
from bpdemo.training.scoring import About, summarise
from bpdemo.weights.config import Intervals, Scatter
from tests.support.made_up import make, results, results_elsewhere
from tests.support.small_weights import small_config

CONFIG = small_config()
TEMPLATES = Path(bpdemo.reporting.__file__).with_name("templates")
OTHERS_REPORT = re.compile(r"^## What others report\n.*?(?=^## )", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def saved():
    other = results_elsewhere()
    return results().model_copy(update={"other_data": {"mw_ppg": other}})


@pytest.fixture
def made(saved):
    """Results that a test may change."""
    return saved.model_copy(deep=True)


def network(made):
    return made.network["systolic"]


CHANGES = {
    "mae": lambda made: setattr(network(made), "mae", 77.7),
    "r": lambda made: setattr(network(made), "r", 0.77),
    "an end of an interval": lambda made: setattr(network(made).bootstrap, "mae", (7.7, 77.7)),
    "baseline": lambda made: setattr(network(made), "baseline_mae", 77.7),
    "slope": lambda made: setattr(network(made), "calibration_slope", 0.77),
    "spread of answers": lambda made: setattr(network(made), "sd_answers", 77.7),
    "spread of cuffs": lambda made: setattr(network(made), "sd_truth", 77.7),
    "gain": lambda made: setattr(network(made).bootstrap, "gain", (7.7, 77.7)),
    "mean error": lambda made: setattr(network(made), "mean_error", 77.7),
    "coverage": lambda made: setattr(network(made), "coverage", 0.77),
    "interval": lambda made: setattr(network(made), "interval", 77.7),
    "interval of the mean": lambda made: setattr(network(made), "baseline_interval", 77.7),
    "within": lambda made: network(made).within.update({"10": 0.77}),
    "range": lambda made: setattr(network(made).ranges[-1], "mae", 77.7),
    "limits": lambda made: setattr(network(made).bland_altman, "limits", (-77.0, 77.0)),
    "standard": lambda made: setattr(network(made).verdicts, "bhs", "A"),
    "same answer": lambda made: setattr(network(made).bland_altman.spread, "same_answer", 77.7),
    "calibration": lambda made: setattr(network(made), "calibration_error", 0.777),
    "range accuracy": lambda made: setattr(network(made), "range_accuracy", 0.77),
    "repetition": lambda made: setattr(network(made).repetitions[1], "mae", 77.7),
    "fold": lambda made: network(made).r_of_folds[1].__setitem__(3, 0.77),
    "scatter": lambda made: setattr(made, "scatter", Scatter(systolic=77.7, diastolic=7.7)),
    "told intervals": lambda made: setattr(
        made, "told_intervals", Intervals(coverage=0.9, systolic=77.7, diastolic=7.7)
    ),
    "kept": lambda made: made.kept.update({"systolic": 0.77}),
    "parameters": lambda made: setattr(made, "parameters", 777),
    "milliseconds": lambda made: setattr(made, "milliseconds", 77.7),
    "people": lambda made: setattr(made, "people", 777),
    "splits": lambda made: setattr(made, "splits", 777),
    "another quality": lambda made: setattr(made.qualities["poor"]["diastolic"], "mae", 77.7),
    "contact beat": lambda made: setattr(made.models[CONTACT]["strong"]["systolic"], "mae", 77.7),
    "both": lambda made: setattr(made.models[BOTH]["standard"]["systolic"], "mae", 77.7),
    "both beside words": lambda made: setattr(made.models[TRAITS]["standard"]["systolic"].both, "gain", 77.7),
    "comparison": lambda made: setattr(made.models[CONTACT]["poor"]["systolic"].network, "gain", 77.7),
    "control": lambda made: setattr(next(iter(made.controls.values()))["standard"]["systolic"], "mae", 77.7),
    "other data": lambda made: setattr(made.other_data["mw_ppg"].network["systolic"], "own_mean_mae", 77.7),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_figure_that_changes_changes_the_page(saved, made, change):
    before = write_evaluation(CONFIG, saved)
    change(made)
    after = write_evaluation(CONFIG, made)
    assert len(after.splitlines()) - len(before.splitlines()) in (0, 1)
    changed = [line for line in after.splitlines() if line not in before.splitlines()]
    assert changed
    assert all(re.search("7|A", line) for line in changed)


@pytest.mark.parametrize("template", ["evaluation", "model_card"])
def test_no_figure_of_a_model_is_typed_into_the_prose(template):
    text = OTHERS_REPORT.sub("", (TEMPLATES / f"{template}.md").read_text(encoding="utf-8"))
    prose = re.sub(r"\A---.*?\n---|{[{%#].*?[}%#]}|```.*?```", "", text, flags=re.DOTALL)
    assert not re.findall(r"\d+\.\d+|\d+ mmHg|\d+ people", prose)


def test_the_page_has_every_section_its_results_have_figures_for(made):
    full = write_evaluation(CONFIG, made)
    bare = summarise(make(people=6, splits=1, renderings=1, with_ranges=False), About("few", renderings=1, folds=5))
    small = write_evaluation(CONFIG, bare)
    titles = [re.findall(r"^## (.+)$", page, re.MULTILINE) for page in (full, small)]
    assert set(titles[0]) - set(titles[1]) == {"Other people, another sensor"}
    for page, headings in zip((full, small), titles, strict=True):
        anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert set(re.findall(r"\]\(#([\w-]+)\)", page)) <= anchors
        assert not re.search(r"\bNone\b|\bnan\b|{{|\n\n\n", page)


def test_of_filmed_people_it_is_not_said_that_nobody_was_filmed(made):
    rendered = write_evaluation(CONFIG, made)
    answers = make(people=40)
    answers = replace(answers, quality=np.full(len(answers.person), FILMED))
    filmed = summarise(answers, About("films", folds=5))
    assert "rendering.md" in rendered
    assert "rendering.md" not in write_evaluation(CONFIG, filmed)
