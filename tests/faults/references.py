"""Files that name other files or addresses. None of these may be opened, which `reading.Watch` sees."""

import struct
from collections.abc import Iterator
from pathlib import Path

from tests.faults.bombs import packets_of
from tests.faults.damage import WHATEVER
from tests.faults.fault import Fault, box, element, inside, ramp, times_of, write
from tests.faults.matroska import write_matroska

KIND = "references"


def make(folder: Path, decoy: Path, address: str) -> Iterator[Fault]:
    """Write files that refer to a decoy.

    Args:
        folder: where to.
        decoy: a clip that must not be opened.
        address: a web address on the loopback interface that must not be asked.
    """
    texts = {
        "concat": "ffconcat version 1.0\nfile '{0}'\n",
        "concat_plain": "file '{0}'\nfile '{0}'\n",
        "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{0}\n#EXT-X-ENDLIST\n",
        "hls_pieces": '#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:3\n#EXT-X-MAP:URI="{0}"\n#EXTINF:3,\n{0}\n',
        "hls_key": '#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXT-X-KEY:METHOD=AES-128,URI="{0}"\n#EXTINF:3,\n{0}\n',
        "dash": '<?xml version="1.0"?><MPD type="static"><Period><BaseURL>{0}</BaseURL></Period></MPD>',
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\na=control:{0}\nm=video 9 RTP/AVP 96\n",
        "smil": '<smil><body><video src="{0}"/></body></smil>',
        "asx": '<asx version="3.0"><entry><ref href="{0}"/></entry></asx>',
        "pls": "[playlist]\nFile1={0}\nNumberOfEntries=1\n",
        "svg": '<svg xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="{0}"/></svg>',
        "internet_shortcut": "[InternetShortcut]\nURL={0}\n",
    }
    for name, text in texts.items():
        for which, target in (("file", str(decoy)), ("net", address)):
            path = folder / f"{name}_{which}{'.m3u8' if name == 'hls' else '.mp4'}"
            path.write_text(text.format(target))
            yield Fault(KIND, path.name, f"{name}, naming a {which}", str(path), frozenset({"not_a_video"}))
    plain = write(folder / "own.mp4", ramp(10), times_of(10)).read_bytes()
    for name, what, entry in (
        (
            "url_file",
            "an index for the pictures of another file",
            box(b"url ", bytes(4), f"file://{decoy}".encode(), b"\0"),
        ),
        ("url_net", "an index for pictures at an address", box(b"url ", bytes(4), address.encode(), b"\0")),
        ("alias", "an index for an alias", _alias(decoy)),
    ):
        path = folder / f"dref_{name}.mov"
        path.write_bytes(_with_reference(plain, entry))
        yield Fault(KIND, path.name, what, str(path), WHATEVER)
    for name, target in (("file", str(decoy)), ("net", address)):
        reference = box(
            b"rmda", box(b"rdrf", bytes(4), b"url ", struct.pack(">I", len(target) + 1), target.encode(), b"\0")
        )
        path = folder / f"reference_{name}.mov"
        path.write_bytes(box(b"ftyp", b"qt  \0\0\0\0qt  ") + box(b"moov", box(b"rmra", reference)))
        yield Fault(
            KIND, path.name, f"a reference movie, naming a {name}", str(path), frozenset({"not_a_video", "no_video"})
        )
    linked = element("73A4", bytes(range(16))) + element("3EB923", bytes(range(16, 32)))
    linked += element("3E83BB", str(decoy).encode()) + element("3C83AB", str(decoy).encode())
    chapter = element("73C4", b"\1") + element("91", b"\0") + element("6E67", bytes(range(16, 32)))
    chapters = element("1043A770", element("45B9", element("45DD", b"\1") + element("B6", chapter)))
    key = packets_of(folder / "linked.webm", "libvpx")
    path = write_matroska(folder / "linked.mkv", key, range(0, 330, 33), info=linked, rest=chapters)
    yield Fault(KIND, path.name, "Matroska segments linked to another file", str(path), frozenset({"no_face"}))


def _with_reference(plain: bytes, entry: bytes) -> bytes:
    """Have an mp4 file's pictures lie where an entry of its data references says."""
    path = (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref")
    start, end = inside(plain, *path)
    data = bytearray(plain[:start] + struct.pack(">II", 0, 1) + entry + plain[end:])
    grown = len(data) - len(plain)
    for depth in range(1, len(path) + 1):  # the index is the file's last box: no offset moves
        at = inside(plain, *path[:depth])[0] - 8
        data[at : at + 4] = (int.from_bytes(plain[at : at + 4], "big") + grown).to_bytes(4, "big")
    return bytes(data)


def _alias(decoy: Path) -> bytes:
    """Return a data reference as the Macintosh had it, by volume, folder and name."""
    name = decoy.name.encode()
    head = bytes(4) + bytes(10) + bytes([5]) + b"disk".ljust(27, b"\0") + bytes(12)
    head += bytes([len(name)]) + name.ljust(63, b"\0") + bytes(16) + struct.pack(">HH", 0, 0) + bytes(16)
    place = str(decoy).encode() + b"\0" * (len(str(decoy)) % 2)
    return box(b"alis", head, struct.pack(">HH", 18, len(place)), place, b"\xff\xff\0\0")
