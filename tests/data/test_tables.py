import logging

import numpy as np
import pytest

from bpdemo.data.beat_rate import impossible_beat_rate
from bpdemo.data.clips import load_clips
from bpdemo.data.person import group_people
from bpdemo.data.pressure import Cuff
from bpdemo.data.recordings import load_recordings
from bpdemo.errors import DataError
from bpdemo.sources import Pictures
from bpdemo.synthesis.pulses import beats_of
from tests.support.small_ppg_bp import finger_pulse
from tests.support.small_tables import write_recordings

HEADER = "file,person,sampling_rate_hz,systolic,diastolic\n"
CLIP_HEADER = "clip,person,systolic,diastolic\n"


def error_of(load, folder):
    with pytest.raises(DataError) as caught:
        load(folder)
    assert caught.value.reason.message.endswith(".")
    assert caught.value.reason.remedy.endswith(".")
    return caught.value.code


def test_recordings_are_read_person_by_person(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        recordings = load_recordings(write_recordings(tmp_path))
    people = group_people(recordings)
    assert [person.name for person in people] == [f"recordings:{i}" for i in range(6)]
    text, array = people[1].pulses
    assert (text.rate_hz, array.rate_hz) == (125, 200)
    assert (text.values.shape, array.values.shape) == ((500,), (800,))
    assert all(recording.clip is None for recording in recordings)
    assert all(len(beats_of(person)) >= 5 for person in people)
    # One label a person: the mean of 118 and 122.
    assert (people[1].systolic, people[1].diastolic) == (120, 65)
    assert "6 people have several pressures" in caplog.text


def test_tables_may_come_as_spreadsheets_save_them(folder):
    """With a byte-order mark, CRLF, columns in any order, spaces, an empty line and an array of one column."""
    np.save(folder / "b.npy", np.arange(5, dtype=np.int16).reshape(-1, 1))
    (folder / "c.csv").write_text("1, 2, 3, 4\n")
    table = (
        "\ufeffperson, file ,systolic,diastolic,sampling_rate_hz,age\r\n"
        '"x, y",a.txt, 120 ,80,100,3\r\n\r\nz,b.npy,121.5,81,50,4\r\nz,c.csv,121.5,81,50,4\r\n'
    )
    (folder / "recordings.csv").write_bytes(table.encode())
    first, second = group_people(load_recordings(folder, "mine"))
    assert (first.name, first.systolic, first.pulses[0].values.tolist()) == ("mine:x, y", 120.0, [1, 2, 3])
    assert (second.name, second.systolic) == ("mine:z", 121.5)
    assert [pulse.values.tolist() for pulse in second.pulses] == [[0, 1, 2, 3, 4], [1, 2, 3, 4]]


def test_clips_keep_their_own_pressures(folder):
    (folder / "clips.csv").write_text(CLIP_HEADER + "a.mp4,7,120,80\nb.mp4,7,140,90\n")
    recordings = load_clips(folder)
    assert [(one.person, one.name, one.clip, one.pressure) for one in recordings] == [
        ("clips:7", "a.mp4", folder / "a.mp4", Cuff(120, 80)),
        ("clips:7", "b.mp4", folder / "b.mp4", Cuff(140, 90)),
    ]
    (person,) = group_people(recordings)
    assert (person.name, person.systolic, person.diastolic, person.pulses) == ("clips:7", 130, 85, ())


def test_what_is_not_known_of_a_clip_is_none(folder):
    (folder / "pictures").mkdir()
    (folder / "stamped").mkdir()
    (folder / "clips.csv").write_text(
        "clip,person,systolic,diastolic,heart_rate,frame_rate_hz\n"
        "a.mp4,1,,,72.5,\nb.mp4,2,,,none,\npictures,3,120,80,,25\nstamped,3,,,,\n"
    )
    video, photograph, pictures, stamped = load_clips(folder)
    assert (video.pressure, video.heart_rate_bpm) == (None, 72.5)
    assert photograph.heart_rate_bpm == 0
    assert (pictures.clip, pictures.heart_rate_bpm) == (Pictures(folder / "pictures", rate_hz=25), None)
    assert stamped.clip == Pictures(folder / "stamped")
    assert [person.name for person in group_people([video, photograph, pictures, stamped])] == ["clips:3"]


def test_what_a_table_says_of_people_is_read(folder):
    columns = "age,sex,height_cm,weight_kg,skin_tone,task,camera\n"
    (folder / "clips.csv").write_text(
        CLIP_HEADER.strip() + "," + columns + "a.mp4,7,120,80,40,F,160,64,Fitzpatrick 3,rest,phone\n"
        "b.mp4,7,140,90,42,F,,,,,\n"
    )
    recordings = load_clips(folder)
    (person,) = group_people(recordings)
    assert (person.age, person.sex, person.height_cm, person.skin_tone) == (41, "female", 160, "Fitzpatrick 3")
    assert person.traits == (41, 1, 160, 64)
    assert [(one.task, one.camera) for one in recordings] == [("rest", "phone"), (None, None)]


@pytest.mark.parametrize("rate_hz", ["0", "-25", "fast"])
def test_a_frame_rate_that_is_none_is_an_error(folder, rate_hz):
    (folder / "pictures").mkdir()
    (folder / "clips.csv").write_text(f"clip,person,frame_rate_hz\npictures,7,{rate_hz}\n")
    assert error_of(load_clips, folder) == "data_invalid"


@pytest.mark.parametrize("stated", ["old,F", "40,x", "inf,F", "40,m\nb.mp4,7,120,80,40,f"])  # the last: two sexes
def test_what_a_table_says_of_people_is_checked(folder, stated):
    (folder / "clips.csv").write_text(f"{CLIP_HEADER.strip()},age,sex\na.mp4,7,120,80,{stated}\n")
    assert error_of(load_clips, folder) == "data_invalid"


@pytest.mark.parametrize("load", [load_recordings, load_clips])
def test_a_folder_without_its_table_is_an_error(load, tmp_path):
    assert error_of(load, tmp_path) == "data_missing"
    assert error_of(load, tmp_path / "no such folder") == "data_missing"


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("b.txt,1,100,120,80", "data_missing"),
        (",1,100,120,80", "data_invalid"),
        ("a.txt,,100,120,80", "data_invalid"),
        ("a.txt,1,100,120", "data_invalid"),
        ("a.txt,1,100,120,5,80", "data_invalid"),  # a decimal comma
        ("a.txt,1,fast,120,80", "data_invalid"),
        ("a.txt,1,nan,120,80", "data_invalid"),
        ("a.txt,1,0,120,80", "data_invalid"),
        ("a.txt,1,-100,120,80", "data_invalid"),
        ("a.txt,1,100,high,80", "data_invalid"),
        ("a.txt,1,100,inf,80", "data_invalid"),
        ("a.txt,1,100,12.0,8.0", "data_invalid"),  # in other units
        ("a.txt,1,100,80,120", "data_invalid"),  # the wrong way round
        ("../outside.txt,1,100,120,80", "data_invalid"),
        ("/etc/hostname,1,100,120,80", "data_invalid"),
        ("deep/../../outside.txt,1,100,120,80", "data_invalid"),
        ("..,1,100,120,80", "data_invalid"),
        ("gone.txt,1,100,120,80", "data_missing"),  # a link to nothing
        ("circle.txt,1,100,120,80", "data_missing"),
        (".,1,100,120,80", "data_missing"),
        ("a\0.txt,1,100,120,80", "data_missing"),
        ("a.txt,1,100,120,80\n./a.txt,2,100,120,80", "data_invalid"),  # one recording, two people
    ],
)
def test_rows_that_cannot_be_used_are_errors(folder, row, code):
    (folder / "gone.txt").symlink_to(folder.parent / "missing.txt")
    (folder / "circle.txt").symlink_to("circle.txt")
    (folder / "recordings.csv").write_text(HEADER + row + "\n")
    assert error_of(load_recordings, folder) == code


