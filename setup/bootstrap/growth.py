"""Benchmarks at several numbers of entries side by side: what stays the same, and what grows."""

import json
from datetime import date
from typing import NamedTuple

from . import paths

SIZES = (10_000, 100_000, 1_000_000)
# The benchmarks that depend on how many entries there are, by the name of their output.
BENCHMARKS = {
    "bench": "The week, approval, budgets",
    "bench-billing": "Billing",
    "bench-report": "Reports",
    "bench-install": "Installation",
}
PLANS = "plans"


class Ratio(NamedTuple):
    """An operation, what it is compared with, and how many times as long it may take; for information without."""

    name: str
    base: str
    limit: float | None = None

    def value(self, figures):
        """How many times as long the operation took.

        :param dict figures: of each operation, with its ``seconds``
        """
        return figures[self.name]["seconds"] / figures[self.base]["seconds"]


def output(name, rows):
    """Path without suffix of what a benchmark writes today."""
    return paths.OUT / f"{name}-{rows}-{date.today().isoformat()}"


def write(name, rows, figures, page, ratios=()):
    """Write what a benchmark found; return the path of its page."""
    target = output(name, rows)
    held = [{**ratio._asdict(), "value": ratio.value(figures)} for ratio in ratios]
    target.with_suffix(".json").write_text(json.dumps({"figures": figures, "ratios": held}, indent=1))
    page_path = target.with_suffix(".md")
    page_path.write_text(page)
    return page_path


def read(rows):
    """What the benchmarks wrote today at a number of entries, by name."""
    return {name: json.loads(output(name, rows).with_suffix(".json").read_text()) for name in (*BENCHMARKS, PLANS)}


def page(found):
    """One table of ratios and one of seconds, as Markdown.

    :param dict found: what ``read`` gives by number of entries, smallest first
    """
    sizes = list(found)
    head = " | ".join(f"{size:,}" for size in sizes)
    lines = [
        f"# From {sizes[0]:,} to {sizes[-1]:,} time entries, {date.today().isoformat()}",
        "",
        "The same benchmarks on databases of several sizes. Batches have a five-hundredth of the entries, 1,000 at"
        " most, and ten times as much: names say how many at the largest size.",
        "",
        "## How many times as long as what it is held against",
        "",
        "Limits are those of the largest size: where plain SQL takes hundredths of a second, what Odoo does for any"
        " request weighs more than the entries.",
        "",
        f"| operation | beside | {head} | limit |",
        "|---|---|" + "--:|" * (len(sizes) + 1),
        *_ratios(found),
        "",
        "## Seconds, and how they grow with ten times the entries",
        "",
        "Where batches grow too, a size that is a tenth has a batch that is smaller, at most a tenth.",
        "",
        f"| operation | {head} | last tenfold |",
        "|---|" + "--:|" * (len(sizes) + 1),
        *_seconds(found),
        "",
        "## How screens find their records, milliseconds in PostgreSQL",
        "",
        f"| screen | {head} | last tenfold |",
        "|---|" + "--:|" * (len(sizes) + 1),
        *_plans(found),
    ]
    return "\n".join(lines) + "\n"


def missed(found):
    """Ratios beyond their limit at the largest size: texts."""
    last = list(found.values())[-1]
    return [
        f"{ratio['name']} : {ratio['base']} = {ratio['value']:.2f}, limit {ratio['limit']:g}"
        for name in BENCHMARKS
        for ratio in last[name]["ratios"]
        if ratio["limit"] is not None and ratio["value"] > ratio["limit"]
    ]


def _side_by_side(found, name, part):
    """What stands in the same place at each size; names differ by the size of batches."""
    return zip(*(part(each[name]) for each in found.values()), strict=True)


def _ratios(found):
    for name in BENCHMARKS:
        for same in _side_by_side(found, name, lambda each: each["ratios"]):
            limit = "" if same[-1]["limit"] is None else f"{same[-1]['limit']:g}"
            values = " | ".join(f"{ratio['value']:.2f}" for ratio in same)
            yield f"| {same[-1]['name']} | {same[-1]['base']} | {values} | {limit} |"


def _seconds(found):
    for name, title in BENCHMARKS.items():
        yield f"| **{title}** |" + " |" * (len(found) + 1)
        for same in _side_by_side(found, name, lambda each: each["figures"].items()):
            if "memory" not in same[-1][0]:  # megabytes
                yield _row(same[-1][0], [figure["seconds"] for _name, figure in same], "{:.3f}")


def _plans(found):
    for same in _side_by_side(found, PLANS, lambda each: each["figures"]):
        yield _row(same[-1]["screen"], [one["milliseconds"] for one in same], "{:.2f}")


def _row(title, values, form):
    tenfold = f"{values[-1] / values[-2]:.1f}" if values[-2] else ""
    return f"| {title} | {' | '.join(form.format(value) for value in values)} | {tenfold} |"
