{
    "name": "Client Time Tracking",
    "summary": "Classify time by service and deliverable, approve it, and keep it within budget",
    "version": "19.0.1.0.0",
    "category": "Services/Timesheets",
    "author": "Client Timetrack Contributors",
    "website": "https://github.com/client-timetrack/client_timetrack",
    "license": "LGPL-3",
    "depends": ["hr_timesheet"],
    "data": [],
    "demo": [],
    "application": True,
}
