from odoo import models

from ..engine import workbook

# How Excel writes what a language's format of dates says.
DATES = {"%d": "dd", "%-d": "d", "%m": "mm", "%-m": "m", "%Y": "yyyy", "%y": "yy", "%b": "mmm", "%B": "mmmm"}


class ResCurrency(models.Model):
    _inherit = "res.currency"

    def _timetrack_get_style(self):
        """Formats of a workbook: amounts in this currency, dates as in the language of the context."""
        self.ensure_one()
        number = "#,##0" + ("." + "0" * self.decimal_places if self.decimal_places else "")
        symbol = '"' + (self.symbol or self.name).replace('"', "") + '"'
        money = f"{symbol}{number}" if self.position == "before" else f"{number} {symbol}"
        day = self.env["res.lang"]._get_data(code=self.env.lang or "en_US").date_format or "%Y-%m-%d"
        for code, written in DATES.items():
            day = day.replace(code, written)
        return workbook.Style(money=f"{money};[Red]-{money}", date="yyyy-mm-dd" if "%" in day else day)
