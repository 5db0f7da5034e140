"""The interactive page: layout, recorder, result view, API. It knows bpdemo; nothing in bpdemo knows it."""
