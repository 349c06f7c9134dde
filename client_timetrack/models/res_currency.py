from odoo import api, models
from odoo.tools import SQL


class ResCurrency(models.Model):
    _inherit = "res.currency"

    @api.model
    def _timetrack_rate_sql(self, currency, company, day):
        """SQL of the rate of a currency on a day, as ``_get_rates`` says it: the last one until then, else the first.

        :param SQL currency: id of the currency
        :param SQL company: id of the company; its branches have the rates of the company above them all
        :param SQL day: the day
        """
        rates = SQL(
            """
            SELECT rate.rate
              FROM res_currency_rate rate
             WHERE rate.currency_id = %(currency)s
               AND (rate.company_id IS NULL OR rate.company_id = (
                   SELECT split_part(root.parent_path, '/', 1)::int FROM res_company root WHERE root.id = %(company)s))
            """,
            currency=currency,
            company=company,
        )
        return SQL(
            """
            COALESCE(
                (%(rates)s AND rate.name <= %(day)s ORDER BY rate.company_id, rate.name DESC LIMIT 1),
                (%(rates)s ORDER BY rate.company_id, rate.name LIMIT 1),
                1.0
            )
            """,
            rates=rates,
            day=day,
        )
