"""Runs one emulator until the sandbox that started it is gone.

Usage: emulator.py <module> <function> [argument ...], with standard input on a
pipe that only the sandbox holds open. TAP_PORT is the port that it is told to
listen on, TAP_LISTENING a file that is made when it does: who answers there
before that is somebody else's emulator, who was quicker to take the port.
Whatever ends the sandbox, kill -9 included, closes that pipe, and the emulator
then ends with everything it has started (it leads a process group of its own).
"""

import copy
import functools
import importlib
import logging
import os
import signal
import socket
import sys
import threading


def end_with_the_sandbox() -> None:
    while os.read(0, 4096):
        pass
    try:
        os.killpg(os.getpgrp(), signal.SIGKILL)
    finally:
        os._exit(0)


def tell_of_listening() -> None:
    port, told = int(os.environ.pop("TAP_PORT")), os.environ.pop("TAP_LISTENING")
    listen = socket.socket.listen

    def listens(self, *arguments):
        answer = listen(self, *arguments)
        if self.family == socket.AF_INET and self.getsockname()[1] == port:
            open(told, "w").close()
        return answer

    socket.socket.listen = listens


def spare_moto() -> None:
    """Of moto's work, what no caller sees: a line in the log for every request is
    a seventh of it, AWS' thousand managed policies, which it reads anew for each
    of seven partitions after every reset, are nearly half, and which methods a
    class and which folders its package has, asked at every request, a fifth of
    the rest."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    from moto import backends
    from moto.core import responses

    modules = list(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: modules
    responses.method_names_from_class = functools.cache(responses.method_names_from_class)
    from moto.iam.models import IAMBackend

    read, known = IAMBackend._init_aws_policies, {}

    def remembered(self):
        place = (self.account_id, self.region_name)
        if place not in known:
            known[place] = read(self)
        # How often one is attached is counted in it.
        return [copy.copy(policy) for policy in known[place]]

    IAMBackend._init_aws_policies = remembered


def main() -> None:
    tell_of_listening()
    threading.Thread(target=end_with_the_sandbox, daemon=True).start()
    module, function = sys.argv[1:3]
    if module == "moto.server":
        spare_moto()
    sys.argv = [module, *sys.argv[3:]]
    getattr(importlib.import_module(module), function)()


main()
