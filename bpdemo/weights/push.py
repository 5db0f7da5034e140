"""Weights on the Hub: a folder is pushed once it is what others can load."""

from pathlib import Path

from bpdemo.errors import WeightsError
from bpdemo.weights import hub
from bpdemo.weights.pulse_store import load_pulse, look_up
from bpdemo.weights.store import load_weights


def push_weights(folder: str | Path, repo_id: str, *, private: bool = False, token: str | None = None) -> str:
    """Return the URL of a weights folder on the Hub, once its three files and the evidence its card shows are pushed.

    The URL ends in the commit, the revision of `owner/name@revision`.

    Args:
        folder: a weights folder.
        repo_id: `owner/name`; the repo is created when it is not there.
        private: create the repo private; nothing is pushed to an existing public repo then.
        token: access token; None takes the one huggingface_hub is logged in with.

    Raises:
        WeightsError: the folder is not fit to be used (see `load_weights` and `load_pulse`), `weights_name_invalid`, or
            a `hub_...` code.
    """
    if "@" in repo_id:
        raise WeightsError(
            "weights_name_invalid",
            "Weights are pushed to the main branch of a repo, not to a revision.",
            "Give owner/name without @revision.",
        )
    hub.parse_name(repo_id)
    folder = Path(folder)
    _, gives_pulse_alone = look_up(folder)
    checked = load_pulse(folder, "cpu") if gives_pulse_alone else load_weights(folder, "cpu")
    version = checked.summary.stmap_version
    message = f"Weights {checked.summary.name}" + (f" for STMap version {version}" if version else "")
    return hub.upload(folder, repo_id, message=message, private=private, token=token)
