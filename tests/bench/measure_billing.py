"""What runs within Odoo: billing of the addons beside Odoo's own invoicing, and beside plain SQL.

As ``measure.py``: two databases with the same million entries, operations in turns, each rolled back.
"""

from datetime import timedelta
from typing import NamedTuple

from lxml import etree
from measure import LINE, Bench, Sample

from odoo import fields
from odoo.modules.registry import Registry
from odoo.tools import SQL

ADMIN = "admin"
RATE = 100.0
HOURS = (0.25, 0.5, 1.0, 1.5, 2.0)
QUEUE = "client_timetrack_billing.timetrack_billing_queue_action"
PLAIN = """
    SELECT company_id, timetrack_client_id, project_id, timetrack_rate_currency_id,
           sum(unit_amount), sum(unit_amount * timetrack_rate), min(date), max(date)
      FROM account_analytic_line
     WHERE timetrack_billing_state = 'unbilled' AND timetrack_state = 'approved' AND so_line IS NULL
       AND date <= %s
  GROUP BY company_id, timetrack_client_id, project_id, timetrack_rate_currency_id
"""


def run(addons, core, sizes, repetitions):
    """Measure billing.

    :param str addons: name of the database with the addons; projects are added to it
    :param str core: name of the database without them; so they are here
    :param sizes: how many entries are billed
    :param int repetitions: how often each operation counts; the larger ones count less often
    :return: as ``measure.run``
    """
    bench = BillingBench(Registry(addons), Registry(core))
    bench.work_in_progress(repetitions)
    for size in sizes:
        bench.bill(size, repetitions if size == min(sizes) else max(3, repetitions // 2))
    return bench.results


def tidy_up(registry):
    """Remove what rolled back and undone operations left in the tables: nobody bills the same time over and over."""
    with registry.cursor() as cr:
        cr.execute("SELECT relname FROM pg_class WHERE relname IN ('account_analytic_line', 'timetrack_allocation')")
        tables = [SQL.identifier(name) for (name,) in cr.fetchall()]
        cr.commit()
        cr._cnx.autocommit = True
        cr.execute(SQL("VACUUM %s", SQL(", ").join(tables)))
        cr._cnx.autocommit = False


class Requests(NamedTuple):
    """What somebody does in several requests, and what undoes it."""

    steps: tuple
    undo: object


class BillingBench(Bench):
    """The two databases, and what was measured so far."""

    def work_in_progress(self, times):
        """The queue of all clients as it opens, beside one statement that adds up the same time."""

        def get_list(env):
            action = env["ir.actions.actions"]._for_xml_id(QUEUE)
            views = env[action["res_model"]].get_views([(False, "list")])
            arch = etree.fromstring(views["views"]["list"]["arch"])
            links = {"many2one": {"fields": {"display_name": {}}}}
            types = views["models"][action["res_model"]]["fields"]
            names = [node.get("name") for node in arch.iterfind("./field")]
            return {name: links.get(types[name]["type"], {}) for name in names}, int(arch.get("limit", 80))

        with self.addons.cursor() as cr:
            specification, limit = get_list(self.environment(cr, ADMIN))

        def open_queue(env):
            found = env["timetrack.billing.queue"].web_search_read([], specification, limit=limit, count_limit=10001)
            assert found["length"] > 1, found["length"]

        def plain(env):
            env.cr.execute(PLAIN, [fields.Date.context_today(env[LINE])])
            assert len(env.cr.fetchall()) > 1

        self.compare(
            times,
            {
                "work in progress": (self.addons, ADMIN, open_queue),
                "work in progress, plain SQL": (self.addons, ADMIN, plain),
            },
        )

    def bill(self, size, times):
        """Propose and invoice the time of a project, beside Odoo's wizard for an order with as much time."""
        with self.addons.cursor() as cr:
            project = self.make_engagement(self.environment(cr, ADMIN), size)
        orders = {}
        for name, registry in (("core", self.core), ("addons", self.addons)):
            with registry.cursor() as cr:
                orders[name] = self.make_order(self.environment(cr, ADMIN), size)
        total = RATE * sum(HOURS[index % len(HOURS)] for index in range(size))

        def wizard(env):
            return env["timetrack.invoice.wizard"].create({"project_ids": [fields.Command.set([project])]})

        def propose(env):
            wizard(env).action_propose()

        def prebill_of(env):
            return env["timetrack.prebill"].search([("project_ids", "in", project)], order="id desc", limit=1)

        def invoice_prebill(env):
            prebill = prebill_of(env)
            prebill.action_invoice()
            assert (prebill.line_count, prebill.move_id.amount_untaxed) == (size, total), prebill.move_id.amount_untaxed

        def give_back(env):
            prebill = prebill_of(env)
            prebill.move_id.unlink()
            prebill.action_cancel()

        def at_once(env):
            action = wizard(env).action_create_invoices()
            move = env["account.move"].browse(action["res_id"])
            assert (len(move.timesheet_ids), move.amount_untaxed) == (size, total), move.amount_untaxed

        def invoice(order):
            def work(env):
                records = {"active_model": "sale.order", "active_ids": [order], "active_id": order}
                wizard = env["sale.advance.payment.inv"].with_context(**records)
                wizard.create({"advance_payment_method": "delivered"}).create_invoices()
                [move] = env["sale.order"].browse(order).invoice_ids
                assert (len(move.timesheet_ids), move.amount_untaxed) == (size, total), move.amount_untaxed

            return work

        self.compare(
            times,
            {
                f"pre-bill and invoice of {size}": (
                    self.addons,
                    ADMIN,
                    Requests((propose, invoice_prebill), undo=give_back),
                ),
                f"invoiced at once, {size}": (self.addons, ADMIN, at_once),
                f"order invoiced, {size}, core": (self.core, ADMIN, invoice(orders["core"])),
                f"order invoiced, {size}": (self.addons, ADMIN, invoice(orders["addons"])),
            },
            warm_up=1,
        )

    def sample(self, registry, login, work):
        """Requests that somebody makes one after the other, each committed; what they left is undone afterwards."""
        tidy_up(registry)
        if not isinstance(work, Requests):
            return super().sample(registry, login, work)
        samples = []
        for step in work.steps:
            samples.append(self.request(registry, login, step))
        self.request(registry, login, work.undo)
        return Sample(*map(sum, zip(*samples, strict=True)))

    def make_engagement(self, env, size):
        """A project with approved time at one rate; its id."""
        card = env["timetrack.rate.card"].create(
            {"name": f"Bench {size}", "rate_ids": [fields.Command.create({"rate": RATE})]}
        )
        project = self.make_project(env, size, timetrack_rate_card_id=card.id)
        self.approve(self.log(env, project, size))
        env.cr.commit()
        return project.id

    def make_order(self, env, size):
        """An order for time with as much of it on its project; its id."""
        product = env["product.product"].create(
            {
                "name": f"Bench {size}",
                "type": "service",
                "service_policy": "delivered_timesheet",
                "uom_id": env.ref("uom.product_uom_hour").id,
                "list_price": RATE,
                "taxes_id": False,
            }
        )
        client = env["res.partner"].create({"name": f"Bench order {size}", "is_company": True})
        line = fields.Command.create({"product_id": product.id, "product_uom_qty": 0.0})
        order = env["sale.order"].create({"partner_id": client.id, "order_line": [line]})
        order.action_confirm()
        project = self.make_project(env, size, allow_billable=True, partner_id=client.id)
        project.sale_line_id = order.order_line
        entries = self.log(env, project, size)
        if "timetrack_state" in entries:
            self.approve(entries)
        env.flush_all()
        env.cr.commit()
        return order.id

    def make_project(self, env, size, **values):
        client = env["res.partner"].create({"name": f"Bench {size}", "is_company": True})
        return env["project.project"].create(
            {"name": f"Bench {size}", "partner_id": client.id, "allow_timesheets": True, "user_id": False, **values}
        )

    def log(self, env, project, size):
        """Time of the last days."""
        employee = env["hr.employee"].search([("user_id.login", "=", "perf010")], limit=1)
        today = fields.Date.context_today(env[LINE])
        return (
            env(su=True)[LINE]
            .create(
                [
                    {
                        "name": f"Work {index}",
                        "project_id": project.id,
                        "employee_id": employee.id,
                        "date": today - timedelta(days=index % 30),
                        "unit_amount": HOURS[index % len(HOURS)],
                    }
                    for index in range(size)
                ]
            )
            .with_env(env)
        )

    def approve(self, entries):
        entries.sudo().action_timetrack_submit()
        entries.sudo().action_timetrack_approve()
