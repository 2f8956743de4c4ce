"""The packaging of the provider: what a release holds and is called, what is
refused, and that nothing but the binaries decides the bytes."""

import contextlib
import hashlib
import io
import json
import os
import pathlib
import re
import sys
import tempfile
import unittest
import zipfile
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import dist  # noqa: E402
from bundle import LAMBDA, TRIPLES, Failed, Unavailable, package  # noqa: E402
from bundle.release import PLATFORMS, Release  # noqa: E402
from test_bundle import binary  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
MACHINES = {"x86_64": 62, "arm64": 183}
VERSION = "1.2.3"
MANIFEST = f"terraform-provider-tap_{VERSION}_manifest.json"
SUMS = f"terraform-provider-tap_{VERSION}_SHA256SUMS"


def provider(architecture, **more):
    return binary(**{"versions": ("GLIBC_2.2.5", "GLIBC_2.17"), "machine": MACHINES[architecture], **more})


def zip_of(platform):
    return f"terraform-provider-tap_{VERSION}_{platform}.zip"


class InAFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def release(self, name="dist"):
        return Release(self.folder / name, VERSION)


class WhatARegistryGets(InAFolder):
    def packaged(self, name="dist"):
        release = self.release(name)
        release.begin()
        for architecture in PLATFORMS:
            release.add(architecture, provider(architecture), b"Mozilla Public License")
        release.finish(b"{}")
        return release

    def test_the_files_are_called_what_registries_look_for(self):
        names = sorted(file.name for file in self.packaged().folder.iterdir())
        self.assertEqual(names, sorted([SUMS, MANIFEST, zip_of("linux_amd64"), zip_of("linux_arm64")]))

    def test_a_zip_holds_the_provider_executable_and_its_licence(self):
        release = self.packaged()
        for architecture, platform in PLATFORMS.items():
            with zipfile.ZipFile(release.folder / zip_of(platform)) as file:
                entries = {entry.filename: entry for entry in file.infolist()}
                self.assertEqual(list(entries), ["LICENSE", f"terraform-provider-tap_v{VERSION}"])
                self.assertEqual([entry.external_attr >> 16 for entry in entries.values()], [0o100644, 0o100755])
                self.assertEqual([entry.create_system for entry in entries.values()], [3, 3], "modes are Unix'")
                self.assertEqual({entry.date_time for entry in entries.values()}, {(1980, 1, 1, 0, 0, 0)})
                self.assertEqual(file.read(f"terraform-provider-tap_v{VERSION}"), provider(architecture))
                self.assertEqual(file.read("LICENSE"), b"Mozilla Public License")

    def test_the_sums_are_of_every_zip_and_of_the_manifest(self):
        release = self.packaged()
        lines = (release.folder / SUMS).read_text().splitlines()
        names = [zip_of("linux_amd64"), zip_of("linux_arm64"), MANIFEST]
        self.assertEqual([line[64:] for line in lines], [f"  {name}" for name in names])
        for line in lines:
            digest, name = line.split("  ")
            self.assertEqual(digest, hashlib.sha256((release.folder / name).read_bytes()).hexdigest(), name)

    def test_two_packagings_make_the_same_files(self):
        first, second = self.packaged("first"), self.packaged("second")
        for file in first.folder.iterdir():
            self.assertEqual(file.read_bytes(), (second.folder / file.name).read_bytes(), file.name)

    def test_nothing_of_an_older_release_stays(self):
        folder = self.packaged().folder
        (folder / "terraform-provider-tap_1.2.2_linux_amd64.zip").write_bytes(b"older")
        (folder / f"{SUMS}.sig").write_bytes(b"older")
        self.assertEqual(len(list(self.packaged().folder.iterdir())), 4)

    def test_a_binary_that_the_oldest_distribution_could_not_start_is_not_packaged(self):
        cases = [
            (dict(versions=("GLIBC_2.17", "GLIBC_2.18")), "GLIBC_2.18"),
            (dict(versions=("GLIBC_2.34",)), "Red Hat Enterprise Linux 7 has nothing newer than GLIBC_2.17"),
            (dict(versions=("GLIBC_ABI_DT_RELR",)), "GLIBC_ABI_DT_RELR"),
            (dict(libraries=("libc.so.6", "libssl.so.3")), "libssl.so.3"),
            (dict(machine=MACHINES["arm64"]), "it is for arm64"),
        ]
        release = self.release()
        release.begin()
        for case, named in cases:
            with self.subTest(named), self.assertRaises(Failed) as caught:
                release.add("x86_64", provider("x86_64", **case), b"")
            self.assertIn(named, str(caught.exception))
        self.assertEqual(list(release.folder.iterdir()), [])
        self.assertGreater(LAMBDA.glibc, (2, 17), "the functions run elsewhere")


