"""Workbooks in LibreOffice: it opens them, and its own results of all formulas are those that are stored.

Runs where LibreOffice is (``soffice``), which nothing else needs.
"""

import base64
import shutil
import subprocess

import openpyxl
import pytest

SUMMARIES = """
from datetime import date
import base64
admin = env.ref("base.user_admin")
clerk = env(user=admin.id, context={"allowed_company_ids": admin.company_id.ids, "lang": "en_US", "tz": "UTC"})
Workbook = clerk["timetrack.workbook"]
result = {}
today = date.today()
for kind in ("all", "detail"):
    content, _rows = Workbook._build_file(clerk.company, date(today.year - 1, 1, 1), today, kind)
    result[kind] = base64.b64encode(content).decode()
prebills = clerk["timetrack.prebill"].search([], limit=5)
result["prebills"] = base64.b64encode(prebills._build_workbook()).decode()
"""


@pytest.fixture(scope="module")
def office():
    """The program, if it is there."""
    program = shutil.which("soffice")
    if not program:
        pytest.skip("LibreOffice is not installed.")
    return program


def test_formulas_come_to_what_is_stored(office, database, tmp_path):
    copy = database("demo")
    files = copy.shell(SUMMARIES, commit=False)
    copy.drop()
    for name, content in files.items():
        (tmp_path / f"{name}.xlsx").write_bytes(base64.b64decode(content))
    target = tmp_path / "recalculated"
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [office, profile, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(target)]
    subprocess.run([*command, *map(str, sorted(tmp_path.glob("*.xlsx")))], check=True, capture_output=True, timeout=300)
    compared = 0
    for name in files:
        formulas = openpyxl.load_workbook(tmp_path / f"{name}.xlsx")
        stored = openpyxl.load_workbook(tmp_path / f"{name}.xlsx", data_only=True)
        office_made = openpyxl.load_workbook(target / f"{name}.xlsx", data_only=True)
        for sheet in formulas:
            for cell in (cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
                own, other = (book[sheet.title][cell.coordinate].value for book in (stored, office_made))
                where = f"{name}, {sheet.title}, {cell.coordinate}: {cell.value}"
                assert other == (pytest.approx(own, abs=1e-6) if isinstance(own, (int, float)) else own), where
                compared += 1
    assert compared > 100