def test_files_may_be_links_to_anywhere(tmp_path):
    """As git-annex and the Hub's cache store them: one name a content, and no ending to tell what it is."""
    store, mine = tmp_path / "store", tmp_path / "mine"
    store.mkdir()
    mine.mkdir()
    write_recordings(store)
    for number, file in enumerate(sorted(store.glob("p*"))):
        (mine / file.name).symlink_to(file.rename(store / f"b{number}"))
    (mine / "recordings.csv").symlink_to(store / "recordings.csv")
    people = group_people(load_recordings(mine))
    assert [len(person.pulses) for person in people] == [2] * 6
    # Two names of one content would leak between folds.
    (mine / "p1.txt").unlink()
    (mine / "p1.txt").symlink_to(mine / "p0.txt")
    assert error_of(load_recordings, mine) == "data_invalid"


def test_a_whole_number_is_one_person_as_a_spreadsheet_writes_it(folder):
    def names(*labels):
        rows = []
        for number, label in enumerate(labels):
            (folder / f"{number}.mp4").touch()
            rows.append(f"{number}.mp4,{label},120,80\n")
        (folder / "clips.csv").write_text(CLIP_HEADER + "".join(rows))
        return [*dict.fromkeys(recording.person for recording in load_clips(folder))]

    assert names("1", "1.0", "2.0", "10", "1") == ["clips:1", "clips:2", "clips:10"]
    assert names("01", "2", "0") == ["clips:1", "clips:2", "clips:0"]
    assert names("1.1", "1.10", "P01", "P1", "-1") == ["clips:1.1", "clips:1.10", "clips:P01", "clips:P1", "clips:-1"]
    for labels in (("1", "01"), ("1.0", "2", "01.0"), ("0", "00")):  # dropped zeros, or two people
        with pytest.raises(DataError) as caught:
            names(*labels)
        assert caught.value.code == "data_invalid"