class TheSignature(InAFolder):
    def signed(self, gpg, fingerprint="ABCD"):
        """Signs with a program that is called gpg; None: there is none."""
        release = self.release()
        release.begin()
        release.finish(b"{}")
        programs = self.folder / "programs"
        programs.mkdir()
        if gpg is not None:
            (programs / "gpg").write_text("#!/bin/sh\n" + gpg)
            (programs / "gpg").chmod(0o755)
        with mock.patch.dict(os.environ, {"PATH": str(programs)}):
            return release, release.sign(fingerprint)

    def test_without_a_key_there_is_none(self):
        for fingerprint in (None, ""):
            release = self.release()
            release.begin()
            release.finish(b"{}")
            self.assertIsNone(release.sign(fingerprint))
            self.assertFalse((release.folder / f"{SUMS}.sig").exists())

    def test_the_sums_are_signed_with_the_key_detached_and_in_binary(self):
        release, signature = self.signed('echo "$@" > "$6"\n')
        self.assertEqual(signature, release.folder / f"{SUMS}.sig")
        words = signature.read_text().split()
        self.assertEqual(words[words.index("--local-user") + 1], "ABCD")
        self.assertEqual(words[-2:], ["--detach-sign", str(release.folder / SUMS)])
        self.assertFalse({"--armor", "-a"} & set(words), "registries take no armoured signature")

    def test_a_key_without_gpg_or_that_gpg_has_not_is_an_error(self):
        with self.assertRaises(Failed) as caught:
            self.signed(None)
        self.assertIn("no gpg", str(caught.exception))

    def test_what_gpg_says_is_said(self):
        with self.assertRaises(Failed) as caught:
            self.signed('echo "No secret key" >&2; exit 2\n')
        self.assertIn("No secret key", str(caught.exception))


class Workspace:
    """Builds nothing, and gives a provider that holds what is in the bundles'
    folder, as the build script's does."""

    version, rust_version = VERSION, (1, 94, 1)

    def __init__(self, target, cannot=(), forgets=False):
        self.target, self.cannot, self.forgets = target, cannot, forgets

    def build(self, program, architecture, zig, rustc, variables):
        if architecture in self.cannot:
            raise Unavailable("there is no such Rust")
        embedded = b"" if self.forgets else b"".join(
            file.read_bytes() for file in sorted(pathlib.Path(variables["TAP_BUNDLES_DIR"]).rglob(package.ZIP))
        )
        path = self.target / program.binary
        path.write_bytes(provider(architecture) + embedded)
        return path


class WhatIsBuilt(InAFolder):
    def make(self, workspace, functions=tuple(TRIPLES), zig="zig"):
        """Makes a release; returns sums, what is missing, and what was said."""

        def build(workspace, bundles, tools):
            for architecture in functions:
                (bundles / architecture).mkdir(parents=True, exist_ok=True)
                (bundles / architecture / package.ZIP).write_bytes(f"functions for {architecture}".encode())
            return {architecture: {} for architecture in functions}

        patches = [
            mock.patch.object(dist.build_functions, "build", build),
            mock.patch.object(dist.build_functions, "linker", lambda tools: (zig, "PyPI cannot be reached")),
            mock.patch.object(dist, "rustc_for", lambda *_: None),
            mock.patch.object(dist.shutil, "which", lambda _: "/usr/bin/cc"),
        ]
        said = io.StringIO()
        with contextlib.ExitStack() as stack:
            for patch in patches:
                stack.enter_context(patch)
            stack.enter_context(contextlib.redirect_stdout(said))
            sums, missing = dist.make(workspace, self.folder / "tools", self.release())
        return sums, missing, said.getvalue()

    def test_both_platforms_are_packaged_with_both_functions_inside(self):
        sums, missing, said = self.make(Workspace(self.folder))
        self.assertEqual((list(sums), missing), ([zip_of("linux_amd64"), zip_of("linux_arm64"), MANIFEST], []))
        self.assertEqual(said.count("glibc 2.17, with the functions for arm64 and x86_64"), 2, said)

    def test_what_cannot_be_built_is_said_in_a_line_each_and_the_rest_is_packaged(self):
        sums, missing, said = self.make(Workspace(self.folder, cannot=("arm64",)), functions=("x86_64",))
        self.assertEqual(list(sums), [zip_of("linux_amd64"), MANIFEST])
        self.assertEqual(missing, ["the functions for arm64", "linux_arm64"])
        self.assertIn("with the functions for x86_64 (", said)
        for platform in ("linux_arm64", *dist.OTHERS):
            self.assertEqual(len(re.findall(f"^{platform} is not built: .+[.]$", said, re.MULTILINE)), 1, said)

    def test_a_provider_that_does_not_hold_the_functions_that_were_built_is_refused(self):
        with self.assertRaises(Failed) as caught:
            self.make(Workspace(self.folder, forgets=True))
        self.assertIn("does not hold the functions for arm64", str(caught.exception))

    def test_nothing_at_all_is_no_release(self):
        with self.assertRaises(Failed):
            self.make(Workspace(self.folder), zig=None)
        self.assertFalse((self.folder / "dist" / SUMS).exists())


