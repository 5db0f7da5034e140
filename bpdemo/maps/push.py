"""Publish maps as a dataset repo on the Hugging Face Hub, with a card that says what they are and under which licences.

Maps are made from clips that are often given out under an agreement: those of a data set whose licence does not let
anybody publish them are pushed only by whoever says that he may.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bpdemo.data.registry import LOADERS
from bpdemo.errors import DataError, WeightsError, shown
from bpdemo.maps.summary import SetCounts, count_maps
from bpdemo.reporting.maps_card import TAG, licence_of, write_card
from bpdemo.weights import hub
from bpdemo.weights.hub_errors import weights_error


@dataclass(frozen=True)
class Plan:
    """Maps to be published, and where.

    Attributes:
        folder: of the maps.
        repo: `owner/name` of the dataset repo.
        sets: what is in them, data set -> counts.
    """

    folder: Path
    repo: str
    sets: Mapping[str, SetCounts]

    @property
    def restricted(self) -> dict[str, str]:
        """Licence of each data set that may not be published by everybody, or of which that is not known."""
        free = [name for name, loader in LOADERS.items() if loader.may_share]
        return {name: licence_of(name) for name in self.sets if name not in free}


def plan_maps(folder: str | Path, repo: str) -> Plan:
    """Return what would be published, each file checked, without a request.

    Raises:
        DataError: `maps_name_invalid`, `maps_missing`, `maps_invalid` or `maps_other_version`.
    """
    try:
        hub.parse_name(f"{repo}@main")  # no name has two revisions
    except WeightsError as error:
        raise DataError(
            "maps_name_invalid",
            f"{shown(repo)!r} is no name of a repo on the Hub.",
            "Give it as owner/name; maps are pushed to its main branch.",
        ) from error
    folder = Path(folder).expanduser()  # a path, so that what is there by chance on the Hub is not meant
    return Plan(folder, repo, count_maps(folder))


def push_maps(plan: Plan, *, may_share: bool = False, private: bool = False, token: str | None = None) -> str:
    """Return the URL of the maps on the Hub; it ends in the commit, the revision of `owner/name@revision`.

    The card goes first, so that no maps are there without their licences; many files are several commits. A push that
    broke off is completed by another one, which sends only what is not there. Maps that an earlier push left in the
    repo and this folder lacks are deleted.

    Args:
        plan: of `plan_maps`.
        may_share: whether whoever pushes may publish `plan.restricted`.
        private: create the repo private; nothing is pushed to an existing public repo then.
        token: access token; None takes the one huggingface_hub is logged in with.

    Raises:
        DataError: `maps_not_shareable` or `maps_repo_is_another`.
        WeightsError: a code of `hub.upload`.
    """
    if plan.restricted and not may_share:
        name, licence = next(iter(plan.restricted.items()))
        raise DataError(
            "maps_not_shareable",
            f"Maps of {name} may not be published by everybody (licence: {licence}), so nothing was pushed.",
            "Only if you may publish them, say so with --i-may-share.",
        )
    with hub.writing(plan.repo, token) as api:
        api.create_repo(plan.repo, repo_type="dataset", private=private, exist_ok=True)
        info = api.dataset_info(plan.repo, timeout=hub.PUSH_TIMEOUT_S)
        if private and not info.private:
            raise weights_error("hub_repo_is_public", repo=plan.repo)
        if {file.rfilename for file in info.siblings or ()} - {".gitattributes"} and TAG not in (info.tags or ()):
            raise DataError(
                "maps_repo_is_another",
                f"The dataset repo {plan.repo} exists and holds something else, so nothing was changed in it.",
                "Choose another name.",
            )
        api.upload_file(
            repo_id=plan.repo,
            repo_type="dataset",
            path_or_fileobj=write_card(plan.repo, plan.sets).encode(),
            path_in_repo="README.md",
            commit_message=f"Card of maps of {', '.join(plan.sets)}",
        )
        commit = api.upload_folder(
            repo_id=plan.repo,
            repo_type="dataset",
            folder_path=plan.folder,
            # The files that `files.find_files` finds: a `*` stands for slashes, too.
            allow_patterns="*.parquet",
            ignore_patterns=[".*", "*/.*"],
            delete_patterns="*.parquet",
            commit_message=f"Maps of {', '.join(plan.sets)}",
        )
    return f"{api.endpoint}/datasets/{plan.repo}/tree/{commit.oid}"
