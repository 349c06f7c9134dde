from odoo.tests import HttpCase, new_test_user, tagged


@tagged("-at_install", "post_install")
class TestRetainerPortal(HttpCase):
    """What clients see of their retainers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.ref("client_timetrack_billing.product_billable_time").taxes_id = False
        company = cls.env.company
        cls.client, cls.other = cls.env["res.partner"].create(
            [{"name": "Harbor Mutual", "is_company": True}, {"name": "Somebody Else", "is_company": True}]
        )
        contacts = cls.env["res.partner"].create(
            [{"name": name, "parent_id": parent.id} for name, parent in (("Carla", cls.client), ("Sam", cls.other))]
        )
        for contact in contacts:
            new_test_user(
                cls.env, f"tt_{contact.name.lower()}", "base.group_portal", partner_id=contact.id,
                company_id=company.id, company_ids=company.ids,
            )  # fmt: skip
        account = cls.env["account.account"].create(
            {"name": "Client Advances", "code": "239901", "account_type": "liability_current"}
        )
        cls.paid, cls.planned = cls.env["timetrack.retainer"].create(
            [
                {"partner_id": cls.client.id, "amount": amount, "account_id": account.id, "tax_ids": False}
                for amount in (1250, 777)
            ]
        )
        cls.env["account.move"].browse(cls.paid.action_invoice_advance()["res_id"]).action_post()

    def _get(self, login, path):
        self.authenticate(login, login)
        return self.url_open(path)

    def test_clients_see_what_is_left(self):
        page = self._get("tt_carla", "/my/retainers").text
        self.assertIn(self.paid.name, page)
        self.assertIn("1,250.00", page)
        self.assertNotIn(self.planned.name, page)
        self.assertIn("/my/retainers", self._get("tt_carla", "/my").text)
        html = self._get("tt_carla", f"/my/retainers/{self.paid.id}?report_type=html").text
        self.assertIn("1,250.00", html)

    def test_nobody_sees_those_of_others(self):
        page = self._get("tt_sam", "/my/retainers").text
        self.assertNotIn(self.paid.name, page)
        self.assertIn("You have paid nothing in advance", page)
        for retainer in (self.paid, self.planned):
            path = f"/my/retainers/{retainer.id}?report_type=html"
            self.assertEqual(self._get("tt_sam", path).status_code, 404)
        self.assertEqual(self._get("tt_carla", f"/my/retainers/{self.planned.id}?report_type=html").status_code, 404)
        self.assertEqual(self._get("tt_carla", f"/my/retainers/{self.paid.id}?report_type=text").status_code, 404)
        self.authenticate(None, None)
        self.assertIn("/web/login", self.url_open("/my/retainers").url)
