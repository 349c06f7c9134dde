"""What each role can do with what the addons bring, found by doing it: ``probe(env, roles)``.

It runs in Odoo's shell. Each attempt is one that a remote client can make, on records that are guessed, and is taken
back. What comes out is the table that ``test_access.py`` holds; ``problems`` are those that no table excuses.
"""

import inspect
import itertools
from collections import Counter
from datetime import timedelta

import psycopg2

from odoo import Command
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.service.model import get_public_method

ADDONS = ("client_timetrack", "client_timetrack_billing", "client_timetrack_reports")
SAMPLE = 3
RELATIONS_TO_MANY = ("one2many", "many2many")
# Fields whose inverse or column is Odoo's own, and those of no person.
NO_ATTEMPT = ("id", "create_uid", "create_date", "write_uid", "write_date", "display_name")
OVERRIDES = ("create", "write", "unlink", "copy", "read", "default_get", "fields_get", "get_view", "name_search")
# What Odoo's own method underneath does with nonsense: (method, kind of error).
EXCUSED = {"project.project.get_panel_data": "KeyError", "project.task.message_subscribe": "TypeError"}
# Whatever anybody might put into a context, hoping that it opens something.
TRICKS = {
    "active_test": False,
    "allowed_company_ids": None,  # filled in: all of them
    "import_file": True,
    "install_mode": True,
    "mail_create_nosubscribe": True,
    "module": "client_timetrack",
    "noupdate": True,
    "su": True,
    "sudo": True,
    "tracking_disable": True,
    "uid": 1,
}


def is_ours(module):
    """Tell whether a module of Python is one of the addons; what is of all models alike does not count."""
    addon, _dot, rest = module.partition("odoo.addons.")[2].partition(".")
    return addon in ADDONS and rest != "models.base"


