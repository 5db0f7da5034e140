"""Many clips at once: files and zips read one after another, a table and a CSV of them, stopped half way."""

import csv
import zipfile

import pytest

from bpdemo.export.rows import COLUMNS
from tests.support.axe import findings
from tests.support.serve_app import EXAMPLES
from tests.support.visitor import FACE_58, PHOTOGRAPH, WALL, wait_for_result


@pytest.fixture
def batch(open_page):
    """Return a function that opens a page at its batch and chooses files."""

    def open_batch(*files):
        page = open_page()
        page.get_by_role("tab", name="Batch").click()
        page.locator("#batch input[type=file]:enabled").set_input_files(files)
        return page

    return open_batch


def table(page):
    """Return the cells of each row."""
    rows = page.locator("#batch tbody tr").all()
    return [row.locator("th, td").all_inner_texts() for row in rows]


def progress(page, words):
    page.locator("[data-batch=progress]", has_text=words).wait_for()


def test_files_and_zips_fill_a_table_and_a_csv(batch, app, text_file, tmp_path):
    zipped, broken = tmp_path / "clips.zip", tmp_path / "broken.zip"
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as out:
        out.write(EXAMPLES / PHOTOGRAPH, f"day 1/{PHOTOGRAPH}")
        out.writestr("day 1/=notes.txt", "no clip")
    broken.write_bytes(zipped.read_bytes()[:1000])
    page = batch(EXAMPLES / FACE_58, text_file, broken, zipped)
    progress(page, "4 of 4, done")
    names = [FACE_58, text_file.name, "broken.zip", PHOTOGRAPH]
    face, unreadable, damaged, photograph = rows = table(page)
    assert [row[0] for row in rows] == names
    assert face[1] == "Reading"
    assert abs(int(face[4]) - 58) <= 1
    assert all(cell for cell in face[:5])
    for refused in (unreadable, damaged, photograph):
        assert refused[2:5] == ["", "", ""]
        assert refused[1] != face[1]
        assert refused[5], "why"
    assert app.files_left() == []
    with page.expect_download() as taken:
        page.locator("[data-batch=csv]").click()
    with open(taken.value.path(), newline="") as file:
        saved = csv.DictReader(file)
        found = list(saved)
    assert saved.fieldnames == list(COLUMNS)
    assert [row["clip"] for row in found] == names
    assert [row["status"] for row in found] == ["reading", "error", "error", "refused"]
    assert [row["reasons"] for row in found] == ["", "not_a_video", "zip_broken", "no_pulse"]
    low, value, high = (float(found[0][name]) for name in ("systolic_low", "systolic", "systolic_high"))
    assert face[2] == f"{value:.0f} ({low:.0f} to {high:.0f})"
    assert findings(page, "#behind") == []
    for name, status in ((PHOTOGRAPH, "refused"), (FACE_58, "reading")):
        page.evaluate("document.querySelectorAll('#result [data-status]').forEach(e => (e.dataset.old = ''))")
        page.locator("#batch tbody").get_by_role("button", name=name).click()
        result = wait_for_result(page, status)
    assert result.locator(".bp-pressure .bp-number").inner_text().partition("/")[0] == f"{value:.0f}"
    page.locator("#steps canvas[data-picture=spectrum][data-drawn]").wait_for(state="attached")


def test_what_is_stopped_leaves_nothing_and_the_next_clip_is_read(batch, app):
    page = batch(*(EXAMPLES / name for name in (FACE_58, PHOTOGRAPH, FACE_58)))
    page.locator("#batch tbody td", has_text="Being read").wait_for()
    page.locator("[data-batch=stop]").click()
    progress(page, "0 of 3, stopped")
    assert [row[1] for row in table(page)] == ["Stopped"] * 3
    page.locator("[data-batch=clear]").click()
    page.locator("#batch input[type=file]:enabled").set_input_files(EXAMPLES / WALL)
    progress(page, "1 of 1, done")
    assert table(page)[0][:2] == [WALL, "No reading"]
    assert app.files_left() == []


CSV = """async (rows) => {
  const { toCsv } = await import("/csv.js");
  return toCsv(["clip", "snr_db"], rows);
}"""


def test_a_name_commands_no_spreadsheet(blank_page):
    names = ["=1+1.mp4", "-2", "@a", 'say "a", b\n.mp4', "plain.mp4"]
    text = blank_page.evaluate(CSV, [{"clip": name, "snr_db": "-2.5"} for name in names])
    found = list(csv.DictReader(text.splitlines(keepends=True)))
    assert [row["clip"] for row in found] == ["'=1+1.mp4", "-2", "'@a", *names[3:]]
    assert {row["snr_db"] for row in found} == {"-2.5"}


KEPT = """async ({ group, count }) => {
  const { Session } = await import("/session.js");
  const session = new Session();
  const html = (id, number) => {
    const data = JSON.stringify({ id, clip: `${id}.mp4`, number, status: "reading", heart_rate: { value: 60 } });
    return `<section class="bp-result"><div class="bp-strip"><template data-result>${data}</template></div></section>`;
  };
  session.keep([html("first", null), "", ""]);
  session.keep([html("example", 0), "", ""]);
  for (let turn = 0; turn < count; turn++) {
    session.keepClip(new File(["clip"], "a.mp4"), group);
    session.keep([html(`r${turn}`, null), "steps", "evidence"], { group });
  }
  session.keep([html("again", 0), "", ""]);
  session.keep(["<p>cancelled</p>", "", ""]);
  const kept = session.entries.filter(({ parts }) => parts.length).map(({ id }) => id);
  const rates = session.entries.map(({ numbers }) => numbers.heart_rate.value);
  return { kept, all: session.entries.map(({ id }) => id), clips: session.clips.size, rates };
}"""


@pytest.mark.parametrize(("group", "first_stays"), [("batch", True), ("single", False)])
def test_of_many_results_the_last_few_are_kept_whole(blank_page, group, first_stays):
    found = blank_page.evaluate(KEPT, {"group": group, "count": 30})
    assert ("first" in found["kept"]) == first_stays, "a batch takes no room from clips that were sent alone"
    assert len(found["kept"]) <= 8
    assert "r29" in found["kept"]
    assert found["clips"] <= 6
    assert found["rates"] == [60] * 32, "numbers stay"
    assert "example" not in found["all"], "an example is kept once"
    assert found["all"][-1] == "again"
