"""Runs one emulator until the sandbox that started it is gone.

Usage: emulator.py <module> <function> [argument ...], with standard input on a
pipe that only the sandbox holds open. Whatever ends the sandbox, kill -9
included, closes that pipe, and the emulator then ends with everything it has
started (it leads a process group of its own).
"""

import importlib
import os
import signal
import sys
import threading


def end_with_the_sandbox() -> None:
    while os.read(0, 4096):
        pass
    try:
        os.killpg(os.getpgrp(), signal.SIGKILL)
    finally:
        os._exit(0)


def main() -> None:
    threading.Thread(target=end_with_the_sandbox, daemon=True).start()
    module, function = sys.argv[1:3]
    sys.argv = [module, *sys.argv[3:]]
    getattr(importlib.import_module(module), function)()


main()
