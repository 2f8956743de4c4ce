"""Another place to build the same source in, to see whether the place shows.

Another checkout, another registry and another target folder: whatever of a
path gets into a binary differs there.
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile


@contextlib.contextmanager
def another_place(root):
    """Gives a checkout of what is in `root`, committed or not. Until it is left,
    cargo's registry and target folder are others."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="another-place-") as folder:
        place = pathlib.Path(folder)
        checkout = place / "checkout" / "of" / "the" / "same"
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=root, stdout=subprocess.PIPE, check=True, text=True,
        ).stdout.split("\0")
        for name in filter(None, listed):
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, checkout / name)
        home = place / "cargo-home"
        home.mkdir()
        ours = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo"))
        for name in ("config.toml", "config"):
            if (ours / name).is_file():
                shutil.copy(ours / name, home / name)
        os.environ |= {"CARGO_HOME": str(home), "CARGO_TARGET_DIR": str(place / "other-target")}
        try:
            yield checkout
        finally:
            os.environ.clear()
            os.environ |= before
