from odoo import api, models


class TimetrackImport(models.AbstractModel):
    """What is said of files and rows that cannot be taken."""

    _inherit = "timetrack.import"

    @api.model
    def _get_file_text(self, code, params):
        """What is wrong with a file, and what to do."""
        if code == "missing_columns":
            return self.env._(
                "The file has no column: %(missing)s.\nIts columns are: %(present)s.\n"
                "Choose another profile, or correct the names of the columns in the profile.",
                missing=", ".join(params["missing"]),
                present=", ".join(params["present"]),
            )
        if code == "repeated_column":
            return self.env._(
                "The file has more than one column “%(column)s”: rename all but one of them.", column=params["column"]
            )
        if code == "encoding":
            return self.env._(
                "The file is not written in %(encoding)s. Choose another encoding in the profile, or “Find out”.",
                encoding=params["encoding"],
            )
        if code == "ambiguous_dates":
            return self.env._(
                "Days and months cannot be told apart: “%(value)s” could be read in more than one way (%(formats)s).\n"
                "Write the format of the dates into the profile.",
                value=params["value"],
                formats=params["formats"],
            )
        if code == "old_workbook":
            return self.env._(
                "This is a workbook of an old version of Excel, or one with a password. Save it as .xlsx without a "
                "password, or as CSV."
            )
        if code == "bad_workbook":
            return self.env._("The workbook cannot be read: it is damaged, or no workbook. Save it again as .xlsx.")
        if code == "too_large":
            return self.env._("The workbook unpacks to more than can be read. Save the sheet as CSV.")
        if code == "bad_header":
            return self.env._("The line with the names of the columns cannot be read: check its quotation marks.")
        return self.env._("The file is empty.")

    @api.model
    def _get_texts(self):
        """(what is wrong, what to do) by code, as templates. Other addons that add codes add their texts."""
        return {
            "missing": (self.env._("There is no value."), self.env._("Fill it in.")),
            "bad_date": (
                self.env._("This is no date in any of the formats %(formats)s."),
                self.env._("Correct it, or add its format to the profile."),
            ),
            "bad_number": (
                self.env._("This is no number of hours."),
                self.env._("Write for instance 1.5, 1,5 or 1:30."),
            ),
            "ambiguous_number": (
                self.env._("This could be thousands or a fraction."),
                self.env._("Choose the decimal mark in the profile."),
            ),
            "bad_flag": (self.env._("This is neither yes nor no."), self.env._("Write yes or no.")),
            "control_character": (
                self.env._("A value holds a character that is no text (NUL)."),
                self.env._("Remove it, or export the file again."),
            ),
            "long_cell": (
                self.env._("A value is longer than 131,072 characters."),
                self.env._("Shorten it. A quotation mark that is never closed has the same effect."),
            ),
            "unknown_tag": (
                self.env._("This tag is no service type."),
                self.env._("Say which service type it stands for, or leave it: tags are not kept."),
            ),
            "not_positive": (
                self.env._("Hours must be above zero."),
                self.env._("Correct the hours, or leave the row out."),
            ),
            "too_many_hours": (
                self.env._("More than the %(max_hours)g hours that a row may have."),
                self.env._("Correct the hours, split the row, or raise the limit in the profile."),
            ),
            "too_many_cells": (
                self.env._("The row has %(cells)s values for %(columns)s columns."),
                self.env._("Put values that hold a delimiter into quotation marks."),
            ),
            "bad_quote": (self.env._("A quotation mark stands inside a value."), self.env._("Double it.")),
            "open_quote": (
                self.env._("A quotation mark opens here and is never closed: nothing after it could be read."),
                self.env._("Close it or remove it."),
            ),
            "repeated_key": (
                self.env._("Line %(line)s of the file is identified by the same values."),
                self.env._("Remove one, or add a column to those that identify a row."),
            ),
            "unknown": (
                self.env._("This does not exist."),
                self.env._("Create it, correct the name, or let the profile create it."),
            ),
            "ambiguous": (
                self.env._("%(count)s records have this name."),
                self.env._("Rename all but one, or give a code or an e-mail address."),
            ),
            "archived": (self.env._("This is archived."), self.env._("Restore it, or correct the name.")),
            "not_offered": (
                self.env._("The project offers the codes of these sets only: %(sets)s."),
                self.env._("Choose one of their codes, or add the set of this code to the project."),
            ),
            "no_timesheets": (self.env._("This project takes no time."), self.env._("Switch on its timesheets.")),
            "no_right": (
                self.env._("This does not exist, and you may not create it (%(model)s)."),
                self.env._("Ask an administrator for the right, or have it created."),
            ),
            "project_without_client": (
                self.env._("The project exists without a client: its time has none."),
                self.env._("Set the client on the project."),
            ),
            "refused": (
                "%(reason)s",
                self.env._("Correct the row, or what it names, and import the file again."),
            ),
            "planned_differs": (
                self.env._("The rows of the task “%(task)s” plan different hours: %(kept)g were kept."),
                self.env._("Check the task."),
            ),
        }

    @api.model
    def _describe(self, problems):
        """The problems as dicts: line, column, value, code, reason, advice."""
        texts = self._get_texts()
        return [
            {
                "line": problem.line,
                "column": problem.column,
                "value": problem.value,
                "code": problem.code,
                "reason": texts[problem.code][0] % problem.params if problem.params else texts[problem.code][0],
                "advice": texts[problem.code][1],
            }
            for problem in problems
        ]
