"""Every clip of data sets is read once, on a Dask cluster, and what learning needs of it is kept.

Workers write the files themselves; what travels is where a clip lies, and how many windows it gave. As many clips are
handed out as are read at the same time: neither client nor scheduler grows with the data set.
"""

import logging
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from multiprocessing import current_process
from pathlib import Path
from tempfile import TemporaryFile

from distributed import CancelledError, Client, Future, KilledWorker, as_completed
from distributed.comm import CommClosedError
from tqdm import tqdm

from bpdemo import __version__
from bpdemo.crops import CropForm
from bpdemo.data import registry
from bpdemo.data.person import Recording, data_set_of
from bpdemo.errors import BpdemoError, DataError, log_unforeseen
from bpdemo.maps.cluster import CLUSTER_LOST, connect, count_threads
from bpdemo.maps.counts import Counts
from bpdemo.maps.finished import counted, path_of_maps, read_finished, write_maps
from bpdemo.maps.recording import Row, failed, read_recording
from bpdemo.system import runtime
from bpdemo.system.isolation import CRASHED
from bpdemo.system.processes import cores

logger = logging.getLogger(__name__)

UNEXPECTED = "unexpected"
_TRIES = 2  # times that a clip is handed out; each time, Dask itself lets it meet the end of several workers
_BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} clips [{elapsed}<{remaining}{postfix}]"
_BAR_S = 60.0  # between two lines of a bar that goes into a file

Todo = tuple[Recording, Path]


def extract(
    data: Mapping[str, str | Path],
    output: Path,
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    crops: CropForm | None = None,
) -> Counts:
    """Return what was found after each clip of some data sets has its file in the output folder.

    Clips whose file is there are not read again (`finished.read_finished`); one that cannot be read has its code.

    Args:
        data: name -> folder, as `data.registry.load`.
        output: a folder, made when it is not there.
        scheduler: address of a running Dask scheduler, whose workers see the same folders at the same paths; None for a
            cluster of this machine's own.
        workers: how many processes the latter has; None for one a core.
        crops: the form in which crops of the face are kept, which show it; None for none.

    Raises:
        DataError: as `data.registry.load`, `no_clips` for a set without any, or `data_invalid` for two recordings
            of one name.
        BpdemoError: `cluster_missing`, `cluster_lost`, or `worker_unfit`. The same call goes on where it was.
        OSError: the output cannot be written here or by a worker.
    """
    output = output.absolute()  # as workers may be at work in another folder
    # Each set by itself: people whom two sets share are kept apart where maps are learned from.
    sets = {name: registry.load({name: Path(folder).absolute()}) for name, folder in data.items()}
    places = _places(sets, output)
    output.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=output):  # it can be written
        pass
    counts, todo = Counts(), []
    for recording, path in places:
        if (rows := read_finished(path, recording, crops)) is None:
            todo.append((recording, path))
        else:
            counts.add(rows)
            counts.finished += 1
    if todo:
        with connect(scheduler, min(workers or cores(), len(todo))) as client, _progress(len(places), counts) as bar:
            if not count_threads(client):
                bar.write("No worker has joined the scheduler yet: waiting for one.", file=sys.stderr)
            for rows in _read_on(client, todo, crops):
                counts.add(rows)
                _show(bar, counts)
    return counts


def _places(sets: Mapping[str, Sequence[Recording]], output: Path) -> list[Todo]:
    """Return each recording with its file; raises where a set has nothing to read, or two have one file."""
    for name, recordings in sets.items():
        if all(one.clip is None for one in recordings):
            raise DataError("no_clips", f"There is no clip in {name}.", "Name data sets of face clips only.")
    places = [(one, path_of_maps(output, one)) for recordings in sets.values() for one in recordings]
    times = Counter(path for _, path in places)
    for recording, path in places:
        if times[path] > 1:
            raise DataError(
                "data_invalid",
                f"{data_set_of(recording.person)}: two recordings are called {recording.name!r}.",
                "Give each recording a name of its own.",
            )
    return places


def _read_on(client: Client, todo: Sequence[Todo], crops: CropForm | None) -> Iterator[list[Row]]:
    """Yield the counted rows of recordings as they are read by a cluster's workers."""
    coming, done = iter(todo), as_completed()
    under_way: dict[Future, Todo] = {}
    tries: Counter[Path] = Counter()

    def hand_out(recording: Recording, path: Path) -> None:
        tries[path] += 1
        future = client.submit(read_to_file, recording, path, __version__, crops, pure=False)
        under_way[future] = recording, path
        done.add(future)

    def fill_up() -> None:
        # No more than are read at once: whoever waits at a worker that dies would be suspected, too.
        for recording, path in islice(coming, max(0, max(1, count_threads(client)) - len(under_way))):
            hand_out(recording, path)

    fill_up()
    for future in done:
        recording, path = under_way.pop(future)
        try:
            error = future.exception()
            rows = future.result() if error is None else failed(recording, CRASHED[0])
        except (CancelledError, CommClosedError) as lost:
            raise BpdemoError(*CLUSTER_LOST) from lost
        if error is None:
            yield rows
        elif not isinstance(error, KilledWorker):
            raise error if isinstance(error, OSError) else _unfit(error)
        elif tries[path] < _TRIES:
            hand_out(recording, path)
            continue
        else:
            write_maps(path, rows)
            yield counted(rows)
        del tries[path]
        fill_up()


def _unfit(error: BaseException) -> BpdemoError:
    return BpdemoError(
        "worker_unfit",
        f"A worker cannot read clips: {type(error).__name__}: {error}.",
        f"Install bpdemo[train] {__version__} on every machine; the same command goes on where it was.",
    )


def read_to_file(recording: Recording, path: Path, version: str, crops: CropForm | None) -> list[Row]:
    """Read a recording in a worker and write its rows; return the counted columns of them.

    Raises:
        RuntimeError: the worker has another version of bpdemo.
        OSError: the file cannot be written.
    """
    if version != __version__:
        raise RuntimeError(f"it has bpdemo {__version__}")
    try:
        rows = read_recording(recording, isolate=_prepare_worker(), crops=crops)
    except Exception as error:
        log_unforeseen(logger, error)
        rows = failed(recording, UNEXPECTED)
    write_maps(path, rows)
    return counted(rows)


@cache
def _prepare_worker() -> bool:
    """Prepare this process for reading clips; return whether it may have subprocesses."""
    may_fork = not current_process().daemon
    if not may_fork:
        runtime.silence_native_stderr()
    runtime.shorten_socket_folder()
    # Dask sets it for its workers. Readers, which end with their clip, would give every frame's memory back.
    os.environ.pop("MALLOC_TRIM_THRESHOLD_", None)
    # Each subprocess would import what this process was started with, which takes longer than many a clip.
    main = sys.modules["__main__"]
    main.__spec__ = None
    vars(main).pop("__file__", None)
    return may_fork


def _progress(clips: int, counts: Counts) -> tqdm:
    every_s = 0.5 if sys.stderr.isatty() else _BAR_S
    bar = tqdm(
        total=clips, initial=counts.finished, desc="extract", bar_format=_BAR, mininterval=every_s, smoothing=0.05
    )
    bar.set_postfix_str(_refused_and_failed(counts), refresh=False)
    return bar


def _show(bar: tqdm, counts: Counts) -> None:
    bar.set_postfix_str(_refused_and_failed(counts), refresh=False)
    bar.update()


def _refused_and_failed(counts: Counts) -> str:
    return f"refused {counts.clips['refused']}, failed {counts.clips['error']}"
