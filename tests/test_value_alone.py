"""A model that gives a value alone, without ranges: from a clip to page, paper, JSON and command line."""

import copy
import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import torch
from jsonschema import Draft202012Validator

from bpdemo import BloodPressureEstimator, BpdemoError
from bpdemo.cli.summary import summary
from bpdemo.demo.server.zero_gpu import run_on_lent_gpu
from bpdemo.demo.views.about import how_it_works
from bpdemo.demo.views.result import result
from bpdemo.demo.views.steps import steps
from bpdemo.estimate_json import json_schema
from bpdemo.export.figures import draw_figures
from bpdemo.export.report import make_report
from bpdemo.models.heads import ValuePrediction
from bpdemo.models.inputs import Inputs
from bpdemo.reasons import like_average
from bpdemo.self_check import check
from bpdemo.told import Told
from bpdemo.whole_clip import mean_pressure
from tests.support.made_up_results import CONFIG
from tests.support.parsed_html import Parsed
from tests.support.pdf_text import pdf_text
from tests.support.serve_app import EXAMPLES
from tests.support.value_only import write_value_only

NOTHING = re.compile(r"(?<![\d.])0 %|likel|robabilit[^.]*range|nan|None", re.IGNORECASE)


@pytest.fixture(scope="module")
def estimator(tmp_path_factory):
    folder = tmp_path_factory.mktemp("value_only")
    write_value_only(folder)
    return BloodPressureEstimator.from_pretrained(folder, "cpu")


@pytest.fixture(scope="module")
def reading(estimator):
    return estimator.estimate(EXAMPLES / "face_72_bpm.mp4", told=Told(age=50))


def test_a_reading_has_values_and_intervals_and_no_ranges(estimator, reading):
    assert reading.status == "reading"
    for name, half_width in (("systolic", 31.5), ("diastolic", 18.0)):
        pressure = getattr(reading, name)
        assert pressure.interval == pytest.approx((pressure.value - half_width, pressure.value + half_width))
        assert (pressure.ranges, pressure.likeliest_range, pressure.at_least) == ((), None, None)
    assert reading.told.systolic is None
    higher = replace(pressure, value=pressure.value + 10)
    both = mean_pressure([pressure, higher])
    assert (both.value, both.ranges) == (pytest.approx(pressure.value + 5), ())


def test_the_json_form_has_an_empty_list(reading):
    form = json.loads(json.dumps(reading.to_dict(), allow_nan=False))
    Draft202012Validator(json_schema()).validate(form)
    assert form["systolic"]["ranges"] == form["diastolic"]["ranges"] == []
    assert "at_least" not in form["systolic"]


def test_the_command_line_says_value_interval_and_mean(reading):
    line = next(line for line in summary(reading).splitlines() if line.strip().startswith("systolic"))
    low, high = reading.systolic.interval
    assert f"{reading.systolic.value:.0f} mmHg, 90 % interval {low:.0f} to {high:.0f}; always answering 128" in line
    assert not NOTHING.search(line)


def test_the_page_draws_the_interval_and_says_nothing_of_ranges(estimator, reading):
    shown = Parsed(result(reading, estimator.weights.config))
    label = shown.label_of("ranges")
    assert f"{reading.systolic.value:.0f}, its interval" in label
    assert not NOTHING.search(label + shown.words)
    assert shown.data["systolic"]["ranges"] == shown.data["diastolic"]["ranges"] == []
    assert Parsed(steps(reading)).all("data-picture")
    for axes in draw_figures(reading)["ranges"].axes:
        assert not axes.patches
        assert {line.get_label() for line in axes.lines} == {"reading", "90 % interval"}
    assert "each range" not in how_it_works(estimator.weights.config)


def test_the_report_on_paper_is_one_page_that_says_the_same(estimator, reading):
    made = make_report(reading, estimator.weights.config, draw_figures(reading), made=datetime.now(UTC))
    text = pdf_text(made)
    assert f"{reading.systolic.value:.0f} / {reading.diastolic.value:.0f}" in text
    assert not NOTHING.search(text)


def test_one_like_the_average_is_shown_so(reading):
    scattered = {name: replace(getattr(reading, name), scatter=100.0) for name in ("systolic", "diastolic")}
    note = like_average(*scattered.values())
    assert note.message in Parsed(result(replace(reading, **scattered), CONFIG)).words


def test_an_installation_with_such_weights_is_checked(estimator):
    assert check(estimator, "cpu").weights.model == "bbp"
    network = copy.deepcopy(estimator.weights.network)
    next(network.parameters()).data[:] = float("nan")
    with pytest.raises(BpdemoError) as caught:
        check(BloodPressureEstimator(replace(estimator.weights, network=network)), "cpu")
    assert caught.value.code == "check_failed"


def test_a_lent_gpu_gives_the_same(estimator):
    network = copy.deepcopy(estimator.weights.network)
    run_on_lent_gpu(network, lambda **_: lambda task: task)
    noise = network.tensors(Inputs.empty(2, with_maps=True))
    with torch.inference_mode():
        lent, own = network(*noise), estimator.weights.network(*noise)
    for name in ("systolic", "diastolic"):
        assert type(getattr(lent, name)) is ValuePrediction
        assert torch.equal(getattr(lent, name).value, getattr(own, name).value)
