"""Words: every key that is asked for is there, and a second language is a second folder."""

import ast
import json
import re
import string
from pathlib import Path

import pytest

from bpdemo import demo, figures
from bpdemo.demo import texts
from bpdemo.demo.texts import Languages
from bpdemo.errors import Reason
from bpdemo.quality import reason

FOLDER = Path(demo.__file__).parent
ENGLISH = Languages().english


def asked_for():
    """Keys that the code asks for by name, with the names it fills in (None where it gives none)."""
    for path in sorted(FOLDER.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            named = ast.unparse(node.func) in ("words", "words.get", "languages.english", "languages.english.get")
            if named and node.args and isinstance(node.args[0], ast.Constant):
                given = (
                    None if any(part.arg is None for part in node.keywords) else {part.arg for part in node.keywords}
                )
                yield path.name, node.args[0].value, given


def braces(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def all_texts(table):
    for value in table.values() if isinstance(table, dict) else table:
        if isinstance(value, str):
            yield value
        else:
            yield from all_texts(value)


def test_every_word_the_code_asks_for_is_there_and_gets_what_it_wants():
    keys = list(asked_for())
    assert len(keys) > 60
    for file, key, given in keys:
        text = ENGLISH.get(key)
        if isinstance(text, str) and given is not None:
            assert braces(text) <= given, f"{key}, asked for in {file}"


def test_every_word_that_is_there_is_asked_for():
    """Each key is in the code, whole, or as the name that is put behind a key's beginning."""
    code = "".join(path.read_text() for path in [*FOLDER.glob("*.py"), *FOLDER.parent.glob("*.py")])
    left_over = []
    for file in (texts.LOCALES / "en").glob("*.json"):
        if file.stem in ("reasons", "recorder"):  # by codes, and in the browser
            continue
        for name, value in json.loads(file.read_text()).items():
            keys = [f"{file.stem}.{name}"]
            if isinstance(value, dict) and name != "qualities":  # qualities are the weights' words
                keys += [f"{file.stem}.{name}.{inner}" for inner in value]
            left_over += [key for key in keys if not _is_asked_for(key, code)]
    assert left_over == []


def _is_asked_for(key, code):
    beginning, _, name = key.rpartition(".")
    put_together = f"{beginning}.{{" in code or f'"{beginning}"' in code
    return key in code or (put_together and re.search(rf"[\"']{name}[\"']", code))


def test_words_of_the_figures_are_complete():
    source = "".join(path.read_text() for path in Path(figures.__file__).parent.glob("*.py"))
    for key in re.findall(r'words\["(\w+)"\]', source):
        assert key in figures.ENGLISH


@pytest.fixture
def folder(tmp_path):
    """A made-up second language that has a few words of its own."""
    made_up = tmp_path / "xx"
    made_up.mkdir()
    (made_up / "glance.json").write_text(
        json.dumps({"reading": "Lesung", "seen": {"too_dark": "{value:.0f} zu {limit}"}})
    )
    (made_up / "reasons.json").write_text(json.dumps({"too_dark": ["Dunkel.", "Licht."]}))
    (made_up / "figures.json").write_text(json.dumps({"nose": "Nase"}))
    (made_up / "page.json").write_text(json.dumps({"disclaimer": "Nur Forschung."}))
    return tmp_path


def test_a_second_language_is_a_second_folder_and_english_fills_its_gaps(folder):
    languages = Languages(folder)
    words = languages.choose("xx")
    assert [known.language for known in languages] == ["en", "xx"]
    assert words("glance.reading") == "Lesung"
    assert words("glance.refused") == "No reading"
    assert words("glance.seen.too_dark", value=3.3, limit=4) == "3 zu 4"
    assert words("glance.seen.too_short", value=3.3, limit=9.5) == "The clip lasts 3.3 s; 9.5 s are needed."
    assert words.get("glance.seen").keys() == ENGLISH.get("glance.seen").keys(), "tables are whole"
    assert words.figures["nose"] == "Nase"
    assert words.figures["chin"] == "chin"
    assert words.disclaimer == "Nur Forschung."
    assert words.reason(reason("too_dark")) == Reason("too_dark", "Dunkel.", "Licht.")
    assert words.reason(reason("too_short")) == reason("too_short")


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("xx", "xx"),
        ("xx-AT,en;q=0.8", "xx"),
        ("fr,XX;q=0.7,en;q=0.3", "xx"),
        ("en-GB,xx;q=0.9", "en"),
        ("xx;q=0.2,en;q=0.9", "en"),
        ("fr", "en"),
        ("", "en"),
        (None, "en"),
        ("xx;q=oops", "en"),
        ("*", "en"),
    ],
)
def test_the_browsers_first_known_language_is_spoken(folder, accepted, language):
    assert Languages(folder).choose(accepted).language == language


def test_a_word_that_nobody_has_is_an_error_that_names_it():
    with pytest.raises(KeyError, match=r"glance\.nothing"):
        ENGLISH("glance.nothing")


def test_english_says_nothing_of_illness():
    said = " ".join(all_texts([json.loads(path.read_text()) for path in (texts.LOCALES / "en").glob("*.json")])).lower()
    for word in ("hypertension", "hypotension", "healthy", "diagnos", "patient"):
        assert word not in said
