"""The Gradio page: layout, result view, API. It knows bpdemo; nothing in bpdemo knows it."""
