"""The files of maps, in a folder or in a dataset repo on the Hub, and what can be wrong with them."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from bpdemo.errors import DataError, WeightsError, shown
from bpdemo.weights import hub

if TYPE_CHECKING:
    from huggingface_hub import HfFileSystem


@dataclass(frozen=True)
class MapsFile:
    """A Parquet file of maps.

    Attributes:
        name: its path in the folder or repo, with forward slashes.
        open: opens it for reading at any place; within, what goes wrong with the Hub is an error of ours.
        is_far: whether each read waits for the Hub's answer.
    """

    name: str
    open: Callable[[], AbstractContextManager[IO[bytes]]]
    is_far: bool


def find_files(source: str | Path) -> list[MapsFile]:
    """Return the Parquet files of maps in the order of their names, without those that are hidden.

    Args:
        source: a folder, or else a dataset repo on the Hub, `owner/name` or `owner/name@revision`. A branch is resolved
            to its commit here: the files are of that one whatever is pushed meanwhile.

    Raises:
        DataError: `maps_missing`.
        WeightsError: a `hub_...` code of `hub.fetch`.
    """
    folder = hub.find_folder(source)
    if folder is None:
        try:
            repo_id, revision = hub.parse_name(str(source))
        except WeightsError as error:
            raise _missing(source, "is neither a folder that exists nor the name of a Hub repo") from error
        files = _in_repo(repo_id, revision)
    elif hub.is_folder(folder):
        paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.parquet") if path.is_file()}
        files = [MapsFile(name, partial(_open, path), is_far=False) for name, path in paths.items()]
    else:
        raise _missing(folder, "is not there")
    files = [file for file in files if not any(part.startswith(".") for part in PurePosixPath(file.name).parts)]
    if not files:
        raise _missing(source, "holds no maps")
    return sorted(files, key=lambda file: file.name)


def _open(path: Path) -> IO[bytes]:
    return path.open("rb")


def _missing(source: str | Path, what: str) -> DataError:
    return DataError(
        "maps_missing",
        f"{shown(str(source))} {what}.",
        "Name a folder that `bpdemo extract --data NAME=DIR --output MAPS` wrote, or owner/name@revision of a dataset "
        "repo on the Hub.",
    )


def _in_repo(repo_id: str, revision: str) -> list[MapsFile]:
    library = hub.import_hub()
    place = f"{repo_id}@{revision}"
    timeout_s = library.constants.HF_HUB_ETAG_TIMEOUT
    with hub.explained(repo_id, place, kind="dataset"), hub.session_timeout(timeout_s):
        commit = hub.commit_of(library.HfApi().dataset_info(repo_id, revision=revision, timeout=timeout_s))
        # Not from its cache of instances: one made earlier has the settings of then.
        system = library.HfFileSystem(endpoint=library.constants.ENDPOINT, skip_instance_cache=True)
        root = f"datasets/{repo_id}@{commit}/"
        names = [name.removeprefix(root) for name in system.find(root)]
    return [
        MapsFile(name, partial(_stream, system, root + name, repo_id, place), is_far=True)
        for name in names
        if name.endswith(".parquet")
    ]


@contextmanager
def _stream(system: "HfFileSystem", path: str, repo_id: str, place: str) -> Iterator[IO[bytes]]:
    with (
        hub.explained(repo_id, place, "stream", "dataset"),
        system.open(path, "rb", cache_type="none") as file,  # whose default fetches 5 MB wherever something is read
    ):
        yield file
