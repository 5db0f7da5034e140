"""The visitor's own cuff: what it adds, to which results, in files and in the history."""

import json
import re

import pytest

from bpdemo.export.files import ADJUSTED_KEY
from tests.support.axe import findings
from tests.support.serve_app import EXAMPLES
from tests.support.visitor import FACE_58, FACE_72, choose_example, download, drop, forget_result, wait_for_result

PAIR = re.compile(r"(\d+)\s*/\s*(\d+)")


def pair(place):
    """Return the two numbers that stand first in a part of the page."""
    return tuple(int(number) for number in PAIR.search(place.inner_text()).groups())


def read_own(page, clip):
    drop(page, EXAMPLES / clip)
    return pair(wait_for_result(page, "reading").locator(".bp-pressure .bp-number"))


def enter(page, upper, lower):
    if not page.get_by_label("Upper").is_visible():
        page.locator("details.bp-cuff summary").click()
    page.get_by_label("Upper").fill(str(upper))
    page.get_by_label("Lower").fill(str(lower))
    page.get_by_role("button", name="Use", exact=True).click()


def test_a_cuff_moves_later_readings_by_what_is_shown(open_page):
    page = open_page()
    choose_example(page, FACE_72)
    wait_for_result(page, "reading")
    assert page.locator(".bp-cuff").count() == 0, "an example is nobody's own"
    first = read_own(page, FACE_72)
    page.locator("details.bp-cuff summary").click()
    assert [page.get_by_label(name).input_value() for name in ("Upper", "Lower")] == ["", ""]
    assert findings(page, "#shown") == []
    enter(page, first[0] + 11, first[1] + 200)
    assert page.locator(".bp-cuff [role=alert]").inner_text() != ""
    cuff = first[0] + 11, first[1] - 7
    enter(page, *cuff)
    adjusted = page.locator(".bp-adjusted")
    assert pair(adjusted) == cuff
    assert "+11 / -7 mmHg" in adjusted.inner_text()
    assert findings(page, "#shown") == []

    second = read_own(page, FACE_58)
    adjusted.wait_for()
    assert pair(adjusted) == (second[0] + 11, second[1] - 7)
    _, content = download(page, "json")
    saved = json.loads(content)
    assert [saved[name]["value"] for name in ("systolic", "diastolic")] == pytest.approx(second, abs=0.5)
    by_cuff = saved[ADJUSTED_KEY]
    assert by_cuff["offset"] == {"systolic": 11, "diastolic": -7}
    assert [by_cuff[name]["value"] for name in ("systolic", "diastolic")] == pytest.approx(pair(adjusted), abs=0.5)

    page.get_by_role("tab", name="Compare").click()
    rows = page.locator("[data-history] tbody tr")
    rows.nth(2).wait_for()
    assert [pair(row.locator("td").nth(1)) for row in rows.all()] == [
        second,
        first,
        pair(rows.nth(2).locator("td").nth(1)),
    ]
    assert [row.locator("th").inner_text() for row in rows.all()] == [FACE_58, FACE_72, FACE_72], "newest first"
    assert [row.locator("td").last.inner_text() for row in rows.all()] == ["", f"{cuff[0]}/{cuff[1]}", ""]
    forget_result(page)
    rows.nth(1).get_by_role("button").click()
    assert pair(wait_for_result(page, "reading").locator(".bp-pressure .bp-number")) == first
    assert rows.count() == 3, "what is shown again is no new result"
    page.get_by_role("button", name="Remove").click()
    assert adjusted.count() == 0
    stored = page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")
    assert not any(str(number) in json.dumps(stored) for number in cuff)


READ = """async (typed) => {
  const { offset, readCuff } = await import("/cuff.js");
  const found = readCuff(...typed);
  return typeof found === "string" ? null : found;
}"""


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["129", "84"], [129, 84]),
        ([" 60 ", "30"], [60, 30]),
        (["260", "160"], [260, 160]),
        (["59", "40"], None),
        (["261", "80"], None),
        (["120", "29"], None),
        (["200", "161"], None),
        (["80", "80"], None),
        (["80", "120"], None),
        (["", "80"], None),
        (["120", ""], None),
        (["120.5", "80"], None),
        (["1e2", "80"], None),
        (["-120", "80"], None),
    ],
)
def test_what_no_cuff_shows_is_not_taken(blank_page, typed, expected):
    assert blank_page.evaluate(READ, typed) == expected
