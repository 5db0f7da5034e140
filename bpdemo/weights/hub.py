"""The Hugging Face Hub: fetch the three files of a weights repo, push them to one.

The only module that talks to huggingface_hub, which it imports when it is called, not before. A branch or tag is
resolved once and all files are taken from the commit that answered, so that a push in between cannot mix two versions.
The cache learns of that commit when all of it is there: a download that fails leaves the branch as it was. What is in
the cache is used whenever the Hub cannot be reached, and a full commit hash that is there is never asked for again. An
answer that says no (no such repo, no access) is an error even when a copy is cached.

huggingface_hub reads its settings from the environment: `HF_ENDPOINT`, `HF_HOME`, `HF_TOKEN`, `HF_HUB_OFFLINE`,
`HF_HUB_ETAG_TIMEOUT` and `HF_HUB_DOWNLOAD_TIMEOUT` (seconds).
"""

import errno
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bpdemo.errors import WeightsError, shown

FILE_LIMITS = {"config.json": 1 << 20, "README.md": 1 << 20, "model.safetensors": 1 << 28}
"""The files of a weights folder and the largest size of each, bytes. The full-size network has 45 MB of weights."""

EVIDENCE = ("evidence.json", "evidence/*.png")
"""What a card shows and is made from; pushed beside the files where it is there, and never fetched."""

_EVIDENCE_LIMIT = 1 << 20  # bytes, of each of its files

PUSH_TIMEOUT_S = 60.0
"""How long one request of a push may wait for the Hub, seconds: a commit takes longer to answer than a file."""

_REPO_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}")
_REVISION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+-]{0,199}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_BUSY = (408, 429)


def parse_name(name: str) -> tuple[str, str]:
    """Split `owner/name` or `owner/name@revision` into the repo and the revision ("main" when there is none).

    Raises:
        WeightsError: `weights_name_invalid`; nothing that could lead out of the cache folder passes.
    """
    repo_id, at, revision = name.partition("@")
    parts = repo_id.split("/")
    good_repo = _REPO_ID.fullmatch(repo_id) and not any(
        part.endswith((".", "-", ".git")) or ".." in part or "--" in part for part in parts
    )
    good_revision = not at or (
        _REVISION.fullmatch(revision)
        and not any(part in ("", ".", "..") or part.endswith(".lock") for part in revision.split("/"))
        and ".." not in revision
    )
    if not (good_repo and good_revision):
        raise WeightsError(
            "weights_name_invalid",
            f"{shown(name)} is neither a folder that exists nor the name of a Hub repo.",
            "Give the path of a weights folder, or owner/name or owner/name@revision of a repo on the Hub.",
        )
    return repo_id, revision or "main"


def fetch(repo_id: str, revision: str) -> tuple[Path, str]:
    """Bring the files of a weights repo into the cache of huggingface_hub.

    Args:
        repo_id: `owner/name`.
        revision: branch, tag or commit hash.

    Returns:
        The folder that holds the three files, and the 40-digit commit hash they belong to.

    Raises:
        WeightsError: `hub_repo_not_found`, `hub_revision_not_found`, `hub_access_denied`, `weights_file_missing`,
            `weights_file_too_large`, `hub_unreachable`, `hub_download_broken`, `hub_cache_unwritable`, `disk_full`,
            `hub_refused` or `hub_settings_invalid`.
    """
    commit = _resolve(repo_id, revision)
    for filename in FILE_LIMITS:
        path = _fetch_file(repo_id, filename, commit)
    if revision != commit:
        _remember(path.parents[2], revision, commit)
    return path.parent, commit


