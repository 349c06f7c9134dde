import os

from odoo import api, models


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    @api.model
    def _file_write(self, bin_value, checksum):
        """Leave no half of a file behind where the disk is full.

        The store names files by their content and takes the half for another file of the same name: whoever stores the
        same bytes once there is room, such as an export that is imported again, would be refused.
        """
        try:
            return super()._file_write(bin_value, checksum)
        except OSError:
            path = self._full_path(f"{checksum[:2]}/{checksum}")
            if os.path.exists(path) and os.path.getsize(path) != len(bin_value):
                os.remove(path)
            raise
