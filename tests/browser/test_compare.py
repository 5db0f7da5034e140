"""Two results side by side: what is offered first, one cursor, each by method and model, the visitor's own."""

import re

import pytest

from tests.support.axe import findings
from tests.support.serve_app import EXAMPLES
from tests.support.visitor import FACE_58, choose_example, drop, wait_for_result

SEVERAL = 3  # pulse methods


@pytest.fixture
def compare(open_page):
    """Return a function that opens a page at its comparison, and the strips of both sides."""

    def open_compare(**options):
        page = open_page(**options)
        page.get_by_role("tab", name="Compare").click()
        return page, *(page.locator(f"#compare [data-strip={side}]") for side in "ab")

    return open_compare


def map_in(side):
    return side.locator("canvas[data-picture=map]")


def wait_until_drawn(*sides):
    for side in sides:
        side.locator(".bp-strip[data-drawn]").wait_for()


def test_a_face_stands_against_a_photograph_at_once(compare):
    page, face, photograph = compare()
    wait_until_drawn(face, photograph)
    assert face.locator(".bp-pressure, .bp-rate").count() == 2
    assert photograph.locator(".bp-pressure, .bp-rate, canvas[data-picture=ranges]").count() == 0
    assert abs(map_in(face).bounding_box()["x"] - map_in(photograph).bounding_box()["x"]) < 1
    assert map_in(face).bounding_box()["y"] < map_in(photograph).bounding_box()["y"]
    for side in "ab":
        assert page.locator(f"[data-methods={side}] canvas").count() == SEVERAL
    rates = re.findall(r"(\d+) bpm", page.locator("[data-methods=a]").inner_text())
    assert all(abs(int(rate) - 72) <= 1 for rate in rates)
    value = face.locator(".bp-pressure .bp-number").inner_text().partition("/")[0].strip()
    assert page.locator("[data-models=a] tbody td").first.inner_text().startswith(f"{value} (")
    assert page.locator("[data-models=b] table").count() == 0
    assert findings(page, "#compare") == []


def test_one_cursor_and_one_switch_are_for_both(compare):
    page, *sides = compare(height=1200)
    wait_until_drawn(*sides)
    for one, other in (sides, reversed(sides)):
        map_in(one).focus()
        for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight"):
            page.keyboard.press(key)
        for name in ("aria-valuenow", "aria-valuetext"):
            assert map_in(one).get_attribute(name)
        assert map_in(one).get_attribute("aria-valuenow") == map_in(other).get_attribute("aria-valuenow")
        assert one.locator("[data-time]").input_value() == other.locator("[data-time]").input_value() != "0"
    sides[0].locator("label", has_text="U").click()
    assert [side.locator("[data-channel]:checked").input_value() for side in sides] == ["U", "U"]


def test_own_results_are_offered_and_shown_again(compare):
    page, a, b = compare()
    wait_until_drawn(a, b)
    choose_example(page, FACE_58)
    wait_for_result(page, "reading")
    assert page.locator("[data-entries] option").count() == 0, "an example is there already"
    drop(page, EXAMPLES / FACE_58)
    own = wait_for_result(page, "reading").locator(".bp-pressure .bp-number").inner_text()
    page.locator("[data-entries=b] option").wait_for(state="attached")
    page.locator("[data-choice=b]").select_option(index=1)
    page.locator("[data-strip=b] .bp-pressure").wait_for()
    assert b.locator(".bp-pressure .bp-number").inner_text() == own
    ids = page.evaluate("[...document.querySelectorAll('#compare [id]')].map(({ id }) => id)")
    assert len(ids) == len(set(ids))
    names = page.evaluate("[...document.querySelectorAll('[data-channel]')].map(({ name }) => name)")
    assert len(set(names)) == 3, "a choice of channel in each strip"
