"""Maps read back from a folder and, by the real huggingface_hub, from a Hub on the loopback interface."""

import json
import threading
from types import SimpleNamespace

import httpx2
import numpy as np
import pyarrow as pa
import pytest
from huggingface_hub import constants
from huggingface_hub.utils import _http as http
from pyarrow import parquet

from bpdemo.errors import BpdemoError
from bpdemo.maps import schema
from bpdemo.maps.finished import write_maps as write_file_of_maps
from bpdemo.maps.store import read_rows
from bpdemo.maps.summary import count_maps
from tests.support.small_maps import window_row, write_maps, write_recording

REPO = "someone/maps"
FEW = ("person", "status", "systolic")


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """huggingface_hub's pauses before it tries again take no time."""
    monkeypatch.setattr(http, "time", SimpleNamespace(sleep=lambda _: None))


@pytest.fixture(scope="module")
def twenty(tmp_path_factory):
    """Maps of twenty recordings, more than are fetched ahead; not to be changed."""
    folder = tmp_path_factory.mktemp("twenty")
    for number in range(20):
        write_recording(folder, "mine:A", f"{number:02}", [window_row(0)])
    return folder


def commit(hub, folder, *refs, repo=REPO):
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return hub.commit(f"datasets/{repo}", files, *refs)


def caught(source, columns=FEW):
    """Return the error of reading all of it."""
    with pytest.raises(BpdemoError) as error:
        list(read_rows(source, columns))
    return error.value


def assert_equal(rows, expected, columns=tuple(schema.COLUMNS)):
    assert len(rows) == len(expected)
    for row, true in zip(rows, expected, strict=True):
        assert tuple(row) == columns
        for name in columns:
            value, wanted = row[name], true.get(name)
            if isinstance(wanted, np.ndarray):
                assert value.dtype == wanted.dtype
                np.testing.assert_array_equal(value, wanted)
            else:
                assert value == wanted, name


def test_what_was_written_is_read_in_the_order_of_the_files(maps):
    expected = write_maps(maps)
    assert_equal(list(read_rows(maps, list(schema.COLUMNS))), expected)
    assert_equal(list(read_rows(str(maps), ["stmap", "person"])), expected, ("stmap", "person"))
    assert_equal(list(read_rows(maps / "ppg_bp", FEW)), expected[3:], FEW)


def test_a_row_that_is_kept_keeps_no_others(maps):
    row = next(read_rows(maps, ["stmap"]))
    assert row["stmap"].flags.owndata
    assert row["stmap"].flags.writeable


CROPS = {"crops": b"\x00\x07\xff", "crops_frames": 1, "crops_form": "{}", "crops_contact": np.float32([0.5])}


def test_crops_are_arrays_beside_rows_that_have_none(maps):
    expected = [
        *write_recording(maps, "mine:A", "a_test", [window_row(0, **CROPS), window_row(1)]),
        *write_recording(maps, "mine:A", "b", [window_row(0)]),
    ]
    rows = list(read_rows(maps / "mine", [*CROPS, "stmap"]))
    np.testing.assert_array_equal(rows[0]["crops"], np.uint8([0, 7, 255]))
    assert (rows[1]["crops"], rows[2]["crops"]) == (None, None)
    rest = ("crops_frames", "crops_form", "crops_contact", "stmap")
    assert_equal([{name: row[name] for name in rest} for row in rows], expected, rest)
    assert count_maps(maps)["mine"].crops == 1


def test_crops_of_a_long_clip_are_read_a_window_at_a_time(tmp_path):
    size, before = 1 << 20, pa.total_allocated_bytes()
    rows = [window_row(number, **CROPS | {"crops": bytes([number]) * size}) for number in range(12)]
    write_file_of_maps(tmp_path / "mine" / "a.parquet", rows)
    del rows
    for number, row in enumerate(read_rows(tmp_path, ["crops", "window"])):
        assert (row["window"], row["crops"].size) == (number, size)
        assert (row["crops"] == number).all()
        assert pa.total_allocated_bytes() - before < 4 * size


def test_a_file_from_before_there_were_crops_has_none(maps):
    rewrite(maps, {schema.SPECIFICATION: json.dumps(schema.specification())}, drop=CROPS)
    assert [row["crops"] for row in read_rows(maps, ["window", "crops", "crops_form"])] == [None] * 7
    assert {name: counts.crops for name, counts in count_maps(maps).items()} == {"mine": 0, "ppg_bp": 0}


def test_lists_of_a_recording_with_many_windows(tmp_path):
    rows = [{"window": n, "beats_s": np.arange(n % 7) + 0.5 * n, "status": "reading"} for n in range(200)]
    rows[130]["beats_s"] = None
    expected = write_recording(tmp_path, "mine:A", "long", rows)
    columns = ("beats_s", "window")
    assert_equal(list(read_rows(tmp_path, columns)), expected, columns)


