"""From results to card, tables and pictures: what is said is what the figures are."""

import json
import re
from pathlib import Path

import pytest

from bpdemo.reporting.model_card import compare_with_baseline, describe_controls, write_card
from bpdemo.reporting.plots import draw_all, pictures
from bpdemo.reporting.report import main, save_evidence, summary, to_text, write_report
from bpdemo.reporting.tables import table
from bpdemo.training.results import load_results
from bpdemo.training.scoring import About, summarise
from bpdemo.weights.config import parse_config
from tests.support.made_up import make, results, results_elsewhere

WEIGHTS = Path(__file__).parents[2] / "weights"
CARD_LIMIT = 9000
PNG_LIMIT = 150_000


@pytest.fixture(scope="module")
def made():
    """Results of a cross-validation, with other data."""
    return results().model_copy(update={"other_data": {"mw_ppg": {"as shipped": results_elsewhere()}}})


@pytest.fixture(scope="module")
def config():
    return parse_config((WEIGHTS / "config.json").read_bytes(), "config.json")


def test_the_card_shows_the_figures(made, config):
    card = write_card(config, made)
    assert card.startswith("---\nlicense: apache-2.0\n")
    assert len(card) <= CARD_LIMIT
    for quality, by_pressure in made.qualities.items():
        for pressure, scores in by_pressure.items():
            low, high = scores.bootstrap.mae
            row = f"| {pressure} | {quality} | {scores.mae:.1f} [{low:.1f}, {high:.1f}] | {scores.baseline_mae:.1f} |"
            assert row in card
    for name, by_quality in made.models.items():
        assert f"| {name} | {by_quality['standard']['systolic'].mae:.1f} [" in card
    elsewhere = made.other_data["mw_ppg"]["as shipped"].network["systolic"]
    assert f"| {elsewhere.baseline_mae:.1f} | {elsewhere.own_mean_mae:.1f} |" in card
    for text in (config.name, config.provenance.command, config.provenance.commit, config.provenance.citation):
        assert text.rstrip(".") in card
    for word in ("hypertens", "diagnos", "normal", "high pressure", "nan", "None"):
        assert not re.search(rf"\b{word}", card), word


def test_every_picture_of_the_card_is_drawn_and_no_other_is_left(made, config, tmp_path):
    (tmp_path / "stale.png").write_bytes(b"of another run")
    drawn = {picture.name for picture in draw_all(made, tmp_path)}
    shown = re.findall(r"!\[(.{20,})\]\(evidence/([\w.]+)\)\n\n(\w.+)", write_card(config, made))
    assert {name for _, name, _ in shown} == drawn == {path.name for path in tmp_path.iterdir()}
    for path in tmp_path.iterdir():
        assert 5_000 < path.stat().st_size < PNG_LIMIT, path.name


def test_the_same_results_give_the_same_bytes(made, tmp_path):
    for folder in ("one", "two"):
        write_report(made, tmp_path / folder)
    names = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert len(names) == 2 + len(pictures(made))
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


@pytest.mark.parametrize(
    ("gain", "interval", "words"),
    [
        (3.0, (2.0, 4.0), "diastolic value is 3.0 mmHg nearer to the cuff than the training mean is ("),
        (0.9, (-0.1, 1.9), "which may be chance"),
        (0.4, (0.2, 0.6), "diastolic value is hardly or not at all better"),
    ],
)
def test_the_card_does_not_praise_what_is_no_better_than_the_mean(made, gain, interval, words):
    changed = made.model_copy(deep=True)
    changed.network["diastolic"].gain, changed.network["diastolic"].bootstrap.gain = gain, interval
    assert words in compare_with_baseline(changed)


def test_a_control_that_stands_is_named(made):
    assert "do not" not in describe_controls(made)
    leaky = made.model_copy(deep=True)
    name, by_quality = next(iter(leaky.controls.items()))
    by_quality["standard"]["systolic"].gain = 2.0
    by_quality["standard"]["systolic"].bootstrap.gain = (1.0, 3.0)
    assert f"3 fall to the training mean; **these do not**: {name} (systolic: +2.0 mmHg)" in describe_controls(leaky)


def test_a_handful_of_people_still_gets_a_card(config, tmp_path):
    few = summarise(make(people=6, splits=1, renderings=1, with_ranges=False), About("few", renderings=1, folds=5))
    write_report(few, tmp_path)
    drawn = {path.name for path in (tmp_path / "evidence").iterdir()}
    assert drawn == {"ranges.png", "bland_altman.png"}
    card = write_card(config, few)
    assert set(re.findall(r"evidence/([\w.]+)", card)) == drawn
    assert "| too few |" in summary(few)


def test_the_report_on_saved_weights_warns_of_people_seen(tmp_path):
    elsewhere = results_elsewhere()
    write_report(elsewhere, tmp_path)
    text = (tmp_path / "tables.md").read_text()
    assert "78 people" in text
    assert "no evidence" not in text
    assert "no evidence" in summary(elsewhere.model_copy(update={"seen_in_training": 3}))


def test_saved_results_are_plain_and_short(made, tmp_path):
    text = to_text(made)
    assert json.loads(text) == made.to_json()
    assert len(text.splitlines()) < 6000
    assert max(len(line) for line in text.splitlines()) < 1000
    save_evidence(made, tmp_path)
    assert load_results(tmp_path / "evidence.json").to_json() == made.to_json()


def test_card_and_pictures_are_written_again_from_saved_results(made, config, tmp_path):
    (tmp_path / "config.json").write_bytes((WEIGHTS / "config.json").read_bytes())
    (tmp_path / "evidence.json").write_text(to_text(made))
    main([str(tmp_path), "--tables", str(tmp_path / "tables.md")])
    assert (tmp_path / "README.md").read_text() == write_card(config, made.rounded())
    assert (tmp_path / "tables.md").read_text() == summary(made.rounded()) + "\n"
    assert (tmp_path / "evidence" / "models.png").is_file()


def test_a_cell_never_breaks_its_table():
    assert table(("a", "b"), [("x|y\nz", 0.12345)]).splitlines()[-1] == "| x\\|y z | 0.123 |"


def test_the_shipped_card_is_short_and_has_its_pictures():
    card = (WEIGHTS / "README.md").read_text(encoding="utf-8")
    assert len(card) <= CARD_LIMIT
    shown = re.findall(r"\]\((evidence/[\w.]+)\)", card)
    assert len(shown) >= 4
    assert all((WEIGHTS / name).is_file() for name in shown)
