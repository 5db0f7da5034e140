"""A second language is a second folder: browser and server both speak the visitor's."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from bpdemo.demo.examples import Example
from bpdemo.demo.server.uploads import Uploads
from bpdemo.demo.texts import Languages
from bpdemo.errors import ClipError
from bpdemo.estimate import Estimate
from tests.support.serve_app import EXAMPLES
from tests.support.small_weights import small_config

MADE_UP = {
    "page": {"tagline": "Pilku pana selo.", "labels": {"clip": "Muka kilu"}},
    "recorder": {"ways": {"upload": "Susu kilu"}},
    "glance": {"empty_title": "Ke vidi", "error": "Ne kilu", "what_to_change": "Ke muda"},
    "reasons": {"not_a_video": ["Ne esta kilu.", "Muda kilu."]},
    "about": {"how_title": "Komo funka"},
}


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """A page that knows a made-up language (under the name of a real one), before an estimator that knows no clip."""
    folder = tmp_path_factory.mktemp("locales")
    (folder / "nl").mkdir()
    for name, words in MADE_UP.items():
        (folder / "nl" / f"{name}.json").write_text(json.dumps(words))
    weights = {"name": "small", "revision": None, "stmap_version": 1, "provenance": small_config()["provenance"]}

    def answer(path, progress):
        return Estimate.from_error(path.name, ClipError("not_a_video", "This is no video.", "Use another."), weights)

    loaded = SimpleNamespace(config=small_config(), folder=Path("nowhere"), to_dict=lambda: weights)
    estimator = SimpleNamespace(weights=loaded, answer=answer)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("temporary")))
        uploads = Uploads.create()
        from bpdemo.demo.page import build_page, launch_options

        examples = [Example(EXAMPLES / "wall.mp4", "Wall")]
        page = build_page(estimator, uploads, examples, Languages(folder))
        _, address, _ = page.launch(prevent_thread_lock=True, quiet=True, **launch_options(uploads))
        yield address
        page.close()


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("nl", ("Pilku pana selo.", "Ke vidi", "Susu kilu", "Komo funka", "Ne kilu", "Ne esta kilu.", "Muda kilu.")),
        ("en-GB", ("every step visible", "What you will see", "Upload a clip", "How this works", "This is no video.")),
    ],
)
def test_the_page_speaks_the_visitors_language(launch, url, locale, said):
    context = launch("wall", True).new_context(locale=locale)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(url)
    page.locator("#glance [data-status=empty]").wait_for()
    before = page.locator("body").inner_text()
    page.locator("[data-example='0']").click()
    page.locator("#glance [data-status=error]").wait_for()
    shown = before + page.locator("body").inner_text()
    for words in said:
        assert words in shown
    assert "Behind the page" in shown, "what a language lacks is said in English"
    assert page.locator("#glance section").get_attribute("lang") == locale[:2]
    context.close()