def test_what_is_hidden_or_not_parquet_is_not_read(maps):
    for name in ("mine/.a.parquet", ".work/a.parquet", "mine/notes.txt", "README.md"):
        (maps / name).parent.mkdir(exist_ok=True)
        (maps / name).write_bytes(b"something else")
    assert len(list(read_rows(maps, FEW))) == 7


def test_from_the_hub_the_same(hub, maps):
    commit(hub, maps)
    assert_equal(list(read_rows(REPO, list(schema.COLUMNS))), write_maps(maps))


def test_only_wanted_columns_are_fetched(hub, tmp_path):
    rows = write_recording(tmp_path / "maps", "mine:A", "a", [window_row(n) for n in range(20)])
    commit(hub, tmp_path / "maps")
    whole = (tmp_path / "maps" / "mine" / "a.parquet").stat().st_size
    assert_equal(list(read_rows(REPO, FEW)), rows, FEW)
    assert 0 < sum(request.sent for request in hub.requests) < whole / 10


def test_a_folder_wins_over_a_repo(hub, maps, monkeypatch):
    monkeypatch.chdir(maps)
    assert len(list(read_rows("ppg_bp", FEW))) == 4
    (maps / "someone").mkdir()
    write_recording(maps / REPO, "mine:A", "a", [{"status": "error"}])
    assert [row["status"] for row in read_rows(REPO, FEW)] == ["error"]
    assert hub.requests == []


def test_branch_tag_and_commit(hub, maps):
    old = commit(hub, maps)
    write_recording(maps, "mine:Z", "z", [window_row(0)])
    new = commit(hub, maps, "main", "v2")
    for revision, length in (("", 8), ("@main", 8), ("@v2", 8), (f"@{new}", 8), (f"@{old}", 7)):
        assert len(list(read_rows(REPO + revision, FEW))) == length


def test_a_push_while_maps_are_read_changes_nothing_in_them(hub, tmp_path):
    for number in range(30):
        write_recording(tmp_path / "old", "mine:A", f"{number:02}", [window_row(0, systolic=100.0 + number)])
        write_recording(tmp_path / "new", "mine:A", f"{number:02}", [window_row(0, systolic=0.0)])
    old = commit(hub, tmp_path / "old")
    rows = read_rows(REPO, ["systolic"])
    first = next(rows)["systolic"]
    commit(hub, tmp_path / "new")
    assert [first, *(row["systolic"] for row in rows)] == [100.0 + number for number in range(30)]
    fetched = [request.path for request in hub.requests if "/resolve/" in request.path]
    assert all(f"/resolve/{old}/" in path for path in fetched)


def test_reading_that_is_left_leaves_no_threads(maps):
    before = threading.active_count()
    rows = read_rows(maps, FEW)
    next(rows)
    rows.close()
    assert threading.active_count() == before


def test_no_maps(hub, tmp_path):
    (tmp_path / "empty").mkdir()
    hub.commit(f"datasets/{REPO}", {"README.md": b"# nothing", "train.csv": b"1"})
    for source in (tmp_path / "missing", tmp_path / "empty", "./missing", "no name", "a/b/c", "", REPO):
        error = caught(source)
        assert error.code == "maps_missing"
        assert "bpdemo extract" in error.reason.remedy


def rewrite(maps, metadata, drop=()):
    path = maps / "mine" / "a_test.parquet"
    table = parquet.read_table(path).drop_columns(list(drop))
    parquet.write_table(table.replace_schema_metadata(metadata), path)


@pytest.mark.parametrize("part", ["version", "stmap", "beats", "settings"])
def test_maps_of_another_version(maps, part):
    changed = json.loads(json.dumps(schema.specification()))
    if part == "version":
        changed["version"] = 77
    elif part == "settings":
        changed["stmap"]["rate_hz"] = 77
    else:
        changed[part]["version"] = 77
    rewrite(maps, {schema.SPECIFICATION: json.dumps(changed).encode()})
    error = caught(maps)
    assert error.code == "maps_other_version"
    assert "mine/a_test.parquet" in error.reason.message
    assert ("77" in error.reason.message) == (part != "settings")


@pytest.mark.parametrize("metadata", [None, {}, {b"bpdemo": b"{"}, {b"other": b"{}"}])
def test_a_parquet_file_of_something_else(maps, metadata):
    rewrite(maps, metadata)
    assert caught(maps).code == "maps_invalid"


@pytest.mark.parametrize("specification", [b"[]", b"1", b'{"stmap": 1}'])
def test_a_specification_that_is_none(maps, specification):
    rewrite(maps, {schema.SPECIFICATION: specification})
    assert caught(maps).code == "maps_other_version"


