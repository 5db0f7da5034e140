"""In place of the package `spaces` on ZeroGPU hardware, without a GPU.

A decorated function runs in a fork of the process, and what goes there and comes back is pickled. Calls are written
down in the file that `LENT` names; without that, no GPU is to be had.
"""

import io
import json
import multiprocessing
import os
import pickle
from pathlib import Path

_ctx = multiprocessing.get_context("fork")


def gradio_auto_wrap(function):
    """Gradio asks for this."""
    return function


def GPU(*, duration):  # noqa: N802
    """Decorate a function that needs a GPU."""

    def decorate(task):
        def work(pipe):
            arguments = pickle.loads(pipe.recv_bytes())
            pipe.send_bytes(pickle.dumps(task(*arguments)))

        def run(*arguments):
            if "LENT" not in os.environ:
                raise RuntimeError("You have exceeded your GPU quota")
            ours, theirs = _ctx.Pipe()
            sent = pickle.dumps(arguments)
            process = _ctx.Process(target=work, args=(theirs,), daemon=True)
            process.start()
            theirs.close()
            ours.send_bytes(sent)
            if not ours.poll(60):
                process.kill()
                raise TimeoutError
            received = ours.recv_bytes()
            process.join()
            line = {"seconds": duration, "sent": len(sent), "received": len(received), "types": _types(received)}
            with Path(os.environ["LENT"]).open("a") as file:
                file.write(json.dumps(line) + "\n")
            return pickle.loads(received)

        return run

    return decorate


def _types(pickled):
    """Names of the modules whose objects are in what came back."""
    found = set()

    class Finder(pickle.Unpickler):
        def find_class(self, module, name):
            found.add(module.partition(".")[0])
            return super().find_class(module, name)

    Finder(io.BytesIO(pickled)).load()
    return sorted(found)
