"""The two public endpoints, which are MCP tools too; their docstrings are what clients get to read."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from bpdemo.demo.downloads import stmap_npz
from bpdemo.demo.reader import CANCELLED, Reader, ReadingCancelledError, progress_reporter
from bpdemo.demo.server.gradio_internals import ClipBlocks
from bpdemo.demo.server.queue import CLIPS_AT_ONCE
from bpdemo.demo.server.uploads import Uploads
from bpdemo.errors import BpdemoError
from bpdemo.estimate import DEFAULT_METHOD

QUEUED = {"concurrency_id": "clips", "concurrency_limit": CLIPS_AT_ONCE}  # all clips wait in one queue


def add_endpoints(page: ClipBlocks, reader: Reader, uploads: Uploads) -> None:
    """Add `/estimate` and `/stmap` to `page`, which must be open."""

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
            raise gr.Error(str(error), print_exception=False) from None

    def estimate(clip: gr.FileData, method: str = DEFAULT_METHOD) -> dict:
        """Estimate blood pressure from a short video of one face. Research use only; not a medical device.

        Returns a JSON object, schema bpdemo.estimate/2 (its JSON Schema is served at /schema). Its status is "reading"
        (systolic, diastolic, heart_rate with intervals, range probabilities and the baseline), "refused" (the clip does
        not support a reading; reasons with codes and remedies) or "error" (the clip cannot be read; reasons likewise).
        The clip is deleted afterwards. With gradio_client, send it as handle_file(path).

        Args:
            clip: A video file (mp4, mov, webm, mkv or avi, up to 300 MB) of one face, still and evenly lit, about 15 s.
            method: How the pulse is found: green, chrom or pos.
        """
        with served(clip) as path:
            return reader.read_upload(path, progress_reporter(page.clip_queue.watch_current()), method).to_dict()

    def stmap(clip: gr.FileData) -> gr.FileData:
        """Build the spatial-temporal map (STMap) of a face video's best 15 seconds.

        Returns an .npz file with stmap [4 channels Y U V T, cells, columns] float32, cells, regions, time_s, mask (True
        where measured), channels, scale and version. It stays on the server for a few minutes. The clip is deleted
        afterwards. With gradio_client, send it as handle_file(path).

        Args:
            clip: A video file (mp4, mov, webm, mkv or avi, up to 300 MB) of one face, at least 9.5 s.
        """
        with served(clip) as path:
            content = stmap_npz(reader.map_upload(path, progress_reporter(page.clip_queue.watch_current())))
        file = uploads.new_file("stmap.npz")
        file.write_bytes(content)
        return gr.FileData(path=str(file))

    for function in (estimate, stmap):
        gr.api(function, api_name=function.__name__, **QUEUED)
