"""What *Use via API* shows: `GET /gradio_api/info`, with snippets that run as they are copied.

Gradio's own put dots in place of a clip, and a shell's `read` at the end of a pipe, which most shells forget.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bpdemo.demo.server.addresses import EXAMPLES
from bpdemo.demo.server.gradio_api import describe_endpoints, public_address

_RETURNED = {
    "/estimate": "an estimate in JSON; its JSON Schema is at /schema",
    "/stmap": "an .npz file",
}


def info_routes(example: str) -> Sequence[Route]:
    """Return the routes that answer in place of Gradio's; `example` is the file name of the clip in the snippets."""

    async def answer(request: Request) -> JSONResponse:
        root, endpoints = public_address(request), describe_endpoints(request.app)
        address = f"{root}{EXAMPLES}/{example}"
        for name, endpoint in endpoints.items():
            for parameter in endpoint["parameters"]:
                is_clip = parameter["python_type"]["type"] == "filepath"
                parameter["example_input"] = _file(address) if is_clip else parameter["parameter_default"]
            for returned in endpoint["returns"]:
                returned["label"] = name.removeprefix("/")
                returned["python_type"]["description"] = _RETURNED.get(name, "")
            inputs = {parameter["parameter_name"]: parameter["example_input"] for parameter in endpoint["parameters"]}
            shown = {name: value for name, value in inputs.items() if value is not None}
            endpoint["code_snippets"] = snippets(root, name, shown)
        return JSONResponse({"named_endpoints": endpoints, "unnamed_endpoints": {}})

    return [Route(f"/gradio_api/info{end}", answer, include_in_schema=False) for end in ("", "/")]


def snippets(root: str, endpoint: str, inputs: Mapping[str, Any]) -> dict[str, str]:
    """Return programs that call an endpoint of the app at `root`, by language; `inputs` are JSON, files as FileData."""
    plain = {name: _call(value) if isinstance(value, dict) else json.dumps(value) for name, value in inputs.items()}
    content = json.dumps(inputs)
    return {
        "python": "\n".join(
            (
                "from gradio_client import Client, handle_file\n",
                f'client = Client("{root}")',
                "result = client.predict(",
                *(f"    {name}={value}," for name, value in plain.items()),
                f'    api_name="{endpoint}",\n)',
                "print(result)",
            )
        ),
        "javascript": "\n".join(
            (
                'import { Client, handle_file } from "@gradio/client";\n',
                f'const client = await Client.connect("{root}");',
                f'const result = await client.predict("{endpoint}", {{',
                *(f"  {name}: {value}," for name, value in plain.items()),
                "});",
                "console.log(result.data[0]);",
            )
        ),
        "bash": "\n".join(
            (
                f"EVENT=$(curl -s {root}/gradio_api/call/v2{endpoint} -H 'Content-Type: application/json' \\",
                f"  -d '{content}' | cut -d '\"' -f 4)",
                f"curl -sN {root}/gradio_api/call{endpoint}/$EVENT",
            )
        ),
        "cli": f"{{command}} predict {root} {endpoint} '{content}'",
    }


def _file(address: str) -> dict[str, Any]:
    return {"path": address, "meta": {"_type": "gradio.FileData"}}


def _call(file: Mapping[str, Any]) -> str:
    return f'handle_file("{file["path"]}")'
