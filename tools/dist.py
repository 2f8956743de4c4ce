#!/usr/bin/env python3
"""Packages the provider for the registries, into `dist` in the target folder.

    tools/dist.py                  what can be built here; says what cannot
    tools/dist.py --all            the same, and fails when a platform of Linux, or the
                                   functions for one architecture, are missing
    tools/dist.py --reproducible   packages again in another place and compares
    tools/dist.py --here           only builds this machine's provider, as it would be packaged,
                                   into `released` in the target folder, for what measures it
    tools/dist.py --here --reproducible   builds that one again in another place, around the
                                   same functions, and compares

With GPG_FINGERPRINT the sums are signed with that key. What Cargo.lock does not
say is not built. The functions are built first and are inside; the provider runs
on every Linux with glibc 2.17. It takes a C compiler for this machine (cc), for
the build scripts of crates. The C in the provider itself (aws-lc, ring) is
compiled by zig, and neither CMake nor NASM is needed for it.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import time

import build_functions
from bundle import TRIPLES, Failed, Unavailable, package
from bundle.cargo import PROVIDER, Workspace
from bundle.elf import dotted
from bundle.elsewhere import another_place
from bundle.release import PLATFORMS, Release
from bundle.toolchain import rustc_for

ROOT = pathlib.Path(__file__).resolve().parent.parent
MANIFEST = "terraform-registry-manifest.json"

# What other providers are released for, and this one is not.
OTHERS = {
    "darwin_amd64": "it takes Apple's SDK, which may be used on Apple's machines only",
    "darwin_arm64": "it takes Apple's SDK, which may be used on Apple's machines only",
    "freebsd_amd64": "it takes Rust's standard library for FreeBSD, and a machine to try it on",
    "windows_amd64": "it takes Rust's standard library for Windows, and a machine to try it on",
}


def main(arguments):
    if arguments not in ([], ["--all"], ["--reproducible"], ["--here"], ["--here", "--reproducible"]):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        workspace = Workspace(ROOT, locked=True)
        tools = workspace.target / "bundle-tools"
        if "--here" in arguments:
            built = here(workspace, tools, workspace.target / "bundles")
            print(built)
            return here_again(built, tools, workspace.target / "bundles") if "--reproducible" in arguments else 0
        release = Release(workspace.target / "dist", workspace.version)
        sums, missing = make(workspace, tools, release)
        signature = release.sign(os.environ.get("GPG_FINGERPRINT"))
        print(f"{release.folder}: {'signed' if signature else 'not signed, since GPG_FINGERPRINT is not set'}")
        if arguments == ["--reproducible"]:
            return reproducible(tools, sums)
    except Failed as cause:
        print(f"The provider was not packaged: {cause}", file=sys.stderr)
        return 1
    if missing and arguments == ["--all"]:
        print(f"Missing: {', '.join(missing)}.", file=sys.stderr)
        return 1
    return 0


def make(workspace, tools, release):
    """Builds and packages; returns the sums, by file, and the names of what
    could not be built."""
    release.begin()
    bundles = workspace.target / "bundles"
    functions = build_functions.build(workspace, bundles, tools)
    missing = [f"the functions for {architecture}" for architecture in TRIPLES if architecture not in functions]
    zig, why = build_functions.linker(tools)
    for architecture, platform in PLATFORMS.items():
        began = time.monotonic()
        try:
            binary = provider(workspace, architecture, bundles, tools, zig, why)
        except Unavailable as cause:
            missing.append(platform)
            print(f"{platform} is not built: {cause}.", flush=True)
            continue
        inside = held(binary, bundles, functions)
        needs = release.add(architecture, binary, (ROOT / "LICENSE").read_bytes())
        print(
            f"{platform}: {len(binary) / 1e6:.1f} MB, glibc {dotted(needs.glibc())}, {inside} "
            f"({time.monotonic() - began:.0f} s)",
            flush=True,
        )
    for platform, cause in OTHERS.items():
        print(f"{platform} is not built: {cause}.")
    if set(PLATFORMS.values()) <= set(missing):
        raise Failed("it could be built for no platform")
    sums = release.finish((ROOT / MANIFEST).read_bytes())
    for name in sums:
        print(f"{name}: {(release.folder / name).stat().st_size / 1e6:.1f} MB")
    for name, digest in sums.items():
        print(f"{digest}  {name}")
    return sums, missing


def provider(workspace, architecture, bundles, tools, zig, why):
    """The provider's bytes."""
    if zig is None:
        # This machine's own C library is newer than what we promise.
        raise Unavailable(f"zig is needed for it: {why}")
    if shutil.which("cc") is None:
        raise Unavailable("a C compiler is needed for build scripts (on Debian and Ubuntu: apt install gcc libc6-dev)")
    rustc = rustc_for(architecture, tools, workspace.rust_version)
    # Said, because a folder for one triple in the target folder looks like a
    # target folder to the build script, and has no bundles.
    variables = {"TAP_BUNDLES_DIR": str(bundles)}
    return workspace.build(PROVIDER, architecture, zig, rustc, variables).read_bytes()


def here(workspace, tools, bundles):
    """Builds the provider of this machine alone; returns its path. Where nothing
    can be packaged, as on macOS, it is what cargo makes of the same source."""
    zig, why = build_functions.linker(tools)
    try:
        architecture = build_functions.host()
        if architecture is None:
            raise Unavailable("nothing is packaged for this system")
        binary = provider(workspace, architecture, bundles, tools, zig, why)
    except Unavailable as cause:
        print(f"Not as it would be packaged: {cause}.", flush=True)
        command = ["cargo", "build", "--release", "--locked", "--bin", PROVIDER.binary]
        if subprocess.run(command, cwd=workspace.root).returncode != 0:
            raise Failed("the release build failed") from cause
        binary = (workspace.target / "release" / PROVIDER.binary).read_bytes()
    path = workspace.target / "released" / PROVIDER.binary
    path.parent.mkdir(exist_ok=True)
    # One that still runs cannot be written over.
    path.unlink(missing_ok=True)
    path.write_bytes(binary)
    path.chmod(0o755)
    return path


def held(binary, bundles, functions):
    """Which functions are inside, as a phrase. The binary is asked: what was
    built and is not embedded would be missed only by those who apply."""
    for architecture in functions:
        if (bundles / architecture / package.ZIP).read_bytes() not in binary:
            raise Failed(f"the provider does not hold the functions for {architecture}, which have just been built")
    return f"with the functions for {' and '.join(functions)}" if functions else "WITHOUT any functions"


def reproducible(tools, sums):
    """Packages the same source in another place; no sum may differ."""
    with another_place(ROOT) as checkout:
        there = Workspace(checkout, locked=True)
        again, _ = make(there, tools, Release(there.target / "dist", there.version))
    return compared(sums, again)


def here_again(built, tools, bundles):
    """The same with the provider of this machine alone."""
    with another_place(ROOT) as checkout:
        again = here(Workspace(checkout, locked=True), tools, bundles)
        return compared(*({PROVIDER.binary: hashlib.sha256(one.read_bytes()).hexdigest()} for one in (built, again)))


def compared(sums, again):
    different = 0
    for name, digest in sums.items():
        same = again.get(name) == digest
        different += not same
        print(f"{name}: {'the same' if same else 'NOT the same'}: {digest}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
