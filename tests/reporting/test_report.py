"""From a results file to card, pictures and README: what is said is what the figures are."""

import copy
import json
import re

import pytest

from bpdemo.reporting.model_card import write_card
from bpdemo.reporting.objections import against_baseline, objections
from bpdemo.reporting.plots import draw_all, pictures
from bpdemo.reporting.readme import BEGIN, END, replace_section, write_section
from bpdemo.reporting.report import add_realism, load_results, main, save_evidence, summary, to_json, write_report
from bpdemo.reporting.tables import table
from bpdemo.reporting.yardsticks import TARGETS, judge, targets_table
from bpdemo.training.results import gather
from tests.support.made_up import extras, make, results, results_elsewhere
from tests.support.serve_app import ROOT
from tests.support.small_weights import small_config

PNG_LIMIT = 150_000


@pytest.fixture(scope="module")
def full():
    return results(extras())


@pytest.fixture(scope="module")
def bare():
    return results()


@pytest.fixture(scope="module")
def config():
    config = small_config()
    config["training"] |= {"left_out": 1, "maps": 500}
    for pressure in ("systolic", "diastolic"):
        config["training"][pressure]["outside_ranges"] = 2
    return config


def changed(made, pressure, **figures):
    """Results with some figures of one pressure at standard quality set to what a test wants."""
    made = copy.deepcopy(made)
    made["qualities"]["standard"][pressure] |= figures
    return made


def test_the_card_says_what_the_results_say(full, config):
    card = write_card(config, full)
    assert card.startswith("---\nlicense: apache-2.0\n")
    for quality, figures in full["qualities"].items():
        for pressure in ("systolic", "diastolic"):
            of = figures[pressure]
            low, high = of["bootstrap"]["mae"]
            assert (
                f"| {pressure} | {quality} | {of['mae']:.1f} [{low:.1f}, {high:.1f}] | {of['baseline_mae']:.1f} |"
                in card
            )
            assert f"| {of['calibration_error']:.3f} |" in card
            assert f"± {of['interval']:.1f}" in card
    for name in (*full["models"], *full["controls"], "mw_ppg", "inverse frequency", "no ranges", "second thing"):
        assert name in card
    for said in (config["provenance"]["command"], config["provenance"]["commit"], config["provenance"]["citation"]):
        assert said in card
    for word in ("hypertens", "diagnos", "normal", "high pressure", "nan", "None"):
        assert not re.search(rf"\b{word}", card), word


def test_every_picture_of_the_card_is_drawn(full, config, tmp_path):
    drawn = draw_all(full, tmp_path)
    shown = re.findall(r"!\[(.+?)\]\(evidence/([\w.]+)\)", write_card(config, full))
    assert {name for _, name in shown} == {picture.name for picture in drawn}
    assert all(len(alt) > 20 for alt, _ in shown)
    assert {path.name for path in tmp_path.iterdir()} == {picture.name for picture in drawn}
    assert "oversampling.png" in {picture.name for picture in drawn}
    for path in tmp_path.iterdir():
        assert 5_000 < path.stat().st_size < PNG_LIMIT, path.name


def test_the_same_results_give_the_same_bytes(bare, tmp_path):
    for folder in ("one", "two"):
        write_report(json.loads(json.dumps(bare)), tmp_path / folder)
    names = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert len(names) == 2 + len(pictures(bare))
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_sections_come_with_what_they_need(full, bare, config):
    titles = (
        "Oversampling",
        "Other people, another sensor",
        "What helped across data sets",
        "Pulses unlike those of training",
        "Rendered and real maps",
        "Parts of the loss",
        "What was tried, in order",
    )
    for title in titles:
        assert f"### {title}\n" in write_card(config, full)
        assert f"### {title}\n" not in write_card(config, bare)


def test_the_card_does_not_praise_what_is_no_better_than_the_mean(bare):
    better = changed(bare, "diastolic", gain=3.0, bootstrap={"gain": [2.0, 4.0]})
    chance = changed(bare, "diastolic", gain=0.9, bootstrap={"gain": [-0.1, 1.9]})
    no_better = changed(bare, "diastolic", gain=0.4, bootstrap={"gain": [0.2, 0.6]})
    assert "diastolic value is 3.0 mmHg nearer to the cuff than the training mean is (" in against_baseline(better)
    assert "which may be chance" in against_baseline(chance)
    assert "diastolic value is hardly or not at all better" in against_baseline(no_better)


def test_what_helped_elsewhere_is_said_in_all_places(full, config):
    said = (
        "Of 2 things tried to do better on mw_ppg, beyond chance *a nearer one* (systolic and diastolic) helped, and "
        "nothing made it worse."
    )
    card = write_card(config, full)
    assert card.count(said) == 2  # in its section, and where a critic asks
    assert said in write_section(full).replace("\n", " ")
    row = full["across"]["data"]["mw_ppg"]["rows"][2]["qualities"]["standard"]["systolic"]
    low, high = row["gain_interval"]
    assert re.search(
        rf"\| a nearer one \| systolic \| {row['mae']:.1f} .*\| \{row['gain']:+.1f} \[\{low:+.1f}, \{high:+.1f}\] "
        r"\|.*\| helped \|",
        card,
    )
    assert "| as good | diastolic |" in card
    assert "as upright ones do: training 50 %." in card


def test_a_control_that_stands_is_shouted(bare):
    assert "All negative controls" in objections(bare)
    leaky = copy.deepcopy(bare)
    control = leaky["controls"]["network, columns shuffled"]["standard"]["systolic"]
    control |= {"gain": 2.0, "bootstrap": control["bootstrap"] | {"gain": [1.0, 3.0]}}
    said = objections(leaky)
    assert "**these do not**: network, columns shuffled (systolic: +2.0 mmHg)" in said
    assert "3 of 4 negative controls" in said


