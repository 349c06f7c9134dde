from odoo.tests import TransactionCase, tagged

# Odoo's own, which the addons only extend.
EXTENDED = ("account.move.reversal", "res.config.settings")


@tagged("post_install", "-at_install")
class TestDialogs(TransactionCase):
    """What somebody types into a dialog is theirs: Odoo keeps the rows of all dialogs in one table."""

    def test_each_dialog_is_its_makers(self):
        dialogs = [
            name
            for name, model in self.registry.items()
            if model._transient and model._auto and model._module.startswith("client_timetrack")
        ]
        self.assertGreater(len(dialogs), 10)
        for name in sorted(set(dialogs) - set(EXTENDED)):
            rules = self.env["ir.rule"].search([("model_id.model", "=", name), ("global", "=", True)])
            self.assertIn("[('create_uid', '=', user.id)]", rules.mapped("domain_force"), name)
