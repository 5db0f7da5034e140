"""What the page says of the weights: their figures beside the baseline, and the pictures of their model card."""

import base64
import io
from dataclasses import replace

import pytest
from PIL import Image

from bpdemo.demo.views.about import about, find_evidence
from bpdemo.wording.pressures import evidence_sentence
from tests.support.made_up_results import CONFIG, VALIDATED, WEIGHTS

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
    assert "<img" not in about(CONFIG, WEIGHTS, [])


def test_pictures_are_shown_with_words_for_everybody(folder):
    html = about(CONFIG, WEIGHTS, find_evidence(folder))
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
    html = about(VALIDATED, WEIGHTS)
    row = '<th scope="row">Systolic</th><td>standard</td><td>13.9</td><td>15.6</td><td>0.42</td><td>91 %</td>'
    assert row in html
    assert "<caption>Figures on people held out" in html
    assert "90 % of cuff pressures" in html
    sentence = evidence_sentence(VALIDATED)
    for part in ("50 people", "13.9 / 13.9", "15.6 / 15.6"):
        assert part in sentence


@pytest.mark.parametrize("validation", [{}, {"qualities": 3}, {"qualities": {"standard": {}}}, {"people": "x"}])
def test_weights_with_other_figures_are_shown_without_them(validation):
    config = with_validation(validation)
    assert "small" in about(config, WEIGHTS)
    assert "15.5 / 8.5" in evidence_sentence(config)


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "a'onload='x", 'a"onload="x', '"><img src=x>'])
def test_what_weights_bring_cannot_become_markup(text):
    provenance = CONFIG.provenance.model_copy(update={"statement": text, "data": text})
    html = about(CONFIG, replace(WEIGHTS, name=text, provenance=provenance))
    for markup in ("<script", "<img", "'onload='", '"onload="'):
        assert markup not in html