def upload(folder: Path, repo_id: str, *, message: str, private: bool, token: str | None) -> str:
    """Create a model repo if there is none and commit a folder's three files and its evidence to its main branch.

    Args:
        folder: a weights folder, already checked.
        repo_id: `owner/name`.
        message: summary line of the commit.
        private: create the repo private; an existing public repo is then refused.
        token: access token with write permission; None takes the one huggingface_hub is logged in with.

    Returns:
        URL of the repo at the commit that was made.

    Raises:
        WeightsError: `hub_token_missing`, `hub_token_refused`, `hub_access_denied`, `hub_repo_is_public`,
            `hub_unreachable`, `hub_refused` or `hub_upload_failed`.
    """
    with writing(repo_id, token) as (hub, api):
        api.create_repo(repo_id, private=private, exist_ok=True)
        if private and not api.model_info(repo_id, timeout=PUSH_TIMEOUT_S).private:
            raise repo_is_public(repo_id)
        additions = [hub.CommitOperationAdd(name, str(folder / name)) for name in (*FILE_LIMITS, *evidence(folder))]
        commit = api.create_commit(repo_id, additions, commit_message=message)
    return f"{api.endpoint}/{repo_id}/tree/{commit.oid}"


@contextmanager
def writing(repo_id: str, token: str | None) -> Iterator[tuple[Any, Any]]:
    """Give huggingface_hub and its API with a token, and say in the project's words what goes wrong in the block.

    Args:
        repo_id: `owner/name`, for the words.
        token: access token; None takes the one huggingface_hub is logged in with.

    Raises:
        WeightsError: the codes of `upload`.
    """
    hub = _hub()
    import httpx2

    token = token or hub.get_token()
    if not token:
        raise WeightsError(
            "hub_token_missing",
            "Publishing on the Hub needs an access token and there is none.",
            "Log in with `hf auth login` or set HF_TOKEN to a token with write permission.",
        )
    # create_repo and create_commit set no timeout of their own: without this a silent server would hold them for ever.
    session = hub.get_session()
    usual_timeout, session.timeout = session.timeout, PUSH_TIMEOUT_S
    try:
        yield hub, hub.HfApi(endpoint=hub.constants.ENDPOINT, token=token)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, RuntimeError) as error:
        raise _explain_upload(error, repo_id) from error
    finally:
        session.timeout = usual_timeout


def repo_is_public(repo_id: str) -> WeightsError:
    """The error for a push that must be private, to a repo that is not."""
    return WeightsError(
        "hub_repo_is_public",
        f"{repo_id} exists and is public, so nothing was pushed to it.",
        "Make the repo private on the Hub first, choose another name, or push without asking for private.",
    )


def evidence(folder: Path) -> list[str]:
    """Names of a folder's evidence, without links and without what is too large to be a picture of ours."""
    files = sorted(file for pattern in EVIDENCE for file in folder.glob(pattern))
    return [
        file.relative_to(folder).as_posix()
        for file in files
        if file.is_file() and not file.is_symlink() and file.stat().st_size <= _EVIDENCE_LIMIT
    ]


def _hub() -> Any:
    """Import huggingface_hub with its usage reports off, also when somebody imported it before us."""
    try:
        import huggingface_hub
        from huggingface_hub import constants
    except ValueError as error:
        raise WeightsError(
            "hub_settings_invalid",
            f"huggingface_hub cannot read its settings from the environment ({shown(str(error))}).",
            "Correct the HF_ variables: addresses must be addresses, times whole seconds.",
        ) from error
    constants.HF_HUB_DISABLE_TELEMETRY = True
    return huggingface_hub


def _resolve(repo_id: str, revision: str) -> str:
    """Return the hash of the commit a revision names, as the Hub says or, when it cannot be asked, the cache."""
    if _COMMIT.fullmatch(revision):
        return revision
    first = next(iter(FILE_LIMITS))
    try:
        return _ask(repo_id, first, revision).commit_hash
    except WeightsError as error:
        cached = _hub().try_to_load_from_cache(repo_id, first, revision=revision)
        if error.code == "hub_unreachable" and isinstance(cached, str):
            return Path(cached).parent.name
        raise


