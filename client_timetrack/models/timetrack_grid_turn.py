from odoo import api, fields, models
from odoo.tools import SQL

# Cells of an employee that share a turn: few enough to keep, many enough that different cells hardly ever meet.
SLOTS = 64


class TimetrackGridTurn(models.Model):
    """Whose turn it is to fill an empty cell of the time grid.

    Two tabs that fill the same empty cell at the same moment do not see each other's entry, and nothing that both of
    them change makes the database notice. This row is what both change: the second is tried again, and finds the cell
    filled.
    """

    _name = "timetrack.grid.turn"
    _description = "Turn to Fill a Cell of the Time Grid"
    _log_access = False

    employee_id = fields.Many2one("hr.employee", required=True, ondelete="cascade")
    slot = fields.Integer(required=True)
    turn = fields.Integer(required=True)

    _slot_unique = models.UniqueIndex("(employee_id, slot)")

    @api.model
    def _take(self, cells):
        """Have the database refuse whoever fills one of these cells at the same time; Odoo then tries again.

        :param list cells: of (employee id, date, ids of the row's values)
        """
        turns = sorted({(cell[0], hash((cell[1].toordinal(), *cell[2])) % SLOTS) for cell in cells})
        if not turns:
            return
        self.env.execute_query(
            SQL(
                """
                INSERT INTO timetrack_grid_turn AS known (employee_id, slot, turn)
                SELECT employee.id, asked.slot, 1
                  FROM unnest(%s::int[], %s::int[]) AS asked (employee_id, slot)
                  JOIN hr_employee employee ON employee.id = asked.employee_id
                 ORDER BY employee.id, asked.slot
                    ON CONFLICT (employee_id, slot) DO UPDATE SET turn = mod(known.turn + 1, 1000000)
                RETURNING id
                """,
                [employee for employee, _slot in turns],
                [slot for _employee, slot in turns],
            )
        )