class Probe:
    """The attempts, and what was found.

    :param env: of the superuser
    :param roles: {role: environment of a user who has it}
    :param tricks: context keys that the addons themselves ask for
    """

    def __init__(self, env, roles, tricks):
        self.env = env(context={"active_test": False})
        self.roles = roles
        companies = env["res.company"].search([])
        self.tricks = {**TRICKS, **dict.fromkeys(tricks, True), "allowed_company_ids": companies.ids}
        self.problems = []
        self.counts = Counter()
        self.models = [
            name
            for name in sorted(env.registry)
            if not env[name]._abstract
            and any(is_ours(getattr(one, "__module__", "")) for one in type(env[name]).__mro__)
        ]
        self.own = [name for name in self.models if env[name]._original_module in ADDONS]

    def attempt(self, function):
        """Return (how it ended, result) of something that is taken back: 'yes', 'no', or what broke."""
        cr = self.env.cr
        cr.execute("SAVEPOINT attempt")
        self.env.transaction.clear()  # what the superuser has read, nobody would be asked for
        try:
            result = function()
            self.env.flush_all()
            outcome = "yes", result
        except (AccessError, MissingError, UserError, psycopg2.IntegrityError):
            outcome = "no", None  # Odoo says a constraint of the database in words of its own
        except Exception as problem:  # whatever else breaks is what this looks for
            outcome = f"{type(problem).__name__}: {problem}", None
        finally:
            # what waits to be written belongs to what is taken back
            self.env.transaction.clear()
            cr.execute("ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt")
        return outcome

    def note(self, *words):
        self.problems.append(" ".join(map(str, words)))

    def allowed(self):
        """{model: {role: letters}}: what access rights say, whatever the record."""
        operations = {"r": "read", "w": "write", "c": "create", "d": "unlink"}
        return {
            name: {
                role: "".join(key for key, operation in operations.items() if env[name].has_access(operation))
                for role, env in self.roles.items()
            }
            for name in self.own
        }

    # reading

    def visible(self):
        """{model: {role: 'all', 'some' or ''}}, and that what is hidden stays hidden by every way there is."""
        found = {}
        for name in self.own:
            everything = self.env[name].search([]).ids
            found[name] = {}
            for role, env in self.roles.items():
                Model = env[name].with_context(active_test=False)
                outcome, ids = self.attempt(lambda Model=Model: Model.search([]).ids)
                if outcome not in ("yes", "no"):
                    self.note(role, name, "search:", outcome)
                ids = ids or []
                found[name][role] = "all" if ids and len(ids) == len(everything) else "some" if ids else ""
                if not Model._transient:
                    self._read_hidden(role, Model, ids, [one for one in everything if one not in set(ids)])
                    self._count(role, Model, outcome, ids)
        return found

    def _read_hidden(self, role, Model, ids, hidden):
        names = [name for name, field in Model._fields.items() if field.store and not field.groups][:5]
        for record in Model.browse(itertools.islice(hidden, SAMPLE if Model._auto else 1)):
            ways = {
                "read": lambda record=record: record.read(names),
                "web_read": lambda record=record: record.web_read({name: {} for name in names}),
                "export": lambda record=record: record.export_data(names)["datas"],
                "read with tricks": lambda record=record: record.with_context(**self.tricks).read(names),
            }
            if Model._auto:
                ways["copy"] = record.copy
                ways["unlink"] = record.unlink
                ways["archive"] = lambda record=record: record.write({"active": False})
            for way, function in ways.items():
                outcome, result = self.attempt(function)
                if outcome == "yes" and result:
                    self.note(role, Model._name, way, "of a hidden record")
        trick = Model.with_context(**self.tricks)
        outcome, more = self.attempt(lambda: trick.search([]).ids)
        if outcome == "yes" and set(more) - set(ids):
            self.note(role, Model._name, "search with tricks finds", len(set(more) - set(ids)), "more")
        outcome, pairs = self.attempt(lambda: Model.name_search("", limit=None))
        if outcome == "yes" and {one for one, _name in pairs} - set(ids):
            self.note(role, Model._name, "name_search of hidden records")

    def _count(self, role, Model, outcome, ids):
        counted, groups = self.attempt(lambda: Model.formatted_read_group([], [], ["__count"]))
        if counted == "yes" and groups[0]["__count"] != len(ids):
            self.note(role, Model._name, "groups count", groups[0]["__count"], "of", len(ids))
        if counted not in ("yes", outcome):
            self.note(role, Model._name, "search", outcome, "but groups", counted)

    # writing

    def done(self):
        """{model: {role: letters}}: what can be created, changed and deleted."""
        found = {}
        for name in self.own:
            found[name] = {}
            for role, env in self.roles.items():
                Model, records = env[name], self._sample(env, name)
                letters = "w" if any(self._writes(role, record) for record in records) else ""
                letters += "c" if self._creates(role, Model, records) else ""
                letters += "d" if self._deletes(role, records) else ""
                found[name][role] = letters
        return found

    def _writes(self, role, record):
        """Tell whether the role can change any field of the record."""
        return any(self._change(role, record, field) for field in self.fields(record._name, record.env))

    def changed(self):
        """{model.field: [roles that change it]}"""
        found = {f"{name}.{field.name}": [] for name in self.models for field in self.fields(name)}
        for name in self.models:
            for role, env in self.roles.items():
                records = self._sample(env, name)
                for field in self.fields(name, env):
                    if any(self._change(role, record, field) for record in records):
                        found[f"{name}.{field.name}"].append(role)
        return found

    def groups(self):
        """{model.field: groups that see it}"""
        return {
            f"{name}.{field.name}": ", ".join(sorted(field.groups.split(",")))
            for name in self.models
            for field in self.env[name]._fields.values()
            if field._module in ADDONS and field.groups
        }

    def fields(self, name, env=None):
        """The fields of our own that have something to write; only those that a role knows of."""
        allowed = env[name].fields_get(attributes=["type"]) if env else self.env[name]._fields
        if env and not env[name].has_access("write"):
            return
        for field in self.env[name]._fields.values():
            ours = field._module in ADDONS and field.name not in NO_ATTEMPT
            if ours and field.name in allowed and (field.store or field.inverse) and self.env[name]._auto:
                yield field

    def _sample(self, env, name):
        """A few records that the role can guess, of different states; of a dialog one of its own."""
        Model = env[name]
        if Model._transient:
            return Model
        records, fields = self.env[name], Model._fields
        state = next((one for one in ("timetrack_state", "state") if one in fields and fields[one].store), None)
        states = [value for [value] in records._read_group([], [state])] if state else [None]
        # those of the consultant first, who may do with their own what others may not
        own = [("employee_id.user_id.login", "=", "consultant")] if "employee_id" in fields else []
        groups = [
            [one for domain in (own, []) for one in records.search([*of_state, *domain], limit=SAMPLE).ids]
            for of_state in ([(state, "=", value)] if state else [] for value in states)
        ]
        ids = [group[place] for place in range(2 * SAMPLE) for group in groups if place < len(group)]
        return Model.browse(dict.fromkeys(ids[: 2 * max(SAMPLE, len(groups))]))

    def _other(self, record, field):
        """A value that the field does not have, or None where there is no other."""
        value = record[field.name]
        match field.type:
            case "boolean":
                return not value
            case "integer" | "float" | "monetary":
                return (value or 0) + 1
            case "date" | "datetime":
                return value + timedelta(days=1) if value else "2024-05-06"
            case "selection":
                return next((key for key in field.get_values(self.env) if key != value), None)
            case "many2one":
                other = self.env[field.comodel_name].search([("id", "!=", value.id)], limit=1)
                return other.id or None
            case "one2many" | "many2many":
                return [Command.clear()] if value else None
            case "char" | "text" | "html":
                return f"{value or ''} x"
            case _:
                return None

    def _change(self, role, record, field):
        """Tell whether a value of a record can be changed; tricks of a context make no difference."""
        known = self.env[record._name].browse(record.id)
        other = self._other(known, field)
        if other is None:
            return False

        def write(record):
            before = self._value(known, field)
            record.write({field.name: other})
            self.env.flush_all()
            self.env.invalidate_all()
            return self._value(known, field) != before

        outcome, changed = self.attempt(lambda: write(record))
        if outcome not in ("yes", "no"):
            self.note(role, f"{record._name}.{field.name}", "write:", outcome)
        if not changed:
            tricked, more = self.attempt(lambda: write(record.with_context(**self.tricks)))
            if tricked == "yes" and more:
                self.note(role, f"{record._name}.{field.name}", "is written with tricks in the context")
            self._imports(role, record, field, other)
        return bool(outcome == "yes" and changed)

    def _imports(self, role, record, field, other):
        """Note a value that cannot be changed but by a file."""
        if field.type in RELATIONS_TO_MANY or field.type == "binary":
            return
        known = self.env[record._name].browse(record.id)
        column = f"{field.name}/.id" if field.type == "many2one" else field.name
        text = str(int(other)) if field.type == "boolean" else str(other)

        def load():
            before = self._value(known, field)
            done = record.browse().load([".id", column], [[str(record.id), text]])
            self.env.flush_all()
            self.env.invalidate_all()
            return done["ids"] and self._value(known, field) != before

        outcome, changed = self.attempt(load)
        self.counts["imports"] += 1
        if outcome == "yes" and changed:
            self.note(role, f"{record._name}.{field.name}", "is changed by an import")
        elif outcome not in ("yes", "no"):
            self.note(role, f"{record._name}.{field.name}", "import:", outcome)

    def _value(self, record, field):
        value = record.exists() and record[field.name]
        return value.ids if field.relational else value

    def _creates(self, role, Model, records):
        if not Model.has_access("create"):
            if records and self.attempt(lambda: Model.create(self._copy(records[0])))[0] == "yes":
                self.note(role, Model._name, "is created without the right")
            return False
        if Model._transient:
            return True
        return not records or any(
            self.attempt(lambda record=record: Model.create(self._copy(record)))[0] == "yes" for record in records
        )

    def _copy(self, record):
        return self.env[record._name].browse(record.id).copy_data()[0]

    def _deletes(self, role, records):
        deleted = False
        for record in records:
            outcome, _result = self.attempt(record.unlink)
            if outcome not in ("yes", "no"):
                self.note(role, records._name, "unlink:", outcome)
            if outcome == "yes" and not record.has_access("unlink"):
                self.note(role, records._name, "is deleted without the right")
            deleted = deleted or outcome == "yes"
        return deleted

    # by way of another record

    def commands(self):
        """Note what can be done to a record through one that it belongs to, and cannot be done to itself."""
        for name in sorted(self.env.registry):
            if self.env[name]._abstract or self.env[name]._transient or not self.env[name]._auto:
                continue
            for field in self.env[name]._fields.values():
                if (
                    field.type in RELATIONS_TO_MANY
                    and field.comodel_name in self.own
                    and self.env[field.comodel_name]._auto
                ):
                    for role, env in self.roles.items():
                        for parent in self._parents(env, field):
                            self._command(role, parent, field)

    def _parents(self, env, field):
        """A record that has some of them, and one that may have none."""
        Model = self.env[field.model_name]
        owners = Model.search([(field.name, "!=", False)], limit=1) if field.store or field.search else Model
        return env[Model._name].browse((owners | Model.search([], limit=1)).ids)

    def _command(self, role, parent, field):
        child = self.env[parent._name].browse(parent.id)[field.name][:1] or self.env[field.comodel_name].search(
            [], limit=1
        )
        if not child or child._transient:
            return
        own = parent.env[child._name].browse(child.id)
        values = self._copy(child)
        change = next(
            (one for one in self.fields(child._name) if one.type in ("char", "float", "monetary", "date", "selection")),
            None,
        )
        other = change and self._other(child, change)
        ways = {
            "is created": (
                lambda: len(self.env[child._name].search([])),
                Command.create(values),
                lambda: own.create(values),
            ),
            "is deleted": (lambda: bool(child.exists()), Command.delete(child.id), own.unlink),
        }
        if other is not None:
            changed = {change.name: other}
            ways["is changed"] = (
                lambda: self._value(child, change), Command.update(child.id, changed), lambda: own.write(changed)
            )  # fmt: skip
        for way, (look, command, directly) in ways.items():
            outcome, done = self.attempt(
                lambda look=look, one=command: self._seen(look, lambda: parent.write({field.name: [one]}))
            )
            where = f"{parent._name}.{field.name}"
            self.counts["commands"] += 1
            self.counts["commands that do something"] += outcome == "yes" and done
            if outcome not in ("yes", "no"):
                self.note(role, where, command[0], "breaks:", outcome)
            if outcome == "yes" and done:
                outcome, done = self.attempt(lambda look=look, directly=directly: self._seen(look, directly))
                if not (outcome == "yes" and done):
                    self.note(role, child._name, way, "through", where)

    def _seen(self, look, act):
        """Tell whether something is otherwise after an act."""
        before = look()
        act()
        self.env.flush_all()
        self.env.invalidate_all()
        return look() != before

    # calling

    def methods(self):
        """{model: names of the methods that are our own and may be called from outside}"""
        found = {}
        for name in self.models:
            names = {
                method
                for one in type(self.env[name]).__mro__
                if is_ours(getattr(one, "__module__", ""))
                for method, function in vars(one).items()
                if not method.startswith("_")
                and method not in OVERRIDES
                and inspect.isfunction(inspect.unwrap(function))
            }
            names = sorted(method for method in names if self._is_public(name, method))
            if names:
                found[name] = names
        return found

    def _is_public(self, name, method):
        try:
            get_public_method(self.env[name], method)
        except (AccessError, AttributeError):
            return False
        return True

    def called(self):
        """{model.method: [roles for whom a call of it ended well]}"""
        found = {}
        for name, methods in self.methods().items():
            for method in methods:
                for role, env in self.roles.items():
                    if any(self._call(role, records, method) for records in self._callable(env, name)):
                        found.setdefault(f"{name}.{method}", []).append(role)
                    else:
                        found.setdefault(f"{name}.{method}", [])
        return found

    def _callable(self, env, name):
        """Nothing, and records: an empty one of a dialog, or a few that can be guessed."""
        yield env[name]
        if env[name]._transient:
            cr = self.env.cr
            cr.execute("SAVEPOINT dialog")
            try:
                yield env[name].create({})
            except Exception:  # a dialog that needs to know where it was opened
                self.env.transaction.clear()
            finally:
                cr.execute("ROLLBACK TO SAVEPOINT dialog; RELEASE SAVEPOINT dialog")
                self.env.transaction.clear()
        else:
            yield from self._sample(env, name)

    def _call(self, role, records, method):
        function = getattr(records, method)
        required = [
            one
            for one in inspect.signature(function).parameters.values()
            if one.default is one.empty and one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
        ]
        # what is done to nothing has not been done
        counts = bool(records) or getattr(function, "_api_model", False)
        well = False
        for value in ((),) if not required else ((None,), ({},), ([],), (0,), ("x",)):
            outcome, _result = self.attempt(lambda value=value: function(*value * len(required)))
            well = well or (counts and outcome == "yes")
            name = f"{records._name}.{method}"
            broken = outcome not in ("yes", "no") and (records or "Expected singleton" not in outcome)
            if broken and EXCUSED.get(name) not in outcome.partition(":"):
                self.note(role, f"{name}{value}", "breaks:", outcome)
        return well


def probe(env, roles, tricks, thorough):
    """What was found, ready for JSON.

    :param bool thorough: try it all, which takes minutes, and not only list what there is
    """
    found = Probe(env, roles, tricks)
    result = {
        "allowed": found.allowed(),
        "groups": found.groups(),
        "fields": [f"{name}.{field.name}" for name in found.models for field in found.fields(name)],
        "methods": [f"{name}.{method}" for name, methods in found.methods().items() for method in methods],
    }
    if thorough:
        result["visible"] = found.visible()
        result["done"] = found.done()
        result["changed"] = found.changed()
        result["called"] = found.called()
        found.commands()
    return {**result, "problems": found.problems, "counts": found.counts}
