"""What setup/run, setup/test and the tests stand on: from nothing to Odoo 19 with databases.

Standard library only: it runs before anything is installed. One module a concern:

``paths``      where things are, and the environment every child process gets
``console``    messages, progress of long steps, failures
``system``     Debian packages of the machine
``odoo``       finding Odoo 19, else fetching it
``archive``    fetching Odoo from Debian's archive
``venv``       the virtual environment with pinned libraries
``postgres``   the private PostgreSQL cluster, or an existing server
``runner``     running Odoo: configuration, commands, scripts, a server
``databases``  template databases keyed by what they were built from, and copies of them
``ground``     all of the above put together
``demo``       the demo database and its summary
``lint``       the checks of ``setup/lint``
``suites``     Odoo's own tests with the addons installed
``testing``    the stages of ``setup/test``
"""
