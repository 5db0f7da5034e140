"""Zips as Python makes them, unpacked by the page: the same bytes under the same names, or one reason why not."""

import hashlib
import random
import zipfile

import pytest

UNZIP = """async () => {
  const { clipsInZip } = await import("/unzip.js");
  const found = [];
  try {
    for (const clip of await clipsInZip(document.querySelector("input").files[0])) {
      const file = await clip.open();
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
      found.push([file.name, file.type, Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("")]);
    }
  } catch ({ code, message }) {
    return { found, code, message };
  }
  return { found };
}"""
NOISE = random.Random(1).randbytes(300_000)
PATTERN = bytes(range(256)) * 4000
STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
LISTED, PACKED, END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"  # how records begin


@pytest.fixture
def unzip(blank_page, tmp_path):
    """Return a function that unpacks bytes in the page."""

    def unzip_bytes(content):
        path = tmp_path / "clips.zip"
        path.write_bytes(content)
        blank_page.locator("input").set_input_files(path)
        return blank_page.evaluate(UNZIP)

    return unzip_bytes


@pytest.fixture
def make(tmp_path):
    """Return a function that zips files: contents, or contents and how they are packed, by name."""

    def make_zip(files, comment=b"", **options):
        path = tmp_path / "made.zip"
        with zipfile.ZipFile(path, "w") as out:
            out.comment = comment
            for name, content in files.items():
                info = zipfile.ZipInfo(name)
                info.comment, info.compress_type = b"remark", DEFLATED
                if isinstance(content, tuple):
                    content, info.compress_type = content
                with out.open(info, "w", **options) as entry:
                    entry.write(content)
        return path.read_bytes()

    return make_zip


def changed(content, signature, at, new):
    """Return a zip with bytes of its last record of a kind replaced."""
    place = content.rindex(signature) + at
    return content[:place] + new + content[place + len(new) :]


def expected(name, kind, content):
    return [name, kind, hashlib.sha256(content).hexdigest()]


def test_clips_come_out_as_they_went_in_and_nothing_else_does(unzip, make):
    files = {
        "one.mp4": (NOISE, STORED),
        "clips/": b"",
        "clips/day 2/größe 心.WebM": PATTERN,
        "back\\slash.mov": NOISE,
        "no_bytes.avi": b"",
        "__MACOSX/clips/._one.mp4": NOISE,
        "__MACOSX/one.mp4": NOISE,
        "clips/.hidden.mp4": NOISE,
        "readme.txt": b"no clip",
        "mp4": NOISE,
        "folder.mp4/": b"",
    }
    assert unzip(make(files))["found"] == [
        expected("one.mp4", "video/mp4", NOISE),
        expected("größe 心.WebM", "video/webm", PATTERN),
        expected("slash.mov", "video/quicktime", NOISE),
        expected("no_bytes.avi", "video/x-msvideo", b""),
    ]


@pytest.mark.parametrize("limit", [None, 10, 0])
def test_large_files_numbers_are_read_where_they_are_kept(unzip, make, monkeypatch, limit):
    if limit is not None:  # what is larger counts as large: first sizes, then the list's place as well
        monkeypatch.setattr(zipfile, "ZIP64_LIMIT", limit)
        monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", limit)
    content = make({"a.mp4": PATTERN, "b.mkv": (NOISE, STORED)}, force_zip64=True)
    if b"PK\x06\x06" in content:
        content = changed(content, END, 12, b"\xff" * 8)
    else:
        assert limit is None
    clips = [expected("a.mp4", "video/mp4", PATTERN), expected("b.mkv", "video/x-matroska", NOISE)]
    assert unzip(content) == {"found": clips}


@pytest.mark.parametrize("comment", [b"from a phone", b"x" * 65_535])
def test_a_comment_at_the_end_does_no_harm(unzip, make, comment):
    assert unzip(make({"a.mp4": NOISE}, comment)) == {"found": [expected("a.mp4", "video/mp4", NOISE)]}