class OfThisMachine(InAFolder):
    """What is measured and struck is what is released, wherever that can be built."""

    def here(self, host, zig="zig"):
        """Returns what was built, and what was said."""

        def cargo(command, cwd):
            self.assertEqual(command[:3], ["cargo", "build", "--release"])
            (self.folder / "release").mkdir()
            (self.folder / "release" / "terraform-provider-tap").write_bytes(b"of cargo alone")
            return mock.Mock(returncode=0)

        workspace, said = Workspace(self.folder), io.StringIO()
        workspace.root = self.folder
        with (
            mock.patch.object(dist.build_functions, "host", lambda: host),
            mock.patch.object(dist.build_functions, "linker", lambda tools: (zig, "PyPI cannot be reached")),
            mock.patch.object(dist, "rustc_for", lambda *_: None),
            mock.patch.object(dist.shutil, "which", lambda _: "/usr/bin/cc"),
            mock.patch.object(dist.subprocess, "run", cargo),
            contextlib.redirect_stdout(said),
        ):
            path = dist.here(workspace, self.folder / "tools", self.folder / "bundles")
        self.assertEqual(path, self.folder / "released" / "terraform-provider-tap")
        self.assertTrue(os.access(path, os.X_OK))
        return path.read_bytes(), said.getvalue()

    def test_it_is_what_would_be_packaged(self):
        for architecture in PLATFORMS:
            self.assertEqual(self.here(architecture), (provider(architecture), ""))

    def test_where_nothing_can_be_packaged_it_is_cargos_and_that_is_said(self):
        self.assertEqual(
            self.here(None), (b"of cargo alone", "Not as it would be packaged: nothing is packaged for this system.\n")
        )

    def test_without_zig_it_is_cargos_too(self):
        built, said = self.here("x86_64", zig=None)
        self.assertEqual(built, b"of cargo alone")
        self.assertIn("zig is needed for it: PyPI cannot be reached", said)

    def test_another_place_has_to_make_the_same(self):
        built, again = self.folder / "built", self.folder / "again"
        built.write_bytes(b"one")
        for made, code, verdict in ((b"one", 0, ": the same: "), (b"another", 1, ": NOT the same: ")):
            again.write_bytes(made)
            said = io.StringIO()
            with (
                mock.patch.object(dist, "another_place", lambda _: contextlib.nullcontext(self.folder)),
                mock.patch.object(dist, "Workspace", lambda *_, **__: None),
                mock.patch.object(dist, "here", lambda *_: again),
                contextlib.redirect_stdout(said),
            ):
                self.assertEqual(dist.here_again(built, self.folder / "tools", self.folder / "bundles"), code)
            self.assertIn(verdict, said.getvalue())


class TheRepository(unittest.TestCase):
    def test_the_manifest_says_the_protocol_that_the_provider_speaks(self):
        source = (ROOT / "src" / "plugin" / "environment.rs").read_text()
        protocol = re.search(r"const PROTOCOL: u32 = (\d+);", source)[1]
        self.assertEqual(
            json.loads((ROOT / dist.MANIFEST).read_text()),
            {"version": 1, "metadata": {"protocol_versions": [f"{protocol}.0"]}},
        )

    def test_the_changelog_begins_with_this_version_and_the_licence_is_the_declared_one(self):
        cargo = (ROOT / "Cargo.toml").read_text()
        version = re.search(r'^version = "(.+)"$', cargo, re.MULTILINE)[1]
        heads = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
        self.assertEqual([head for head in heads if head != "Unreleased"][0], version)
        self.assertIn('license = "MPL-2.0"', cargo)
        self.assertTrue((ROOT / "LICENSE").read_text().startswith("Mozilla Public License Version 2.0\n"))


if __name__ == "__main__":
    unittest.main()
