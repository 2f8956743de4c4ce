"""What a binary asks of the system that it will run on.

Read from the table of needed symbol versions (`.gnu.version_r`) as the
generic ABI's GNU extensions lay it out: entries `Elf64_Verneed` of 16 bytes,
each with auxiliaries `Elf64_Vernaux` of 16 bytes, the names in the string
table that the section links to.
"""

import re
import struct

from . import LAMBDA, TRIPLES, Failed

MACHINES = {62: "x86_64", 183: "arm64"}
SHT_DYNAMIC = 6
SHT_GNU_VERNEED = 0x6FFFFFFE
DT_NEEDED = 1

# The libraries of glibc and of GCC, which every one of our systems has. Any
# other would be missing there.
LIBRARIES = re.compile(r"^(lib(c|m|dl|rt|pthread|gcc_s)\.so\.[0-9]+|ld-linux-[a-z0-9-]+\.so\.[0-9]+)$")


class Binary:
    """A little-endian ELF64 file: its architecture, libraries and versions."""

    def __init__(self, data):
        try:
            self._read(data)
        except (struct.error, IndexError, ValueError, UnicodeDecodeError) as cause:
            raise Failed(f"it is no ELF file that can be read: {cause}") from cause

    def _read(self, data):
        if data[:6] != b"\x7fELF\x02\x01":
            raise ValueError("not little-endian ELF64")
        machine, = struct.unpack_from("<H", data, 18)
        self.architecture = MACHINES.get(machine, f"machine {machine}")
        offset, = struct.unpack_from("<Q", data, 40)
        size, count = struct.unpack_from("<HH", data, 58)
        # sh_name, sh_type, sh_flags, sh_addr, sh_offset, sh_size, sh_link, sh_info, sh_addralign, sh_entsize
        sections = [struct.unpack_from("<IIQQQQIIQQ", data, offset + size * i) for i in range(count)]
        self.libraries, self.versions = [], set()
        found = False
        for section in sections:
            kind, start, length, link, info = section[1], section[4], section[5], section[6], section[7]
            if kind == SHT_GNU_VERNEED:
                found = True
                self.versions |= set(_needed_versions(data, start, info, sections[link][4]))
            if kind == SHT_DYNAMIC:
                for at in range(start, start + length, 16):
                    tag, value = struct.unpack_from("<QQ", data, at)
                    if tag == DT_NEEDED:
                        self.libraries.append(_text(data, sections[link][4] + value))
        if self.libraries and not found:
            raise ValueError("it is linked to libraries and has no table of symbol versions")

    def glibc(self):
        """The newest numbered version of glibc that it needs, such as (2, 34)."""
        return max((number for number in map(_number, self.versions) if number), default=(0,))

    def problems(self, architecture, system=LAMBDA):
        """A sentence for each reason why it cannot run there."""
        if self.architecture != architecture:
            yield f"it is for {self.architecture}, not for {architecture}"
        for version in sorted(self.versions):
            if not version.startswith("GLIBC_"):
                continue
            number = _number(version)
            # A version without a number is a demand on the loader itself,
            # such as GLIBC_ABI_DT_RELR, which came with 2.36.
            if number is None or number > system.glibc:
                yield f"it needs {version}, and {system.name} has nothing newer than GLIBC_{dotted(system.glibc)}"
        for library in self.libraries:
            if not LIBRARIES.match(library):
                yield f"it needs {library}, which {system.name} does not have"


def dotted(version):
    return ".".join(map(str, version))


def check(data, architecture, system=LAMBDA):
    """Raises when the binary could not run there, on that architecture."""
    assert architecture in TRIPLES, architecture
    binary = Binary(data)
    problems = list(binary.problems(architecture, system))
    if problems:
        raise Failed(f"the binary cannot run on {system.name}: " + "; ".join(problems))
    return binary


def _needed_versions(data, start, count, strings):
    at = start
    for _ in range(count):
        # vn_version, vn_cnt, vn_file, vn_aux, vn_next
        _, auxiliaries, _, first, following = struct.unpack_from("<HHIII", data, at)
        aux = at + first
        for _ in range(auxiliaries):
            # vna_hash, vna_flags, vna_other, vna_name, vna_next
            _, _, _, name, step = struct.unpack_from("<IHHII", data, aux)
            yield _text(data, strings + name)
            aux += step
        at += following


def _number(version):
    match = re.fullmatch(r"GLIBC_(\d+(?:\.\d+)*)", version)
    return tuple(map(int, match[1].split("."))) if match else None


def _text(data, at):
    return data[at : data.index(b"\0", at)].decode("ascii")
