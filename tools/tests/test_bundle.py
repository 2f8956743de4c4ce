"""The packaging of the functions: what is refused, and that nothing but the
binary decides the bytes."""

import pathlib
import struct
import sys
import tempfile
import unittest
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from bundle import Failed, elf, package  # noqa: E402


def binary(versions=("GLIBC_2.17", "GLIBC_2.34"), libraries=("libc.so.6",), machine=62, table=True):
    """A small ELF file that is nothing but what is looked at."""
    strings = b"\0"
    at = {}
    for text in (*libraries, *versions):
        at[text] = len(strings)
        strings += text.encode() + b"\0"
    dynamic = b"".join(struct.pack("<QQ", 1, at[name]) for name in libraries) + struct.pack("<QQ", 0, 0)
    needed = struct.pack("<HHIII", 1, len(versions), at[libraries[0]] if libraries else 0, 16, 0)
    for i, version in enumerate(versions):
        needed += struct.pack("<IHHII", 0, 0, 2 + i, at[version], 16 if i + 1 < len(versions) else 0)
    body, sections = b"\0" * 64, [(0, 0, 0, 0, 0)]  # type, offset, size, link, info
    for kind, content, link, info in ((3, strings, 0, 0), (6, dynamic, 1, 0), (0x6FFFFFFE, needed, 1, 1)):
        if kind == 0x6FFFFFFE and not table:
            continue
        sections.append((kind, len(body), len(content), link, info))
        body += content
    header = b"\x7fELF\x02\x01\x01" + b"\0" * 9
    header += struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 0, len(body), 0, 64, 0, 0, 64, len(sections), 0)
    table_bytes = b"".join(
        struct.pack("<IIQQQQIIQQ", 0, kind, 0, 0, offset, size, link, info, 1, 0)
        for kind, offset, size, link, info in sections
    )
    return header + body[64:] + table_bytes


class WhatABinaryNeeds(unittest.TestCase):
    def test_a_binary_that_needs_nothing_newer_than_amazon_linux_2023_is_taken(self):
        for machine, architecture in ((62, "x86_64"), (183, "arm64")):
            self.assertEqual(elf.check(binary(machine=machine), architecture).glibc(), (2, 34))

    def test_versions_are_compared_as_numbers(self):
        self.assertEqual(elf.check(binary(("GLIBC_2.4", "GLIBC_2.2.5", "GLIBC_2.17")), "x86_64").glibc(), (2, 17))

    def test_what_lambda_has_not_is_refused_by_name(self):
        cases = [
            (dict(versions=("GLIBC_2.34", "GLIBC_2.35")), "GLIBC_2.35"),
            (dict(versions=("GLIBC_2.100",)), "GLIBC_2.100"),
            (dict(versions=("GLIBC_ABI_DT_RELR",)), "GLIBC_ABI_DT_RELR"),
            (dict(libraries=("libc.so.6", "libssl.so.3")), "libssl.so.3"),
            (dict(machine=183), "it is for arm64"),
            (dict(table=False), "no table of symbol versions"),
        ]
        for case, named in cases:
            with self.subTest(named), self.assertRaises(Failed) as caught:
                elf.check(binary(**case), "x86_64")
            self.assertIn(named, str(caught.exception))

    def test_what_is_cut_off_or_no_elf_file_is_refused(self):
        for data in (b"", b"#!/bin/sh\n", binary()[:100], binary()[:-70]):
            with self.subTest(len(data)), self.assertRaises(Failed):
                elf.check(data, "x86_64")


class WhatAZipIs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.bootstrap = self.folder / "bootstrap"
        self.bootstrap.write_bytes(binary())

    def package(self, name):
        return package.write(self.folder / name, "x86_64", self.bootstrap, "rustc 1.95.0")

    def test_the_same_binary_makes_the_same_zip(self):
        first = self.package("first")
        self.bootstrap.touch()
        self.bootstrap.chmod(0o600)
        self.assertEqual(self.package("second"), first)
        self.assertEqual(*((self.folder / name / package.ZIP).read_bytes() for name in ("first", "second")))

    def test_another_binary_makes_another(self):
        first = self.package("first")
        self.bootstrap.write_bytes(binary(versions=("GLIBC_2.17",)))
        self.assertNotEqual(self.package("first")["sha256"], first["sha256"])

    def test_it_holds_one_executable_bootstrap(self):
        self.package("first")
        with zipfile.ZipFile(self.folder / "first" / package.ZIP) as zip:
            entry, = zip.infolist()
            self.assertEqual((entry.filename, entry.external_attr >> 16), ("bootstrap", 0o100755))
            self.assertEqual(zip.read(entry), binary())

    def test_what_is_there_already_is_not_touched(self):
        self.package("first")
        files = [self.folder / "first" / name for name in (package.ZIP, package.LINES)]
        before = [file.stat().st_mtime_ns for file in files]
        self.package("first")
        self.assertEqual([file.stat().st_mtime_ns for file in files], before)

    def test_a_binary_that_lambda_could_not_start_is_not_packaged(self):
        self.bootstrap.write_bytes(binary(versions=("GLIBC_2.38",)))
        with self.assertRaises(Failed):
            self.package("first")
        self.assertFalse((self.folder / "first").exists())


if __name__ == "__main__":
    unittest.main()
