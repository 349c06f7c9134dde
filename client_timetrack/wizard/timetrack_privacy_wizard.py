import base64
import csv
import io
import zipfile

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..engine.csv_import import harmless

GROUP = "client_timetrack.group_personal_data"
BATCH = 10_000


class TimetrackPrivacyWizard(models.TransientModel):
    """The data of a person: hand it out, or take the person out of it.

    Anonymising is the one exception to the rule that the approval trail never changes: what happened and when stays,
    who it was and what they wrote goes. It takes a right of its own and leaves a row in a log.

    What other addons keep of people they add to ``_get_personal_data``.
    """

    _name = "timetrack.privacy.wizard"
    _description = "Personal Data"

    employee_id = fields.Many2one(
        "hr.employee", context={"active_test": False}, default=lambda self: self._default_record("hr.employee")
    )
    partner_id = fields.Many2one(
        "res.partner",
        "Contact",
        context={"active_test": False},
        domain="[('is_company', '=', False)]",
        default=lambda self: self._default_record("res.partner"),
        help="A client's contact who approves time or disputes invoices on the portal.",
    )
    pseudonym = fields.Char("Called From Then On", compute="_compute_pseudonym")
    with_descriptions = fields.Boolean(
        "Descriptions of Their Time Too",
        help="They are often what shows the client what an invoice is for. What is printed on invoices stays either "
        "way.",
    )
    reason = fields.Char(help="Kept in the log, such as the request or the rule of retention. No names, please.")
    is_confirmed = fields.Boolean("I know that this cannot be undone")
    file = fields.Binary(readonly=True, attachment=False)

    @api.model
    def _default_record(self, model):
        if self.env.context.get("active_model") == model:
            return self.env.context.get("active_id")
        return False

    @api.depends("employee_id", "partner_id")
    def _compute_pseudonym(self):
        for wizard in self:
            if wizard.employee_id:
                wizard.pseudonym = self.env._("Former Employee %s", wizard.employee_id.id)
            else:
                wizard.pseudonym = wizard.partner_id and self.env._("Former Contact %s", wizard.partner_id.id)

    # ------------------------------------------------------------------
    # Who it is
    # ------------------------------------------------------------------

    def _check_right(self):
        """The person that the user may deal with.

        :raise AccessError: the user has not the right, or does not see the person
        :raise UserError: nobody is chosen
        """
        self.ensure_one()
        if not self.env.user.has_group(GROUP):
            raise AccessError(self.env._("Personal data is for those with the right to it: ask an administrator."))
        person = self.employee_id or self.partner_id
        if not person or (self.employee_id and self.partner_id):
            raise UserError(self.env._("Choose an employee or a contact."))
        if self.partner_id.is_company:
            raise UserError(self.env._("%s is a company: choose a person.", self.partner_id.display_name))
        person.check_access("read")

    def _get_users(self):
        """The users that the person has or had, in sudo."""
        Users = self.env["res.users"].sudo().with_context(active_test=False)
        if self.employee_id:
            return self.employee_id.sudo().user_id | Users.search([("employee_ids", "in", self.employee_id.ids)])
        return Users.search([("partner_id", "=", self.partner_id.id)])

    def _get_partners(self):
        """The contacts that are nobody but this person, in sudo."""
        partners = self._get_users().partner_id | self.sudo().partner_id | self.employee_id.sudo().work_contact_id
        return partners.filtered(lambda partner: not partner.is_company)

    # ------------------------------------------------------------------
    # Export
    # ------------------------------------------------------------------

    @api.model
    def _get_personal_data(self):
        """What the addons keep of people: dict of model to (path to employees, paths to users, names of fields)."""
        return {
            "account.analytic.line": (
                "employee_id", [],
                ["date", "project_id", "task_id", "timetrack_activity_id", "timetrack_deliverable_id", "name",
                 "unit_amount", "amount", "timetrack_start", "timetrack_stop", "timetrack_state"],
            ),
            "timetrack.approval.event": (
                "line_id.employee_id", ["user_id", "on_behalf_of_id"],
                ["date", "action", "entry_ref", "state_from", "state_to", "step_name", "user_id", "on_behalf_of_id",
                 "reason", "changes_text"],
            ),
            "timetrack.period": ("employee_id", [], ["date_from", "date_to"]),
            "timetrack.timer": ("employee_id", [], ["name", "project_id", "task_id", "state", "create_date"]),
            "timetrack.favorite": ("employee_id", [], ["project_id", "task_id"]),
            "timetrack.target": ("employee_id", [], ["date_from", "utilization", "weekly_hours"]),
            "timetrack.plan": ("employee_id", [], ["week", "project_id", "hours", "note"]),
            "timetrack.employee.cost": ("employee_id", [], ["date_from", "hourly_cost"]),
            "timetrack.budget": ("employee_id", ["user_id"], ["display_name"]),
            "timetrack.budget.alert": (None, ["user_id"], ["budget_id", "create_date", "kind", "used_percent"]),
            "timetrack.budget.override": (
                "employee_id", ["decided_by_id"],
                ["budget_id", "date", "hours", "reason", "state", "decided_by_id", "decided_on"],
            ),
            "timetrack.budget.version": (None, ["user_id"], ["budget_id", "date", "reason"]),
            "timetrack.delegation": (
                None, ["user_id", "delegate_id"], ["user_id", "delegate_id", "date_from", "date_to", "note"],
            ),
            "timetrack.lock.exception": (None, ["user_id"], ["lock_date", "date_end", "reason"]),
            "timetrack.privacy.log": (None, ["user_id"], ["date", "action", "person", "reason"]),
            "timetrack.import.alias": ("employee_id", [], ["name"]),
            "timetrack.import.name": ("employee_id", [], ["name"]),
        }  # fmt: skip

    def _get_records(self, model, employees, paths, users):
        """The records of a model that are about the person, in sudo.

        :param employees: path of fields to the employee, or None
        :param paths: of fields to users
        :param users: those of the person
        """
        domains = [Domain(path, "in", users.ids) for path in paths]
        if employees and self.employee_id:
            domains.append(Domain(employees, "=", self.employee_id.id))
        return self.env[model].sudo().with_context(active_test=False).search(Domain.OR(domains))

    def _get_messages(self, periods):
        """What the person wrote on records of the addons, and what was written on their timesheets, in sudo."""
        return (
            self.env["mail.message"]
            .sudo()
            .search(
                Domain("model", "=like", "timetrack.%") & Domain("author_id", "in", self._get_partners().ids)
                | Domain("model", "=", "timetrack.period") & Domain("res_id", "in", periods.ids)
            )
        )

    def action_export(self):
        """Download what the addons keep of the person: a CSV file for each kind, in one archive.

        :raise AccessError: the user has not the right
        """
        self._check_right()
        users = self._get_users()
        kinds = {
            model: (self._get_records(model, employees, paths, users), names)
            for model, (employees, paths, names) in self._get_personal_data().items()
        }
        periods, _names = kinds["timetrack.period"]
        kinds["mail.message"] = (self._get_messages(periods), ["date", "record_name", "author_id", "body"])
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for model, (records, names) in kinds.items():
                if records:
                    archive.writestr(f"{model}.csv", self._write_csv(records, names))
        self.file = base64.b64encode(content.getvalue())
        self._log("export", {self._describe(model): len(records) for model, (records, _names) in kinds.items()})
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/file/personal-data.zip?download=true",
            "target": "self",
        }

    def _write_csv(self, records, names):
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow([records._fields[name].get_description(self.env, ["string"])["string"] for name in names])
        for start in range(0, len(records), BATCH):
            for row in records[start : start + BATCH].export_data(names)["datas"]:
                writer.writerow([harmless("" if cell is False or cell is None else str(cell)) for cell in row])
        return out.getvalue().encode("utf-8-sig")

    # ------------------------------------------------------------------
    # Log
    # ------------------------------------------------------------------

    @api.model
    def _describe(self, model):
        return self.env["ir.model"]._get(model).sudo().name

    def _log(self, action, counts):
        self.env["timetrack.privacy.log"]._timetrack_internal().create(
            {
                "action": action,
                "user_id": self.env.uid,
                "person": self.pseudonym,
                "reason": (self.reason or "").strip() or False,
                "counts": {kind: count for kind, count in counts.items() if count},
            }
        )
