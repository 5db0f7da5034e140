"""The two public endpoints, which are MCP tools too; their docstrings are what clients get to read."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import gradio as gr

from bpdemo.demo.reader import CANCELLED, Reader, ReadingCancelledError, progress_reporter
from bpdemo.demo.server.gradio_internals import ClipBlocks
from bpdemo.demo.server.queue import CLIPS_AT_ONCE
from bpdemo.demo.server.uploads import Uploads
from bpdemo.errors import BpdemoError
from bpdemo.estimate import DEFAULT_METHOD
from bpdemo.export.files import stmap_npz
from bpdemo.pulse_methods import METHODS
from bpdemo.told import Told

QUEUED = {"concurrency_id": "clips", "concurrency_limit": CLIPS_AT_ONCE}  # all clips wait in one queue


def add_endpoints(page: ClipBlocks, reader: Reader, uploads: Uploads, models: Sequence[str]) -> None:
    """Add `/estimate` and `/stmap` to `page`, which must be open; `models` are those there are to choose from."""

    @contextmanager
    def served(clip: Any) -> Iterator[str | None]:
        """Give a clip's path, delete it afterwards, and put errors into plain words."""
        path = clip.get("path") if clip else None
        try:
            with uploads.deleted_afterwards(path):
                yield path
        except ReadingCancelledError:
            raise gr.Error(CANCELLED, print_exception=False) from None
        except BpdemoError as error:
            raise gr.Error(f"{error.code}: {error}", print_exception=False) from None

    def estimate(
        clip: gr.FileData,
        method: str = DEFAULT_METHOD,
        age: float | None = None,
        sex: str | None = None,
        height: float | None = None,
        weight: float | None = None,
        model: str | None = None,
    ) -> dict:
        """Estimate blood pressure from a short video of one face. Research use only; not a medical device.

        Returns a JSON object, schema bpdemo.estimate/2 (its JSON Schema is served at /schema). Its status is "reading"
        (systolic, diastolic, heart_rate with intervals, range probabilities and the baseline), "refused" (the clip does
        not support a reading; reasons with codes and remedies) or "error" (the clip cannot be read; reasons likewise).
        Age, sex, height and weight of the person are optional and change no pressure: a reading with any of them has
        "told", each pressure from the clip alone, from these words alone and from both. Clip and words are forgotten
        afterwards.

        Args:
            clip: A video of one face, still and evenly lit, about 15 s: an upload or one of the app's /examples/.
            method: How the pulse is found.
            age: Years, 1 to 120.
            sex: Of the person.
            height: cm, 50 to 250.
            weight: kg, 10 to 400.
            model: Which of the models that come with bpdemo reads; left out, the default one.
        """
        told = Told(age, sex, height, weight)
        with served(clip) as path:
            progress = progress_reporter(page.clip_queue.watch_current())
            return reader.read_upload(path, progress, model=model, method=method, told=told).to_dict()

    def stmap(clip: gr.FileData) -> gr.FileData:
        """Build the spatial-temporal map (STMap) of a face video's best 15 seconds.

        Returns an .npz file with stmap [4 channels Y U V T, cells, columns] float32, cells, regions, time_s, mask (True
        where measured), channels, scale and version. It stays on the server for a few minutes. The clip is deleted
        afterwards.

        Args:
            clip: A video of one face, at least 9.5 s: an upload or one of the app's /examples/.
        """
        with served(clip) as path:
            content = stmap_npz(reader.map_upload(path, progress_reporter(page.clip_queue.watch_current())))
        file = uploads.new_file("stmap.npz")
        file.write_bytes(content)
        return gr.FileData(path=str(file))

    choices = {"method": [*METHODS], "sex": ["female", "male"], "model": models}
    for function in (estimate, stmap):
        page.add_endpoint(function, choices, **QUEUED)
