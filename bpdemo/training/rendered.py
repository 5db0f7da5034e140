"""Finger pulses rendered into windows, all of which are kept: read by `window.read_window`, as the demo reads them."""

import zlib
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from tqdm import tqdm

from bpdemo.crops import CropForm
from bpdemo.data.person import Person
from bpdemo.models.inputs import Inputs
from bpdemo.regions import CellTraces
from bpdemo.stmap import WINDOW_S
from bpdemo.synthesis.crops import render_crops
from bpdemo.synthesis.maps import MARGIN_S, QUALITIES, CaptureQuality, render_traces
from bpdemo.synthesis.pulses import beats_of
from bpdemo.system.processes import cores, map_in_processes
from bpdemo.training.crop_store import CropStore
from bpdemo.training.dataset import Dataset, pressures_of
from bpdemo.window import read_window

Renderer = Callable[[Sequence[np.ndarray], CaptureQuality, np.random.Generator], CellTraces]
"""What makes cell traces of a person's beats; an experiment may put its own in place of `render_traces`."""

_WORTH_A_POOL = 200  # windows; fewer are rendered before other processes have started


def render(
    people: Sequence[Person],
    qualities: Sequence[str],
    seed: int,
    purpose: str,
    renderer: Renderer = render_traces,
    with_maps: bool = False,
    crops: CropForm | None = None,
    store: CropStore | None = None,
) -> Dataset:
    """Return every person rendered once for each entry of `qualities`.

    A rendering depends on the person's name, the seed, the purpose and its place in `qualities`, and on nothing else:
    neither on who else is in the set nor on how many processors render it. Purposes ("training", "evaluation") never
    share one. Everybody has at least one whole beat. The renderer must be picklable. Maps are kept `with_maps` alone:
    they are most of the memory, 120 kB a window. Frames are rendered where there is a form of `crops`, and kept in the
    `store`; then the renderer is `synthesis.crops.render_crops`.
    """
    work = partial(_render_person, tuple(qualities), seed, purpose, renderer, with_maps, crops)
    pooled = cores() > 1 and len(people) * len(qualities) >= _WORTH_A_POOL
    rendered = map_in_processes(work, people) if pooled else map(work, people)
    inputs = Inputs.empty(len(people) * len(qualities), with_maps)
    readable: list[bool] = []
    kept: list[int] = []
    for windows in tqdm(rendered, total=len(people), desc=f"render {purpose}", unit="person"):
        if windows is None:
            raise RuntimeError("a process that rendered came to an unexpected end; there may be too little memory")
        for window, gives_reading, contact in windows:
            inputs.put(len(readable), window)
            readable.append(gives_reading)
            if store is not None and window.crops is not None:
                kept.append(store.append(window.crops[0], contact))
    person = np.repeat(np.arange(len(people)), len(qualities))
    return Dataset(
        **inputs.arrays,
        person=person,
        quality=np.tile(np.array(qualities), len(people)),
        truth=pressures_of(people)[person],
        clip=np.full(len(person), -1),
        readable=np.array(readable),
        people=tuple(people),
        crop=np.array(kept) if kept else None,
        store=store,
    )


def _render_person(
    qualities: Sequence[str],
    seed: int,
    purpose: str,
    renderer: Renderer,
    with_maps: bool,
    form: CropForm | None,
    person: Person,
) -> list[tuple[Inputs, bool, np.ndarray | None]]:
    """Return the windows of a person, whether the demo would give a reading for each, and the contact pulse beside it.

    The latter is None without frames.
    """
    beats, key = beats_of(person), zlib.crc32(f"{person.name}/{purpose}".encode())
    windows = []
    for i, quality in enumerate(qualities):
        rng, crops, contact = np.random.default_rng([seed, key, i]), None, None
        if form is None:
            traces = renderer(beats, QUALITIES[quality], rng)
        else:
            traces, crops, contact = render_crops(beats, QUALITIES[quality], form, rng)
        window = read_window(traces, MARGIN_S, MARGIN_S + WINDOW_S)
        windows.append((Inputs.of_window(window, with_maps, crops), window.status == "reading", contact))
    return windows
