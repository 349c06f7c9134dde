from odoo import api, fields, models

from ..engine.arrangement import Piece, find
from .account_analytic_line import RATE_GROUP
from .timetrack_arrangement import FEES


class AccountAnalyticLine(models.Model):
    """What was agreed on for the time instead of its rate alone."""

    _inherit = "account.analytic.line"

    timetrack_arrangement_id = fields.Many2one(
        "timetrack.arrangement",
        string="Fee Arrangement",
        compute="_compute_timetrack_arrangement_id",
        store=True,
        compute_sudo=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups=RATE_GROUP,
        help="What was agreed on for this time. Empty: it is billed by its rate.",
    )

    @api.depends("project_id", "company_id", "task_id", "timetrack_activity_id", "timetrack_deliverable_id", "date")
    def _compute_timetrack_arrangement_id(self):
        """The first arrangement of the project that covers the time. A bounded number of queries."""
        scopes = self.env["timetrack.arrangement"]._get_scopes(self.project_id) if self.project_id else {}
        covered = self.filtered(lambda line: (line.project_id.id, line.company_id.id) in scopes)
        (self - covered).timetrack_arrangement_id = False
        paths = covered.task_id._origin._timetrack_get_paths() if covered else {}
        for line in covered:
            piece = line._timetrack_prepare_piece(paths.get(line.task_id._origin.id, ()))
            line.timetrack_arrangement_id = find(scopes[line.project_id.id, line.company_id.id], piece)

    def _timetrack_prepare_piece(self, tasks):
        """The entry as the engine of arrangements wants it.

        :param tasks: that it is part of, as ids
        """
        self.ensure_one()
        return Piece(
            self.date,
            tasks,
            self._timetrack_get_activity_path(),
            self.timetrack_deliverable_id._origin.id or None,
        )

    def _timetrack_is_in_fee(self):
        """Whether a fee pays for the time, at least in part."""
        self.ensure_one()
        return self.sudo().timetrack_arrangement_id.kind in FEES

    def _timetrack_cover_again(self):
        """Work out once more what covers these entries, which are on no pre-bill and no invoice."""
        self.env.add_to_compute(self._fields["timetrack_arrangement_id"], self)

    @api.model
    def _timetrack_protected_fields(self):
        return super()._timetrack_protected_fields() | {"timetrack_arrangement_id"}
