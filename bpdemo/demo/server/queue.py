"""How many clips are read and may wait; the queue itself is `gradio_internals.ClipQueue`."""

CLIPS_AT_ONCE = 2  # decoding and tracking keep about one core busy for each
QUEUE_LENGTH = 20
QUEUE_FULL = (
    f"{QUEUE_LENGTH} clips are waiting already, so this one was not taken, and it has been deleted. "
    "Send it again in a minute."
)
