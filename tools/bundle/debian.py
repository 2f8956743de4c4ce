"""Packages of Debian, unpacked into a folder and never installed.

apt is run on lists and archives of its own, so that neither root nor a new
architecture in dpkg's configuration is needed and the machine stays as it is.
The sources and keys are the machine's.
"""

import os
import shutil
import subprocess
import time

from . import Unavailable

# AWS's architectures as Debian names them.
NAMES = {"arm64": "arm64", "x86_64": "amd64"}


class Debian:
    """`folder` keeps the lists and what was unpacked."""

    def __init__(self, folder):
        if not all(shutil.which(name) for name in ("apt-get", "apt-cache", "dpkg", "dpkg-deb")):
            raise Unavailable("this is no Debian")
        self.folder = folder
        for name in ("state/lists/partial", "cache/archives/partial"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def unpack(self, root, exact, closure=(), members="*"):
        """Unpacks the packages `exact` alone, and `closure` with what they
        depend on and this machine has not, below `root`; of their files those
        that match `members`. Done once: a folder that is there is whole, and
        stays what it is."""
        if root.is_dir():
            return
        archives = self.folder / "cache" / "archives"
        for old in archives.glob("*.deb"):
            old.unlink()
        self._update()
        if closure:
            self._apt("install", "--download-only", "--yes", "--no-install-recommends", *closure)
        if exact:
            self._apt("download", *exact, cwd=archives)
        new = root.with_name(root.name + ".new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        for package in sorted(archives.glob("*.deb")):
            tar = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE)
            _run(["tar", "-x", "-C", new, "--no-same-owner", "--wildcards", members], stdin=tar.stdout)
            tar.stdout.close()
            if tar.wait() != 0:
                raise Unavailable(f"{package.name} could not be unpacked")
            package.unlink()
        os.replace(new, root)

    def offers(self, package):
        """Whether a source of this machine has the package."""
        self._update()
        policy = self._apt("policy", package, tool="apt-cache")
        return any("Candidate:" in line and "(none)" not in line for line in policy.splitlines())

    def _update(self):
        stamp = self.folder / "updated"
        if stamp.is_file() and time.time() - stamp.stat().st_mtime < 86400:
            return
        self._apt("update")
        stamp.touch()

    def _apt(self, *arguments, tool="apt-get", cwd=None):
        options = {
            "Dir::State": self.folder / "state",
            "Dir::State::status": "/var/lib/dpkg/status",
            "Dir::Cache": self.folder / "cache",
            "APT::Architectures": ",".join(sorted(NAMES.values())),
            "APT::Sandbox::User": "",  # the folder is the caller's
            "Debug::NoLocking": "1",  # nothing of dpkg's is written
            "Acquire::Languages": "none",
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
        }
        command = [tool, "-qq"] + [word for pair in options.items() for word in ("-o", "=".join(map(str, pair)))]
        return _run(command + list(arguments), cwd=cwd)


def native():
    """AWS's name of the architecture that dpkg thinks this machine is."""
    name = _run(["dpkg", "--print-architecture"]).strip()
    return {theirs: ours for ours, theirs in NAMES.items()}.get(name, name)


def _run(command, cwd=None, stdin=subprocess.DEVNULL):
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        list(map(str, command)),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=cwd,
        env=environment,
    )
    if done.returncode != 0:
        said = done.stdout.strip().splitlines()[-1:] or ["it said nothing"]
        raise Unavailable(f"{command[0]} {' '.join(map(str, command[-3:]))} failed: {said[0]}")
    return done.stdout
