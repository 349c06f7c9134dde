"""Documents lead to what is there: files, pictures, headings, commands."""

import re

import pytest

from bootstrap import paths

PAGES = sorted(
    path
    for path in [paths.ROOT / "README.md", *paths.ROOT.glob("client_timetrack*/readme/*.md")]
    if not path.is_relative_to(paths.WORK)
)
FRONT_PAGES = sorted(paths.ROOT.glob("client_timetrack*/static/description/index.html"))
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
COMMAND = re.compile(r"`(setup/[a-z-]+)")
TEST = re.compile(r"`(tests/[a-z_/]+\.py)`")


def anchors(page):
    """What can be linked to within a page, as GitHub names headings."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(paths.ROOT)))
def test_links_and_commands(page):
    text = FENCE.sub("", page.read_text())
    missing = []
    for target in LINK.findall(text):
        if "://" in target:
            continue
        name, _hash, anchor = target.partition("#")
        found = (page.parent / name).resolve() if name else page
        if not found.exists() or (anchor and anchor not in anchors(found)):
            missing.append(target)
    missing += [name for name in (*COMMAND.findall(text), *TEST.findall(text)) if not (paths.ROOT / name).exists()]
    assert not missing, f"{page.relative_to(paths.ROOT)}: {', '.join(missing)}"


@pytest.mark.parametrize("page", FRONT_PAGES, ids=lambda page: page.parents[2].name)
def test_pictures_of_front_pages(page):
    pictures = re.findall(r'src="([^"]+)"', page.read_text())
    assert pictures
    assert not [name for name in pictures if not (page.parent / name).exists()]
