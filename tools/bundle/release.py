"""What the registries take of a release: a zip for each platform, a manifest,
the sums of all these, and a signature of the sums.

The names are theirs
(https://developer.hashicorp.com/terraform/registry/providers/publishing). The
same binaries make the same bytes, but for the signature, which holds its time.
"""

import hashlib
import pathlib
import shutil
import subprocess
import typing

from . import OLDEST, Failed, elf, package

NAME = "terraform-provider-tap"

# Our architectures as the registries name them with the system.
PLATFORMS = {"x86_64": "linux_amd64", "arm64": "linux_arm64"}


class Release(typing.NamedTuple):
    folder: pathlib.Path
    version: str

    def begin(self):
        """Nothing of an older one stays: what is in the folder is summed up."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def _file(self, end):
        return self.folder / f"{NAME}_{self.version}_{end}"

    def add(self, architecture, binary, license):
        """Packages the provider for a platform, if it can run on all that we
        promise; returns what it needs of that."""
        needs = elf.check(binary, architecture, OLDEST)
        data = package.archive(
            ("LICENSE", 0o644, license),
            # Terraform starts what begins with the provider's name.
            (f"{NAME}_v{self.version}", 0o755, binary),
        )
        self._file(f"{PLATFORMS[architecture]}.zip").write_bytes(data)
        return needs

    def finish(self, manifest):
        """Lays the manifest beside the zips and writes the sums; returns them,
        by name."""
        self._file("manifest.json").write_bytes(manifest)
        sums = {
            file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(self.folder.iterdir())
        }
        self._file("SHA256SUMS").write_text("".join(f"{digest}  {name}\n" for name, digest in sums.items()))
        return sums

    def sign(self, fingerprint):
        """Signs the sums with that key; returns the signature, or None without
        a key. It is binary: the registries take no armoured one."""
        if not fingerprint:
            return None
        sums, signature = self._file("SHA256SUMS"), self._file("SHA256SUMS.sig")
        if shutil.which("gpg") is None:
            raise Failed("there is a key to sign with, and no gpg (on Debian and Ubuntu: apt install gnupg)")
        command = ["gpg", "--batch", "--yes", "--local-user", fingerprint, "--output", signature, "--detach-sign", sums]
        done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise Failed(f"gpg did not sign: {done.stdout.strip()}")
        return signature
