"""One build of `bootstrap`, the same wherever it is made.

Nothing of the machine enters the binary: paths of the registry and of the
target folder are written as others, those of the checkout are relative
anyhow, flags and profiles of the environment are dropped, and the linker, the
start files and the C library's symbols are pinned zig's. What remains is the
source and the version of rustc.
"""

import json
import os
import pathlib
import re
import subprocess

from . import GLIBC, TRIPLES, Failed
from .elf import dotted

PACKAGE = "tap-functions"
PROFILE = "functions"

# Variables of a developer's environment that would change what is built.
DROPPED = re.compile(
    r"^(RUSTFLAGS|CARGO_ENCODED_RUSTFLAGS|CARGO_INCREMENTAL|CARGO_PROFILE_.*|CARGO_BUILD_(RUSTFLAGS|TARGET)"
    r"|CARGO_TARGET_.*_(RUSTFLAGS|LINKER|RUNNER)|(HOST_|TARGET_)?(CC|CXX|AR|CFLAGS|CXXFLAGS|LDFLAGS)(_.*)?)$"
)


class Workspace:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        done = subprocess.run(
            ["cargo", "metadata", "--format-version", "1", "--filter-platform", TRIPLES["x86_64"]],
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode != 0:
            raise Failed(f"cargo metadata failed:\n{done.stderr.strip()}")
        metadata = json.loads(done.stdout)
        self.target = pathlib.Path(metadata["target_directory"])
        self.registries = sorted(
            {
                str(pathlib.Path(package["manifest_path"]).parent.parent)
                for package in metadata["packages"]
                if package["source"]
            }
        )
        text = next(package["rust_version"] for package in metadata["packages"] if package["name"] == PACKAGE)
        self.rust_version = tuple(map(int, text.split(".")))

    def flags(self):
        remapped = [(folder, "/cargo") for folder in self.registries] + [(str(self.target), "/target")]
        return [f"--remap-path-prefix={real}={written}" for real, written in remapped] + [
            "-Clink-arg=-Wl,--build-id=none"
        ]

    def build(self, architecture, zig=None, rustc=None):
        """Builds for the architecture; returns the path of the binary. Without
        zig it is linked to this machine's C library."""
        triple = TRIPLES[architecture]
        environment = {name: value for name, value in os.environ.items() if not DROPPED.match(name)}
        environment["CARGO_TARGET_DIR"] = str(self.target)
        environment["CARGO_ENCODED_RUSTFLAGS"] = "\x1f".join(self.flags())
        if rustc:
            environment["RUSTC"] = str(rustc)
        command, target = ["cargo", "build"], triple
        if zig:
            environment |= zig.environment()
            command, target = zig.command(), f"{triple}.{dotted(GLIBC)}"
        command += ["--profile", PROFILE, "--package", PACKAGE, "--bin", "bootstrap", "--target", target]
        done = subprocess.run(command, cwd=self.root, env=environment)
        if done.returncode != 0:
            raise Failed(f"the build for {architecture} failed")
        return self.target / triple / PROFILE / "bootstrap"
