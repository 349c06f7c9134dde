"""Find an Odoo 19, in this order: named by the caller, used before, importable, unpacked before, fetched."""

import hashlib
import importlib.util
import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import archive, console, paths

SERIES = (19, 0)
VARIABLE = "TIMETRACK_ODOO"
UNPACKED = paths.WORK / "src"
RECORD = paths.WORK / "odoo-source.json"
PACKAGES = "usr/lib/python3/dist-packages"


@dataclass(frozen=True)
class Source:
    """An Odoo: the folder that makes ``import odoo`` work, and its addons folders."""

    import_root: Path
    addons: tuple

    @property
    def key(self):
        """A text that changes when another Odoo takes its place."""
        release = self.import_root / "odoo" / "release.py"
        state = f"{self.import_root}:{release.read_text()}:{_head(self.import_root)}"
        return hashlib.sha256(state.encode()).hexdigest()[:12]


def find(option=None):
    """Return the ``Source`` to use, after fetching or unpacking it where needed."""
    named = option or os.environ.get(VARIABLE)
    if named:
        source = _from_name(Path(named).expanduser().resolve())
    else:
        source = _recorded() or _importable() or inspect(UNPACKED) or _fetched()
    RECORD.write_text(json.dumps({"path": str(source.import_root)}))
    return source


def inspect(folder):
    """Return the ``Source`` of a folder that holds an Odoo 19, else None.

    Known forms: a git checkout (``odoo-bin`` and ``addons/``), an unpacked Debian package (``usr/lib/...``),
    a folder of Python packages with ``odoo`` in it.
    """
    for root in (folder, folder / PACKAGES):
        if _version(root) == SERIES:
            places = [root / "odoo" / "addons"]
            if (root / "odoo-bin").exists():  # the sibling addons/ of Debian's package is a duplicate: leave it out
                places.insert(0, root / "addons")
            return Source(root, tuple(places))
    return None


def _from_name(path):
    if not path.exists():
        raise console.Failure(f"There is no Odoo at {path} (--odoo or {VARIABLE}).")
    if path.is_dir():
        source = inspect(path)
        if not source:
            raise console.Failure(f"{path} is not an Odoo 19.0: expected odoo/release.py of version 19.0 in it.")
        console.say(f"Using the Odoo in {path}")
        return source
    _unpack_file(path)
    source = inspect(UNPACKED)
    if not source:
        raise console.Failure(f"{path} holds no Odoo 19.0.")
    return source


def _unpack_file(path):
    """Unpack a ``.deb`` or a tar archive of an unpacked tree, once."""
    stamp = paths.WORK / "odoo-file"
    state = f"{path} {path.stat().st_size} {path.stat().st_mtime}"
    if stamp.exists() and stamp.read_text() == state and inspect(UNPACKED):
        return
    console.say(f"Unpacking Odoo from {path}")
    if path.suffix == ".deb":
        archive.fetch(UNPACKED, deb=path)
    else:
        partial = UNPACKED.with_name("src.new")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        console.run_step("Unpacking Odoo", ["tar", "-xf", path, "-C", partial, "--no-same-owner"], "odoo-unpack")
        shutil.rmtree(UNPACKED, ignore_errors=True)
        partial.rename(UNPACKED)
        archive.add_background_blur(UNPACKED)
    stamp.write_text(state)


def _recorded():
    try:
        return inspect(Path(json.loads(RECORD.read_text())["path"]))
    except (OSError, ValueError, KeyError):
        return None


def _importable():
    """Return the Odoo that the calling Python imports, when it is the right version."""
    spec = importlib.util.find_spec("odoo")
    if not spec or not spec.origin:
        return None
    source = inspect(Path(spec.origin).resolve().parents[1])
    if source:
        console.say(f"Using the Odoo that this Python imports: {source.import_root}")
    return source


def _fetched():
    archive.fetch(UNPACKED)
    source = inspect(UNPACKED)
    if not source:
        raise console.Failure("Debian's archive gave no Odoo 19.0. Name an Odoo 19 you have: --odoo PATH.")
    return source


def _version(root):
    """Return (major, minor) of the ``odoo`` package in a folder, or None."""
    release = root / "odoo" / "release.py"
    if not release.is_file():
        return None
    found = re.search(r"^version_info = \((\d+), (\d+)", release.read_text(), re.M)
    return (int(found.group(1)), int(found.group(2))) if found else None


def _head(root):
    """Return the commit of a git checkout, so that a pull makes new templates."""
    head = root / ".git" / "HEAD"
    if not head.is_file():
        return ""
    text = head.read_text().strip()
    reference = root / ".git" / text.partition("ref: ")[2]
    return reference.read_text() if text.startswith("ref: ") and reference.is_file() else text
