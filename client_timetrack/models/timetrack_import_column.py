from odoo import api, fields, models

from ..engine import csv_import

SHOWN_VALUES = 3
LONGEST_VALUE = 40


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
        for _line, cells, problem in table.records:
            for values, cell in zip(samples, cells, strict=False):
                text = cell.strip(csv_import.BLANKS)
                if text and not problem and len(values) < SHOWN_VALUES and text not in values:
                    values.append(text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…")
            if all(len(values) == SHOWN_VALUES for values in samples) or _line > 100:
                break
        given = set()
        result = []
        for sequence, (name, values) in enumerate(zip(table.header, samples, strict=True)):
            if name:
                target = known.get(csv_import.normal(name))
                # a second column is joined with the first: that is for somebody to say
                result.append(
                    {
                        "sequence": sequence,
                        "name": name,
                        "sample": " · ".join(values),
                        "target": target if target not in given else False,
                    }
                )
                given.add(target)
        return result

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
