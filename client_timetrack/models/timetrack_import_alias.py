from odoo import api, fields, models
from odoo.exceptions import ValidationError

# The field that holds what a name of a file means, by what it is.
RECORD_FIELDS = {
    "client": "client_id",
    "employee": "employee_id",
    "project": "project_id",
    "task": "task_id",
    "activity": "activity_id",
    "deliverable": "deliverable_id",
}


class TimetrackImportAlias(models.Model):
    """What a name in imported files means: said once, remembered for the next file."""

    _name = "timetrack.import.alias"
    _description = "Name in Imported Files"
    _check_company_auto = True
    _order = "target, name"

    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company, index=True)
    target = fields.Selection(
        [
            ("client", "Client"),
            ("employee", "Employee"),
            ("project", "Project"),
            ("task", "Task"),
            ("activity", "Service Type"),
            ("deliverable", "Deliverable"),
        ],
        string="Kind",
        required=True,
    )
    name = fields.Char("Name in the File", required=True)
    client_id = fields.Many2one("res.partner", ondelete="cascade", check_company=True)
    employee_id = fields.Many2one("hr.employee", ondelete="cascade", check_company=True)
    project_id = fields.Many2one("project.project", ondelete="cascade", check_company=True)
    task_id = fields.Many2one("project.task", ondelete="cascade", check_company=True)
    activity_id = fields.Many2one("timetrack.activity", string="Service Type", ondelete="cascade")
    deliverable_id = fields.Many2one("timetrack.deliverable", ondelete="cascade")

    _name_unique = models.UniqueIndex(
        "(company_id, target, name)", "It is said already what this name means: change that."
    )

    @api.constrains("target", *RECORD_FIELDS.values())
    def _check_record(self):
        for alias in self:
            if not alias._get_record():
                raise ValidationError(self.env._("Say what “%s” means.", alias.name))

    def _get_record(self):
        """What the name means."""
        self.ensure_one()
        return self[RECORD_FIELDS[self.target]]

    @api.model
    def _get_records(self, company):
        """What names mean in the files of a company: dict of (target, name) to record, archived ones left out."""
        result = {}
        for alias in self.search([("company_id", "=", company.id)]):
            record = alias._get_record()
            if "active" not in record._fields or record.active:
                result[alias.target, alias.name] = record
        return result

    @api.model
    def _remember(self, company, meanings):
        """Keep what names mean.

        :param dict meanings: record by (target, name)
        """
        known = {(alias.target, alias.name): alias for alias in self.search([("company_id", "=", company.id)])}
        for (target, name), record in meanings.items():
            vals = {RECORD_FIELDS[target]: record.id}
            if (target, name) in known:
                known[target, name].write(vals)
        self.create(
            [
                {"company_id": company.id, "target": target, "name": name, RECORD_FIELDS[target]: record.id}
                for (target, name), record in meanings.items()
                if (target, name) not in known
            ]
        )
