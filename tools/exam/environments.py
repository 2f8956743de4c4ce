"""Each tool in an environment of its own, below the cache folder, made once and
made anew when its pins change: a digest of them is left in it, written last, so
that an interrupted installation is not taken for a finished one."""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

from . import Failed

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
STAMP = "pins.sha256"


def cache():
    """Where the environments are, unless TAP_CACHE_DIR says otherwise."""
    below = os.environ.get("TAP_CACHE_DIR")
    if below:
        return pathlib.Path(below) / "exam"
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base) / "terraform-provider-tap" / "exam"


def python(name, pins, source=False):
    """The folder of programs of a virtual environment with these requirements;
    with `source`, what has no wheel is built."""

    def fill(folder):
        _run([sys.executable, "-m", "venv", folder], f"the environment of {name}")
        pip = [folder / "bin" / "python", "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet"]
        wheels = ["--prefer-binary"] if source else ["--only-binary", ":all:"]
        _run([*pip, *wheels, "--requirement", pins], name)

    return _made(name, [pins], fill) / "bin"


def node(name, source):
    """A folder with `node_modules`, for a program that is run with NODE_PATH."""
    pins = [source / "package.json", source / "package-lock.json"]
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise Failed(f"{program} is missing: install Node.js 20 or newer and run this again.")

    def fill(folder):
        folder.mkdir()
        for pin in pins:
            shutil.copy(pin, folder)
        _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], name, cwd=folder)

    return _made(name, pins, fill)


def _made(name, pins, fill):
    folder = cache() / name
    digest = hashlib.sha256(b"\0".join(pin.read_bytes() for pin in pins)).hexdigest()
    with _lock(folder):
        stamp = folder / STAMP
        if not (stamp.is_file() and stamp.read_text() == digest):
            print(f"installing {name}, once", file=sys.stderr, flush=True)
            shutil.rmtree(folder, ignore_errors=True)
            fill(folder)
            stamp.write_text(digest)
    return folder


@contextlib.contextmanager
def _lock(folder):
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_suffix(".lock"), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _run(command, what, **more):
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "PYTHONPATH", "NODE_PATH")}
    done = subprocess.run(
        list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, env=environment, **more,
    )
    if done.returncode != 0:
        raise Failed(f"cannot install {what}; is its package registry within reach?\n{done.stdout}")
