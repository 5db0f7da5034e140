"""What moved a reading: what the model answers where one part of a window is left out (ours).

A part is a region of the face or a phase of the beat; each model says in its own file what it is to do without one.
Parts act together, so what they move does not add up to the reading's distance from the training mean.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bpdemo.beats import PHASES
from bpdemo.estimate import MovedBy
from bpdemo.regions import REGIONS

if TYPE_CHECKING:
    from torch import Tensor

    from bpdemo.models.pressure_model import PressureModel


@dataclass(frozen=True)
class LeftOut:
    """The regions and phases that were left out of a window, one at a time."""

    regions: tuple[str, ...]
    phases: tuple[str, ...]

    def moved(self, value: "Tensor") -> MovedBy | None:
        """Return how each part moved a pressure; None where there are no parts.

        `value` [1 + parts] mmHg is the answer to the whole window, followed by those without each part.
        """
        moved = (value[1:] - value[0]).tolist()
        regions = dict(zip(self.regions, moved, strict=False))
        phases = dict(zip(self.phases, moved[len(regions) :], strict=True))
        return MovedBy(regions, phases) if moved else None


def leave_out(model: "PressureModel", window: "tuple[Tensor, ...]") -> "tuple[tuple[Tensor, ...], LeftOut]":
    """Return a batch, tensors [1 + parts, ...]: one window [1, ...], then the same without each part; and the parts."""
    import torch

    member = model.members[0]  # the others were fitted on nearly the same people
    regions = {name: left for name in REGIONS if (left := member.without_region(window, name))}
    phases = {name: left for name in PHASES if (left := member.without_phase(window, name))}
    batch = tuple(map(torch.cat, zip(window, *regions.values(), *phases.values(), strict=True)))
    return batch, LeftOut(tuple(regions), tuple(phases))


def average_moved(windows: Sequence[MovedBy | None]) -> MovedBy | None:
    """Return the mean over a clip's windows; None where no part was left out of any.

    A part that could not be left out of a window moved nothing there.
    """
    there = [window for window in windows if window]
    if not there:
        return None
    return MovedBy(
        _average(REGIONS, [window.regions for window in there], len(windows)),
        _average(PHASES, [window.phases for window in there], len(windows)),
    )


def _average(names: Sequence[str], moved: Sequence[Mapping[str, float]], windows: int) -> dict[str, float]:
    """Return the mean over so many windows of each part that any of them has, in the order of the names."""
    there = [name for name in names if any(name in one for one in moved)]
    return {name: sum(one.get(name, 0.0) for one in moved) / windows for name in there}
