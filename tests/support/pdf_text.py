"""The text of a PDF by fpdf2, for tests."""

import re
import zlib


def pdf_text(content):
    """Return the words on a PDF's pages in the order in which they were written."""
    objects = dict(re.findall(rb"^(\d+) 0 obj\n(.*?)\nendobj", content, re.DOTALL | re.MULTILINE))
    letters = {}
    for name, number in re.findall(rb"/(F\d+) (\d+) 0 R", content):
        unicode_map = _stream(objects[re.search(rb"/ToUnicode (\d+) 0 R", objects[number]).group(1)])
        pairs = re.findall(rb"<([0-9A-Fa-f]+)> <([0-9A-Fa-f]+)>", unicode_map.partition(b"beginbfchar")[2])
        letters[name] = {int(glyph, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for glyph, text in pairs}
    words = []
    for page in re.findall(rb"/Contents (\d+) 0 R", content):
        for font, text in re.findall(rb"/(F\d+) [\d.]+ Tf|\(((?:\\.|[^\\)])*)\) Tj", _stream(objects[page]), re.DOTALL):
            if font:
                known = letters[font]
                continue
            glyphs = re.sub(rb"\\(.)", lambda found: {b"n": b"\n", b"r": b"\r"}.get(found[1], found[1]), text)
            words.append("".join(known[high << 8 | low] for high, low in zip(glyphs[::2], glyphs[1::2], strict=True)))
    return " ".join(words)


def _stream(entry):
    data = re.search(rb"stream\n(.*)\nendstream", entry, re.DOTALL).group(1)
    return zlib.decompress(data) if b"/FlateDecode" in entry else data
