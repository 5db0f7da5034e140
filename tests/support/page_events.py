"""The page's own events and server functions, as a browser triggers them: by HTTP."""

from functools import cached_property

import httpx

PATIENCE_S = 180


class PageEvents:
    """The page at `url`, which ends with a slash, as one visitor's browser: `session`."""

    def __init__(self, url, session="abc"):
        self.api, self.session = f"{url}gradio_api", session
        self._url = url

    @cached_property
    def config(self):
        return httpx.get(f"{self._url}config").json()

    def number(self, name):
        """Return the number of a component by its name on the page."""
        return next(part["id"] for part in self.config["components"] if part["props"].get("elem_id") == name)

    def upload(self, content, name="a.webm"):
        """Send a file; return its path there."""
        answer = httpx.post(f"{self.api}/upload", files={"files": (name, content)})
        return answer.raise_for_status().json()[0]

    def trigger(self, name, event, data=None, **fields):
        """Trigger an event of a component with data; return all that the page is shown, as text.

        `fields` are the values of other components by their names; `_` stands for `-`.
        """
        target = self.number(name)
        (found,) = (
            one for one in self.config["dependencies"] if [target, event] in one["targets"] and one["backend_fn"]
            and one["outputs"] and not one["js"]
        )  # fmt: skip
        told = {self.number(field.replace("_", "-")): value for field, value in fields.items()}
        join = {
            "data": [told.get(number) for number in found["inputs"]],
            "event_data": data,
            "fn_index": found["id"],
            "trigger_id": target,
            "session_hash": self.session,
        }
        httpx.post(f"{self.api}/queue/join", json=join).raise_for_status()
        params = {"session_hash": self.session}
        return httpx.get(f"{self.api}/queue/data", params=params, timeout=PATIENCE_S).text

    def call(self, name, function, data):
        """Call a server function of a component; return the answer."""
        call = {"component_id": self.number(name), "fn_name": function, "data": data, "session_hash": self.session}
        return httpx.post(f"{self.api}/component_server", json=call, timeout=PATIENCE_S)
