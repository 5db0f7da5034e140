"""Reasons and errors: a *refusal* carries `Reason`s inside an `Estimate`, an *error* is a `BpdemoError` with one.

Page, API and command line show both in the same words.
"""

import logging
import traceback
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Reason:
    """Why there is no reading: a stable code for programs, one sentence on what was seen, one on what to do."""

    code: str
    message: str
    remedy: str


class BpdemoError(Exception):
    """Base of every error bpdemo raises on bad input; the arguments are those of `Reason`."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.reason = Reason(code, message, remedy)

    @property
    def code(self) -> str:
        """The stable identifier of this error."""
        return self.reason.code


class ClipError(BpdemoError):
    """The clip cannot be read: not a file, not a video, damaged, or over a limit."""


class WeightsError(BpdemoError):
    """The weights cannot be had or do not fit this version of bpdemo."""


class DataError(BpdemoError):
    """A data set for training or evaluation is missing or not laid out as published."""


def shown(text: str) -> str:
    """Return a foreign text as one printable line of at most 200 characters, without a terminal's commands."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= 200 else line[:199] + "…"


def log_unforeseen(log: logging.Logger, error: BaseException) -> None:
    """Log an unforeseen error's type and place but not its text, which may name a person's file."""
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    log.error("%s, which nobody foresaw, at %s", type(error).__name__, " > ".join(places))
