"""What the page says whatever the clip: its head, the method, and the weights with the pictures of their card."""

import base64
import io
from dataclasses import replace

import pytest
from PIL import Image

from bpdemo.demo.views.about import about_weights, find_evidence, header, how_it_works
from bpdemo.figures.shown import colour_table
from bpdemo.models import find_model
from bpdemo.wording.pressures import evidence_sentence
from tests.support.made_up_results import CONFIG, VALIDATED, WEIGHTS
from tests.support.parsed_html import Parsed

CARD = """---
license: apache-2.0
---
# Weights

![Errors of <all> models](evidence/models.png)

MAE with intervals.
Second line.

![Not there](evidence/missing.png)

![Without words](evidence/bare.png)

## Next

![Elsewhere](https://example.org/a.png)

![Above](../secret.png)

![No picture](evidence/text.png)
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "README.md").write_text(CARD)
    (tmp_path / "evidence").mkdir()
    for name, size in (("models", (1600, 800)), ("bare", (300, 200))):
        Image.new("RGB", size, "navy").save(tmp_path / "evidence" / f"{name}.png")
    (tmp_path / "evidence" / "text.png").write_text("no picture")
    Image.new("RGB", (8, 8)).save(tmp_path.parent / "secret.png")
    return tmp_path


def test_the_cards_pictures_are_found_with_their_words(folder):
    found = find_evidence(folder)
    assert [(picture.alt, picture.caption) for picture in found] == [
        ("Errors of <all> models", "MAE with intervals. Second line."),
        ("Without words", ""),
    ]
    picture = Image.open(io.BytesIO(base64.b64decode(found[0].address.partition("base64,")[2])))
    assert picture.width == 840
    red, green, blue = picture.convert("RGB").getpixel((5, 5))
    assert (red, green) == (0, 0)
    assert blue > 100


def test_weights_without_pictures_are_shown_without_them(tmp_path):
    assert find_evidence(tmp_path) == []
    assert "<img" not in about_weights(CONFIG, WEIGHTS, [])


def test_pictures_are_shown_with_words_for_everybody(folder):
    html = about_weights(CONFIG, WEIGHTS, find_evidence(folder))
    assert 'alt="Errors of &lt;all&gt; models"' in html
    assert "<figcaption>MAE with intervals. Second line.</figcaption>" in html
    assert "<figcaption>Without words</figcaption>" in html


def test_the_projects_own_weights_bring_theirs():
    from bpdemo.weights.store import embedded_folder

    found = find_evidence(embedded_folder())
    assert len(found) >= 4
    assert all(picture.caption for picture in found)
    assert sum(len(picture.address) for picture in found) < 400_000, "every visitor loads them"


def with_validation(validation):
    return CONFIG.model_copy(update={"validation": type(CONFIG.validation).model_validate(validation)})


def test_figures_stand_beside_their_baseline():
    html = about_weights(VALIDATED, WEIGHTS)
    row = '<th scope="row">Systolic</th><td>standard</td><td>13.9</td><td>15.6</td><td>0.42</td><td>91 %</td>'
    assert row in html
    sentence = evidence_sentence(VALIDATED)
    for part in ("50 ", "13.9 / 13.9", "15.6 / 15.6"):
        assert part in sentence


def test_the_head_says_what_this_is_not_and_links_only_to_what_there_is(monkeypatch):
    monkeypatch.delenv("SPACE_ID", raising=False)
    here = Parsed(header(replace(WEIGHTS, revision=None)))
    assert "not a medical device" in here.words
    assert here.data == colour_table().tolist()
    assert all(here.all("href"))
    assert not any("huggingface" in address for address in here.all("href"))
    monkeypatch.setenv("SPACE_ID", "owner/name")
    made = replace(WEIGHTS, name="owner/weights", revision="main")
    made = replace(made, provenance=CONFIG.provenance.model_copy(update={"data": "ppg_bp"}))
    there = Parsed(header(made)).all("href")
    assert {"https://huggingface.co/owner/weights", "https://huggingface.co/spaces/owner/name/tree/main"} <= {*there}
    assert sum("doi.org" in address for address in there) == 1


def test_links_open_beside_the_page():
    elements = Parsed(header(WEIGHTS)).elements
    for _, link in ((name, attributes) for name, attributes in elements if name == "a"):
        assert (link["target"], link["rel"]) == ("_blank", "noopener")


def test_the_method_is_that_of_the_model():
    ranges = Parsed(how_it_works(CONFIG)).words
    value = Parsed(how_it_works(CONFIG.model_copy(update={"model": "bbp"}))).words
    for model, words in (("beats", ranges), ("bbp", value)):
        assert find_model(model).network.ABOUT in words
    assert "90 %" in ranges
    assert ranges.count("each range") == 1 > value.count("each range")


@pytest.mark.parametrize("validation", [{}, {"qualities": 3}, {"qualities": {"standard": {}}}, {"people": "x"}])
def test_weights_with_other_figures_are_shown_without_them(validation):
    config = with_validation(validation)
    assert "small" in about_weights(config, WEIGHTS)
    assert "15.5 / 8.5" in evidence_sentence(config)


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "a'onload='x", 'a"onload="x', '"><img src=x>'])
def test_what_weights_bring_cannot_become_markup(text):
    provenance = CONFIG.provenance.model_copy(update={"statement": text, "data": text})
    summary = replace(WEIGHTS, name=text, revision=text, provenance=provenance)
    html = about_weights(CONFIG, summary) + header(summary)
    for markup in ("<script", "<img", "'onload='", '"onload="'):
        assert markup not in html
