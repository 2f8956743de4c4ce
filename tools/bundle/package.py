"""The zip that Lambda is given, and the lines about it.

The same binary makes the same bytes: no time but the format's first, the
mode that is asked for, one compression level. (Two builds of zlib may
compress differently; the one that did is named in the lines.)
"""

import hashlib
import io
import os
import zipfile
import zlib

from . import elf

ZIP = "bootstrap.zip"
LINES = "bundle.txt"


def archive(*files):
    """The zip of files: name, permissions, bytes of each."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zip:
        for name, permissions, data in files:
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix: the mode below counts
            entry.external_attr = (0o100000 | permissions) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            zip.writestr(entry, data, compresslevel=9)
    return buffer.getvalue()


def write(folder, architecture, bootstrap, built_with):
    """Packages the binary into `folder`, and touches nothing when what is
    there is the same. Returns the lines as a dict.

    The provider's build script reads them: `name: value`, one a line.
    """
    binary = bootstrap.read_bytes()
    needs = elf.check(binary, architecture)
    data = archive(("bootstrap", 0o755, binary))
    lines = {
        "architecture": architecture,
        "sha256": hashlib.sha256(data).hexdigest(),
        "glibc": elf.dotted(needs.glibc()),
        "binary_bytes": str(len(binary)),
        "built_with": f"{built_with}, zlib {zlib.ZLIB_RUNTIME_VERSION}",
    }
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{name}: {value}\n" for name, value in lines.items())
    # The lines last: whoever finds them finds the zip they speak of.
    _replace(folder / ZIP, data)
    _replace(folder / LINES, text.encode())
    return {**lines, "zip_bytes": str(len(data))}


def remove(folder):
    """No bundle rather than an old one."""
    for name in (LINES, ZIP):
        (folder / name).unlink(missing_ok=True)


def _replace(path, data):
    if path.is_file() and path.read_bytes() == data:
        return
    new = path.with_suffix(".new")
    new.write_bytes(data)
    os.replace(new, path)