def test_a_column_that_is_missing_or_of_another_type(maps):
    path = maps / "mine" / "a_test.parquet"
    whole = parquet.read_table(path)
    rewrite(maps, schema.schema().metadata, drop=["status"])
    assert caught(maps).code == "maps_invalid"
    texts = pa.array(["120", "121"])
    parquet.write_table(whole.set_column(whole.column_names.index("systolic"), "systolic", texts), path)
    assert caught(maps).code == "maps_invalid"
    assert len(list(read_rows(maps, ["status"]))) == 7


@pytest.mark.parametrize("from_hub", [False, True])
@pytest.mark.parametrize("damage", ["empty", "text", "cut short", "overwritten"])
def test_damaged_files(hub, maps, damage, from_hub):
    path = maps / "ppg_bp" / "7.parquet"
    data = path.read_bytes()
    path.write_bytes(
        {
            "empty": b"",
            "text": b"not Parquet" * 10,
            "cut short": data[:-100],
            "overwritten": data[:4] + bytes(len(data) // 2) + data[4 + len(data) // 2 :],
        }[damage]
    )
    commit(hub, maps)
    error = caught(REPO if from_hub else maps, list(schema.COLUMNS))
    assert error.code == "maps_invalid"
    assert "ppg_bp/7.parquet" in error.reason.message


def test_no_such_repo_or_revision(hub, maps):
    commit(hub, maps)
    hub.commit("someone/model", {"config.json": b"{}"})
    for source in ("someone/else", "someone/model"):
        error = caught(source)
        assert error.code == "hub_repo_not_found"
        assert "dataset" in error.reason.message
    assert caught(f"{REPO}@v9").code == "hub_revision_not_found"


def test_private_and_gated_repos(hub, maps, monkeypatch):
    for kind in ("private", "gated"):
        commit(hub, maps, repo=f"someone/{kind}")
        setattr(hub.repos[f"datasets/someone/{kind}"], kind, True)
    assert caught("someone/private").code == "hub_repo_not_found"
    assert caught("someone/gated").code == "hub_access_denied"
    monkeypatch.setenv("HF_TOKEN", "secret")
    for kind in ("private", "gated"):
        assert len(list(read_rows(f"someone/{kind}", FEW))) == 7
    assert not any(request.authorised for request in hub.requests if "/cdn/" in request.path)


@pytest.mark.parametrize("down", ["closed", "503", "offline", "foreign", "silent"])
def test_a_hub_that_is_down(hub, maps, down, monkeypatch):
    commit(hub, maps)
    if down == "closed":
        hub.close()
    elif down == "503":
        hub.status = 503
    elif down == "offline":
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    elif down == "foreign":
        hub.foreign = "/"
    else:
        hub.silent = "/"
        monkeypatch.setattr(constants, "HF_HUB_ETAG_TIMEOUT", 0.1)
    assert caught(REPO).code == "hub_unreachable"


@pytest.mark.parametrize("down", ["closed", "cut", "503"])
def test_a_hub_that_goes_down_while_maps_are_read(hub, twenty, down):
    commit(hub, twenty)
    rows = read_rows(REPO, FEW)
    next(rows)
    if down == "closed":
        hub.close()
    elif down == "cut":
        hub.cut = ".parquet"
    else:
        hub.status = 503
    with pytest.raises(BpdemoError) as error:
        list(rows)
    assert error.value.code == ("hub_unreachable" if down == "503" else "hub_download_broken")


@pytest.mark.parametrize("gone", ["taken away", "closed"])
def test_a_session_that_another_thread_closes(hub, twenty, gone, monkeypatch):
    commit(hub, twenty)
    rows = read_rows(REPO, FEW)
    next(rows)
    session = httpx2.Client()
    session.close()
    monkeypatch.setattr(http, "get_session", lambda: session if gone == "closed" else None)
    with pytest.raises(BpdemoError) as error:
        list(rows)
    assert error.value.code == "hub_download_broken"


@pytest.mark.parametrize("from_hub", [False, True])
def test_counts(hub, maps, from_hub):
    commit(hub, maps)
    counts = count_maps(REPO if from_hub else maps)
    assert list(counts) == ["mine", "ppg_bp"]
    mine, published = counts.values()
    assert (mine.people, mine.clips, mine.unread) == ({"mine:A"}, {"a_test": 36.0, "b": 0.0}, 1)
    assert (mine.windows, mine.pressures, mine.facts) == ({"reading": 1, "refused": 1}, 1, {"skin_tone"})
    assert (published.people, published.unread) == ({"ppg_bp:7", "ppg_bp:8"}, 0)
    assert published.clips == {"7": 36.0, "8": 36.0}
    assert (published.windows, published.pressures, published.facts) == ({"reading": 4}, 4, {"age", "sex"})
