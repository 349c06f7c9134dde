from odoo import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from .common import ReportsCommon

# Fields that lead to a person and are no data of that person: each with the reason.
NOT_PERSONAL = {
    "timetrack.grid.turn.employee_id": "a lock, without content",
    "timetrack.earned.value.user_id": "the manager of a project, as the project says",
    "timetrack.capacity.dirty.employee_id": "a mark that something is to be computed again",
}
# Where the name may stay, and why.
MAY_STAY = {
    "bus_bus.message": "Odoo deletes it within a day",
    "project_task.name": "the to-do that Odoo greets new users with",
    "project_task.description": "the same",
}


@tagged("post_install", "-at_install")
class TestPrivacy(ReportsCommon):
    """Nothing that leads to a person is forgotten by the export, and no name is left once somebody is anonymised."""

    def _people_fields(self):
        """Stored fields of the addons' own tables that lead to an employee or a user."""
        for name in sorted(self.env.registry):
            Model = self.env[name]
            if not name.startswith("timetrack.") or Model._abstract or Model._transient or not Model._auto:
                continue
            for field in Model._fields.values():
                if field.store and field.comodel_name in ("hr.employee", "res.users") and not field.related:
                    if field.name not in ("create_uid", "write_uid", "activity_user_id"):
                        yield f"{name}.{field.name}"

    def test_every_field_that_leads_to_a_person_is_exported(self):
        exported = {
            f"{model}.{path}"
            for model, (employees, users, _names) in self.env["timetrack.privacy.wizard"]._get_personal_data().items()
            for path in [*users, *([employees] if employees else [])]
        }
        self.assertEqual(
            [name for name in self._people_fields() if name not in exported and name not in NOT_PERSONAL], []
        )

    def test_every_exported_field_exists(self):
        for model, (_employees, _users, names) in self.env["timetrack.privacy.wizard"]._get_personal_data().items():
            for name in names:
                self.assertIn(name, self.env[model]._fields, model)

    def test_no_name_is_left_anywhere(self):
        """Every text of every table is searched."""
        user = new_test_user(
            self.env, login="zebulon.quark", name="Zebulon Quark", email="zq@firm.example",
            groups="hr_timesheet.group_hr_timesheet_approver", company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )  # fmt: skip
        person = self.env["hr.employee"].create(
            {
                "name": "Zebulon Quark", "user_id": user.id, "company_id": self.company.id, "hourly_cost": 50,
                "private_email": "zebulon@home.example", "legal_name": "Zebulon Q. Quark",
            }
        )  # fmt: skip
        self.ada.parent_id = person
        traced = self.env(context=dict(self.env.context, tracking_disable=False))
        line = self.env["account.analytic.line"]
        own = line.create(
            {"name": "Zebulon Quark: call", "employee_id": person.id, "project_id": self.project.id, "unit_amount": 1}
        )
        own.action_timetrack_submit()
        own.action_timetrack_approve()
        others = line.create(
            {"name": "Call", "employee_id": self.ada.id, "project_id": self.project.id, "unit_amount": 1}
        )
        others.action_timetrack_submit()
        others.with_user(user).action_timetrack_reject("Ask Zebulon Quark")
        others.employee_id = self.bob
        others.employee_id = self.ada
        period = traced["timetrack.period"]._ensure(person, own.date)
        period.with_user(user).message_post(body="I am Zebulon Quark")
        self.env["timetrack.plan"].create(
            {
                "employee_id": person.id, "project_id": self.project.id, "week": "2025-03-03", "hours": 4,
                "note": "ZEBULON QUARK",
            }
        )  # fmt: skip
        self.env["timetrack.lock.exception"].create(
            {
                "lock_date": "2025-01-31", "user_id": user.id, "reason": "zebulon.quark asked",
                "company_id": self.company.id,
            }
        )  # fmt: skip
        self.env["timetrack.timekeeper"].search([("employee_id", "=", person.id)]).unlink()
        self.env["timetrack.timekeeper"].create({"employee_id": person.id, "code": "ZQ"})
        traced["timetrack.portfolio"].create({"name": "Of Zebulon Quark", "user_id": user.id})
        self.env["timetrack.check"].search([], limit=1).note = "Ask zebulon quark, or zq@firm.example."
        user.active = False
        person.active = False
        officer = new_test_user(
            self.env, login="officer", groups="client_timetrack.group_personal_data", company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )  # fmt: skip
        wizard = (
            self.env["timetrack.privacy.wizard"]
            .with_user(officer)
            .create({"employee_id": person.id, "reason": "Five years", "is_confirmed": True, "with_descriptions": True})
        )
        self.env.flush_all()
        self.assertGreater(len(self._find("zebulon|quark|zq@firm")), 8)
        wizard.action_export()
        wizard.action_anonymize()
        self.env.flush_all()
        self.maxDiff = None
        self.assertEqual({key: text[:200] for key, text in self._find("zebulon|quark|zq@firm").items()}, {})

    def _find(self, pattern):
        """Columns whose texts match: dict of name to an example."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT column_info.table_name, column_info.column_name
                  FROM information_schema.columns column_info
                  JOIN information_schema.tables table_info USING (table_schema, table_name)
                 WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
                   AND data_type IN ('text', 'character varying', 'jsonb')
                """
            )
        )
        found = {}
        for table, column in rows:
            name = SQL.identifier(column)
            examples = self.env.execute_query(
                SQL(
                    "SELECT %s::text FROM %s WHERE %s::text ~* %s LIMIT 1",
                    name, SQL.identifier(table), name, pattern,
                )
            )  # fmt: skip
            if examples and f"{table}.{column}" not in MAY_STAY:
                found[f"{table}.{column}"] = examples[0][0]
        return found
