"""From results to card, tables and pictures: what is said is what the figures are."""

import json
import re
import shutil
from pathlib import Path

import pytest

from bpdemo.reporting.evaluation import write_evaluation
from bpdemo.reporting.model_card import write_card
from bpdemo.reporting.plots import draw_all, pictures
from bpdemo.reporting.report import main, save_evidence, summary, to_text, write_report
from bpdemo.reporting.tables import VALUE_ALONE, probabilities_table, table
from bpdemo.training.results import load_results
from bpdemo.training.scoring import About, summarise
from tests.support.made_up import make, results, results_elsewhere
from tests.support.small_weights import small_config

WEIGHTS = Path(__file__).parents[2] / "weights"
CARD_LIMIT = 9000
PNG_LIMIT = 150_000
LONG = small_config().provenance.model_copy(
    update={
        "data": "ppg_bp",
        "statement": "s" * 155 + ".",
        "citation": "c" * 145,
        "command": "bpdemo train " + "o" * 90,
    }
)
"""As long as it gets."""


@pytest.fixture(scope="module")
def made():
    """Results of a cross-validation, with other data."""
    return results().model_copy(update={"other_data": {"mw_ppg": results_elsewhere()}})


@pytest.fixture(scope="module")
def config():
    return small_config()


def test_the_card_shows_the_figures(made, config):
    card = write_card(config, made)
    assert card.startswith("---\nlicense: apache-2.0\n")
    assert len(card) <= CARD_LIMIT
    for quality, by_pressure in made.qualities.items():
        for pressure, scores in by_pressure.items():
            low, high = scores.bootstrap.mae
            row = f"| {pressure} | {quality} | {scores.mae:.1f} [{low:.1f}, {high:.1f}] | {scores.baseline_mae:.1f} |"
            assert row in card
            assert f"| {scores.sd_answers:.1f} / {scores.sd_truth:.1f} |" in card
    for name, by_quality in made.models.items():
        assert f"| {made.title(name)} | {by_quality['standard']['systolic'].mae:.1f} [" in card
    for figure in ("baseline_mae", "own_mean_mae"):
        pair = " / ".join(f"{getattr(each, figure):.1f}" for each in made.other_data["mw_ppg"].network.values())
        assert pair in card
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


def test_a_handful_of_people_still_gets_a_card(config, tmp_path):
    few = summarise(make(people=6, splits=1, renderings=1, with_ranges=False), About("few", renderings=1, folds=5))
    write_report(few, tmp_path)
    drawn = {path.name for path in (tmp_path / "evidence").iterdir()}
    assert drawn == {"ranges.png", "bland_altman.png"}
    card = write_card(config, few)
    assert set(re.findall(r"evidence/([\w.]+)", card)) == drawn
    assert "| too few |" in summary(few)


def test_of_a_network_without_ranges_it_is_said_where_ranges_would_stand(made, config):
    alone = results(with_ranges=False)
    assert (made.has_ranges, alone.has_ranges) == (True, False)
    assert probabilities_table(alone) == VALUE_ALONE
    for write in (summary, lambda found: write_card(config, found), lambda found: write_evaluation(config, found)):
        assert VALUE_ALONE in write(alone)
        assert VALUE_ALONE not in write(made)
        for word in ("classifier", "calibration error", "ikeliest range", "range probabilities", "reliability"):
            assert word not in write(alone), word
            assert word in "".join((summary(made), write_card(config, made), write_evaluation(config, made)))
    for figures in alone.network.values():
        assert figures.coverage == pytest.approx(0.9, abs=0.03), "intervals need no ranges"


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


@pytest.fixture
def folder(made, tmp_path):
    """A weights folder with another model's in it, of the same test, without tensors."""
    paper = made.model_copy(update={"model": "paper", "parameters": 9876543})
    for place, each in ((tmp_path / "weights", made), (tmp_path / "weights" / "paper", paper)):
        place.mkdir()
        (place / "config.json").write_text(small_config(place.name).to_json())
        (place / "evidence.json").write_text(to_text(each))
    return tmp_path / "weights"


def test_cards_pictures_page_and_tables_are_written_again_from_saved_results(folder, made, tmp_path):
    docs, all_tables = tmp_path / "evaluation.md", tmp_path / "tables.md"
    main([str(folder), "--docs", str(docs), "--tables", str(all_tables)])
    saved = {name: load_results(folder / name / "evidence.json") for name in (".", "paper")}
    assert (folder / "README.md").read_text() == write_card(small_config("weights"), saved["."], [saved["paper"]])
    assert (folder / "paper" / "README.md").read_text() == write_card(
        small_config("paper"), saved["paper"], [saved["."]]
    )
    assert docs.read_text() == write_evaluation(small_config("weights"), saved["."], [saved["paper"]])
    assert all_tables.read_text() == summary(made.rounded()) + "\n"
    assert all((folder / name / "evidence" / "models.png").is_file() for name in (".", "paper"))


def test_weights_alone_are_written_again_too(folder, made):
    shutil.rmtree(folder / "paper")
    main([str(folder)])
    assert (folder / "README.md").read_text() == write_card(small_config("weights"), made.rounded())


@pytest.mark.parametrize("missing", ["evidence.json", "config.json"])
def test_what_cannot_be_read_is_a_sentence(folder, missing, capsys):
    (folder / missing).write_text("{}")
    with pytest.raises(SystemExit) as caught:
        main([str(folder)])
    assert caught.value.code == 1
    assert "Traceback" not in capsys.readouterr().err


def test_a_cell_never_breaks_its_table():
    assert table(("a", "b"), [("x|y\nz", 0.12345)]).splitlines()[-1] == "| x\\|y z | 0.123 |"


def test_a_card_with_every_part_is_short(made):
    long = small_config("bpdemo-small").model_copy(update={"provenance": LONG})
    others = [made.model_copy(update={"model": name, "parameters": 9876543}) for name in ("paper", "third")]
    others[1].folds = 7
    card = write_card(long, made, others)
    assert all(text in card for text in (LONG.statement, LONG.command, "paper + told traits"))
    assert len(card) <= CARD_LIMIT


@pytest.mark.parametrize("card", sorted(WEIGHTS.glob("**/README.md")), ids=lambda card: card.parent.name)
def test_an_embedded_card_is_short_and_has_its_pictures(card):
    text = card.read_text(encoding="utf-8")
    assert len(text) <= CARD_LIMIT
    shown = re.findall(r"\]\((evidence/[\w.]+)\)", text)
    assert len(shown) >= 4
    assert all((card.parent / name).is_file() for name in shown)
