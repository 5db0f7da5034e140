"""Write `bpdemo/cells.json`: the table of skin cells on MediaPipe's canonical face mesh.

    python tools/make_cells.py

A cell is a fixed set of the mesh's triangles, chosen by where their centres lie on the canonical face (x to the
person's left, y up, centimetres; the mesh's own coordinates, read from `weights/face_landmarker.task`). The boundaries
below are ours. The mesh is symmetric, so every right cell has its mirror image on the left. Run it again only to change
the cells - which makes a new STMap version, because weights are bound to their rows.
"""

import argparse
import io
import json
import struct
import zipfile
from pathlib import Path

import numpy as np
from mediapipe.tasks.python.vision import FaceLandmarksConnections

ROOT = Path(__file__).resolve().parent.parent
MESH_VERTICES = 468
VALUES_PER_VERTEX = 5  # x, y, z, u, v


def canonical_vertices(model: Path) -> np.ndarray:
    """Return the canonical mesh's vertex positions [468, 3] in centimetres, from the model bundle's geometry metadata.

    The metadata is a protobuf whose vertex buffer is a run of 2340 fixed 32-bit floats, each behind the same tag byte.
    """
    with zipfile.ZipFile(io.BytesIO(model.read_bytes())) as bundle:
        data = bundle.read("geometry_pipeline_metadata_landmarks.binarypb")
    count = MESH_VERTICES * VALUES_PER_VERTEX
    for start in range(len(data) - 5 * count):
        run = data[start : start + 5 * count]
        if len(set(run[::5])) == 1 and run[0] & 7 == 5:  # wire type 5: fixed 32-bit
            values = [struct.unpack("<f", run[i + 1 : i + 5])[0] for i in range(0, len(run), 5)]
            return np.array(values).reshape(MESH_VERTICES, VALUES_PER_VERTEX)[:, :3]
    raise ValueError("no vertex buffer in the model bundle")


def mesh_triangles() -> np.ndarray:
    """Return the mesh's triangles [852, 3] as vertex numbers (MediaPipe lists each as three consecutive edges)."""
    edges = FaceLandmarksConnections.FACE_LANDMARKS_TESSELATION
    return np.array([[edge.start for edge in edges[i : i + 3]] for i in range(0, len(edges), 3)])


def lip_and_eye_vertices() -> set[int]:
    """Return the vertices of lips and eyes; no cell touches them. Brows are kept out by the boundaries instead."""
    connections = FaceLandmarksConnections
    rings = (
        connections.FACE_LANDMARKS_LIPS,
        connections.FACE_LANDMARKS_LEFT_EYE,
        connections.FACE_LANDMARKS_RIGHT_EYE,
    )
    return {vertex for ring in rings for edge in ring for vertex in (edge.start, edge.end)}


def name_cell(x: float, y: float) -> tuple[str, str] | None:
    """Return (region, place in it) of a triangle centred at canonical (x, y), or None where no skin is read."""
    side = "right" if x < 0 else "left"
    x = abs(x)
    fold = 1.75 + 0.42 * max(-1.0 - y, 0)  # the nasolabial fold runs outwards from the wing of the nose
    if y > 5.3 and x < 5.3:
        return "forehead", f"{'upper' if y > 6.55 else 'lower'}_{side}_{'outer' if x > 2.35 else 'inner'}"
    if 3.45 < y <= 5.3 and x < 0.95:
        return "forehead", "glabella"
    if -0.75 < y <= 3.45 and x < (1.05 if y > 0.8 else 1.45):
        return "nose", "bridge" if y > 1.25 else side
    if -5.6 < y < 1.45 and x > fold and x < 6.7 and y < 1.75 - 0.1 * x and not (y < -3.6 and x < 3.6):
        row = "upper" if y > -0.75 else "middle" if y > -2.9 or x < 3.2 else "lower"
        return f"{side}_cheek", row if row == "lower" else f"{row}_{'inner' if x < 3.6 else 'outer'}"
    if -2.35 < y < -1.75 and x < 2.4 and x < fold:
        return "mouth", f"upper_{side}"
    if -5.9 < y <= -3.6 and 2.5 < x < 3.6:
        return "mouth", f"corner_{side}"
    if -9.2 < y <= -5.9 and x < 3.7:
        return "chin", f"{'upper' if y > -7.45 else 'lower'}_{side}"
    return None


def place_key(place: str) -> tuple[int, int]:
    """Return a sort key: top to bottom, then from the person's right to their left."""
    words = place.split("_")
    rows = {"upper": 0, "bridge": 0, "middle": 1, "lower": 2, "glabella": 3}
    row = rows.get(words[0], 2)
    columns = ["right_outer", "right_inner", "right", "outer", "inner", "left_inner", "left_outer", "left"]
    column = "_".join(words[1:]) or words[0]
    return row, columns.index(column) if column in columns else 0


def main() -> None:
    """Sort every triangle into its cell and write the table."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    vertices = canonical_vertices(ROOT / "weights" / "face_landmarker.task")
    left_out = lip_and_eye_vertices()
    regions: dict[str, dict[str, list[list[int]]]] = {
        region: {} for region in ("forehead", "nose", "left_cheek", "right_cheek", "mouth", "chin")
    }
    for triangle in mesh_triangles():
        if left_out & set(triangle.tolist()):
            continue
        x, y, _ = vertices[triangle].mean(axis=0)
        place = name_cell(x, y)
        if place is not None:
            regions[place[0]].setdefault(place[1], []).append(triangle.tolist())
    cells = [
        {"name": f"{region}_{place}", "region": region, "triangles": places[place]}
        for region, places in regions.items()
        for place in sorted(places, key=place_key)
    ]
    lines = ",\n".join(json.dumps(cell) for cell in cells)
    outline = json.dumps(np.round(vertices[:, :2], 3).tolist())
    path = ROOT / "bpdemo" / "cells.json"
    path.write_text(f'{{"cells": [\n{lines}\n],\n"canonical_xy_cm": {outline}}}\n')
    print(f"{len(cells)} cells, {sum(len(cell['triangles']) for cell in cells)} triangles -> {path.name}")


if __name__ == "__main__":
    main()
