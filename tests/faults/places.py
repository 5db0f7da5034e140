"""Names that are hostile, and places that are no file of their own."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

from tests.faults.fault import Face, Fault, ramp, times_of, write

NAMES_KIND = "names"
PLACES_KIND = "places"
NAMES = (
    ("unicode", "čížek 顔 😀 ‮cod.mp4"),
    ("newline", "one\ntwo.mp4"),
    ("escapes", "\x1b[31mred\x1b]0;title\x07.mp4"),
    ("long", "n" * 251 + ".mp4"),
    ("dash", "-rf.mp4"),
    ("percent", "%s%n%d%(x)s{0}.mp4"),
    ("pattern", "img%03d.mp4"),
    ("file_scheme", "file:clip.mp4"),
    ("http_scheme", "http:clip.mp4"),
    ("concat_scheme", "concat:a|b.mp4"),
    ("html", "<img src=x onerror=alert(1)>.mp4"),
    ("shell", "$(touch x);`touch y`.mp4"),
    ("dots", "...mp4"),
    ("no_suffix", "clip"),
    ("wrong_suffix", "clip.jpg"),
    ("no_utf8", os.fsdecode(b"\xff\xfe\x80.mp4")),
)


def make(folder: Path, _: Face) -> Iterator[Fault]:
    """Write the files and links of this kind."""
    clip = write(folder / "clip.mp4", ramp(10), times_of(10))
    names = folder / "names"
    names.mkdir()
    for name, file_name in NAMES:
        path = names / file_name
        path.write_bytes(clip.read_bytes())
        yield Fault(NAMES_KIND, name, f"called {file_name[:40]!a}", str(path), frozenset({"no_face"}))

    def fault(name: str, what: str, path: str | Path, outcome: str) -> Fault:
        return Fault(PLACES_KIND, name, what, str(path), frozenset({outcome}))

    for name, what, target, outcome in (
        ("link", "a link to a clip", clip, "no_face"),
        ("broken_link", "a link to nothing", folder / "nothing", "not_found"),
        ("loop", "a link to itself", folder / "loop", "not_found"),
        ("link_to_zero", "a link to /dev/zero", "/dev/zero", "not_a_file"),
        ("link_to_folder", "a link to a folder", folder, "not_a_file"),
    ):
        path = folder / name
        path.symlink_to(target)
        yield fault(name, what, path, outcome)
    os.mkfifo(folder / "pipe.mp4")
    yield fault("pipe", "a named pipe that nobody writes to", folder / "pipe.mp4", "not_a_file")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(folder)  # an address may not be long
        server.bind("socket.mp4")
        os.chdir(here)
    yield fault("socket", "a socket", folder / "socket.mp4", "not_a_file")
    yield fault("folder", "a folder", folder, "not_a_file")
    yield fault("device", "a device", "/dev/zero", "not_a_file")
    yield fault("kernel", "a file of the kernel's, of no size", "/proc/self/environ", "empty_file")
    yield fault("nothing", "no name", "", "not_found")
    yield fault("nul", "a name with a zero byte", "clip\0.mp4", "not_found")
    yield fault("too_long", "a name of 100000 characters", "x" * 100_000, "not_found")
    yield fault("deep", "a path of 5000 folders", "a/" * 5000 + "clip.mp4", "not_found")
    for name, address in (
        ("file_address", f"file://{clip}"),
        ("pipe_address", "pipe:0"),
        ("fd_address", "fd:0"),
        ("data_address", "data:video/mp4;base64,AAAA"),
        ("concat_address", f"concat:{clip}|{clip}"),
        ("subfile_address", f"subfile,,start,0,end,0,,:{clip}"),
        ("lavfi_address", "testsrc"),
    ):
        yield fault(name, "an address in place of a name", address, "not_found")
