from odoo import models


class AccountAnalyticLine(models.Model):
    _inherit = "account.analytic.line"

    def _timetrack_fill_codes(self, values):
        """Give time codes that it lacks, though it is locked: what was approved and billed is not changed by it.

        The trail keeps who did it.

        :param dict values: ids of the codes, by ``timetrack_deliverable_id`` and ``timetrack_activity_id``; of an entry
            that has one already, it stays
        """
        names = ("timetrack_deliverable_id", "timetrack_activity_id")
        for entry in self.sudo():
            news = {name: values[name] for name in names if values.get(name) and not entry[name]}
            if news:
                before = entry._timetrack_snapshot(news)
                entry._timetrack_internal().write(news)
                after = entry._timetrack_snapshot(news)[entry.id]
                changes = {entry.id: {name: [before[entry.id][name], after[name]] for name in news}}
                states = {entry.id: entry.timetrack_state}
                entry._timetrack_record_events("change", states, changes=changes)
