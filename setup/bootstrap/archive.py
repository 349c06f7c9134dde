"""Odoo 19 from Debian's archive, without touching the machine's own package sources.

The package lives in the suite sid only. A private list and cache below the ignored folder let ``apt-get``
verify and download it (and the packages its fonts and scripts link to) also for an ordinary user;
``dpkg-deb`` unpacks them side by side. Nothing of this is installed into the system.
"""

import re
import shutil
import subprocess
from pathlib import Path

from . import console, paths

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
ODOO_PACKAGE = "odoo-19"
LINKED_PACKAGES = (
    "fonts-roboto-unhinted",
    "fonts-montserrat",
    "fonts-inconsolata",
    "fonts-ocr-b",
    "libjs-jquery",
    "libjs-underscore",
    "libjs-jquery-form",
)
STABLE_PACKAGES = ("fonts-font-awesome",)  # version 4.7, which Odoo needs: sid has 7
BACKGROUND_BLUR = "odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"
BLUR_PACKAGE = "@mediapipe/selfie_segmentation"


def fetch(target, deb=None):
    """Unpack Odoo 19 into ``target``: from the archive, or from the given ``.deb`` with the archive's fonts."""
    for tool in ("apt-get", "dpkg-deb"):
        if not shutil.which(tool):
            raise console.Failure(
                f"{tool} is not here, so Odoo cannot be fetched from Debian's archive. "
                "Name an Odoo 19 you have: --odoo PATH (a checkout, an unpacked tree, a .deb or a .tar.xz)."
            )
    wanted = [f"{name}/sid" for name in LINKED_PACKAGES]
    wanted += [f"{name}/{_codename()}" for name in STABLE_PACKAGES]
    if deb is None:
        console.say("Fetching Odoo 19 from Debian's archive (package odoo-19 of sid, 130 MB, into this checkout only)")
        wanted.append(f"{ODOO_PACKAGE}/sid")
    files = _download(wanted)
    unpack(target, files + ([Path(deb)] if deb else []))
    add_background_blur(target)


def unpack(target, files):
    """Unpack ``.deb`` files into ``target``, which appears only when it is complete."""
    partial = target.with_name(target.name + ".new")
    shutil.rmtree(partial, ignore_errors=True)
    script = 'for file in "$@"; do echo "$file"; dpkg-deb -x "$file" "$0" || exit 1; done'
    console.run_step("Unpacking Odoo", ["sh", "-c", script, partial, *files], "odoo-unpack")
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)


def add_background_blur(target):
    """Put the one file in place that the package lacks.

    Without it each page of the web client logs an error and every browser tour fails; only the blurred
    background of video calls uses it, so an empty one serves where npm is not at hand.
    """
    path = target / "usr/lib/python3/dist-packages" / BACKGROUND_BLUR
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    content = _background_blur()
    path.write_bytes(content or b"/* Not in this installation: blurred backgrounds of video calls are off. */\n")


def _background_blur():
    folder = paths.TMP / "npm"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if not shutil.which("npm"):
        return None
    command = ["npm", "pack", "--silent", "--cache", str(paths.WORK / "cache" / "npm"), BLUR_PACKAGE]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120, env=paths.child_environment())
        shutil.unpack_archive(str(next(folder.glob("*.tgz"))), folder)
        return (folder / "package" / "selfie_segmentation.js").read_bytes()
    except (subprocess.SubprocessError, OSError, StopIteration, shutil.ReadError):
        return None  # the empty file serves


def _download(wanted):
    apt = paths.WORK / "apt"
    for folder in ("lists/partial", "archives/partial"):
        (apt / folder).mkdir(parents=True, exist_ok=True)
    base = _archive_address()
    lines = [f"deb [signed-by={KEYRING}] {base} {suite} main\n" for suite in ("sid", _codename())]
    (apt / "sources.list").write_text("".join(lines))
    options = [
        f"Dir::State::Lists={apt / 'lists'}",
        f"Dir::Cache={apt}",
        f"Dir::Cache::archives={apt / 'archives'}",
        f"Dir::Etc::SourceList={apt / 'sources.list'}",
        "Dir::Etc::SourceParts=/dev/null",
        "Dir::Etc::Preferences=/dev/null",
        "Dir::Etc::PreferencesParts=/dev/null",
        "APT::Sandbox::User=root",
        "Acquire::Retries=3",
    ]
    command = ["apt-get", *(part for option in options for part in ("-o", option))]
    console.run_step("Reading the archive's package lists", [*command, "update"], "odoo-lists")
    folder = apt / "archives"
    console.run_step("Downloading Odoo's packages", [*command, "download", *wanted], "odoo-download", cwd=folder)
    names = [item.partition("/")[0] for item in wanted]
    return [max(folder.glob(f"{name}_*.deb"), key=lambda path: path.stat().st_mtime) for name in names]


def _archive_address():
    """Return the base address of the Debian archive this machine already uses."""
    form = ["--no-release-info", "--format", "$(REPO_URI) $(RELEASE)"]
    command = ["apt-get", "indextargets", *form, "Created-By: Packages"]
    targets = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
    for line in targets:
        address, _space, release = line.partition(" ")
        if release in (_codename(), "stable", "testing"):
            return address
    raise console.Failure(
        "This machine's package sources name no Debian archive with the suite "
        f"{_codename()}. Name an Odoo 19 you have: --odoo PATH."
    )


def _codename():
    """Return the suite of this machine, such as bookworm."""
    release = Path("/etc/os-release")
    found = re.search(r"^VERSION_CODENAME=\"?(\w+)", release.read_text() if release.exists() else "", re.M)
    return found.group(1) if found else "unknown"
