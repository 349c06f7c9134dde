{
    "name": "Client Time Tracking: Billing",
    "summary": "Turn approved time into invoices that tie out to the cent",
    "version": "19.0.1.0.0",
    "category": "Services/Timesheets",
    "author": "Client Timetrack Contributors",
    "website": "https://github.com/client-timetrack/client_timetrack",
    "license": "LGPL-3",
    "depends": ["client_timetrack", "sale_timesheet"],
    "data": [],
    "demo": [],
    "auto_install": True,
}
