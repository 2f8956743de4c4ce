"""The programs that the sections run: the scanner's example, built as the
functions are, and Presidio in a virtual environment of its own."""

import hashlib
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
HERE = pathlib.Path(__file__).resolve().parent

#: What is measured is what is deployed: the functions' profile.
BUILD = ["cargo", "build", "--quiet", "-p", "tap-functions", "--no-default-features", "--profile", "functions", "--example"]


def example(name):
    """Builds an example of the package; its path."""
    subprocess.run([*BUILD, name], cwd=ROOT, check=True, env={**os.environ, "CARGO_TARGET_DIR": str(TARGET)})
    return TARGET / "functions" / "examples" / name


def output(*command):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout


def presidio_python():
    """The interpreter of Presidio's virtual environment, which is made when
    it is not there or its requirements have changed."""
    requirements = HERE / "requirements.txt"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    folder = TARGET / "bench-functions" / "presidio"
    stamp, python = folder / "requirements.sha256", folder / "bin" / "python"
    if not stamp.is_file() or stamp.read_text() != digest:
        print(f"Presidio goes into {folder}, once", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements], check=True)
        stamp.write_text(digest)
    return python


class Presidio:
    """A process with Presidio in it that answers one JSON line with another."""

    def __enter__(self):
        self.process = subprocess.Popen(
            [str(presidio_python()), str(HERE / "presidio_peer.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def ask(self, question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())
