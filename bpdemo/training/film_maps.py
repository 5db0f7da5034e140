"""Maps of filmed people: made from the clips themselves, as the demo makes them; nothing is rendered."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from bpdemo.capture import read_capture
from bpdemo.data.person import Film, Person
from bpdemo.errors import ClipError, DataError
from bpdemo.pulse import measure_pulse
from bpdemo.quality import judge_capture, judge_window
from bpdemo.regions import CELLS
from bpdemo.stmap import CHANNELS, COLUMNS, STMap, build_stmap, place_windows
from bpdemo.training.dataset import FILMED, MapSet, keep_usable


@dataclass(frozen=True)
class FilmSet:
    """Maps of clips, one for each window that was read.

    Attributes:
        maps: of quality `FILMED`; its people are those with a window that was read, with the clips that were, and
            their pressures are the mean over these. A window shorter than 15 s ends in columns that are not measured.
        clip: int [maps], which clip each map is of; windows of one clip share its number.
        refused: reason code -> how many clips were refused for it, or could not be decoded; they have no map.
    """

    maps: MapSet
    clip: np.ndarray
    refused: dict[str, int]

    @property
    def clips(self) -> int:
        """How many clips were read."""
        return len(np.unique(self.clip))


def part_usable(people: Sequence[Person]) -> tuple[list[Person], FilmSet | None]:
    """Part people with recordings from people with clips, and keep those of either kind who can be used.

    Args:
        people: of any kind.

    Returns:
        Those with a recording that holds a whole beat; what was read of the others' clips, None where nobody has any.

    Raises:
        DataError: `no_beats` or `no_clips`, when nobody of a kind is left.
    """
    recorded, filmed = ([one for one in people if bool(one.films) is has_clips] for has_clips in (False, True))
    return keep_usable(recorded) if recorded else [], film_set(filmed) if filmed else None


def film_set(people: Sequence[Person]) -> FilmSet:
    """Read all clips of some people. Takes seconds a clip.

    Args:
        people: whose clips to read, each with some.

    Returns:
        The maps, person by person.

    Raises:
        DataError: `no_clips`, when no clip was read.
    """
    values, mask, person, pressures, clip = [], [], [], [], []
    read: dict[str, list[Film]] = {}
    refused: Counter[str] = Counter()
    films = [(someone, film) for someone in people for film in someone.films]
    for number, (someone, film) in enumerate(tqdm(films, desc="read clips", unit="clip")):
        windows, code = read_windows(film.path)
        if not windows:
            refused[code] += 1
            continue
        read.setdefault(someone.name, []).append(film)
        for stmap in windows:
            padded_values, padded_mask = _pad(stmap)
            values.append(padded_values)
            mask.append(padded_mask)
            person.append(len(read) - 1)
            pressures.append((film.systolic, film.diastolic))
            clip.append(number)
    if not read:
        raise DataError(
            "no_clips",
            f"None of {len(films)} clips could be read ({', '.join(f'{k}: {n}' for k, n in refused.items())}).",
            "Run `python -m bpdemo estimate` on some of them; it says what is wrong with each.",
        )
    maps = MapSet(
        np.stack(values),
        np.stack(mask),
        np.array(person),
        np.full(len(values), FILMED),
        tuple(_with_films(someone, read[someone.name]) for someone in people if someone.name in read),
        np.array(pressures, dtype=np.float32),
    )
    return FilmSet(maps, np.array(clip), dict(refused))


def read_windows(path: str | Path) -> tuple[list[STMap], str]:
    """Map the windows of a clip that the demo would give a reading for.

    Args:
        path: the clip.

    Returns:
        Their maps, and why there are none: a reason code of `quality` or of the error that decoding met; empty when
        there are some.
    """
    try:
        capture = read_capture(path)
    except ClipError as error:
        return [], error.code
    reasons = judge_capture(capture.report, capture.face, capture.luma, capture.clipped)
    if reasons:
        return [], reasons[0].code
    windows, code = [], "too_short"
    for start_s, end_s in place_windows(capture.report.duration_s):
        stmap = build_stmap(capture.time_s, capture.colours, start_s, end_s)
        pulse = measure_pulse(capture.time_s, capture.colours, start_s, end_s, capture.surround)
        against = judge_window(stmap.mask, pulse, capture.report)
        if against:
            code = against[0].code
        else:
            windows.append(stmap)
    return windows, "" if windows else code


def mean_by_clip(films: FilmSet, values: np.ndarray) -> np.ndarray:
    """Average over the windows of each clip, as the demo does.

    Args:
        films: the set.
        values: [maps, ...].

    Returns:
        [clips, ...].
    """
    return np.array([values[films.clip == number].mean(axis=0) for number in np.unique(films.clip)])


def _with_films(person: Person, films: Sequence[Film]) -> Person:
    """The person with some clips only, and their mean pressures: those of a clip that was refused are of no map."""
    systolic, diastolic = np.mean([(film.systolic, film.diastolic) for film in films], axis=0).tolist()
    return replace(person, systolic=systolic, diastolic=diastolic, films=tuple(films))


def _pad(stmap: STMap) -> tuple[np.ndarray, np.ndarray]:
    """Values, 0 where not measured, and mask of a map, brought to 15 s."""
    values = np.zeros((len(CHANNELS), len(CELLS), COLUMNS), np.float16)
    mask = np.zeros((len(CELLS), COLUMNS), bool)
    columns = stmap.mask.shape[1]
    values[..., :columns] = np.nan_to_num(stmap.values)
    mask[:, :columns] = stmap.mask
    return values, mask
