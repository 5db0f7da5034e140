"""What was read, refused and missed, added up over recordings."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from bpdemo.maps.recording import Row


@dataclass
class Counts:
    """Sums over recordings.

    Attributes:
        clips: by status: `reading` where any window is one, `refused`, or `error` where the clip cannot be read.
        errors: clips that cannot be read, by code.
        windows: by the code of their refusal, "" for readings; a clip without a face counts as one.
        pressure: windows by why they have no true pressure, "" where they have one.
        notes: windows whose true pressure was put right, by how.
        contact: windows by why they have no contact pulse, "" where they have one.
        people: whoever is in the clips.
        clips_s: seconds of clips that were read.
        finished: clips whose maps were there before.
    """

    clips: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    windows: Counter[str] = field(default_factory=Counter)
    pressure: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    contact: Counter[str] = field(default_factory=Counter)
    people: set[str] = field(default_factory=set)
    clips_s: float = 0.0
    finished: int = 0

    def add(self, rows: Sequence[Row]) -> None:
        """Add the rows of one recording, or of them the columns `finished.COUNTED`."""
        first, statuses = rows[0], {row["status"] for row in rows}
        status = next(one for one in ("error", "reading", "refused") if one in statuses)
        self.clips[status] += 1
        self.people.add(first["person"])
        if status == "error":
            self.errors[first["code"]] += 1
            return
        self.clips_s += first["duration_s"]
        for row in rows:
            self.windows[row["code"]] += 1
            if row["window"] is None:
                continue
            self.pressure[row["pressure_fault"]] += 1
            self.contact[row["contact_fault"]] += 1
            if row["pressure_note"]:
                self.notes[row["pressure_note"]] += 1
