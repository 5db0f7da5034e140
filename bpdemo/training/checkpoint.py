"""What a fit leaves on disk, so that it goes on where it was stopped."""

import io
from pathlib import Path
from typing import Any

import torch

from bpdemo.system.files import write_file


def load_checkpoint(path: Path | None) -> dict[str, Any] | None:
    """Return what `save_checkpoint` wrote, on the CPU; None where there is nothing."""
    if path is None or not path.is_file():
        return None
    found: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")  # every part moves to its device
    return found


def save_checkpoint(path: Path, content: dict[str, Any]) -> None:
    """Write tensors, numbers and texts to a file, whole or not at all."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    write_file(path, buffer.getvalue())
