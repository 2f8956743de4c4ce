"""What builds for an architecture: zig as the linker, pinned from PyPI, and a
Rust that has the architecture's standard library."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

from . import TRIPLES, Failed, Unavailable
from .debian import NAMES, Debian, native

HERE = pathlib.Path(__file__).resolve().parent


class Zig:
    """`cargo-zigbuild` and its zig, in an environment below `folder`."""

    def __init__(self, folder):
        self.versions = dict(
            line.split("==") for line in (HERE / "requirements.txt").read_text().splitlines() if "==" in line
        )
        name = "zig-" + "-".join(self.versions.values())
        self.home = folder / name
        if not self.home.is_dir():
            self._install(folder / (name + ".new"))
        found = sorted(self.home.glob("lib/python*/site-packages/ziglang/zig"))
        if not found:
            raise Failed(f"there is no zig in {self.home}; remove that folder and run this again")
        self.zig = found[0]

    def _install(self, new):
        shutil.rmtree(new, ignore_errors=True)
        for what, command in (
            (
                "the Python environment (on Debian and Ubuntu: apt install python3-venv)",
                [sys.executable, "-m", "venv", new],
            ),
            (
                "cargo-zigbuild and ziglang from PyPI",
                [new / "bin" / "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check"]
                + ["--requirement", HERE / "requirements.txt"],
            ),
        ):
            done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode != 0:
                said = done.stdout.strip().splitlines()[-1:] or ["it said nothing"]
                raise Unavailable(f"{what} could not be made: {said[0]}")
        os.replace(new, self.home)

    def __str__(self):
        return ", ".join(f"{name} {version}" for name, version in self.versions.items())

    def command(self):
        # cargo-zigbuild is a program of its own: no path of the environment
        # is written into it, so it may have been moved.
        return [str(self.home / "bin" / "cargo-zigbuild"), "zigbuild"]

    def environment(self):
        cache = self.home / "cache"
        return {
            "CARGO_ZIGBUILD_ZIG_PATH": str(self.zig),
            "CARGO_ZIGBUILD_CACHE_DIR": str(cache / "cargo-zigbuild"),
            "ZIG_GLOBAL_CACHE_DIR": str(cache / "zig"),
            "ZIG_LOCAL_CACHE_DIR": str(cache / "zig"),
        }


def rustc_for(architecture, folder, at_least):
    """The compiler to use for that architecture, or None for cargo's own.

    cargo's own will do where it has the standard library; else Debian's is
    taken, with the library of the other architecture unpacked into it.
    """
    triple = TRIPLES[architecture]
    if has_library("rustc", triple):
        return None
    remedy = f"run: rustup target add {triple}"
    try:
        return _debian(architecture, folder, at_least)
    except Unavailable as cause:
        raise Unavailable(
            f"this Rust has no standard library for {triple} ({remedy}), and Debian's could not be used: {cause}"
        ) from cause


def has_library(rustc, triple):
    """Whether that compiler can build for the triple."""
    done = subprocess.run([str(rustc), "--print", "target-libdir", "--target", triple], stdout=subprocess.PIPE, text=True)
    folder = pathlib.Path(done.stdout.strip() or "/nonexistent")
    return done.returncode == 0 and any(folder.glob("libstd-*.rlib"))


def release(rustc):
    """What `rustc --version` says, as a text and as numbers."""
    done = subprocess.run([str(rustc), "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    match = re.match(r"rustc (\d+)\.(\d+)\.(\d+)", done.stdout)
    if done.returncode != 0 or not match:
        raise Failed(f"{rustc} --version failed: {done.stdout.strip()}")
    return done.stdout.strip(), tuple(map(int, match.groups()))


def _debian(architecture, folder, at_least):
    """Debian's compiler for its own web browser is newer than the release's."""
    root = folder / f"rust-{architecture}"
    wrapper = folder / f"rustc-{architecture}"
    if not root.is_dir():
        debian = Debian(folder / "apt")
        here = native()
        if here not in NAMES:
            raise Unavailable(f"this machine is {here}")
        for compiler, library in (("rustc-web", "libstd-rust-web-dev"), ("rustc", "libstd-rust-dev")):
            theirs = f"{library}:{NAMES[architecture]}"
            if debian.offers(compiler) and debian.offers(theirs):
                print(f"unpacking {compiler} and {theirs} into {root}", flush=True)
                debian.unpack(root, [theirs], [compiler])
                break
        else:
            raise Unavailable("its sources have no rustc-web")
    # Its libraries are found by name, and only by this compiler.
    wrapper.write_text(
        f'#!/bin/sh\nLD_LIBRARY_PATH="{root}/usr/lib/{TRIPLES[native()].replace("-unknown", "")}" exec "{root}/usr/bin/rustc" "$@"\n'
    )
    wrapper.chmod(0o755)
    said, version = release(wrapper)
    if version < at_least:
        raise Unavailable(f"{said} is older than this project's Rust, {'.'.join(map(str, at_least))}")
    return wrapper