def test_another_model_that_does_as_well_is_said_to(bare):
    for interval, words in (
        ([-1.0, 1.0], "as near as the network"),
        ([0.5, 2], "further off"),
        ([-2, -1], "nearer than"),
    ):
        made = copy.deepcopy(bare)
        for pressure in ("systolic", "diastolic"):
            made["models"]["age, sex, BMI"]["standard"][pressure]["network"]["gain_interval"] = interval
        line = next(line for line in objections(made).splitlines() if "Age, sex and build" in line)
        assert line.count(words) == 2
    del made["models"]["age, sex, BMI"]
    line = next(line for line in objections(made).splitlines() if "Age, sex and build" in line)
    assert "Not measured" in line


def test_verdicts_on_targets(bare):
    mae, r, coverage = (next(t for t in TARGETS if t.figure == figure) for figure in ("mae", "r", "coverage"))
    assert judge(mae, 12.9) == "aim reached"
    assert judge(mae, 13.4) == "reached; 0.50 short of the aim"
    assert judge(mae, 14.1) == "missed by 0.30"
    assert judge(r, 0.56) == "aim reached"
    assert judge(r, 0.40) == "missed by 0.08"
    assert judge(coverage, 0.9) == "reached"
    assert judge(coverage, 0.95) == "missed: 0.030 above 0.92"
    assert judge(coverage, 0.85) == "missed by 0.030"
    assert "| missed by 2.00 |" in targets_table(changed(bare, "systolic", mae=15.8))
    assert "| aim reached; beyond doubt (95 %) on" in targets_table(bare)


def test_readme_section_is_put_between_its_markers(bare):
    text = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    section = write_section(bare)
    written = replace_section(text, section)
    assert written == f"before\n{BEGIN}\n{section}\n{END}\nafter\n"
    assert replace_section(written, section) == written
    assert f"| **network** | {bare['qualities']['standard']['systolic']['mae']:.1f} |" in section
    assert max(len(line) for line in section.splitlines() if not line.startswith(("|", "!"))) <= 120
    assert len(section.splitlines()) < 65
    for wrong in ("none", f"{END}{BEGIN}", text + text):
        with pytest.raises(ValueError, match="there must be one"):
            replace_section(wrong, section)


def test_everything_is_written_again_from_saved_results(full, config, tmp_path):
    weights, readme = tmp_path / "weights", tmp_path / "README.md"
    weights.mkdir()
    (weights / "config.json").write_text(json.dumps(config))
    (weights / "evidence.json").write_text(to_json(full))
    (weights / "evidence").mkdir()
    (weights / "evidence" / "stale.png").write_bytes(b"of another run")
    readme.write_text(f"{BEGIN}\n{END}\n")
    main([str(weights), "--readme", str(readme)])
    assert (weights / "README.md").read_text() == write_card(config, full)
    assert readme.read_text() == replace_section(f"{BEGIN}\n{END}\n", write_section(full))
    assert load_results(weights / "evidence.json") == full
    assert (weights / "evidence" / "models.png").is_file()
    assert not (weights / "evidence" / "stale.png").exists()


def test_a_handful_of_people_still_gets_a_card(config, tmp_path):
    network = make(people=6, splits=1, renderings=1, with_ranges=False)
    made = gather(network, {}, {}, {"dataset": "few", "folds": 5, "renderings": 1})
    write_report(made, tmp_path)
    card = write_card(config, made)
    assert "There are too few people to tell." in card
    assert "models.png" not in card
    assert "reliability.png" not in write_section(made)


def test_results_of_another_schema_are_refused(tmp_path):
    (tmp_path / "evidence.json").write_text('{"schema": "bpdemo.evidence/0"}')
    with pytest.raises(ValueError, match="schema"):
        load_results(tmp_path / "evidence.json")


def test_the_report_on_saved_weights_warns_of_people_seen(tmp_path):
    made = results_elsewhere()
    write_report(made, tmp_path)
    text = (tmp_path / "tables.md").read_text()
    assert "78 people" in text
    assert "no evidence" not in text
    assert "no evidence" in summary(made | {"seen_in_training": 3})
    assert (tmp_path / "evidence" / "bland_altman.png").is_file()


def test_json_is_plain_and_short(full):
    text = to_json(full)
    assert json.loads(text) == full
    assert len(text.splitlines()) < 6000
    assert max(len(line) for line in text.splitlines()) < 1000


def test_a_cell_never_breaks_its_table():
    assert table(("a", "b"), [("x|y\nz", 0.12345)]).splitlines()[-1] == "| x\\|y z | 0.123 |"


def test_card_and_readme_are_those_of_the_saved_results():
    saved = load_results(ROOT / "weights" / "evidence.json")
    config = json.loads((ROOT / "weights" / "config.json").read_text(encoding="utf-8"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert replace_section(readme, write_section(saved)) == readme, "run `make evidence`"
    assert (ROOT / "weights" / "README.md").read_text(encoding="utf-8") == write_card(config, saved), (
        "run `make evidence`"
    )
    for picture in pictures(saved):
        assert (ROOT / "weights" / "evidence" / picture.name).is_file()


def test_realism_is_taken_into_saved_results(bare, tmp_path):
    save_evidence(bare, tmp_path)
    measured = tmp_path / "realism.json"
    section = {"statement": "Alike.", "columns": ["figure", "real"], "rows": [["noise", "3.0"]]}
    measured.write_text(json.dumps({"section": section, "real": {}}))
    add_realism(tmp_path, measured)
    assert load_results(tmp_path / "evidence.json")["realism"] == section
