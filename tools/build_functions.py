#!/usr/bin/env python3
"""Builds the functions for both architectures, for the provider to embed.

    tools/build_functions.py                  builds what can be built here, and says what cannot
    tools/build_functions.py --all            the same, and fails when one of them cannot
    tools/build_functions.py --reproducible   builds them again in another place and compares

A bundle is `bundles/ARCHITECTURE/bootstrap.zip` in the target folder, and
beside it the lines that the provider's build script reads. Nothing is
installed: what is needed goes into the target folder too.
"""

import pathlib
import platform
import sys
import time

from bundle import TRIPLES, Failed, Unavailable, package
from bundle.cargo import BOOTSTRAP, Workspace
from bundle.elsewhere import another_place
from bundle.toolchain import Zig, release, rustc_for

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main(arguments):
    if arguments not in ([], ["--all"], ["--reproducible"]):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        workspace = Workspace(ROOT)
        built = build(workspace, workspace.target / "bundles", workspace.target / "bundle-tools")
        missing = [architecture for architecture in TRIPLES if architecture not in built]
        if arguments == ["--reproducible"]:
            return reproducible(workspace, built)
        return 1 if missing and arguments == ["--all"] else 0
    except Failed as cause:
        print(f"The functions were not built: {cause}", file=sys.stderr)
        return 1


def build(workspace, bundles, tools):
    """Builds and packages for each architecture; returns the lines of each."""
    tools.mkdir(parents=True, exist_ok=True)
    zig, why = linker(tools)
    built = {}
    for architecture in TRIPLES:
        began = time.monotonic()
        try:
            built[architecture] = one(workspace, architecture, bundles / architecture, tools, zig, why)
        except Unavailable as cause:
            package.remove(bundles / architecture)
            print(f"The functions for {architecture} were not built: {cause}.", flush=True)
            continue
        lines = built[architecture]
        print(
            f"functions for {architecture}: {int(lines['zip_bytes']) / 1e6:.2f} MB, sha256 {lines['sha256']}, "
            f"glibc {lines['glibc']} ({time.monotonic() - began:.0f} s)",
            flush=True,
        )
    return built


def linker(tools):
    try:
        return Zig(tools), None
    except Unavailable as cause:
        return None, cause


def one(workspace, architecture, folder, tools, zig, why):
    if zig is None and architecture != host():
        raise Unavailable(f"zig is needed for it: {why}")
    rustc = rustc_for(architecture, tools, workspace.rust_version)
    bootstrap = workspace.build(BOOTSTRAP, architecture, zig, rustc)
    compiler, _ = release(rustc or "rustc")
    return package.write(folder, architecture, bootstrap, f"{compiler}, {zig or 'linked on ' + platform.platform()}")


def host():
    """This machine's architecture, when it is one that Lambda has."""
    machine = {"aarch64": "arm64", "arm64": "arm64", "x86_64": "x86_64", "AMD64": "x86_64"}.get(platform.machine())
    return machine if sys.platform == "linux" else None


def reproducible(workspace, built):
    """Builds the same source in another place; the bundles must not differ."""
    with another_place(ROOT) as checkout:
        there = Workspace(checkout)
        again = build(there, there.target / "bundles", workspace.target / "bundle-tools")
    different = 0
    for architecture, lines in built.items():
        same = again.get(architecture, {}).get("sha256") == lines["sha256"]
        different += not same
        print(f"{architecture}: {'the same' if same else 'NOT the same'}: {lines['sha256']}")
    return 1 if different or not built else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
