"""The Hugging Face Hub: fetch the three files of a weights repo, push them to one; names and errors of any repo.

A branch or tag is resolved once, and all files are taken from that commit. The cache is used whenever the Hub cannot be
reached; a refusal (no such repo, no access) is an error even when a copy is cached.

huggingface_hub reads its settings from the environment: `HF_ENDPOINT`, `HF_HOME`, `HF_TOKEN`, `HF_HUB_OFFLINE`,
`HF_HUB_ETAG_TIMEOUT` and `HF_HUB_DOWNLOAD_TIMEOUT` (seconds); and the proxies that requests go through: `HTTPS_PROXY`,
`ALL_PROXY`, `NO_PROXY`.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bpdemo.errors import WeightsError, shown
from bpdemo.weights.hub_errors import FILE_LIMITS, Task, explain, weights_error

if TYPE_CHECKING:
    from httpx2 import Request
    from huggingface_hub import DatasetInfo, HfApi, ModelInfo

EVIDENCE = ("evidence.json", "evidence/*.png")
"""What a card shows and is made from: pushed beside the files, and never fetched."""

PUSH_TIMEOUT_S = 60.0
"""How long one request of a push may wait: a commit takes longer to answer than a file."""

_EVIDENCE_LIMIT = 1 << 20  # bytes, of each of its files
_REPO_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}")
_REVISION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+-]{0,199}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
# An ImportError says that a SOCKS proxy is set and the package for it is missing.
# The last two also where a thread whose request failed has closed the session that all threads share.
_OTHER_ERRORS = (ImportError, OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError)
_session_lock = threading.Lock()  # held while huggingface_hub's one session has our time limit


def parse_name(name: str) -> tuple[str, str]:
    """Return repo and revision ("main" when there is none) of `owner/name` or `owner/name@revision`.

    Raises:
        WeightsError: `weights_name_invalid`, also for what could lead out of the cache folder.
    """
    repo_id, at, revision = name.partition("@")
    good_repo = _REPO_ID.fullmatch(repo_id) and not any(
        part.endswith((".", "-", ".git")) or ".." in part or "--" in part for part in repo_id.split("/")
    )
    good_revision = not at or (
        _REVISION.fullmatch(revision)
        and not any(part in ("", ".", "..") or part.endswith(".lock") for part in revision.split("/"))
        and ".." not in revision
    )
    if not (good_repo and good_revision):
        raise weights_error("weights_name_invalid", name=shown(name))
    return repo_id, revision or "main"


def find_folder(source: str | Path) -> Path | None:
    """Return the folder that is there by this name, or that a path names if there or not; None for a repo's name."""
    try:
        folder = Path(source).expanduser()
    except RuntimeError:  # of an unknown user
        folder = Path(source)
    if str(source).strip() and is_folder(folder):
        return folder
    is_path = isinstance(source, Path) or source.startswith(("/", "./", "../", "~", "\\")) or source in (".", "..")
    return folder if is_path else None


