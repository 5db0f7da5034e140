"""Files made when they are asked for are what was measured, whatever a browser sends with the wish."""

import base64
import csv
import gc
import io
import json
import logging
import weakref
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from bpdemo.demo import files
from bpdemo.demo.files import answer, kinds_of
from bpdemo.demo.sealed import seal, unseal
from bpdemo.errors import ClipError
from bpdemo.estimate import Estimate
from bpdemo.export.files import ADJUSTED_KEY
from bpdemo.told import Told, estimate_with_told
from tests.support.made_up_people import made_up_told
from tests.support.made_up_results import (
    CONFIG,
    DIASTOLIC,
    HEART_RATE_BPM,
    READING,
    REFUSED,
    SYSTOLIC,
    WEIGHTS,
    make_reading,
    make_window,
)
from tests.support.pdf_text import pdf_text

CUFF = {
    "systolic": 130,
    "diastolic": 80,
    "raw_systolic": 118.4,
    "raw_diastolic": 70.4,
    "entered_s": 1.7e9,
    "model": "beats",
}


def ask(estimate, kind, **more):
    return answer({"kind": kind, "package": seal(estimate), **more}, lambda model: CONFIG)


def content_of(estimate, kind, **more):
    made = ask(estimate, kind, **more)
    assert "error" not in made
    return base64.b64decode(made["content"])


@pytest.fixture(scope="module")
def reading():
    return make_reading()


def test_each_kind_holds_what_was_measured(reading):
    assert [kind for kind, _ in kinds_of(reading)] == ["pdf", "figures", "npz", "csv", "json"]
    names = {kind: (ask(reading, kind)["name"], ask(reading, kind)["type"]) for kind in ("npz", "csv", "json")}
    assert names == {
        "npz": ("clip.stmap.npz", "application/octet-stream"),
        "csv": ("clip.pulse.csv", "text/csv"),
        "json": ("clip.json", "application/json"),
    }
    assert json.loads(content_of(reading, "json")) == reading.to_dict()
    with np.load(io.BytesIO(content_of(reading, "npz"))) as saved:
        np.testing.assert_array_equal(saved["stmap"], reading.windows[0].stmap.values)
    rows = list(csv.DictReader(io.StringIO(content_of(reading, "csv").decode())))
    beats = [float(row["time_s"]) for row in rows if row["beat"] == "1"]
    assert 60 / np.mean(np.diff(beats)) == pytest.approx(HEART_RATE_BPM, abs=1)
    np.testing.assert_allclose([float(row["wave"]) for row in rows], reading.windows[0].pulse.wave, atol=1e-6)


def test_the_figures_are_pictures_in_a_zip(reading):
    made = ask(reading, "figures")
    assert (made["name"], made["type"]) == ("clip.figures.zip", "application/zip")
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(made["content"]))) as archive:
        assert set(archive.namelist()) == {f"{name}.png" for name in ("cells", "stmap", "beats", "pulse", "ranges")}
        for name in archive.namelist():
            assert Image.open(io.BytesIO(archive.read(name))).width > 700


def test_the_report_says_what_was_read_by_which_model(reading):
    asked_for = []
    made = answer({"kind": "pdf", "package": seal(reading)}, lambda model: asked_for.append(model) or CONFIG)
    assert (made["name"], made["type"]) == ("clip.pdf", "application/pdf")
    assert "118 / 70" in pdf_text(base64.b64decode(made["content"]))
    assert asked_for == ["beats"]


@pytest.mark.parametrize(
    ("estimate", "kinds"),
    [
        (Estimate.from_error("a b.mp4", ClipError("a", "b", "c"), WEIGHTS), ["json"]),
        (REFUSED, ["pdf", "figures", "json"]),
        (replace(REFUSED, windows=(replace(make_window(), pulse=None, beats=None, evidence=None),)),
         ["pdf", "figures", "npz", "json"]),
    ],
    ids=["error", "no window", "no pulse"],
)  # fmt: skip
def test_what_there_is_no_data_for_is_neither_offered_nor_made(estimate, kinds):
    assert [kind for kind, _ in kinds_of(estimate)] == kinds
    for kind in {"npz", "csv", "pdf", "figures"}.difference(kinds):
        assert ask(estimate, kind).keys() == {"error"}
    for kind in kinds:
        assert content_of(estimate, kind)


