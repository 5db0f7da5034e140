"""The page's words, kept apart from code: `locales/<language>/*.json`, one folder for each language.

A second language is a second folder, named as browsers name it and one of those that Gradio speaks itself (for others
it shows its labels in English); what is missing in it is said in English. A word is asked for by its file, then
the names inside it: `words("glance.reading")` is `reading` in `glance.json`. Names in braces are filled in. Words are
trusted: some of them hold a little HTML.

What a clip is told - reasons, notes, the disclaimer - belongs to the estimate and is written in `bpdemo.quality`,
`bpdemo.clip` and `bpdemo.estimate`, so that page, API and command line say the same. A translation gives its own in
`reasons.json`, by code. The words in the figures are `figures.json`, by the names of `bpdemo/figures/words.json`.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bpdemo import figures
from bpdemo.errors import BpdemoError, Reason
from bpdemo.estimate import DISCLAIMER

LOCALES = Path(__file__).with_name("locales")
ENGLISH = "en"


class Words:
    """The words of one language.

    Args:
        language: as browsers name it, like `en` or `pt-BR`.
        table: file -> names -> words.
    """

    def __init__(self, language: str, table: Mapping[str, Any]) -> None:
        self.language = language
        self._table = table

    def __call__(self, key: str, **parts: Any) -> str:
        """Return a word or a sentence, its braces filled in.

        Raises:
            KeyError: there is none.
        """
        text = self.get(key)
        return text.format(**parts) if parts else text

    def get(self, key: str) -> Any:
        """Return what stands at a key: a text, or the list or mapping of texts there.

        Raises:
            KeyError: there is nothing.
        """
        found: Any = self._table
        for name in key.split("."):
            if not isinstance(found, Mapping) or name not in found:
                raise KeyError(key)
            found = found[name]
        return found

    @property
    def figures(self) -> Mapping[str, str]:
        """The words in the figures."""
        return {**figures.ENGLISH, **self._table.get("figures", {})}

    @property
    def disclaimer(self) -> str:
        """What no reading may be mistaken for."""
        return self._table.get("page", {}).get("disclaimer", DISCLAIMER)

    def reason(self, reason: Reason) -> Reason:
        """Return a reason in this language, or as it is where this language has no words for its code."""
        told = self._table.get("reasons", {}).get(reason.code)
        return reason if told is None else Reason(reason.code, *told)

    def error(self, kind: type[BpdemoError], code: str) -> BpdemoError:
        """Return an error of the page's own, in these words."""
        return kind(code, *self.get(f"reasons.{code}"))


class Languages:
    """Every language the page has words for.

    Args:
        folder: holds a folder for each language; English is always the project's own.
    """

    def __init__(self, folder: Path = LOCALES) -> None:
        english = _read(LOCALES / ENGLISH)
        self._words = {ENGLISH: Words(ENGLISH, english)}
        for path in sorted(folder.iterdir()):
            if path.is_dir() and path.name != ENGLISH:
                self._words[path.name] = Words(path.name, _fill_in(_read(path), english))

    def __iter__(self) -> Iterator[Words]:
        return iter(self._words.values())

    @property
    def english(self) -> Words:
        """The words that are complete."""
        return self._words[ENGLISH]

    def choose(self, accepted: str | None) -> Words:
        """Return the words for a browser's `Accept-Language`: the first one there is a folder for, or else English."""
        known = {name.lower(): words for name, words in self._words.items()}
        for wanted in _by_preference(accepted or ""):
            for name in (wanted, wanted.partition("-")[0]):
                if name in known:
                    return known[name]
        return self.english


def _read(folder: Path) -> dict[str, Any]:
    """Return the content of a language's files, by their names."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def _fill_in(table: Mapping[str, Any], english: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table in which what is missing is said in English."""
    filled = {**english, **table}
    for name, words in table.items():
        if isinstance(words, Mapping) and isinstance(english.get(name), Mapping):
            filled[name] = _fill_in(words, english[name])
    return filled


def _by_preference(accepted: str) -> list[str]:
    """Return the languages of an `Accept-Language` header in lower case, the most wanted first."""
    wanted = []
    for part in accepted.lower().split(","):
        name, _, quality = part.partition(";q=")
        try:
            wanted.append((-float(quality or 1), name.strip()))
        except ValueError:
            continue
    return [name for _, name in sorted(wanted, key=lambda pair: pair[0]) if name]
