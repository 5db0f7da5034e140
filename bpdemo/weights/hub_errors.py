"""What can go wrong with weights, maps and the Hub, as errors of this project."""

import errno
from typing import Literal

from bpdemo.errors import WeightsError, shown

FILE_LIMITS = {"config.json": 1 << 20, "README.md": 1 << 20, "model.safetensors": 1 << 28}
"""The files of a weights folder and the largest size of each, bytes. The full-size network has 45 MB of weights."""

Task = Literal["question", "download", "stream", "push"]
_BUSY = (408, 429)

_ERRORS = {
    "weights_name_invalid": (
        "{name} is not an existing folder and not the name of a Hub repo.",
        "Give the path of a weights folder, or owner/name or owner/name@revision of a repo on the Hub.",
    ),
    "weights_file_missing": (
        "There is no {name} in {place}.",
        f"A weights folder holds {', '.join(FILE_LIMITS)}; complete it or choose other weights.",
    ),
    "weights_file_too_large": (
        "{name} is {size} bytes, over the limit of {limit}.",
        "These are not weights of bpdemo; check the name.",
    ),
    "disk_full": ("There is no room left on the disk for {place}.", "Free some space there and try again."),
    "hub_repo_not_found": (
        "The Hub has no {kind} repo {repo}, or it is private and the token does not open it.",
        "Check owner and name; for a private repo log in with `hf auth login` or set HF_TOKEN.",
    ),
    "hub_revision_not_found": (
        "There is no {place} on the Hub.",
        "Name a branch, tag or full commit hash of that repo, or leave @revision out for main.",
    ),
    "hub_access_denied": (
        "The Hub does not give {what} access to {repo}.",
        "Ask for access on the repo's page, or use a token that has it: `hf auth login` or HF_TOKEN.",
    ),
    "hub_refused": ("The Hub refused the request for {place}: {detail}.", "Correct what it names and try again."),
    "hub_cache_unwritable": (
        "The cache folder of huggingface_hub cannot be written.",
        "Set HF_HOME to a folder you may write to.",
    ),
    "hub_download_broken": (
        "The download of {place} broke off and could not be completed.",
        "Try again; if it breaks off every time, the connection or the Hub is at fault.",
    ),
    "hub_token_missing": (
        "Publishing on the Hub needs an access token and there is none.",
        "Log in with `hf auth login` or set HF_TOKEN to a token with write permission.",
    ),
    "hub_token_refused": (
        "The Hub does not accept the access token.",
        "Log in again with `hf auth login`, or set HF_TOKEN to a valid token with write permission.",
    ),
    "hub_repo_is_public": (
        "{repo} exists and is public, so nothing was pushed to it.",
        "Make the repo private on the Hub first, choose another name, or push without asking for private.",
    ),
    "hub_upload_failed": ("The push to {repo} failed: {detail}.", "Correct what it names and push again."),
    "hub_settings_invalid": (
        "huggingface_hub cannot read its settings from the environment ({detail}).",
        "Correct the HF_ variables: addresses must be addresses, times whole seconds.",
    ),
    "hub_unreachable": (
        "The Hub at {host} {what} and {consequence}.",
        "Check the connection, and HF_ENDPOINT, HF_HUB_OFFLINE, HTTPS_PROXY and ALL_PROXY if you have set them.",
    ),
}


def weights_error(code: str, **details: object) -> WeightsError:
    """Return the error of a code above, its sentence filled with details."""
    message, remedy = _ERRORS[code]
    return WeightsError(code, message.format(**details), remedy)


def is_disk_full(error: BaseException) -> bool:
    """Return whether an exception says that the disk or the quota is used up."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def explain(error: Exception, repo_id: str, place: str, doing: Task, kind: str = "model") -> WeightsError:
    """Return the error of ours for what huggingface_hub raised; `place` is the repo with its revision."""
    import httpx2
    from huggingface_hub import errors

    wrappers = (errors.LocalEntryNotFoundError, RuntimeError)
    if isinstance(error, wrappers) and isinstance(error.__cause__, Exception):
        error = error.__cause__
    pushing, status = doing == "push", None
    no_repo = isinstance(error, errors.RepositoryNotFoundError) and not isinstance(error, errors.GatedRepoError)
    if isinstance(error, errors.HfHubHTTPError):
        status = error.response.status_code
        if pushing and status == 401:
            return weights_error("hub_token_refused")
        if no_repo and not pushing:
            return weights_error("hub_repo_not_found", kind=kind, repo=repo_id)
        if isinstance(error, errors.RevisionNotFoundError):
            return weights_error("hub_revision_not_found", place=place)
        if status in (401, 403) or isinstance(error, (errors.RepositoryNotFoundError, errors.DisabledRepoError)):
            return weights_error("hub_access_denied", what="write" if pushing else "read", repo=repo_id)
        if status < 500 and status not in _BUSY:
            detail = shown(error.server_message or f"status {status}")
            return weights_error("hub_refused", place=place, detail=detail)
    elif doing == "download":
        if is_disk_full(error):
            return weights_error("disk_full", place="the cache of huggingface_hub")
        if isinstance(error, (PermissionError, NotADirectoryError)) or getattr(error, "errno", None) == errno.EROFS:
            return weights_error("hub_cache_unwritable")
        if isinstance(error, httpx2.TransportError) or type(error) is OSError:
            return weights_error("hub_download_broken", place=place)
    elif doing == "stream" and isinstance(error, (httpx2.TransportError, RuntimeError, AttributeError)):
        return weights_error("hub_download_broken", place=place)
    elif pushing and not isinstance(
        error, (httpx2.TransportError, httpx2.InvalidURL, errors.OfflineModeIsEnabled, ImportError)
    ):
        return weights_error("hub_upload_failed", repo=repo_id, detail=shown(str(error) or type(error).__name__))
    return _unreachable(error, "nothing was pushed" if pushing else f"{place} is not in the cache", status)


def _unreachable(error: Exception, consequence: str, status: int | None) -> WeightsError:
    import httpx2
    from huggingface_hub import constants, errors

    host = constants.ENDPOINT.rpartition("://")[2].rpartition("@")[2]  # without a name and password
    if status is not None:
        what = f"answered {status}"
    elif isinstance(error, errors.OfflineModeIsEnabled):
        what = "may not be asked (HF_HUB_OFFLINE is set)"
    elif isinstance(error, httpx2.TimeoutException):
        what = "did not answer in time"
    elif isinstance(error, ImportError):  # httpx2 needs a package more
        what = "cannot be asked through a SOCKS proxy without the Python package socksio"
    else:
        what = "could not be reached"
    return weights_error("hub_unreachable", host=host, what=what, consequence=consequence)
