from itertools import islice

from odoo import api, fields, models

from ..engine import csv_import, import_dates
from .timetrack_import import MODELS

SHOWN_VALUES = 3
LONGEST = 40
# Rows that are looked at to show what is in the columns.
LOOKED_AT = 100
# Hours that a value may have to be taken for hours of an entry.
MOST_HOURS = 24
# What values may be names of, the likeliest first.
NAMED = ("employee", "project", "client", "activity", "task")


class TimetrackImportColumn(models.Model):
    """A column of a file that no profile knows: what is in it, and what somebody says it gives."""

    _name = "timetrack.import.column"
    _description = "Column of an Imported File"
    _order = "sequence, id"

    job_id = fields.Many2one("timetrack.import.job", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=1000)
    name = fields.Char("Column")
    sample = fields.Char("First Values", readonly=True)
    constant = fields.Char("Same for All Rows", help="Instead of a column: what the file does not say.")
    target = fields.Selection(
        selection=lambda self: self.env["timetrack.import.profile.column"]._fields["target"].selection, string="Gives"
    )

    @api.model
    def _propose(self, table):
        """Values of the columns of a table, with a guess of what each gives: what other profiles take it for.

        :param csv_import.Table table: the file
        :return: list of dicts
        """
        known = self._get_known_targets()
        samples = [[] for _name in table.header]
        for _line, cells, problem in islice(table.records, LOOKED_AT):
            for values, cell in zip(samples, cells, strict=False):
                text = cell.strip(csv_import.BLANKS)
                if text and not problem and len(values) < SHOWN_VALUES and text not in values:
                    values.append(text)
        by_values = self._guess_by_values(samples)
        given = set()
        result = []
        for sequence, (name, values) in enumerate(zip(table.header, samples, strict=True)):
            if name:
                guesses = (known.get(csv_import.normal(name)), by_values.get(sequence))
                # a second column of the same is joined with the first: that is for somebody to say
                target = next((guess for guess in guesses if guess and guess not in given), False)
                given.add(target)
                shown = (text if len(text) <= LONGEST else text[: LONGEST - 1] + "…" for text in values)
                result.append({"sequence": sequence, "name": name, "sample": " · ".join(shown), "target": target})
        return result

    @api.model
    def _guess_by_values(self, samples):
        """What columns give by what is in them: dates, hours of a day, or names of what exists here.

        :param list samples: some values of each column
        :return: dict of index of the column to target
        """
        texts = {text for values in samples for text in values}
        names = {
            target: set(self.env[MODELS[target]].search([("name", "in", list(texts))]).mapped("name"))
            for target in NAMED
            if self.env[MODELS[target]].has_access("read")
        }
        found = {}
        for index, values in enumerate(samples):
            if not values:
                continue
            if import_dates.are_dates(values):
                found[index] = "date"
            elif self._are_hours(values):
                found[index] = "hours"
            else:
                known = {target: len(names.get(target, set()) & set(values)) for target in NAMED}
                best = max(known, key=known.get)
                if known[best]:
                    found[index] = best
        return found

    @api.model
    def _are_hours(self, values):
        """Whether values are numbers, and one of them at least could be the hours of an entry."""
        try:
            hours = [csv_import.parse_hours(text) for text in values]
        except csv_import.NumberError:
            return False
        return any(0 < number <= MOST_HOURS for number in hours)

    @api.model
    def _get_known_targets(self):
        """What names of columns give in the profiles that there are, and under their own labels."""
        Column = self.env["timetrack.import.profile.column"]
        known = {}
        for column in Column.search([("name", "!=", False)], order="profile_id, sequence, id"):
            for name in column._get_names():
                known.setdefault(csv_import.normal(name), column.target)
        for target, label in Column._fields["target"]._description_selection(self.env):
            known.setdefault(csv_import.normal(label), target)
            known.setdefault(csv_import.normal(target.replace("_", " ")), target)
        return known

    def _prepare_profile_columns(self):
        """Values of the columns of a profile that reads the file as was said."""
        used = self.filtered(lambda column: column.target and (column.name or column.constant))
        return [
            {
                "sequence": sequence,
                "target": column.target,
                # a | separates several names
                "name": column.name and column.name.replace("|", " "),
                "constant": column.constant if not column.name else False,
            }
            for sequence, column in enumerate(used, start=1)
        ]