def _ask(repo_id: str, filename: str, revision: str) -> Any:
    """Return what the Hub says of a file, before hf_hub_download would retry a silent server for minutes."""
    hub = _hub()
    import httpx2

    constants = hub.constants
    try:
        url = hub.hf_hub_url(repo_id, filename, revision=revision, endpoint=constants.ENDPOINT)
        metadata = hub.get_hf_file_metadata(url, timeout=constants.HF_HUB_ETAG_TIMEOUT, endpoint=constants.ENDPOINT)
        if metadata.size is None or not _COMMIT.fullmatch(metadata.commit_hash or ""):
            raise ConnectionError("the answer is not that of a Hub")
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        raise _explain(error, repo_id, revision, filename) from error
    return metadata


def _fetch_file(repo_id: str, filename: str, commit: str) -> Path:
    """Return the path of one file in the cache; it lies in a folder named after its commit."""
    hub = _hub()
    import httpx2

    found = hub.try_to_load_from_cache(repo_id, filename, revision=commit)
    if isinstance(found, str):
        return Path(found)
    size = _ask(repo_id, filename, commit).size  # hf_hub_download would take a file of any size
    if size > FILE_LIMITS[filename]:
        raise file_too_large(f"{filename} of {repo_id}@{commit}", size, FILE_LIMITS[filename])
    constants = hub.constants
    try:
        path = hub.hf_hub_download(
            repo_id,
            filename,
            revision=commit,
            endpoint=constants.ENDPOINT,
            etag_timeout=constants.HF_HUB_ETAG_TIMEOUT,
        )
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        raise _explain(error, repo_id, commit, filename, downloading=True) from error
    return Path(path)


