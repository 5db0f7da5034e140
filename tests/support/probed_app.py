"""The app with a probe in it: `python tests/support/probed_app.py FOLDER`, for tests only.

On SIGUSR1 it writes to FOLDER/census.json what its process holds: every string, bytes and array that anything still
refers to and that is large, or that bears the mark, and every number that is the marked age. On SIGUSR2 it forgets as
if ten minutes had gone by, then does so. It notes every address that it or a process which reads a clip for it wants to
reach (`address_probe`), and logs all that the project's loggers have to say.
"""

import gc
import hashlib
import json
import logging
import os
import signal
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
LARGE_BYTES = 4096
MARK = "bpdemo-" + "test-mark"
AGE = float("61.40625")  # a constant of the code would be there twice
_LEAVES = (str, float, bytes, bytearray, memoryview, np.ndarray)


def main():
    folder = Path(sys.argv[1])
    sys.path.insert(0, str(ROOT))
    logging.basicConfig(level=logging.INFO)
    logging.getLogger("bpdemo").setLevel(logging.DEBUG)
    os.environ |= {"BPDEMO_PROBE": str(folder), "PYTHONPATH": str(ROOT)}  # others inherit them
    from bpdemo.system import isolation
    from tests.support import address_probe

    isolation._LOADED.insert(0, address_probe.__name__)

    def census(*_):
        (folder / "census.part").write_text(json.dumps(take_census()))
        (folder / "census.part").rename(folder / "census.json")

    def forget(*_):
        from bpdemo.demo.server.gradio_internals import forget_sessions
        from bpdemo.demo.server.uploads import Uploads

        for thing in gc.get_objects():
            if isinstance(thing, Uploads):
                thing.sweep(keep_s=-1)
            elif type(thing).__name__ == "App" and hasattr(thing, "state_holder") and thing.blocks.is_running:
                forget_sessions(thing, keep_s=-1)
        census()

    signal.signal(signal.SIGUSR1, census)
    signal.signal(signal.SIGUSR2, forget)
    sys.argv = ["app.py"]
    import app

    app.main()


def take_census():
    """Return `large`, [kind, size, digest] of everything large, and `marked`, the beginnings of what bears the mark."""
    gc.collect()
    large, marked = set(), set()
    holders = [*gc.get_objects(), *sys._current_frames().values()]
    for _ in range(3):  # containers that hold nothing but leaves are not tracked, but referred to by those that are
        held = gc.get_referents(*holders)
        leaves = {id(thing): thing for thing in held if isinstance(thing, _LEAVES)}
        for leaf in leaves.values():
            look_at(leaf, large, marked)
        holders = [thing for thing in held if isinstance(thing, (dict, tuple)) and not gc.is_tracked(thing)]
        holders += [leaf.base for leaf in leaves.values() if isinstance(leaf, np.ndarray)]
    return {"large": sorted(large), "marked": sorted(marked - {MARK})}


def look_at(leaf, large, marked):
    if isinstance(leaf, float):
        if leaf == AGE and leaf is not AGE:
            marked.add(repr(leaf))
        return
    size = leaf.nbytes if isinstance(leaf, (np.ndarray, memoryview)) else len(leaf)
    if isinstance(leaf, str):
        if MARK in leaf:
            marked.add(leaf[:200])
        content = leaf.encode("utf-8", "replace") if size >= LARGE_BYTES else b""
    elif isinstance(leaf, np.ndarray):
        content = np.ascontiguousarray(leaf).tobytes() if size >= LARGE_BYTES and leaf.dtype != object else b""
    else:
        content = bytes(leaf)
        if MARK.encode() in content:
            marked.add(repr(content[:200]))
    if size >= LARGE_BYTES:
        large.add((type(leaf).__name__, size, hashlib.sha1(content).hexdigest()))


if __name__ == "__main__":
    main()
