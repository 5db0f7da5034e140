"""Undocumented names of Gradio: those that tell of its API and of its MCP server. See `gradio_internals`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from gradio.route_utils import get_root_url
from gradio.routes import App
from gradio.utils import get_function_description
from mcp.types import CallToolResult, ListToolsRequest, ServerResult
from starlette.requests import Request


def public_address(request: Request) -> str:
    """Return the address of the app as the client of a request sees it, without a slash at its end."""
    return str(get_root_url(request, request.url.path, request.app.root_path))


def describe_endpoints(app: App) -> dict[str, Any]:
    """Return what Gradio tells of the API, with what is told of each parameter where it is called."""
    blocks = app.get_blocks()
    endpoints = blocks.get_api_info()["named_endpoints"]
    functions = {f"/{function.api_name}": function.fn for function in blocks.fns.values()}
    for name, endpoint in endpoints.items():
        _, words, _ = get_function_description(functions[name])
        for parameter in endpoint["parameters"]:
            parameter["label"] = parameter["parameter_name"]
            parameter["python_type"]["description"] = words.get(parameter["parameter_name"], "")
    return endpoints


def set_tools(
    app: App,
    take: Callable[[dict[str, Any]], dict[str, Any]],
    answer: Callable[[str, Any], Awaitable[CallToolResult]],
    output_schemas: Mapping[str, dict[str, Any]],
) -> None:
    """Have the app's MCP server answer in forms of our own; Gradio's own answer is Python's text of them.

    Args:
        app: it has an MCP server.
        take: returns the arguments that Gradio is to get, of those a client sends; it may raise.
        answer: returns the answer, of an endpoint's name and what it returned.
        output_schemas: JSON Schema of the answers, by endpoint.
    """
    tools = app.get_blocks().mcp_server_obj
    server = tools.mcp_server
    list_gradio_tools = server.request_handlers[ListToolsRequest]

    async def list_tools(request: ListToolsRequest) -> ServerResult:
        listed = await list_gradio_tools(request)
        for tool in listed.root.tools:
            tool.outputSchema = output_schemas.get(tools.tool_to_endpoint[tool.name])
        return listed

    server.request_handlers[ListToolsRequest] = list_tools

    # The endpoints judge what they are given, in plainer words than a schema's.
    @server.call_tool(validate_input=False)
    async def call_tool(name: str, arguments: dict[str, Any]) -> CallToolResult:
        endpoint, inputs, headers, _ = tools._prepare_tool_call_args(name, take(arguments))
        client = await asyncio.to_thread(tools._get_or_create_client)
        job = client.submit(*inputs, api_name=endpoint, headers=headers)
        token = getattr(server.request_context.meta, "progressToken", None)
        wait = (
            tools._execute_tool_without_progress(job)
            if token is None
            else tools._execute_tool_with_progress(job, token)
        )
        (output,) = await wait
        return await answer(endpoint, output)
