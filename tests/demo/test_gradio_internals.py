"""Gradio may change what it does not document: this says which of those names a new release lacks, and where."""

import ast
import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

from bpdemo.demo.server import gradio_internals

PACKAGE = Path(gradio_internals.__file__).parents[2]
ALLOWED = {"gradio_internals.py", "gradio_api.py"}
# Modules and classes, with the attributes that are used of them. Instances get theirs in `__init__` or as fields.
USED = {
    "blocks.Blocks": "queue process_api preprocess_data max_threads _queue temp_file_sets pending_streams "
    "pending_diff_streams state_session_capacity fns get_api_info mcp_server_obj",
    "block_function.BlockFunction": "inputs fn api_name",
    "components.api_component.Api": "_api_info",
    "context.LocalContext": "event_id",
    "data_classes.PredictBodyInternal": "data event_data session_hash",
    "mcp.GradioMCPServer": "mcp_server tool_to_endpoint _prepare_tool_call_args _get_or_create_client "
    "_execute_tool_without_progress _execute_tool_with_progress",
    "queueing.Event": "_id session_hash alive data request",
    "queueing.EventQueue": "queue",
    "queueing.Queue": "push remove_from_queue clean_events process_events send_message active_jobs event_ids_to_events "
    "event_queue_per_concurrency_id pending_messages_per_session pending_event_ids_session ANALYTICS_MAX_EVENTS "
    "ANAYLTICS_CACHE_FREQUENCY",
    "route_utils": "upload_fn get_root_url",
    "route_utils.FileUploadProgress": "_statuses _signals set_done",
    "route_utils.FileUploadProgressTracker": "is_done",
    "route_utils.MultiPartException": "message",
    "routes": "file_upload_statuses",
    "routes.App": "get_blocks state_holder iterators_to_reset root_path",
    "server_messages.ProcessCompletedMessage": "output success",
    "state_holder.SessionState": "config_values state_data is_closed",
    "state_holder.StateHolder": "session_data time_last_used",
    "utils": "get_function_description",
}
PARAMETERS = {
    "queueing.Queue": "live_updates concurrency_count update_intervals max_size blocks default_concurrency_limit",
    "mcp.GradioMCPServer._prepare_tool_call_args": "name arguments",
    "mcp.GradioMCPServer._execute_tool_without_progress": "job",
    "mcp.GradioMCPServer._execute_tool_with_progress": "job progress_token",
    "route_utils.get_root_url": "request route_path root_path",
    "route_utils.upload_fn": "request upload_dir max_file_size upload_id force_move upload_progress",
}


def find(path):
    """Return a module or a member of a module of Gradio; None when there is none."""
    try:
        return import_module(f"gradio.{path}")
    except ModuleNotFoundError:
        module, _, name = path.rpartition(".")
        return getattr(find(module), name, None) if module else None


def has(owner, name):
    if (
        hasattr(owner, name)
        or name in getattr(owner, "model_fields", {})
        or name in getattr(owner, "__annotations__", {})
    ):
        return True
    return inspect.isclass(owner) and any(
        re.search(rf"self\.{name}\b[^=\n(]*=[^=]", inspect.getsource(part))
        for part in owner.__mro__
        if part.__module__.startswith(("gradio", "starlette", "python_multipart"))
    )


@pytest.mark.parametrize(("owner", "names"), USED.items(), ids=USED)
def test_gradio_has_every_undocumented_name_that_is_used(owner, names):
    found = find(owner)
    assert found is not None, f"This Gradio has no gradio.{owner}: adapt bpdemo/demo/server/gradio_internals.py."
    missing = [name for name in names.split() if not has(found, name)]
    assert not missing, f"This Gradio's {owner} lacks {missing}: adapt bpdemo/demo/server/gradio_internals.py."


@pytest.mark.parametrize(("function", "names"), PARAMETERS.items(), ids=PARAMETERS)
def test_what_is_called_takes_what_it_is_given(function, names):
    missing = set(names.split()) - set(inspect.signature(find(function)).parameters)
    assert not missing, f"This Gradio's {function} takes no {missing}: adapt bpdemo/demo/server/gradio_internals.py."


def test_no_other_module_uses_undocumented_names():
    names = {name for names in USED.values() for name in names.split()}
    undocumented = {name for name in names if name.startswith("_") or name.count("_") > 1} | {"state_holder"}
    imported = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gradio."):
                assert path.name in ALLOWED, f"{path.name} imports {node.module}"
                imported |= {f"{node.module}.{part.name}".removeprefix("gradio.") for part in node.names}
            if isinstance(node, ast.Attribute) and path.name not in ALLOWED and path.is_relative_to(PACKAGE / "demo"):
                assert node.attr not in undocumented - {"_id"}, f"{path.name} uses {node.attr}"
    listed = {*USED, *(f"{owner}.{name}" for owner, names in USED.items() for name in names.split())}
    assert imported <= listed, "the list above is not complete"
