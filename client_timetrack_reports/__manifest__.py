{
    "name": "Client Time Tracking: Reports",
    "summary": "Utilization, budgets and billing in pivots and workbooks",
    "version": "19.0.1.0.0",
    "category": "Services/Timesheets",
    "author": "Client Timetrack Contributors",
    "website": "https://github.com/client-timetrack/client_timetrack",
    "license": "LGPL-3",
    "depends": ["client_timetrack_billing", "spreadsheet_dashboard"],
    "external_dependencies": {"python": ["xlsxwriter"]},
    "data": [],
    "demo": [],
}
