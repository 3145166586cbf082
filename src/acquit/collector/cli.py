"""`acquit collect`: every bill of every account, gathered, checked and asked."""

from cyclopts import App

from acquit.collector import cli_access, cli_export, cli_pay, cli_run, cli_tables

app = App(name="collect", help="Gather, check and ask your provider's bills.")

app.command(cli_access.init)
app.command(cli_access.accounts)
app.command(cli_access.sub_accounts, name="sub-accounts")
app.command(cli_run.run)
app.command(cli_tables.verify)
app.command(cli_tables.ask)
app.command(cli_pay.pay)
app.command(cli_export.app)
