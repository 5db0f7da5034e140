"""Reasons and errors: every way in which bpdemo says no.

A *refusal* carries `Reason`s inside an `Estimate`; an *error* is a `BpdemoError`. Both have the same three parts - a
code for programs, one sentence for people, and what to do about it - so that page, API and command line say the same
words.
"""

import logging
import traceback
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Reason:
    """Why there is no reading.

    Attributes:
        code: stable snake_case identifier; the contract with programs.
        message: one sentence that says what was seen.
        remedy: one sentence that says what to do better.
    """

    code: str
    message: str
    remedy: str


class BpdemoError(Exception):
    """Base of every error bpdemo raises on bad input.

    Args:
        code: stable snake_case identifier.
        message: one clear sentence.
        remedy: one sentence that says what to do.
    """

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
    """Return a foreign text as one short printable line, fit for a message: no line breaks, no terminal's commands."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= 200 else line[:199] + "…"


def log_unforeseen(log: logging.Logger, error: BaseException) -> None:
    """Log what kind of error nobody foresaw, and where it arose; its words may name a person's file."""
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    log.error("%s, which nobody foresaw, at %s", type(error).__name__, " > ".join(places))
