"""live/face/cells.js: the same cells and colours as regions.py, on the same picture."""

import json

import cv2
import numpy as np
import pytest

from bpdemo.regions import CELLS, LUMA, MIN_CELL_PIXELS, read_cells, read_surround
from tests.support.moved_face import SIDE, portrait_in_picture
from tests.support.page_pictures import TO_PICTURE, packed
from tests.support.serve_app import ROOT

TABLE = json.loads((ROOT / "bpdemo" / "cells.json").read_text())
# One object reads every picture: nothing of the one before may be left.
READ = f"""async ({{ table, image, points }}) => {{
  {TO_PICTURE}
  const {{ Cells }} = await import("/live/face/cells.js");
  window.cells ??= new Cells(table);
  const picture = toPicture(image);
  const landmarks = new Float32Array(points);
  const {{ colours, pixels, clipped, luma, halves }} = window.cells.read(picture, landmarks);
  return {{
    colours: [...colours],
    pixels: [...pixels],
    light: [clipped, luma, halves],
    surround: window.cells.surround(picture, landmarks),
    outlines: window.cells.outlines(landmarks),
  }};
}}"""


@pytest.fixture(scope="module")
def face():
    picture, landmarks = portrait_in_picture()
    return np.clip(picture + np.random.default_rng(0).normal(0, 3, picture.shape), 0, 255).astype(np.uint8), landmarks


@pytest.fixture
def read(blank_page):
    def read_picture(image, landmarks):
        sent = {"table": TABLE, "image": packed(image), "points": landmarks.ravel().tolist()}
        return blank_page.evaluate(READ, sent)

    return read_picture


def about_middle(landmarks, across, down):
    middle = (landmarks.min(axis=0) + landmarks.max(axis=0)) / 2
    return ((landmarks - middle) * (across, down) + middle).astype(np.float32)


def folded(landmarks):
    """Return a head so far turned that the person's right is behind it."""
    x = landmarks[:, 0] - landmarks[1, 0]
    return np.stack([landmarks[1, 0] + np.where(x < 0, -0.3 * x, x), landmarks[:, 1]], axis=1)


PLACES = {
    "front": lambda landmarks: landmarks,
    "tilted": lambda landmarks: landmarks @ np.array([[0.8, 0.6], [-0.6, 0.8]], np.float32) + np.float32([145, -95]),
    "turned away": folded,
    "mirrored": lambda landmarks: about_middle(landmarks, -1, 1),
    "tiny": lambda landmarks: about_middle(landmarks, 0.14, 0.14),
    "off the left": lambda landmarks: landmarks - np.float32([215, 30]),
    "off the right": lambda landmarks: landmarks + np.float32([210, 190]),
    "gone": lambda landmarks: landmarks + np.float32(SIDE),
    "close": lambda landmarks: about_middle(landmarks, 1.3, 1.3),
    "too close": lambda landmarks: about_middle(landmarks, 2.4, 2.4),
}
CUT = ("off the left", "off the right", "too close")  # OpenCV bends an edge that leaves the picture by up to a pixel


@pytest.mark.parametrize("gain", [1, 1.6], ids=["as it is", "clipped"])
@pytest.mark.parametrize("place", PLACES)
def test_colours_are_those_of_the_server(face, read, place, gain):
    image = np.clip(face[0] * float(gain), 0, 255).astype(np.uint8)
    landmarks = PLACES[place](face[1]).astype(np.float32)
    found = read(image, landmarks)
    colours, pixels, clipped = read_cells(image, landmarks)
    np.testing.assert_allclose(found["pixels"], pixels, rtol=0, atol=10 if place in CUT else 0)
    exact = 1 if place in CUT else 1e-3
    np.testing.assert_allclose(np.reshape(found["colours"], (-1, 3)), colours, rtol=0, atol=exact)
    seen = pixels >= MIN_CELL_PIXELS
    lumas = colours @ LUMA
    halves = []
    for side in ("left", "right"):
        rows = [row for row, cell in enumerate(CELLS) if side in cell.name and seen[row]]
        halves.append(lumas[rows] @ pixels[rows] / pixels[rows].sum() if rows else np.nan)
    luma = np.median(lumas[seen]) if seen.any() else np.nan
    np.testing.assert_allclose(
        found["light"], [clipped, luma, np.min(halves) / np.max(halves)], rtol=exact / 100, atol=1e-6
    )
    np.testing.assert_allclose(found["surround"], read_surround(image, landmarks), atol=1e-6)


def test_the_pictures_above_are_of_all_kinds(face):
    kinds = {
        place: (read_cells(face[0], make(face[1]))[1], read_surround(face[0], make(face[1])))
        for place, make in PLACES.items()
    }
    seen = {place: (pixels >= MIN_CELL_PIXELS).sum() for place, (pixels, _) in kinds.items()}
    assert seen["front"] == seen["tilted"] == len(CELLS)
    assert seen["mirrored"] == seen["gone"] == 0
    assert all(0 < seen[place] < len(CELLS) for place in ("turned away", "tiny", "off the left", "off the right"))
    assert np.isnan(kinds["close"][1]).all()
    assert not np.isnan(kinds["front"][1]).any()


def test_outlines_go_around_the_cells(face, read):
    outlines = read(*face)["outlines"]
    assert len(outlines) == len(CELLS)
    for cell, outline in zip(CELLS, outlines, strict=True):
        expected = face[1][cell.outline]
        assert sorted(map(tuple, outline)) == sorted(map(tuple, expected.tolist()))
        area = cv2.contourArea(np.array(outline, np.float32), oriented=True)
        assert area == pytest.approx(cv2.contourArea(expected), rel=1e-5)


@pytest.mark.parametrize(("left", "right", "halves"), [(100, 200, 0.5), (200, 100, 0.5), (120, 120, 1), (0, 0, 1)])
def test_halves_of_the_face_are_the_persons(face, read, left, right, halves):
    image = np.full((SIDE, SIDE, 3), right, np.uint8)
    image[:, round(face[1][1, 0]) :] = left
    assert read(image, face[1])["light"][2] == pytest.approx(halves, abs=0.02)
