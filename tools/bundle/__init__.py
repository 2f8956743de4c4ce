"""How the functions and the provider are built and packaged: `tools/build_functions.py`
and `tools/dist.py` in parts.

- `cargo`: the build of one program, the same wherever it is made.
- `elsewhere`: another place, to see that it is the same there.
- `toolchain`: zig and, on Debian, a compiler for the other architecture,
  unpacked into the target folder and nowhere else.
- `debian`: packages from the machine's own mirrors, without installing them.
- `elf`: what a binary asks of the system that it will run on.
- `package`: the zip that Lambda is given, and the lines about it.
- `release`: the files that the registries take of the provider.
- `qemu`: how the arm64 binary is run on another machine.
"""

import typing

# AWS's names for the two architectures, and Rust's.
TRIPLES = {
    "arm64": "aarch64-unknown-linux-gnu",
    "x86_64": "x86_64-unknown-linux-gnu",
}


class System(typing.NamedTuple):
    """What a program is going to run on, and the newest glibc that this has."""

    name: str
    glibc: tuple


# Where the functions run: Amazon Linux 2023 ships 2.34 and keeps it for its
# lifetime.
LAMBDA = System("Lambda's provided.al2023", (2, 34))

# Where the provider runs: on the oldest distribution that its vendor still
# supports, to June 2028
# (https://www.redhat.com/en/blog/announcing-4-years-extended-life-cycle-support-els-red-hat-enterprise-linux-7).
# Rust's standard library asks for as much
# (https://doc.rust-lang.org/rustc/platform-support.html), and glibc has no
# arm64 before it.
OLDEST = System("Red Hat Enterprise Linux 7", (2, 17))


class Unavailable(Exception):
    """A tool or a package is not to be had here. The text is a sentence."""


class Failed(Exception):
    """What should have worked did not. The text is a sentence."""