@pytest.mark.parametrize(
    ("clip", "name"), [("a b.c.mp4", "a b.c.json"), ("clip", "clip.json"), ("", "clip.json"), (".mp4", ".mp4.json")]
)
def test_a_file_is_named_after_the_clip(clip, name):
    assert ask(replace(READING, clip=clip), "json")["name"] == name


def test_adjusted_values_stand_apart_from_the_form():
    form = json.loads(content_of(READING, "json", cuff=CUFF | {"raw_systolic": 120.44, "raw_diastolic": 69.0}))
    adjusted = form.pop(ADJUSTED_KEY)
    assert form == READING.to_dict(), "the schema's own values must stay raw"
    assert adjusted["offset"] == {"systolic": 9.6, "diastolic": 11.0}
    assert adjusted["systolic"] == {"value": round(118.4 + 130 - 120.44, 1), "unit": "mmHg"}
    assert adjusted["diastolic"] == {"value": round(70.4 + 80 - 69.0, 1), "unit": "mmHg"}
    assert adjusted["cuff"] == {"systolic": 130.0, "diastolic": 80.0}


def test_the_report_shows_the_adjusted_reading(reading):
    assert "130 / 80" in pdf_text(content_of(reading, "pdf", cuff=CUFF))
    assert "130 / 80" not in pdf_text(content_of(reading, "pdf"))


@pytest.mark.parametrize("cuff", [None, CUFF | {"model": "paper"}, "cuff", 7], ids=repr)
def test_without_a_cuff_reading_for_this_model_nothing_is_adjusted(cuff):
    assert json.loads(content_of(READING, "json", cuff=cuff)) == READING.to_dict()


@pytest.mark.parametrize(
    "change",
    [
        {"systolic": 20},
        {"systolic": "130"},
        {"diastolic": None},
        {"raw_systolic": None},
        {"raw_systolic": "118"},
        {"raw_diastolic": float("nan")},
        {"raw_diastolic": 1e300},
        {"entered_s": [1]},
        {"entered_s": 1e300},
        {"entered_s": float("inf")},
    ],
    ids=repr,
)
def test_what_is_no_cuff_reading_is_told_in_a_sentence(change, caplog):
    made = ask(READING, "json", cuff=CUFF | change)
    assert made["error"].startswith("No cuff shows such values.")
    assert not caplog.records, "somebody foresaw it"


@pytest.mark.parametrize("kind", ["exe", "", None, 7, ["json"], {"a": 1}, "json\0"], ids=repr)
def test_a_kind_there_is_not_is_told_in_a_sentence(kind, caplog):
    assert ask(READING, kind)["error"].startswith("There is no such file")
    assert not caplog.records


@pytest.mark.parametrize(
    "asked", [None, 7, "pdf", [], {}, {"kind": "json"}, {"kind": "json", "package": "AAAA"}, {"package": 3}], ids=repr
)
def test_without_a_package_of_ours_there_is_a_sentence(asked):
    made = answer(asked, lambda model: CONFIG)
    assert made.keys() == {"error"}
    assert "too old" in made["error"]


def test_what_nobody_foresaw_is_a_sentence_and_logged_without_its_words(reading, monkeypatch, caplog):
    def fail(*_):
        raise RuntimeError("a_persons_name.mp4 is odd")

    monkeypatch.setattr(files, "estimate_json", fail)
    with caplog.at_level(logging.ERROR):
        made = ask(reading, "json")
    assert made.keys() == {"error"}
    assert "RuntimeError" in caplog.text
    assert "a_persons_name" not in caplog.text + made["error"]


@pytest.mark.parametrize(("kind", "cuff"), [("exe", None), ("json", CUFF | {"systolic": 1}), ("json", None)])
def test_nothing_of_a_result_is_kept_once_it_was_answered(kind, cuff, monkeypatch):
    opened = []

    def unseal_and_watch(package):
        estimate = unseal(package)
        opened.append(weakref.ref(estimate))
        return estimate

    monkeypatch.setattr(files, "unseal", unseal_and_watch)
    ask(READING, kind, cuff=cuff)
    gc.collect()
    assert [watched() for watched in opened] == [None]


def test_what_was_told_is_in_the_form_and_the_report():
    person = Told(61, "female", 163, 70.5)
    told = replace(READING, told=estimate_with_told(person, made_up_told(), SYSTOLIC, DIASTOLIC))
    assert json.loads(content_of(told, "json"))["told"]["systolic"]["both"]["unit"] == "mmHg"
    assert str(person) in pdf_text(content_of(told, "pdf"))
