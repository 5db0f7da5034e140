"""Maps of whole data sets: every clip read once, what learning needs kept window by window, and no picture."""
