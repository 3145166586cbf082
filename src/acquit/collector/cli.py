"""`acquit collect`: every bill of every account, gathered, checked and asked.

A command is imported when it is called: a report need not load what gathers.
"""

from cyclopts import App

app = App(name="collect", help="Gather, check, report and ask your provider's bills.")

app.command("acquit.collector.cli_access:init", name="init")
app.command("acquit.collector.cli_access:accounts", name="accounts")
app.command("acquit.collector.cli_access:sub_accounts", name="sub-accounts")
app.command("acquit.collector.cli_run:run", name="run")
app.command("acquit.collector.cli_tables:verify", name="verify")
app.command("acquit.collector.cli_report:report", name="report")
app.command("acquit.collector.cli_pay:pay", name="pay")
app.command("acquit.collector.cli_export:app", name="export")
app.command("acquit.collector.cli_tables:ask", name="ask")
app.command("acquit.collector.cli_probe:run_probe", name="probe")
