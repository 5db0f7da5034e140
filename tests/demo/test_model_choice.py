"""The page's choice of model: there where there is one, and what it shows of the weights follows it."""

import httpx
import pytest
from gradio_client import Client, handle_file

from bpdemo import BloodPressureEstimator
from bpdemo.weights import embedded
from tests.support.serve_app import EXAMPLES
from tests.support.small_weights import register_paper, write_small
from tests.support.stand_in import StandIn, serve_stand_in


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The page with two models: both untrained, each with weights of its own."""
    folder = tmp_path_factory.mktemp("two_models")
    with pytest.MonkeyPatch.context() as patch:
        register_paper(patch)
        patch.setattr(embedded, "asset_folder", lambda name: folder / name)
        write_small(folder / "weights", name="the default")
        write_small(folder / "weights" / "paper", seed=1, name="the other", model="paper")
        estimator = BloodPressureEstimator.from_pretrained(folder / "weights", "cpu")
        with serve_stand_in(tmp_path_factory.mktemp("temporary"), estimator) as served:
            yield served


def components(served):
    """The page's components by their name in it."""
    config = httpx.get(f"{served.url}config").json()
    return config, {part["props"].get("elem_id"): part for part in config["components"]}


def test_without_other_weights_there_is_no_choice(tmp_path):
    with serve_stand_in(tmp_path, StandIn()) as served:
        _, parts = components(served)
        assert not parts["model"]["props"]["visible"]
        assert [name for _, name in parts["model"]["props"]["choices"]] == ["beats"]


def test_what_is_shown_of_the_weights_follows_the_choice(served):
    config, parts = components(served)
    model = parts["model"]
    assert model["props"]["visible"]
    assert [name for _, name in model["props"]["choices"]] == ["beats", "paper"]
    assert "the default" in parts["about"]["props"]["value"]
    event = next(one for one in config["dependencies"] if [model["id"], "change"] in one["targets"])
    join = {"data": ["paper"], "fn_index": event["id"], "session_hash": "abc"}
    httpx.post(f"{served.url}gradio_api/queue/join", json=join).raise_for_status()
    shown = httpx.get(f"{served.url}gradio_api/queue/data", params={"session_hash": "abc"}, timeout=60).text
    assert "the other" in shown
    assert "the default" not in shown


@pytest.mark.slow
def test_a_clip_is_read_by_the_model_that_is_asked_for(served):
    client = Client(served.url, verbose=False, analytics_enabled=False)
    found = {}
    for model in ("beats", "paper", None):
        form = client.predict(handle_file(str(EXAMPLES / "face_58_bpm.webm")), model=model, api_name="/estimate")
        found[model] = form["weights"]["name"], form["systolic"]["ranges"]
    assert found[None] == found["beats"]
    assert (found["beats"][0], found["paper"][0]) == ("the default", "the other")
    assert found["beats"][1] != found["paper"][1]
    assert served.files_left() == []