@pytest.mark.parametrize("wrong", [1 / 16, 1 / 10, 1 / 4, 5, 10])
def test_a_sampling_rate_that_no_heart_fits_is_an_error_that_names_file_and_rate(folder, wrong):
    np.savetxt(folder / "p.txt", 500 + finger_pulse(75, 0.4, 30, 500))
    (folder / "recordings.csv").write_text(HEADER + f"p.txt,1,{500 * wrong},120,80\n")
    with pytest.raises(DataError) as caught:
        load_recordings(folder)
    assert caught.value.code == "data_invalid"
    assert "p.txt" in caught.value.reason.message
    assert f"{500 * wrong:g} Hz" in caught.value.reason.message
    assert f"{75 * wrong:.0f} beats" in caught.value.reason.message


@pytest.mark.parametrize("rate_bpm", [40, 70, 150, 210])
def test_hearts_noise_hum_and_breath_are_no_wrong_rate(rate_bpm):
    time_s = np.arange(30 * 250) / 250
    pulse = finger_pulse(rate_bpm, 0.4, 30, 250)
    noise = np.random.default_rng(0).normal(size=len(pulse))
    hum, breath = np.sin(2 * np.pi * 50 * time_s), np.sin(2 * np.pi * 0.25 * time_s)
    for recorded in (
        pulse,
        pulse + 0.3 * noise,
        pulse + 0.3 * hum,
        pulse + 4 * breath,
        noise,
        np.zeros(7500),
        pulse[:9],
    ):
        assert impossible_beat_rate(recorded, 250) is None


@pytest.mark.parametrize(
    "table",
    [
        b"",
        HEADER.encode(),
        b"file,person,systolic,diastolic\na.txt,1,120,80\n",
        b"file;person;sampling_rate_hz;systolic;diastolic\na.txt;1;100;120;80\n",
        HEADER.encode("utf-16"),
        HEADER.encode() + b'a.txt,"1,100,120,80',
    ],
)
def test_tables_that_cannot_be_used_are_errors(folder, table):
    (folder / "recordings.csv").write_bytes(table)
    assert error_of(load_recordings, folder) == "data_invalid"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.txt", b""),
        ("x.txt", b"1\ntwo\n3\n"),
        ("x.txt", b"1\nnan\n3\n"),
        ("x.txt", b"0.0 1\n0.1 2\n0.2 3\n"),  # two columns
        ("x.txt", b"\xff\xfe\x00"),
        ("x.npy", b""),
        ("x.npy", b"1\n2\n3\n"),
    ],
)
def test_files_that_are_no_column_of_numbers_are_errors(folder, name, content):
    (folder / name).write_bytes(content)
    (folder / "recordings.csv").write_text(HEADER + f"{name},1,100,120,80\n")
    assert error_of(load_recordings, folder) == "data_invalid"


NOT_A_COLUMN = [np.zeros((5, 2)), np.zeros(0), np.array(3.0), np.array(["1", "2"]), np.array([1, None], dtype=object)]


@pytest.mark.parametrize("array", [*NOT_A_COLUMN, np.array([1, np.inf]), np.zeros(5, complex)])
def test_arrays_that_are_no_column_of_numbers_are_errors(folder, array):
    np.save(folder / "x.npy", array)
    (folder / "recordings.csv").write_text(HEADER + "x.npy,1,100,120,80\n")
    assert error_of(load_recordings, folder) == "data_invalid"


def test_rows_of_clips_are_checked_alike(folder):
    for row, code in (
        ("c.mp4,1,120,80", "data_missing"),
        ("../outside.txt,1,120,80", "data_invalid"),
        ("a.mp4,1,120,280", "data_invalid"),
        ("a.mp4,1,120,", "data_invalid"),  # half a pressure
        (".,1,120,80", "data_missing"),
        ("a.mp4,1,120,80\na.mp4,2,120,80", "data_invalid"),
    ):
        (folder / "clips.csv").write_text(CLIP_HEADER + row + "\n")
        assert error_of(load_clips, folder) == code, row


def test_recordings_without_a_beat_have_none(folder):
    (folder / "flat.txt").write_text("5\n" * 500)
    (folder / "recordings.csv").write_text(HEADER + "a.txt,1,100,120,80\nflat.txt,2,100,120,80\n")
    assert [beats_of(person) for person in group_people(load_recordings(folder))] == [[], []]
