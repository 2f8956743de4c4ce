"""One build of a program, the same wherever it is made.

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
import typing

from . import LAMBDA, OLDEST, TRIPLES, Failed, System
from .elf import dotted


class Program(typing.NamedTuple):
    """A binary of a package, by which profile it is built, and for what."""

    package: str
    binary: str
    profile: str
    system: System


BOOTSTRAP = Program("tap-functions", "bootstrap", "functions", LAMBDA)
PROVIDER = Program("terraform-provider-tap", "terraform-provider-tap", "release", OLDEST)

# Variables of a developer's environment that would change what is built.
DROPPED = re.compile(
    r"^(RUSTFLAGS|RUSTC_WRAPPER|RUSTC_WORKSPACE_WRAPPER|CARGO_BUILD_RUSTC(_WORKSPACE)?_WRAPPER"
    r"|CARGO_ENCODED_RUSTFLAGS|CARGO_INCREMENTAL|CARGO_PROFILE_.*|CARGO_BUILD_(RUSTFLAGS|TARGET)"
    r"|CARGO_TARGET_.*_(RUSTFLAGS|LINKER|RUNNER)|(HOST_|TARGET_)?(CC|CXX|AR|CFLAGS|CXXFLAGS|LDFLAGS)(_.*)?"
    r"|AWS_LC_.*)$"
)

# aws-lc is C. Its crate builds it with a compiler alone for our triples, whose
# bindings it brings; what else a machine has of CMake or of aws-lc itself must
# not make another binary.
AWS_LC = {"AWS_LC_SYS_CMAKE_BUILDER": "0", "AWS_LC_SYS_USE_SYSTEM": "0"}


class Workspace:
    """`locked`: what is built is what Cargo.lock says, or nothing."""

    def __init__(self, root, locked=False):
        self.root = pathlib.Path(root)
        self.locked = ["--locked"] if locked else []
        done = subprocess.run(
            ["cargo", "metadata", *self.locked, "--format-version", "1", "--filter-platform", TRIPLES["x86_64"]],
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
        ours = next(package for package in metadata["packages"] if package["name"] == PROVIDER.package)
        self.version = ours["version"]
        self.rust_version = tuple(map(int, ours["rust_version"].split(".")))

    def flags(self):
        remapped = [(folder, "/cargo") for folder in self.registries] + [(str(self.target), "/target")]
        return [f"--remap-path-prefix={real}={written}" for real, written in remapped] + [
            "-Clink-arg=-Wl,--build-id=none"
        ]

    def build(self, program, architecture, zig=None, rustc=None, variables=None):
        """Builds for the architecture; returns the path of the binary. Without
        zig it is linked to this machine's C library."""
        triple = TRIPLES[architecture]
        environment = {name: value for name, value in os.environ.items() if not DROPPED.match(name)}
        environment |= AWS_LC | (variables or {})
        environment["CARGO_TARGET_DIR"] = str(self.target)
        environment["CARGO_ENCODED_RUSTFLAGS"] = "\x1f".join(self.flags())
        if rustc:
            environment["RUSTC"] = str(rustc)
        command, target = ["cargo", "build"], triple
        if zig:
            environment |= zig.environment()
            command, target = zig.command(), f"{triple}.{dotted(program.system.glibc)}"
        command += [*self.locked, "--profile", program.profile, "--package", program.package]
        command += ["--bin", program.binary, "--target", target]
        done = subprocess.run(command, cwd=self.root, env=environment)
        if done.returncode != 0:
            raise Failed(f"the build of {program.binary} for {architecture} failed")
        return self.target / triple / program.profile / program.binary
