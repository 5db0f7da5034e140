"""The part of the page where a person may tell age, sex, height and weight. The fields are all that holds them."""

from typing import Any

import gradio as gr

from bpdemo.demo.views.templating import render
from bpdemo.errors import BpdemoError, Reason
from bpdemo.told import Told

_SEXES = [("Not told", ""), ("Female", "female"), ("Male", "male")]


def build_told_panel() -> list[gr.components.Component]:
    """Build the panel inside the Blocks that is open; return its fields in the order of `read_told`."""
    with gr.Accordion("Tell something about yourself (optional)", open=False, elem_id="told"):
        gr.HTML(render("told_intro"))
        with gr.Row():
            age = gr.Number(label="Age (years)", min_width=110, elem_id="told-age")
            height = gr.Number(label="Height (cm)", min_width=110, elem_id="told-height")
            weight = gr.Number(label="Weight (kg)", min_width=110, elem_id="told-weight")
        sex = gr.Radio(_SEXES, value="", label="Sex", elem_id="told-sex")
        message = gr.HTML(elem_id="told-message", padding=False)
    fields = [age, sex, height, weight]

    def say_what_is_wrong(*values: object) -> str:
        _, wrong = read_told(*values)
        return render("told_wrong", reason=wrong) if wrong else ""

    # A field that is left while the one before it is looked at must not be passed over.
    quick = {"queue": False, "show_progress": "hidden", "api_visibility": "private", "trigger_mode": "always_last"}
    gr.on([age.blur, height.blur, weight.blur], say_what_is_wrong, fields, message, **quick)
    return fields


def read_told(age: object, sex: object, height_cm: object, weight_kg: object) -> tuple[Told, Reason | None]:
    """Return what the fields tell; nothing, and the reason, where it cannot be true: that must cost nobody a clip."""
    # For an empty field Gradio sends 0.
    values: list[Any] = [value or None for value in (age, sex, height_cm, weight_kg)]
    told = Told(*values)
    try:
        told.check()
    except BpdemoError as error:
        return Told(), error.reason
    return told, None
