from datetime import datetime

from odoo import api, fields, models


class TimetrackNightlyMixin(models.AbstractModel):
    """What is worked out anew every night, company by company, and by a button in between."""

    _name = "timetrack.nightly.mixin"
    _description = "Worked Out Every Night"

    @api.model
    def _cron_refresh(self):
        """Work out all companies, one after the other: those first that have waited longest, so that all have their
        turn where a night is too short for all of them.

        :return: whether there was time for all of them
        """
        done = dict(self.sudo()._read_group([], ["company_id"], ["write_date:max"]))
        waiting = self._get_companies().sorted(lambda company: (done.get(company) or datetime.min, company.id))
        for company in waiting:
            self._refresh(company)
            if not self.env["ir.cron"]._commit_progress(1):
                return False
        return True

    @api.model
    def _get_companies(self):
        """Hook: the companies that have something to work out; those that have employees."""
        return self.env["timetrack.capacity"]._get_companies()

    def action_refresh(self):
        """Work out the companies at work now."""
        self.check_access("read")
        for company in self.env.companies:
            self._refresh(company)
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    @api.model
    def _refresh(self, company):
        """Work out a company as the system, who sees all of it."""
        own = self._of_company(company)
        own._work_out(company, fields.Date.context_today(own))

    @api.model
    def _of_company(self, company):
        """The model as the system, at work in one company."""
        return self.sudo().with_company(company).with_context(allowed_company_ids=company.ids)

    @api.model
    def _work_out(self, company, today):
        """Hook: work out a company, in sudo.

        :param company: ``res.company`` record
        :param date today: of the user
        """
        raise NotImplementedError
