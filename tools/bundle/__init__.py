"""How the functions are built and packaged: `tools/build_functions.py` in parts.

- `cargo`: the build of one `bootstrap`, the same wherever it is made.
- `toolchain`: zig and, on Debian, a compiler for the other architecture,
  unpacked into the target folder and nowhere else.
- `debian`: packages from the machine's own mirrors, without installing them.
- `elf`: what a binary asks of the system that it will run on.
- `package`: the zip that Lambda is given, and the lines about it.
- `qemu`: how the arm64 binary is run on another machine.
"""

# AWS's names for the two architectures, and Rust's.
TRIPLES = {
    "arm64": "aarch64-unknown-linux-gnu",
    "x86_64": "x86_64-unknown-linux-gnu",
}

# The newest glibc that the runtime provided.al2023 has: Amazon Linux 2023
# ships 2.34 and keeps it for its lifetime.
GLIBC = (2, 34)


class Unavailable(Exception):
    """A tool or a package is not to be had here. The text is a sentence."""


class Failed(Exception):
    """What should have worked did not. The text is a sentence."""
