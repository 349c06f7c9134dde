from odoo.exceptions import UserError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import TimetrackCommon

ROLES = (
    "consultant",  # whose time it is
    "colleague",
    "lead",  # the line manager
    "other_lead",  # an approver who has nothing to do with it
    "project_manager",
    "administrator",
    "portal",
)
STATES = ("draft", "submitted", "approved", "rejected")
DECIDE = {"lead", "project_manager", "administrator"}
# Odoo lets approvers correct and hand in the time of others; only deciding on it is a matter of scope.
EDIT = {"consultant", "lead", "other_lead", "project_manager", "administrator"}

# What each role may do with an entry in each state, under the built-in step. A step that is taken already may be
# repeated by whoever may take it, and changes nothing.
ALLOWED = {
    ("submit", "draft"): EDIT,
    ("submit", "rejected"): EDIT,
    ("submit", "submitted"): EDIT,
    ("withdraw", "submitted"): DECIDE | {"consultant"},
    ("withdraw", "draft"): DECIDE | {"consultant"},
    ("approve", "submitted"): DECIDE,
    ("approve", "approved"): DECIDE,
    ("reject", "submitted"): DECIDE,
    ("reject", "rejected"): DECIDE,
    ("reopen", "approved"): {"administrator"},
    ("reopen", "draft"): {"administrator"},
    ("write", "draft"): EDIT,
    ("write", "submitted"): EDIT,
    ("write", "rejected"): EDIT,
    ("unlink", "draft"): EDIT,
    ("unlink", "submitted"): EDIT,
    ("unlink", "rejected"): EDIT,
    ("import", "draft"): EDIT,
    ("import", "submitted"): EDIT,
    ("import", "rejected"): EDIT,
    # Other modules write in sudo on everybody's behalf; a lock holds there too.
    ("sudo write", "draft"): set(ROLES),
    ("sudo write", "submitted"): set(ROLES),
    ("sudo write", "rejected"): set(ROLES),
    ("sudo unlink", "draft"): set(ROLES),
    ("sudo unlink", "submitted"): set(ROLES),
    ("sudo unlink", "rejected"): set(ROLES),
}
LEADS_TO = {
    "submit": "submitted",
    "withdraw": "draft",
    "approve": "approved",
    "reject": "rejected",
    "reopen": "draft",
}
OPERATIONS = (*LEADS_TO, "write", "unlink", "import", "sudo write", "sudo unlink")


@tagged("post_install", "-at_install")
class TestMatrix(TimetrackCommon):
    """Every role, operation and state, by every path; what is not in the table is refused."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.portal = new_test_user(cls.env, login="tt_portal", groups="base.group_portal")
        cls.portal.partner_id.parent_id = cls.client_company
        cls.entries = {state: cls._in_state(state) for state in STATES}
        cls.env.flush_all()

    @classmethod
    def _in_state(cls, state):
        entry = cls._entry(name=state)
        if state != "draft":
            entry.action_timetrack_submit()
        if state == "approved":
            entry.with_user(cls.lead).action_timetrack_approve()
        if state == "rejected":
            entry.with_user(cls.lead).action_timetrack_reject("No")
        return entry

    def _call(self, user, name, entry, *args):
        """As the web client calls a method."""
        return call_kw(self.env(user=user)["account.analytic.line"], name, [entry.ids, *args], {})

    def _attempt(self, user, operation, entry):
        """Do it; raises when it is refused."""
        if operation in LEADS_TO:
            reason = ["Because"] if operation in ("reject", "reopen") else []
            self._call(user, f"action_timetrack_{operation}", entry, *reason)
        elif operation == "write":
            self._call(user, "write", entry, {"name": "Changed"})
        elif operation == "unlink":
            self._call(user, "unlink", entry)
        elif operation == "import":
            self._load(user, entry, "name", "Changed")
        elif operation == "sudo write":
            entry.with_user(user).sudo().write({"name": "Changed"})
        else:
            entry.with_user(user).sudo().unlink()

    def _load(self, user, entry, field, value):
        """As the import of a file does it; raises what the file's reader is told."""
        Line = self.env(user=user)["account.analytic.line"]
        result = call_kw(Line, "load", [[".id", field], [[str(entry.id), value]]], {})
        if not result["ids"]:
            raise UserError(result["messages"][0]["message"])

    def _is_done(self, user, operation, entry):
        """Whether the operation went through; everything is as before afterwards."""
        try:
            with self.env.cr.savepoint() as savepoint:
                self._attempt(user, operation, entry)
                if operation.endswith("unlink"):
                    self.assertFalse(entry.exists())
                elif operation in LEADS_TO:
                    self.assertEqual(entry.timetrack_state, LEADS_TO[operation])
                else:
                    self.assertEqual(entry.name, "Changed")
                savepoint.close(rollback=True)
            done = True
        except UserError:  # an AccessError is one too
            done = False
        self.env.invalidate_all()
        return done

    @mute_logger("odoo.addons.base.models.ir_access", "odoo.models", "odoo.sql_db")
    def test_who_may_do_what(self):
        wrong = []
        for operation in OPERATIONS:
            for state in STATES:
                allowed = ALLOWED.get((operation, state), set())
                for role in ROLES:
                    done = self._is_done(getattr(self, role), operation, self.entries[state])
                    if done != (role in allowed):
                        wrong.append(f"{role} {operation} {state}: {'done' if done else 'refused'}")
        self.assertEqual(wrong, [])

    @mute_logger("odoo.addons.base.models.ir_access", "odoo.models", "odoo.sql_db")
    def test_nobody_writes_a_state(self):
        """Over RPC, by import, in sudo, on creation, with whatever context."""
        context = {"timetrack_internal": True, "default_timetrack_state": "approved"}
        for role in (*ROLES, "superuser"):
            user = self.env.user if role == "superuser" else getattr(self, role)
            for target in STATES:
                entry = self.entries["draft" if target != "draft" else "submitted"].with_user(user)
                values = {"timetrack_state": target}
                for attempt in (
                    lambda entry=entry, values=values: entry.write(dict(values)),
                    lambda entry=entry, values=values: entry.with_context(**context).write(dict(values)),
                    lambda entry=entry, values=values: entry.sudo().write(dict(values)),
                    lambda entry=entry, values=values: entry.copy(values),
                    lambda entry=entry, values=values: entry.web_save(values, {}),
                    lambda user=user, entry=entry, target=target: self._load(user, entry, "timetrack_state", target),
                ):
                    with self.subTest(role=role, target=target), self.assertRaises(UserError):
                        with self.env.cr.savepoint():
                            attempt()
                    self.env.invalidate_all()
            self.assertEqual(
                {state: entry.timetrack_state for state, entry in self.entries.items()},
                dict(zip(STATES, STATES, strict=True)),
            )

    def test_a_default_earns_no_state(self):
        Line = self.env["account.analytic.line"].with_context(default_timetrack_state="approved")
        values = {"name": "x", "project_id": self.project.id, "employee_id": self.employee.id, "unit_amount": 1}
        self.assertEqual(Line.create(values).timetrack_state, "draft")
