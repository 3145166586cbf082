"""`acquit collect export`: the archive in the forms that other programs read."""

from typing import Final

from cyclopts import App

from acquit.collector import cli_focus

app: Final = App(name="export", help="Hand the archive over in other programs' forms.")

app.command(cli_focus.focus)
app.command(cli_focus.bill_lines, name="invoice-detail")
