"""What the server answers about one clip of many: `browser/batch.js` sends them one after another."""

import json
import secrets
from collections.abc import Sequence

from bpdemo.estimate import Estimate
from bpdemo.export.rows import summary_row


def answer(estimate: Estimate, parts: Sequence[str]) -> str:
    """Return JSON: the row of the table, and the `parts` of the page that show the result, as HTML."""
    return _answer(row=summary_row(estimate), parts=list(parts))


def not_read(why: str) -> str:
    """Return JSON: why a clip was not read, of `ClipQueue.why_unserved`."""
    return _answer(why=why)


def _answer(**content: object) -> str:
    # Gradio tells the browser of a value only where it differs from the one before.
    return json.dumps(content | {"turn": secrets.token_hex(4)})