def _remember(repo: Path, revision: str, commit: str) -> None:
    """Have a repo's folder in the cache name the commit of a branch or tag, as huggingface_hub would on its own."""
    reference = repo / "refs" / revision
    temporary = reference.with_name(f".{reference.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        reference.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(commit)
        temporary.replace(reference)
    except OSError:  # the weights are there all the same; only a later start without the Hub will not find them
        temporary.unlink(missing_ok=True)


def file_too_large(what: str, size: int, limit: int) -> WeightsError:
    """The error for a file of a weights folder or repo that is over its limit (sizes in bytes)."""
    return WeightsError(
        "weights_file_too_large",
        f"{what} is {size} bytes, over the limit of {limit}.",
        "These are not weights of bpdemo; check the name.",
    )


def disk_full(where: str) -> WeightsError:
    """The error for a disk without room while weights are written to `where`."""
    return WeightsError(
        "disk_full", f"There is no room left on the disk for {where}.", "Free some space there and try again."
    )


def is_disk_full(error: BaseException) -> bool:
    """Whether an exception says that the disk or the quota is used up."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _explain(
    error: Exception, repo_id: str, revision: str, filename: str, *, downloading: bool = False
) -> WeightsError:
    """Say in the project's words why a file could not be had."""
    import httpx2
    from huggingface_hub import errors

    place = f"{repo_id}@{revision}"
    status = error.response.status_code if isinstance(error, errors.HfHubHTTPError) else None
    # GatedRepoError is a RepositoryNotFoundError, so it must be asked for first.
    if isinstance(error, (errors.GatedRepoError, errors.DisabledRepoError)):
        return _access_denied(repo_id)
    if isinstance(error, errors.RepositoryNotFoundError):
        return WeightsError(
            "hub_repo_not_found",
            f"The Hub has no model repo {repo_id}, or it is private and the token does not open it.",
            "Check owner and name; for a private repo log in with `hf auth login` or set HF_TOKEN.",
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return WeightsError(
            "hub_revision_not_found",
            f"{repo_id} has no revision {revision}.",
            "Name a branch, tag or full commit hash of that repo, or leave @revision out for main.",
        )
    if isinstance(error, errors.EntryNotFoundError) and status is not None:
        return file_missing(filename, place)
    if status in (401, 403):
        return _access_denied(repo_id)
    if status is not None and status < 500 and status not in _BUSY:
        return WeightsError(
            "hub_refused",
            f"The Hub answered {status} when asked for {filename} of {place}.",
            "Check the name, and HF_ENDPOINT if you have set it.",
        )
    if is_disk_full(error):
        return disk_full("the cache of huggingface_hub")
    if isinstance(error, (PermissionError, NotADirectoryError)) or getattr(error, "errno", None) == errno.EROFS:
        return WeightsError(
            "hub_cache_unwritable",
            "The cache folder of huggingface_hub cannot be written.",
            "Set HF_HOME to a folder you may write to.",
        )
    broken = isinstance(error, (httpx2.TimeoutException, httpx2.TransportError)) or type(error) is OSError
    if downloading and broken:
        return WeightsError(
            "hub_download_broken",
            f"The download of {filename} of {place} broke off and could not be completed.",
            "Try again; if it breaks off every time, the connection or the Hub is at fault.",
        )
    return _unreachable(error, f"{place} is not in the cache", status)


def _explain_upload(error: Exception, repo_id: str) -> WeightsError:
    """Say in the project's words why a push failed."""
    import httpx2
    from huggingface_hub import errors

    if isinstance(error, RuntimeError) and isinstance(error.__cause__, Exception):
        error = error.__cause__  # huggingface_hub wraps what went wrong with one file
    if isinstance(error, errors.HfHubHTTPError):
        status = error.response.status_code
        if status == 401:
            return WeightsError(
                "hub_token_refused",
                "The Hub does not accept the access token.",
                "Log in again with `hf auth login`, or set HF_TOKEN to a valid token with write permission.",
            )
        if status == 403 or isinstance(error, errors.RepositoryNotFoundError):
            return WeightsError(
                "hub_access_denied",
                f"The access token may not write to {repo_id}.",
                "Use a token with write permission for that owner, or push under a name of your own.",
            )
        if status >= 500 or status in _BUSY:
            return _unreachable(error, "nothing was pushed", status)
        detail = error.server_message or f"status {status}"
        return WeightsError(
            "hub_refused",
            f"The Hub refused the push to {repo_id}: {shown(detail)}.",
            "Correct what it names and push again.",
        )
    if isinstance(error, (httpx2.TransportError, httpx2.InvalidURL, errors.OfflineModeIsEnabled)):
        return _unreachable(error, "nothing was pushed", None)
    return WeightsError(
        "hub_upload_failed",
        f"The push to {repo_id} failed: {shown(str(error) or type(error).__name__)}.",
        "Correct what it names and push again.",
    )


def file_missing(filename: str, place: str) -> WeightsError:
    """The error for a weights folder or repo without one of its three files."""
    return WeightsError(
        "weights_file_missing",
        f"There is no {filename} in {place}.",
        f"A weights folder holds {', '.join(FILE_LIMITS)}; complete it or choose other weights.",
    )


def _access_denied(repo_id: str) -> WeightsError:
    return WeightsError(
        "hub_access_denied",
        f"The Hub does not give access to {repo_id}.",
        "Ask for access on the repo's page, then log in with `hf auth login` or set HF_TOKEN.",
    )


def _unreachable(error: Exception, consequence: str, status: int | None) -> WeightsError:
    import httpx2
    from huggingface_hub import constants, errors

    host = constants.ENDPOINT.rpartition("://")[2].rpartition("@")[2]  # without a name and password
    if isinstance(error, errors.OfflineModeIsEnabled):
        return WeightsError(
            "hub_unreachable",
            f"The Hub may not be asked (HF_HUB_OFFLINE is set) and {consequence}.",
            "Unset HF_HUB_OFFLINE, or name weights that have been fetched before.",
        )
    if status is not None:
        what = f"answered {status}"
    elif isinstance(error, httpx2.TimeoutException):
        what = "did not answer in time"
    else:
        what = "could not be reached"
    return WeightsError(
        "hub_unreachable",
        f"The Hub at {host} {what} and {consequence}.",
        "Check the connection, and HF_ENDPOINT if you have set it, and try again.",
    )
