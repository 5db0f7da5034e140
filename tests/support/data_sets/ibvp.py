"""iBVP, small: two people, and one who consented to less in a folder of their own."""

from collections.abc import Sequence
from pathlib import Path

from tests.support.data_sets.parts import wave

SESSIONS = ("p01_a", "p01_b", "p02_d", "Confidential_No-media-use/p08_c")
HEADER = "BVP,SQPhysMD,SQ1,SQ2,Perfusion_Value\n"


def write_ibvp(folder: Path, frames: Sequence[bytes] = (b"\0",) * 6) -> Path:
    """Lay it out; `frames` are the contents of each session's pictures, 30 a second. The last labels lack a header."""
    for i, session in enumerate(SESSIONS):
        name = Path(session).name
        pictures = folder / session / f"{name}_rgb"
        pictures.mkdir(parents=True)
        for n, frame in enumerate(frames):
            (pictures / f"{n:05d}.bmp").write_bytes(frame)
        (folder / session / f"{name}_t").mkdir()
        (folder / session / f"{name}_t" / "1670000000000.raw").write_bytes(b"\0")
        rows = [f"{value},1.0,1,1,0.8\n" for value in wave(12, i)]
        header = "" if name == "p08_c" else HEADER
        (folder / session / f"{name}_bvp.csv").write_text(header + "".join(rows))
    return folder
