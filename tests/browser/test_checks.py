"""What the recorder says of looks at a camera's picture: one thing, at the right time. The looks are made up."""

import itertools

import pytest

GOOD = {"face": {"x": 0, "y": 0, "width": 0.4}, "luma": 120, "halves": 0.9, "clipped": 0, "sway": 0.01, "rateHz": 30}
TAKE = """async ([kind, looks]) => {
  const { [kind]: Kind } = await import("/recorder/checks.js");
  const judge = new Kind();
  return looks.map(({ luma, halves, clipped, ...look }) =>
    judge.take({ ...look, face: look.face === "unknown" ? undefined : look.face, light: { luma, halves, clipped } }));
}"""


def at(x=0.0, y=0.0, width=0.4):
    return {"face": {"x": x, "y": y, "width": width}}


def looks(*parts):
    """Ten looks a second: for each part what it changes, and for how many seconds."""
    shown = [change for change, seconds in parts for _ in range(round(10 * seconds))]
    return [{**GOOD, **change, "timeS": number / 10} for number, change in enumerate(shown)]


@pytest.fixture(scope="module")
def judge(blank_page):
    return lambda *parts: blank_page.evaluate(TAKE, ["Judge", looks(*parts)])


@pytest.fixture(scope="module")
def early(blank_page):
    """The first cause to stop, and how many seconds it took from the last part's begin."""

    def find(*parts):
        causes = blank_page.evaluate(TAKE, ["EarlyStop", looks(*parts)])
        first = next((number for number, cause in enumerate(causes) if cause), None)
        if first is None:
            return None, None
        return causes[first], first / 10 - sum(seconds for _, seconds in parts[:-1])

    return find


@pytest.mark.parametrize(
    ("change", "instruction", "failed"),
    [
        ({}, "ready", []),
        ({"face": None}, "no_face", ["face"]),
        ({"face": None, "luma": 20}, "dark_no_face", ["face", "light"]),
        (at(width=0.2), "closer", ["face"]),
        (at(width=0.68), "back", ["face"]),
        (at(x=0.2), "move_right", ["face"]),  # at the picture's right is the person's left
        (at(x=-0.2), "move_left", ["face"]),
        (at(y=0.22), "move_up", ["face"]),
        (at(y=-0.2), "move_down", ["face"]),
        ({"luma": 45}, "dark", ["light"]),
        ({"halves": 0.5}, "uneven", ["even"]),
        ({"clipped": 0.2}, "glaring", ["bright"]),
        ({"sway": 0.08}, "moving", ["still"]),
        ({"rateHz": 12}, "slow", ["rate"]),
        ({"rateHz": 15}, "ready", []),
        (at(x=0.2) | {"luma": 45, "rateHz": 12}, "move_right", ["face", "light", "rate"]),
    ],
)
def test_the_most_important_thing_is_said_and_fits_the_checks(judge, change, instruction, failed):
    last = judge((change, 2))[-1]
    assert last["instruction"] == instruction
    assert [name for name, passed in last["passed"].items() if passed is False] == failed
    assert last["isReady"] == (instruction == "ready")


def test_of_a_face_that_is_not_there_nothing_is_said(judge):
    passed = judge(({"face": None}, 2))[-1]["passed"]
    assert passed == {"face": False, "light": True, "even": None, "bright": None, "still": None, "rate": True}


@pytest.mark.parametrize(
    ("change", "instruction"), [({}, "ready_unchecked"), ({"luma": 20}, "dark"), ({"rateHz": 9}, "slow")]
)
def test_a_browser_that_cannot_look_for_faces_checks_light_and_frame_rate(judge, change, instruction):
    last = judge(({"face": "unknown"} | change, 2))[-1]
    assert (last["instruction"], last["isReady"]) == (instruction, False)
    assert {last["passed"][name] for name in ("face", "even", "bright", "still")} == {None}


def test_what_comes_and_goes_quickly_is_not_said(judge):
    one, other = at(x=0.2), {"luma": 45}
    flickering = [({}, 1.5), *[({}, 0.2), (one, 0.2)] * 5]
    assert {verdict["instruction"] for verdict in judge(*flickering)[15:]} == {"ready"}
    for first, second in ((one, at(width=0.2)), (other, one)):
        said = [verdict["instruction"] for verdict in judge(({}, 1.5), (first, 1), (second, 1))]
        assert len([1 for before, after in itertools.pairwise(said[15:]) if before != after]) == 2, said
    # Faults that take turns are a fault all the same.
    assert not judge(({}, 1.5), *[(one, 0.2), (at(width=0.2), 0.2)] * 5)[-1]["isReady"]


def test_a_fault_at_its_limit_does_not_flicker(judge):
    said = [v["instruction"] for v in judge(({"luma": 54}, 1.5), *[({"luma": 56}, 0.5), ({"luma": 54}, 0.5)] * 3)]
    assert set(said[10:]) == {"dark"}
    assert judge(({"luma": 54}, 1.5), ({"luma": 60}, 0.6))[-1]["instruction"] == "ready"


def test_a_frame_rate_is_not_judged_before_it_was_counted(judge):
    first, last = (judge(({"rateHz": 3}, seconds))[-1] for seconds in (0.9, 1.7))
    assert (first["passed"]["rate"], first["isReady"]) == (None, False)
    assert last["instruction"] == "slow"


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({}, None),
        ({"face": None}, "face_lost"),
        ({"face": None, "luma": 40}, "face_lost"),
        ({"luma": 90}, "light_changed"),
        ({"luma": 150}, "light_changed"),
        ({"luma": 110}, None),
        ({"rateHz": 10}, "too_slow"),
        ({"sway": 0.5}, None),
        (at(x=0.5), None),
    ],
)
def test_a_recording_ends_within_a_second_of_what_spoils_it(early, change, cause):
    found, after_s = early(({}, 3), (change, 2))
    assert found == cause
    assert cause is None or after_s < 1


def test_what_was_never_well_ends_nothing(early):
    assert early(({"face": None, "rateHz": 8}, 4)) == (None, None)
    assert early(({"face": "unknown"}, 4)) == (None, None)


def test_a_blink_of_the_finder_and_light_that_drifts_end_nothing(early):
    assert early(({}, 2), ({"face": None}, 0.3), ({}, 2)) == (None, None)
    drift = [({"luma": 120 - step}, 0.2) for step in range(30)]
    assert early(*drift) == (None, None)


def test_there_are_words_for_whatever_is_found(blank_page):
    missing = blank_page.evaluate("""async () => {
      const { CHECKS, EarlyStop } = await import("/recorder/checks.js");
      const { CHECK_NAMES, STOPPED } = await import("/recorder/words.js");
      const has = (words) => (code) => !(words[code]?.length > 2);
      return [...CHECKS.filter(has(CHECK_NAMES)), ...Object.keys(new EarlyStop().causes).filter(has(STOPPED))];
    }""")
    assert missing == []


@pytest.mark.parametrize(
    ("label", "virtual"),
    [
        ("OBS Virtual Camera", True),
        ("ManyCam Virtual Webcam", True),
        ("Snap Camera", True),
        ("XSplit VCam", True),
        ("Integrated Webcam (0408:a060)", False),
        ("FaceTime HD Camera", False),
        ("camera2 0, facing back", False),
        ("Logitech BRIO", False),
        ("", False),
    ],
)
def test_a_virtual_camera_is_told_by_its_name(blank_page, label, virtual):
    given = blank_page.evaluate("async (label) => (await import('/recorder/camera.js')).isVirtual(label)", label)
    assert given is virtual