def test_without_a_clip_nothing_comes(unzip, make):
    assert unzip(make({"a.txt": b"x"})) == unzip(make({})) == {"found": []}


@pytest.mark.parametrize(
    ("code", "spoil"),
    [
        ("zip_broken", lambda zipped: b"no zip at all" * 100),
        ("zip_broken", lambda zipped: b""),
        ("zip_broken", lambda zipped: zipped[: len(zipped) // 2]),
        ("zip_broken", lambda zipped: zipped[1000:]),
        ("zip_broken", lambda zipped: changed(zipped, END, 12, b"\xff\xff\xff\x00")),
        ("zip_broken", lambda zipped: changed(zipped, END, 12, b"\x60")),
        ("zip_broken", lambda zipped: changed(zipped, LISTED, 0, b"XX")),
        ("zip_encrypted", lambda zipped: changed(zipped, LISTED, 8, b"\x01")),
        ("zip_method", lambda zipped: changed(zipped, LISTED, 10, b"\x0e")),
        ("zip_clip_too_large", lambda zipped: changed(zipped, LISTED, 24, b"\x01\x00\xc0\x12")),
        ("zip_too_many", lambda zipped: changed(zipped, END, 12, b"\x00\x00\x00\x02")),
    ],
)
def test_what_is_wrong_with_the_whole_is_said_before_the_first_clip(unzip, make, code, spoil):
    answer = unzip(spoil(make({"a.mp4": PATTERN, "b.mp4": NOISE})))
    assert (answer["code"], answer["found"]) == (code, [])
    assert answer["message"].endswith(".")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda zipped: changed(zipped, PACKED, 0, b"XX"),
        lambda zipped: changed(zipped, PACKED, 40, b"\xff" * 100),
        lambda zipped: changed(zipped, LISTED, 20, b"\xff\xff\xff\x00"),  # it ends after the zip
        lambda zipped: changed(zipped, LISTED, 24, b"\x10\x00\x00\x00"),  # it unpacks to more than was said
        lambda zipped: changed(zipped, LISTED, 24, b"\x00\x00\x20\x00"),  # and to less
    ],
)
def test_a_damaged_clip_ends_it_after_those_before(unzip, make, spoil):
    answer = unzip(spoil(make({"a.mp4": NOISE, "b.mp4": PATTERN})))
    assert (answer["code"], answer["found"]) == ("zip_broken", [expected("a.mp4", "video/mp4", NOISE)])


def test_a_locked_text_beside_a_clip_does_no_harm(unzip, make):
    zipped = changed(make({"a.mp4": NOISE, "b.txt": PATTERN}), LISTED, 8, b"\x01")
    assert unzip(zipped) == {"found": [expected("a.mp4", "video/mp4", NOISE)]}


@pytest.mark.parametrize(("count", "code"), [(200, None), (201, "zip_too_many")])
def test_so_many_and_no_more(unzip, make, count, code):
    answer = unzip(make({f"{number}.mp4": b"clip" for number in range(count)} | {f"{n}.txt": b"" for n in range(9)}))
    assert answer.get("code") == code
    assert len(answer["found"]) == (0 if code else count)


def test_a_clip_that_would_unpack_without_end_is_given_up_at_once(unzip, make, blank_page):
    blank_page.evaluate("""() => {
      const real = DecompressionStream;
      const pull = (to) => (self.pulls += 1) > 1000 ? to.close() : to.enqueue(new Uint8Array(65536));
      self.pulls = 0;
      self.DecompressionStream = function () {
        self.DecompressionStream = real;
        return { writable: new WritableStream(), readable: new ReadableStream({ pull }) };
      };
    }""")
    assert unzip(make({"a.mp4": PATTERN}))["code"] == "zip_broken"
    assert blank_page.evaluate("self.pulls") < 100
