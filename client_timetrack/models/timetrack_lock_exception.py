from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

# Key of the transaction's cache for the exceptions of a user in a company.
CACHE = "timetrack_lock_exceptions"


class TimetrackLockException(models.Model):
    """Lets somebody, or everybody, work past the lock date of a company for a while, and says why.

    The trail of each entry that is added, changed or deleted meanwhile carries the reason. An exception is never
    changed: it is revoked and stays on record.
    """

    _name = "timetrack.lock.exception"
    _description = "Exception From the Time Lock Date"
    _order = "id desc"
    _rec_name = "reason"

    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company, index=True)
    user_id = fields.Many2one("res.users", string="For", ondelete="restrict", help="Empty: for everybody.")
    lock_date = fields.Date(
        "Lock Date Meanwhile", help="Time after this day may change meanwhile. Empty: time of any day."
    )
    date_end = fields.Datetime("Until", help="Empty: until it is revoked.")
    reason = fields.Char(required=True)
    active = fields.Boolean(default=True)
    state = fields.Selection(
        [("active", "In Force"), ("expired", "Expired"), ("revoked", "Revoked")], compute="_compute_state"
    )

    @api.depends("active", "date_end")
    def _compute_state(self):
        now = fields.Datetime.now()
        for exception in self:
            expired = exception.date_end and exception.date_end <= now
            exception.state = "revoked" if not exception.active else "expired" if expired else "active"

    def write(self, vals):
        """An exception in the trail keeps saying what it said.

        :raise AccessError: anything but revoking it
        """
        if set(vals) != {"active"} or vals["active"]:
            raise AccessError(
                self.env._("An exception from the lock date cannot be changed: revoke it and add another one.")
            )
        self._forget()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise AccessError(self.env._("Exceptions from the lock date stay on record: revoke them instead."))

    def action_revoke(self):
        """End the exceptions now."""
        self.write({"active": False})

    @api.model_create_multi
    def create(self, vals_list):
        self._forget()
        return super().create(vals_list)

    @api.model
    def _find(self, company):
        """The exceptions in force for the user in a company, in sudo; asked for once in a transaction.

        :param res.company company: whose lock date it is
        """
        known = self.env.cr.cache.setdefault(CACHE, {})
        key = self.env.uid, company.id
        if key not in known:
            known[key] = (
                self.sudo()
                .search(Domain("company_id", "=", company.id) & Domain("user_id", "in", (False, self.env.uid)))
                ._ids
            )
        return self.sudo().browse(known[key]).filtered(lambda exception: exception.state == "active")

    @api.model
    def _forget(self):
        self.env.cr.cache.pop(CACHE, None)
