"""What a browser makes of a part of the page: its elements, its words, and the data inside a `template`."""

import json
from html.parser import HTMLParser


class Parsed(HTMLParser):
    """HTML, parsed.

    Attributes:
        elements: (name, attributes) in order, inside a template, too.
        words: all text but that of templates.
        data: of the template with JSON in it; None where there is none.
    """

    def __init__(self, html):
        super().__init__()
        self.elements, self._words, self._data, self._inside = [], [], [], False
        self.feed(html)
        self.close()
        self.words = " ".join("".join(self._words).split())
        self.data = json.loads("".join(self._data)) if self._data else None

    def handle_starttag(self, name, attributes):
        self.elements.append((name, dict(attributes)))
        self._inside |= name == "template"

    def handle_endtag(self, name):
        self._inside &= name != "template"

    def handle_data(self, text):
        (self._data if self._inside else self._words).append(text)

    def all(self, attribute):
        """Return the values of an attribute, in order."""
        return [attributes[attribute] for _, attributes in self.elements if attribute in attributes]

    def label_of(self, picture):
        """Return what stands for a picture where it cannot be seen."""
        (label,) = (each["aria-label"] for _, each in self.elements if each.get("data-picture") == picture)
        return label
