"""One table: all models on one test, and none of another."""

import re

import pytest

from bpdemo.reporting.model_card import write_card
from bpdemo.reporting.model_tables import comparisons_table, models_table
from bpdemo.reporting.others import split_by_test
from bpdemo.training.results import BOTH, CONTACT, HEART_RATE, MEAN, RECOVERED, TRAITS
from bpdemo.training.scoring import About, summarise
from tests.support.made_up import make, results
from tests.support.small_weights import small_config


@pytest.fixture(scope="module")
def made():
    return results()


@pytest.fixture(scope="module")
def paper():
    """Another model on the same people and folds."""
    return results(share=0.3).model_copy(update={"model": "paper", "parameters": 9876543, "milliseconds": 31.26})


def rows_of(text):
    return {cells[0]: cells[1:] for line in text.splitlines()[2:] for cells in [line.strip("| ").split(" | ")]}


def test_every_model_has_its_row(made, paper):
    rows = rows_of(models_table(made, "standard", [paper]))
    networks = ["**beats**", "paper", f"beats + {TRAITS}", f"paper + {TRAITS}"]
    assert list(rows) == [MEAN, HEART_RATE, TRAITS, RECOVERED, CONTACT, *networks]
    for name, each in (("**beats**", made), ("paper", paper)):
        for column, pressure in ((0, "systolic"), (2, "diastolic")):
            scores = each.qualities["standard"][pressure]
            for cell, value, ends in (
                (rows[name][column], f"{scores.mae:.1f}", scores.bootstrap.mae),
                (rows[name][column + 1], f"{scores.r:.2f}", scores.bootstrap.r),
            ):
                digits = len(value.partition(".")[2])
                assert cell == f"{value} [{ends[0]:.{digits}f}, {ends[1]:.{digits}f}]"
    assert rows["paper"][4:] == ["9,876,543", "31.3"]
    assert rows[f"paper + {TRAITS}"][0].startswith(f"{paper.models[BOTH]['standard']['systolic'].mae:.1f} [")


def test_what_is_not_known_leaves_its_cell_empty(made):
    bare = made.model_copy(update={"parameters": None, "milliseconds": None})
    lines = models_table(bare, "standard").splitlines()
    assert all(line.endswith("|  |  |") for line in lines[2:])
    assert len({line.count("|") for line in lines}) == 1


def test_a_model_of_fewer_people_says_so(made):
    network, some = make(splits=1), make(splits=1, seed=3)
    few = summarise(network, About("x", folds=5), models={TRAITS: some.select(some.person > 74)})
    assert f"{TRAITS} (100 people)" in rows_of(models_table(few, "standard"))


@pytest.mark.parametrize("different", [{"people": 150}, {"seeds": [0, 2]}, {"folds": 10}, {"dataset": "another"}])
def test_results_of_another_test_do_not_stand_in_the_table(made, paper, different):
    tiny = made.model_copy(update=different | {"model": "tiny"})
    assert split_by_test(made, [paper, tiny]) == ([paper], [tiny])
    card = write_card(small_config(), made, [paper, tiny])
    assert re.search(r"^\| paper \|", card, re.MULTILINE)
    assert not re.search(r"^\| tiny \|", card, re.MULTILINE)
    assert "tiny" in card


def test_other_people_under_the_same_names_are_another_test(made):
    moved = made.model_copy(deep=True)
    moved.network["diastolic"].baseline_mae += 0.0001
    assert split_by_test(made, [moved]) == ([], [moved])


def test_comparisons_are_those_of_the_results(made):
    lines = comparisons_table(made).splitlines()[2:]
    assert len(lines) == sum(len(by_quality) for by_quality in made.models.values())
    compared = made.models[CONTACT]["poor"]["diastolic"].network
    low, high = compared.gain_interval
    line = next(line for line in lines if line.startswith(f"| {CONTACT} | poor |"))
    assert line.endswith(f"| {compared.gain:+.1f} [{low:+.1f}, {high:+.1f}] |")
