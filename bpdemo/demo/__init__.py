"""The interactive page: layout, recorder, result view, API. It knows bpdemo; nothing in bpdemo knows it."""

import os

# Neither Gradio nor the Hub's library tells anybody that this app is used. Both look here when they are imported.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
