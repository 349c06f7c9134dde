from odoo import fields, models


class TimetrackImportProblem(models.Model):
    """One problem of one row of a file."""

    _name = "timetrack.import.problem"
    _description = "Problem of an Imported Row"
    _order = "line, id"
    _rec_name = "reason"

    job_id = fields.Many2one("timetrack.import.job", required=True, ondelete="cascade")
    kind = fields.Selection([("rejected", "Rejected"), ("warning", "Warning")], required=True)
    line = fields.Integer(help="Line of the file on which the row starts.")
    column = fields.Char()
    value = fields.Char()
    code = fields.Char()
    reason = fields.Char()
    advice = fields.Char("What to Do")

    _line_index = models.Index("(job_id, line)")