def is_folder(path: Path) -> bool:
    """Return whether a folder is there, also of what can be no path: a name too long, or with a NUL."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def fetch(repo_id: str, revision: str) -> tuple[Path, str]:
    """Return the folder in huggingface_hub's cache that holds a repo's three files, and their commit's hash.

    Raises:
        WeightsError: `hub_repo_not_found`, `hub_revision_not_found`, `hub_access_denied`, `weights_file_missing`,
            `weights_file_too_large`, `hub_unreachable`, `hub_download_broken`, `hub_cache_unwritable`, `disk_full`,
            `hub_refused` or `hub_settings_invalid`.
    """
    hub = import_hub()
    cached = _find_cached(repo_id, revision)
    if cached and cached.name == revision:
        return cached, revision
    place = f"{repo_id}@{revision}"
    try:
        with explained(repo_id, place):
            commit = _resolve(repo_id, revision, place)
    except WeightsError as error:
        if error.code == "hub_unreachable" and cached:
            return cached, cached.name
        raise
    with explained(repo_id, place, "download"), session_timeout(hub.constants.HF_HUB_ETAG_TIMEOUT):
        folder = Path(hub.snapshot_download(repo_id, revision=commit, allow_patterns=list(FILE_LIMITS)))
    if commit not in (revision, cached and cached.name):
        # The cache learns where the branch is only once the commit is complete: a download that breaks off leaves the
        # old commit for a start without the Hub.
        with suppress(WeightsError), explained(repo_id, place):
            hub.hf_hub_download(repo_id, "config.json", revision=revision)
    return folder, commit


def _find_cached(repo_id: str, revision: str) -> Path | None:
    """Return the folder of a revision whose three files are in the cache, without a request."""
    download, files = import_hub().snapshot_download, list(FILE_LIMITS)
    with suppress(OSError):  # LocalEntryNotFoundError among others
        folder = Path(download(repo_id, revision=revision, allow_patterns=files, local_files_only=True))
        if all((folder / name).is_file() for name in FILE_LIMITS):
            return folder
    return None


def _resolve(repo_id: str, revision: str, place: str) -> str:
    """Return the hash of the commit a revision names, the sizes of its files checked."""
    hub = import_hub()
    timeout_s = hub.constants.HF_HUB_ETAG_TIMEOUT
    info = hub.HfApi().model_info(repo_id, revision=revision, files_metadata=True, timeout=timeout_s)
    commit = commit_of(info)
    sizes = {file.rfilename: file.size for file in info.siblings or ()}
    for name, limit in FILE_LIMITS.items():
        if name not in sizes:
            raise weights_error("weights_file_missing", name=name, place=place)
        size = sizes[name]
        if size is None or size > limit:
            raise weights_error("weights_file_too_large", name=f"{name} of {place}", size=size, limit=limit)
    return commit


def commit_of(info: "ModelInfo | DatasetInfo") -> str:
    """Return the hash of the commit that a Hub's answer is about; raises ConnectionError if it is no Hub's answer."""
    if info.siblings is None or not _COMMIT.fullmatch(info.sha or ""):
        raise ConnectionError("the answer is not that of a Hub")
    return str(info.sha)


def upload(folder: Path, repo_id: str, *, message: str, private: bool, token: str | None) -> str:
    """Return the URL of a new commit of a checked weights folder; the repo is created when it is not there.

    Args:
        folder: whose three files and evidence are committed.
        repo_id: `owner/name`.
        message: summary line of the commit.
        private: create the repo private; an existing public repo is then refused.
        token: access token with write permission; None takes the one huggingface_hub is logged in with.

    Raises:
        WeightsError: `hub_token_missing`, `hub_token_refused`, `hub_access_denied`, `hub_repo_is_public`,
            `hub_unreachable`, `hub_refused` or `hub_upload_failed`.
    """
    with writing(repo_id, token) as api:
        api.create_repo(repo_id, private=private, exist_ok=True)
        if private and not api.model_info(repo_id, timeout=PUSH_TIMEOUT_S).private:
            raise weights_error("hub_repo_is_public", repo=repo_id)
        names = [*FILE_LIMITS, *evidence(folder)]
        commit = api.upload_folder(repo_id=repo_id, folder_path=folder, allow_patterns=names, commit_message=message)
    return f"{api.endpoint}/{repo_id}/tree/{commit.oid}"


@contextmanager
def writing(repo_id: str, token: str | None) -> "Iterator[HfApi]":
    """Yield huggingface_hub's API with a token; what goes wrong in the block is raised as an error of ours.

    Raises:
        WeightsError: the codes of `upload`.
    """
    hub = import_hub()
    token = token or hub.get_token()
    if not token:
        raise weights_error("hub_token_missing")
    with explained(repo_id, repo_id, "push"), session_timeout(PUSH_TIMEOUT_S):
        yield hub.HfApi(token=token)


def evidence(folder: Path) -> list[str]:
    """Return the names of a folder's evidence, without links and large files."""
    files = sorted(file for pattern in EVIDENCE for file in folder.glob(pattern))
    return [
        file.relative_to(folder).as_posix()
        for file in files
        if file.is_file() and not file.is_symlink() and file.stat().st_size <= _EVIDENCE_LIMIT
    ]


def import_hub() -> Any:
    """Import huggingface_hub with its usage reports off, even when it was imported before."""
    try:
        import huggingface_hub
        from huggingface_hub import constants
    except ValueError as error:
        raise weights_error("hub_settings_invalid", detail=shown(str(error))) from error
    constants.HF_HUB_DISABLE_TELEMETRY = True
    return huggingface_hub


@contextmanager
def session_timeout(seconds: float) -> Iterator[None]:
    """Limit the time of requests that huggingface_hub sends without a limit."""

    def limit(request: "Request") -> None:
        request.extensions["timeout"] = {
            phase: seconds if limit_s is None else limit_s for phase, limit_s in request.extensions["timeout"].items()
        }

    with _session_lock:
        session = import_hub().get_session()
        hooks = session.event_hooks
        session.event_hooks = {**hooks, "request": [*hooks["request"], limit]}
        try:
            yield
        finally:
            session.event_hooks = hooks


@contextmanager
def explained(repo_id: str, place: str, doing: Task = "question", kind: str = "model") -> Iterator[None]:
    """Raise what goes wrong in the block as an error of ours; `place` is the repo with its revision."""
    import httpx2

    try:
        yield
    except (httpx2.HTTPError, httpx2.InvalidURL, *_OTHER_ERRORS) as error:
        raise explain(error, repo_id, place, doing, kind) from error
