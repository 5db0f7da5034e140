"""What README and docs tell people to type works, and their links lead somewhere."""

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import httpx
import pytest
import typer
import yaml
from typer.testing import CliRunner

from bpdemo.cli import app as command_line
from bpdemo.estimate_json import json_schema
from bpdemo.synthesis.maps import QUALITIES, CaptureQuality
from tests.support.serve_app import EXAMPLES, ROOT

README, API = ROOT / "README.md", ROOT / "docs" / "api.md"
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "examples" / "README.md"]
URL = "http://127.0.0.1:7860"
RUN_HERE = ("estimate", "stmap", "check", "--version")
MOST_CHARACTERS = 9000
PRINTED = {
    "best_window": r"^reading \[\]\n5[78]\.\d+ \[",
    "estimate.systolic.value": r"^reading \[\]\n[\d.]+ \(",
    "read_windows": r"^0\.0 \(4, 30, 450\) 58\.\d+ \[\]\n$",
    "handle_file(": r"^reading \[\] \{",
    "ThreadPoolExecutor": r"^me\.mp4 reading 5[78]\.\d\nno clip\.mp4 error None\n$",
}
"""What a block with these words in it prints; the last that fits counts."""


def blocks(language, *pages):
    """Return the code blocks of pages in one language."""
    texts = (page.read_text(encoding="utf-8") for page in pages)
    return [block for text in texts for block in re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)]


def commands():
    """Return every command that a page names, in a block or in a sentence, as words, with its page."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        lines = "".join(blocks("sh", page)).splitlines() + re.findall(r"`([^`\n]+)`", text)
        for line in lines:
            words = shlex.split(line, comments=True) if line.count("'") % 2 == 0 and line.count('"') % 2 == 0 else []
            words = [word for word in words if not re.fullmatch(r"[A-Z_]+=\S+", word)]
            if words and words[0] in ("bpdemo", "make", "python", "torchrun"):
                yield page.name, words


@pytest.fixture
def folder(tmp_path):
    shutil.copy(EXAMPLES / "face_58_bpm.webm", tmp_path / "me.mp4")
    (tmp_path / "no clip.mp4").write_text("not a video")
    (tmp_path / "clips").mkdir()
    for name in ("face_58_bpm.webm", "wall.mp4"):
        (tmp_path / "clips" / name).symlink_to(EXAMPLES / name)
    return tmp_path


def run(arguments, folder):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ran = subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.slow
def test_python_blocks_run(folder, app):
    codes = [code.replace(URL, app.url) for code in blocks("python", README, API)]
    next_page = "\f\n"
    printed = run([sys.executable, "-c", f"print({next_page!r}, end='')\n".join(codes)], folder).split(next_page)
    for code, text in zip(codes, printed, strict=True):
        expected = [pattern for words, pattern in PRINTED.items() if words in code][-1]
        assert re.search(expected, text, flags=re.MULTILINE), text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "code"),
    [
        *((["bash", "-c"], code) for code in blocks("bash", README, API)),
        *((["node", "--input-type=module", "-e"], code) for code in blocks("js", README, API) if "@gradio" not in code),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_other_programs_run(program, code, folder, app):
    if shutil.which(program[0]) is None:
        pytest.skip(f"there is no {program[0]}")
    assert re.search(r'reading \[\]|"status": "reading"', run([*program, code.replace(URL, app.url)], folder))


@pytest.mark.slow
def test_command_lines_run(folder, monkeypatch):
    monkeypatch.chdir(folder)
    lines = "".join(blocks("sh", README, API)).splitlines()
    typed = [words for line in lines if (words := shlex.split(line, comments=True))[:1] == ["bpdemo"]]
    here = [words for words in typed if words[1] in RUN_HERE]
    assert {words[1] for words in here} == set(RUN_HERE)
    for words in {tuple(words) for words in here}:
        ran = CliRunner().invoke(command_line, words[1:])
        assert (ran.exit_code, ran.exception) == (0, None), words
        assert ran.stdout or "-o" in words
    assert (folder / "map.npz").is_file()


@pytest.mark.slow
def test_the_mcp_server_is_where_settings_look_for_it(app):
    for block in blocks("json", README, API):
        for server in json.loads(block)["mcpServers"].values():
            assert httpx.get(server["url"].replace(URL, app.url)).status_code != 404


def test_commands_and_their_options_exist():
    known = typer.main.get_command(command_line)
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for page, words in commands():
        if "bpdemo" in words and (words[0] == "bpdemo" or words[words.index("bpdemo") - 1] == "-m"):
            name, *rest = words[words.index("bpdemo") + 1 :] or ["--help"]
            options = known.commands[name].params if not name.startswith("-") else known.params
            spellings = {spelling for option in options for spelling in option.opts} | {"--help"}
            for word in rest:
                assert not word.startswith("-") or word in {*spellings, "-"}, f"{page}: {' '.join(words)}"
        elif words[0] == "make":
            assert set(words[1:]) <= targets, f"{page}: {' '.join(words)}"
        elif words[:2] == ["python", "-m"]:
            assert_module_knows(words[2:], page)


def assert_module_knows(words, page):
    """Check that a module is there, and that its source names the options it is given."""
    module = importlib.util.find_spec(words[0])
    assert module is not None, f"{page}: {words[0]}"
    places = module.submodule_search_locations
    files = Path(places[0]).glob("*.py") if places else [Path(module.origin)]
    source = "".join(file.read_text(encoding="utf-8") for file in files)
    for word in words[1:]:
        assert not word.startswith("--") or f'"{word}"' in source, f"{page}: {' '.join(words)}"


def anchors(page):
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(
        r"^#+ (.+)$", re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL), flags=re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_files_exist(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", text):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link
    for name in re.findall(r"`((?:weights|benchmarks|docs|bpdemo|tests|tools|experiments|examples)/[\w./]+)`", text):
        assert "NAME" in name or (ROOT / name).exists(), name


def test_every_picture_is_shown():
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for picture in ROOT.glob("docs/*.png"):
        assert re.search(rf"\((?:docs/)?{picture.name}\)", text), picture.name


@pytest.mark.parametrize("name", ["README.md", "weights/README.md"])
def test_readme_and_model_card_are_short(name):
    assert len((ROOT / name).read_text(encoding="utf-8")) <= MOST_CHARACTERS


def test_every_field_of_the_json_form_is_documented():
    text = API.read_text(encoding="utf-8")
    schema = json_schema()
    for name in schema["properties"]:
        assert f"`{name}`" in text, name


def test_front_matter_is_what_is_installed():
    front_matter = yaml.safe_load(README.read_text(encoding="utf-8").split("---")[1])
    assert f"gradio[mcp]=={front_matter['sdk_version']}" in (ROOT / "requirements.txt").read_text()
    assert front_matter["sdk"] == "gradio"
    assert (ROOT / front_matter["app_file"]).is_file()
    assert front_matter["license"] == "apache-2.0"
    assert front_matter["suggested_hardware"]
    assert len(front_matter["short_description"]) <= 60


def test_the_ranges_of_renderings_are_those_that_are_drawn_from():
    rows = (ROOT / "docs" / "rendering.md").read_text(encoding="utf-8").splitlines()
    for name in (field.name for field in fields(CaptureQuality)):
        ranges = (getattr(quality, name) for quality in QUALITIES.values())
        cells = " | ".join(f"{100 * low:.3g} to {100 * high:.3g} %" for low, high in ranges)
        assert sum(row.endswith(f"| {cells} |") for row in rows) == 1, name
