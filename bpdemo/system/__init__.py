"""The process and its helpers: threads, subprocesses, files; nothing here knows of faces."""
