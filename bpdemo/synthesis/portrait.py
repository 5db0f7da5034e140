"""A still portrait to render clips from: its picture, its landmarks, and which of its skin belongs to which cell.

The portrait is scikit-image's `astronaut`: Eileen Collins, photographed by NASA, public domain, shipped inside
scikit-image's wheel. The landmarks are found by `bpdemo.face`, as in any clip.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from bpdemo.clip_report import Frame
from bpdemo.face import FaceTracker
from bpdemo.regions import CELLS, label_cells

PORTRAIT_SOURCE = "Eileen Collins, NASA photograph, public domain; shipped by scikit-image as skimage.data.astronaut"

_FIND_SCALE = 2.0  # the face is looked for in the picture at twice its size: more pixels, finer landmarks
_LEFT_TEMPLE, _RIGHT_TEMPLE = 454, 234
_FIELD_STEP = 4  # a pulse varies slowly over the skin: its field is kept at a quarter of the picture's resolution
_SPREAD = 0.06  # how far a cell's pulse fades into its neighbours', in face widths
_SKIN_CHROMA = 9.0  # tolerance in 8-bit levels of Cr and Cb around the cheeks' median
_NECK = 0.3  # skin is looked for this far below the face, in face widths


@dataclass(frozen=True)
class Portrait:
    """The portrait at one size."""

    picture: np.ndarray  # float32 [height, width, 3] R, G, B, 0 to 255
    landmarks: np.ndarray  # float32 [478, 2], x and y in pixels of the picture
    labels: np.ndarray  # uint8 [height, width], 0 outside every cell and 1 + row inside, as the demo draws them
    skin: np.ndarray  # float32 [height, width], 1 on bare skin of face and neck, 0 elsewhere, soft in between
    box: tuple[int, int, int, int]
    """Left, top, right, bottom in pixels of the part that holds all skin and cells; sides are multiples of the field's
    step."""
    cell_share: np.ndarray
    """float32 [cells, box height / step, box width / step]: share of every cell in the pulse there, times `skin`."""

    @property
    def face_centre(self) -> np.ndarray:
        """Middle of the face [2], x and y in pixels."""
        return (self.landmarks.min(axis=0) + self.landmarks.max(axis=0)) / 2

    @property
    def face_width(self) -> float:
        """Distance between the temples in pixels."""
        return float(np.linalg.norm(self.landmarks[_LEFT_TEMPLE] - self.landmarks[_RIGHT_TEMPLE]))

    @property
    def skin_colour(self) -> np.ndarray:
        """Mean colour of its cells [3], R, G, B."""
        return np.asarray(self.picture[self.labels > 0].mean(axis=0))

    def boxed(self, picture: np.ndarray) -> np.ndarray:
        """Return the part of a picture of the portrait's size that lies in `box`."""
        left, top, right, bottom = self.box
        return picture[top:bottom, left:right]

    def spread_over_skin(self, values: np.ndarray) -> np.ndarray:
        """Return values of the cells [cells, 3], spread over the skin: float32 [height, width, 3] of `box`."""
        coarse = np.tensordot(self.cell_share, values.astype(np.float32), axes=(0, 0))
        left, top, right, bottom = self.box
        return cv2.resize(coarse, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)


@lru_cache(maxsize=4)
def load_portrait(face_width: float) -> Portrait:
    """Return the portrait scaled so that the face is this many pixels wide between the temples."""
    import skimage.data  # only needed to render

    original = skimage.data.astronaut()
    with FaceTracker() as tracker:
        enlarged = cv2.resize(original, None, fx=_FIND_SCALE, fy=_FIND_SCALE)
        landmarks = next(tracker.follow([Frame(0.0, enlarged)])).landmarks
    assert landmarks is not None, "no face was found in the portrait"
    landmarks = landmarks / _FIND_SCALE
    scale = face_width / float(np.linalg.norm(landmarks[_LEFT_TEMPLE] - landmarks[_RIGHT_TEMPLE]))
    interpolation = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    picture = cv2.resize(original, None, fx=scale, fy=scale, interpolation=interpolation).astype(np.float32)
    landmarks = (landmarks * scale).astype(np.float32)
    labels = np.zeros(picture.shape[:2], np.uint8)
    part, left, top = label_cells(landmarks, picture.shape[:2])
    labels[top : top + part.shape[0], left : left + part.shape[1]] = part
    skin = _find_skin(picture, landmarks, labels, face_width)
    box = _box(np.maximum(skin, labels > 0))
    return Portrait(picture, landmarks, labels, skin, box, _share_cells(labels, skin, box, face_width))


def _find_skin(picture: np.ndarray, landmarks: np.ndarray, labels: np.ndarray, face_width: float) -> np.ndarray:
    """Return how much each pixel is skin: close to the face, and coloured as the cheeks are."""
    near: np.ndarray = np.zeros(picture.shape[:2], np.float32)
    # The face and its copy moved down to the neck; not the hair above.
    neck = landmarks + np.array([0, _NECK * face_width])
    reach = np.concatenate([landmarks, neck]).astype(np.float32)
    cv2.fillConvexPoly(near, np.round(cv2.convexHull(reach)).astype(np.int32), 1.0)
    near = cv2.GaussianBlur(near, (0, 0), 0.04 * face_width)
    chroma = cv2.cvtColor(picture / 255, cv2.COLOR_RGB2YCrCb)
    cheeks = np.isin(labels, [row + 1 for row, cell in enumerate(CELLS) if "cheek" in cell.region])
    middle = np.median(chroma[cheeks], axis=0)
    distance = np.linalg.norm((chroma[..., 1:] - middle[1:]) * 255, axis=-1) / _SKIN_CHROMA
    light = np.clip((chroma[..., 0] / middle[0] - 0.3) / 0.2, 0, 1)
    skin = near * np.clip(1.8 - distance, 0, 1) * light
    return cv2.GaussianBlur(skin, (0, 0), max(0.01 * face_width, 0.8))


def _box(used: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = (np.flatnonzero((used > 0.02).any(axis=axis)) for axis in (1, 0))
    left, top = (int(side[0]) for side in (columns, rows))
    steps = [
        min((int(side[-1]) - start) // _FIELD_STEP + 1, (size - start) // _FIELD_STEP)
        for side, start, size in ((columns, left, used.shape[1]), (rows, top, used.shape[0]))
    ]
    return left, top, left + steps[0] * _FIELD_STEP, top + steps[1] * _FIELD_STEP


def _share_cells(labels: np.ndarray, skin: np.ndarray, box: tuple[int, int, int, int], face_width: float) -> np.ndarray:
    """Return each cell's share in the pulse of each place: soft at the borders, all shares together make `skin`."""
    left, top, right, bottom = box
    size = ((right - left) // _FIELD_STEP, (bottom - top) // _FIELD_STEP)
    spread = _SPREAD * face_width / _FIELD_STEP
    shares = []
    for row in range(len(CELLS)):
        own = (labels[top:bottom, left:right] == row + 1).astype(np.float32)
        own = cv2.resize(own, size, interpolation=cv2.INTER_AREA)
        # The wide, faint part reaches skin outside every cell.
        shares.append(cv2.GaussianBlur(own, (0, 0), spread) + 1e-3 * cv2.GaussianBlur(own, (0, 0), 4 * spread) + 1e-9)
    stacked = np.array(shares)
    return stacked * (
        cv2.resize(skin[top:bottom, left:right], size, interpolation=cv2.INTER_AREA) / stacked.sum(axis=0)
    )
