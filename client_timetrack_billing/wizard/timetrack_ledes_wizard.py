import io
import re
import zipfile

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..engine import ledes
from ..models.timetrack_ledes_receiver import FORMATS


class TimetrackLedesWizard(models.TransientModel):
    """Check invoices for e-billing, and make their files."""

    _name = "timetrack.ledes.wizard"
    _description = "E-Billing File"

    move_ids = fields.Many2many("account.move", string="Invoices", required=True, readonly=True)
    move_count = fields.Integer(compute="_compute_move_count")
    receiver_id = fields.Many2one(
        "timetrack.ledes.receiver", help="Empty: what the format asks for, and nothing beyond."
    )
    format = fields.Selection(
        FORMATS, compute="_compute_format", store=True, readonly=False, required=True, precompute=True
    )
    problem_ids = fields.One2many(
        "timetrack.ledes.problem", "wizard_id", compute="_compute_problem_ids", store=True, string="To Mend First"
    )

    @api.depends("move_ids")
    def _compute_display_name(self):
        for wizard in self:
            wizard.display_name = self.env._("E-Billing File")

    @api.depends("move_ids")
    def _compute_move_count(self):
        for wizard in self:
            wizard.move_count = len(wizard.move_ids)

    @api.depends("receiver_id")
    def _compute_format(self):
        for wizard in self:
            wizard.format = wizard.receiver_id.format or wizard.format or ledes.LEDES_1998B

    @api.depends("receiver_id", "format", "move_ids")
    def _compute_problem_ids(self):
        for wizard in self:
            found = [problem for move in wizard.move_ids._origin for problem in wizard._get_problems(move)]
            wizard.problem_ids = [Command.clear(), *(Command.create(values) for values in found)]

    @api.model
    def _open(self, moves):
        """Check invoices and show what is missing.

        :raise UserError: none of them is a posted customer invoice or credit note
        """
        moves.check_access("read")
        moves = moves.filtered(self._is_sent)
        if not moves:
            raise UserError(
                self.env._("Choose posted customer invoices or credit notes: only these go to clients' e-billing.")
            )
        wizard = self.create({"move_ids": moves.ids, "receiver_id": moves._timetrack_get_receiver().id})
        return wizard._get_action()

    @api.model
    def _is_sent(self, move):
        """Whether an invoice is one that clients receive."""
        return move.state == "posted" and move.is_sale_document()

    def _get_action(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("E-Billing File"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "current",
        }

    def action_check(self):
        """Look once more, after something was mended."""
        self._compute_problem_ids()
        return True

    def action_download(self):
        """Keep the files with their invoices, and download them; of several invoices, in one archive.

        :raise UserError: something is missing
        """
        self.ensure_one()
        if not self.move_ids:
            raise UserError(self.env._("There is no invoice to make a file of: choose invoices first."))
        self.move_ids.check_access("read")
        problems = [f"- {move.name}: {found['text']}" for move in self.move_ids for found in self._get_problems(move)]
        if problems:
            raise UserError(self.env._("No file can be made yet:\n%s", "\n".join(problems[:10])))
        files = {}
        for move in self.move_ids:
            invoice, _sources = move._timetrack_get_ledes(self.receiver_id)
            files[move] = (self._get_file_name(move), ledes.write(invoice, self._get_receiver()).encode("ascii"))
        Attachment = self.env["ir.attachment"].sudo()
        for move, (name, content) in files.items():
            attachment = Attachment.create(self._prepare_attachment(move, name, content))
        if len(files) > 1:
            attachment = Attachment.create(self._prepare_attachment(self, "ledes.zip", self._pack(files.values())))
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{attachment.id}?download=true",
            "target": "download",
        }

    def _prepare_attachment(self, record, name, content):
        return {
            "name": name,
            "raw": content,
            "mimetype": "application/zip" if name.endswith(".zip") else "text/plain",
            "res_model": record._name,
            "res_id": record.id,
        }

    @api.model
    def _pack(self, files):
        """An archive of files, each a name and its content."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files:
                archive.writestr(name, content)
        return buffer.getvalue()

    def _get_file_name(self, move):
        number = re.sub(r"[^A-Za-z0-9-]+", "_", move.name).strip("_")
        return f"{number}_{ledes.HEADLINES[self.format].replace(' ', '_')}.txt"

    def _get_receiver(self):
        """What the file is held against: what the receiver asks for, else the format alone."""
        if self.receiver_id.format == self.format:
            return self.receiver_id._get_receiver()
        return ledes.Receiver(format=self.format)

    # ------------------------------------------------------------------
    # What is wrong, in words, and where it is mended
    # ------------------------------------------------------------------

    def _get_problems(self, move):
        """What keeps the file of an invoice from being written: values of ``timetrack.ledes.problem``.

        What is wrong in one place is told once, with the number of lines that it is wrong on.
        """
        move.check_access("read")
        if not self._is_sent(move):
            text = self.env._("Only posted customer invoices and credit notes go to clients' e-billing.")
            return [{"move_id": move.id, "text": text, "res_model": move._name, "res_id": move.id}]
        engagements = move._timetrack_get_engagements()
        several = self._get_several(move, engagements)
        if several:
            return several
        invoice, sources = move._timetrack_get_ledes(self.receiver_id)
        found = {}
        for problem in ledes.check(invoice, self._get_receiver()):
            source = None if problem.line is None else sources[problem.line]
            record = self._get_record(problem, move, source, engagements)
            key = (problem.code, problem.field, record, problem.details)
            found.setdefault(key, []).append(source)
        return [
            {
                "move_id": move.id,
                "field_name": field,
                "text": self._describe(code, field, dict(details), record, places),
                "res_model": record._name,
                "res_id": record.id,
            }
            for (code, field, record, details), places in found.items()
        ]

    def _get_several(self, move, engagements):
        """An invoice of several matters has no file: values of the problem that says so."""
        matters = {(engagement.client_code or "", engagement.matter_code or "") for engagement in engagements}
        if len(matters) <= 1:
            return []
        return [
            {
                "move_id": move.id,
                "field_name": "LAW_FIRM_MATTER_ID",
                "text": self.env._(
                    "The invoice is of several matters: %(matters)s. A file has one. Bill them apart: take off "
                    "“Together with Other Projects” on their engagements.",
                    matters=", ".join(engagements.project_id.mapped("name")),
                ),
                "res_model": engagements._name,
                "res_id": engagements[0].id,
            }
        ]

    def _get_record(self, problem, move, source, engagements):
        """Where a problem is mended."""
        name = problem.field
        engagement = engagements[:1]
        company = move.company_id
        if name in ("LAW_FIRM_MATTER_ID", "CLIENT_MATTER_ID", "PO_NUMBER", "MATTER_NAME", "CLIENT_ID") and engagement:
            return engagement
        if name == "LAW_FIRM_ID":
            return self.receiver_id or company
        if name.startswith("LAW_FIRM_"):
            return company.partner_id
        if name in ("CLIENT_ID", "CLIENT_TAX_ID", "CLIENT_NAME"):
            return move.commercial_partner_id
        if name.startswith("CLIENT_") and name != "CLIENT_MATTER_ID":
            return move.partner_id
        if source is None:
            return move
        if name.startswith("TIMEKEEPER_") and source.row.employee_id:
            return source.row.employee_id
        if name == "LINE_ITEM_EXPENSE_CODE" and source.line.product_id:
            return source.line.product_id.product_tmpl_id
        if source.row.line_id and problem.code != "tax":
            codes = {
                "LINE_ITEM_TASK_CODE": source.row.deliverable_id,
                "LINE_ITEM_ACTIVITY_CODE": source.row.activity_id,
            }
            return codes.get(name) or source.row.line_id
        return move

    def _describe(self, code, field, details, record, places):
        """A problem as people read it: what is wrong, where, and what to do.

        :param dict details: what the engine says of it
        :param record: where it is mended
        :param places: the lines that it is wrong on (:class:`Source`, or None where it is of the whole invoice)
        """
        name = record.sudo().display_name
        if record._name == "account.analytic.line":
            name = record._timetrack_describe()
        values = {"field": field, "name": name, **details}
        if code == "missing":
            is_code = record._name in ("timetrack.deliverable", "timetrack.activity")
            text = self._describe_missing(field, values, is_code)
        elif code in ("too_long", "letters", "classification"):
            text = self._describe_text(code, values)
        else:
            text = self._describe_sums(code, values)
        count = len(places)
        return self.env._("%(text)s (%(count)s lines)", text=text, count=count) if count > 1 else text

    def _describe_text(self, code, values):
        """What a receiver could not read."""
        if code == "too_long":
            return self.env._(
                "%(field)s is %(length)s signs long, and may have %(limit)s: shorten it on %(name)s.", **values
            )
        if code == "letters":
            return self.env._(
                "%(field)s has letters that the file cannot hold (%(letters)s): write them in Latin ones on %(name)s.",
                **values,
            )
        return self.env._("The receiver knows no class “%(found)s” of %(name)s, only these: %(known)s.", **values)

    def _describe_missing(self, field, values, is_code):
        """What to fill in.

        :param is_code: whether it is the code of a deliverable or a service type, and not of time that has none
        """
        if is_code:
            return self.env._("%(name)s has no code, which the file needs for %(field)s.", **values)
        texts = {
            "CLIENT_ID": self.env._("The client has no ID: fill in “Client ID” here, or the client's reference."),
            "LAW_FIRM_MATTER_ID": self.env._("%(name)s has no matter number: fill it in.", **values),
            "CLIENT_MATTER_ID": self.env._("%(name)s has no number that the client gave the matter.", **values),
            "PO_NUMBER": self.env._("%(name)s has no number of the client's purchase order.", **values),
            "LAW_FIRM_ID": self.env._(
                "Your firm has no ID: fill in “Law Firm ID” of the receiver, or your company's tax ID."
            ),
            "LINE_ITEM_TASK_CODE": self.env._("No task code: %(name)s.", **values),
            "LINE_ITEM_ACTIVITY_CODE": self.env._("No activity code: %(name)s.", **values),
            "LINE_ITEM_EXPENSE_CODE": self.env._("The product %(name)s has no expense code.", **values),
            "LINE_ITEM_DESCRIPTION": self.env._("No description: %(name)s.", **values),
            "TIMEKEEPER_ID": self.env._("%(name)s has no timekeeper ID.", **values),
            "TIMEKEEPER_CLASSIFICATION": self.env._("%(name)s has no classification as a timekeeper.", **values),
            "TIMEKEEPER_NAME": self.env._("%(name)s has no name as a timekeeper.", **values),
            "LINE_ITEM_TAX_TYPE": self.env._("A tax on %(name)s has no name.", **values),
        }
        return texts.get(field) or self.env._("%(field)s is empty: fill it in on %(name)s.", **values)

    def _describe_sums(self, code, values):
        """What does not come to what the books say."""
        if code == "empty":
            return self.env._("The invoice has no lines.")
        if code == "tax_unknown":
            return self.env._(
                "The invoice has tax (%(found)s), which LEDES 1998B knows nothing of: choose LEDES 98BI V2.", **values
            )
        if code == "tax":
            return self.env._(
                "The tax of a line (%(found)s) is not its amount by the rate of its taxes: a file has no place for "
                "taxes on taxes or fixed ones.",
                **values,
            )
        if code == "total":
            return self.env._(
                "The lines come to %(found)s and the invoice to %(expected)s: a tax or a rounding on the invoice "
                "belongs to no line.",
                **values,
            )
        return self.env._("%(field)s cannot be written: %(found)s.", **{"found": "", **values})
