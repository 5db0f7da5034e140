"""What the page says of the weights: their figures beside the baseline, and the pictures of their model card."""

import base64
import io

import pytest
from PIL import Image

from bpdemo.demo.views.about import find_evidence, how_it_works
from tests.support.made_up_results import CONFIG, WEIGHTS, WORDS

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
    assert "<img" not in how_it_works(CONFIG, WEIGHTS, WORDS, [])


def test_pictures_are_shown_with_words_for_everybody(folder):
    html = how_it_works(CONFIG, WEIGHTS, WORDS, find_evidence(folder))
    assert "alt='Errors of &lt;all&gt; models'" in html
    assert "<figcaption>MAE with intervals. Second line.</figcaption>" in html
    assert "<figcaption>Without words</figcaption>" in html


def test_the_projects_own_weights_bring_theirs():
    from bpdemo.weights.store import embedded_folder

    found = find_evidence(embedded_folder())
    assert len(found) >= 4
    assert all(picture.caption for picture in found)
    assert sum(len(picture.address) for picture in found) < 400_000, "every visitor loads them"


def test_figures_stand_beside_their_baseline():
    found = {"mae": 13.9, "baseline_mae": 15.6, "r": 0.42, "coverage": 0.91}
    config = {
        **CONFIG,
        "validation": {"people": 50, "qualities": {"standard": {"systolic": found, "diastolic": found}}},
    }
    html = how_it_works(config, WEIGHTS, WORDS)
    assert "<th scope='row'>Systolic</th><td>standard</td><td>13.9</td><td>15.6</td><td>0.42</td><td>91 %</td>" in html
    assert "<caption>Figures on people held out" in html
    assert "90 % of cuff pressures" in html


@pytest.mark.parametrize("validation", [{}, {"qualities": 3}, {"qualities": {"standard": {}}}, {"people": "x"}])
def test_weights_with_other_figures_are_shown_without_them(validation):
    assert "small" in how_it_works({**CONFIG, "validation": validation}, WEIGHTS, WORDS)


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "a'onload='x", '"><img src=x>'])
def test_what_weights_bring_cannot_become_markup(text):
    provenance = {**CONFIG["provenance"], "statement": text, "data": text}
    html = how_it_works(CONFIG, {**WEIGHTS, "name": text, "provenance": provenance}, WORDS)
    assert "<script" not in html
    assert "<img" not in html
    assert "'onload='" not in html
