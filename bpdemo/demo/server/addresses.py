"""How a client names an example clip: by its address in this app, which is read as a name and never fetched."""

import re
from urllib.parse import unquote

EXAMPLES = "/examples"
_ADDRESS = re.compile(rf"(?:https?://[^?#]*)?{EXAMPLES}/([^/?#]+)")


def example_name(address: object) -> str | None:
    """Return the file name in an example's address, full or from the app's root; None when it is no such address."""
    match = _ADDRESS.fullmatch(address) if isinstance(address, str) else None
    return unquote(match[1]) if match else None
