"""How an arm64 program is run on a machine of another architecture: by qemu's
user-mode emulator, on Debian's arm64 C library.

The functions run themselves again as a child, with an empty environment. The
emulator does not follow a program into another: the kernel must know what an
arm64 program is run by. So `run` registers it with binfmt_misc, not for the
machine but in a user namespace of its own, which Linux has allowed to
everybody since 6.7; the registration ends with the program.
"""

import pathlib
import platform
import shlex
import shutil
import subprocess
import sys

from . import Unavailable
from .debian import Debian

# The header of every arm64 ELF program, and the bits of it that count:
# the ABI and whether it is position-independent do not.
MAGIC = r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
MASK = r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
BINFMT = "/proc/sys/fs/binfmt_misc"


def prefix(folder):
    """The words to put before an arm64 program and its arguments; none on an
    arm64 machine. What is needed is put below `folder`."""
    if platform.machine() in ("aarch64", "arm64"):
        return []
    home = folder / "arm64"
    home.mkdir(parents=True, exist_ok=True)
    qemu, sysroot = _qemu(folder), _sysroot(folder)
    # Not by QEMU_LD_PREFIX: the child has no environment.
    _script(home / "interpreter", f'exec {shlex.quote(str(qemu))} -L {shlex.quote(str(sysroot))} "$@"')
    _script(
        home / "registered",
        "set -e",
        f"mount -t binfmt_misc binfmt_misc {BINFMT}",
        f"printf '%s' ':tap-arm64:M::{MAGIC}:{MASK}:{home / 'interpreter'}:' > {BINFMT}/register",
        'exec "$@"',
    )
    run = home / "run"
    _script(run, f'exec unshare --user --map-root-user --mount {shlex.quote(str(home / "registered"))} "$@"')
    _try(run, sysroot)
    return [str(run)]


def _try(run, sysroot):
    """The loader answers for itself, run by the kernel."""
    command = [str(run), "/bin/sh", "-c", f"{shlex.quote(str(sysroot / 'lib/ld-linux-aarch64.so.1'))} --version"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        said = (done.stdout.strip().splitlines() or ["it said nothing"])[-1]
        raise Unavailable(
            "arm64 programs cannot be run on this machine, which needs Linux 6.7 or newer and user namespaces "
            f"(sysctl kernel.unprivileged_userns_clone, user.max_user_namespaces): {said}"
        )


def _qemu(folder):
    for name in ("qemu-aarch64-static", "qemu-aarch64"):
        if found := shutil.which(name):
            return pathlib.Path(found)
    # The package whose emulators are linked statically: in Debian 13 that is
    # qemu-user, and the other only points to it.
    for package in ("qemu-user-static", "qemu-user"):
        root = folder / package
        if not root.is_dir():
            debian = _need(folder, "an emulator (apt install qemu-user-static)")
            print(f"unpacking {package} into {root}", file=sys.stderr, flush=True)
            debian.unpack(root, [package], members="*/bin/qemu-aarch64*")
        for name in ("qemu-aarch64-static", "qemu-aarch64"):
            if (found := root / "usr" / "bin" / name).is_file():
                return found
    raise Unavailable("neither qemu-user-static nor qemu-user has the emulator of arm64")


def _sysroot(folder):
    for root in (pathlib.Path("/usr/aarch64-linux-gnu"), folder / "sysroot-arm64"):
        if (root / "lib/ld-linux-aarch64.so.1").exists():
            return root
    debian = _need(folder, "the arm64 C library (apt install libc6-arm64-cross libgcc-s1-arm64-cross)")
    debian.unpack(root, ["libc6:arm64", "libgcc-s1:arm64"])
    return root


def _need(folder, what):
    try:
        return Debian(folder / "apt")
    except Unavailable as cause:
        raise Unavailable(f"{what} is needed to run arm64 programs here: {cause}") from cause


def _script(path, *lines):
    text = "\n".join(("#!/bin/sh", *lines, ""))
    if not path.is_file() or path.read_text() != text:
        path.write_text(text)
        path.chmod(0o755)
