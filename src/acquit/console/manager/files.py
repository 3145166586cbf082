"""Files that the account keeps here: what there is, one more, one less."""

from typing import Final

from acquit.actions.keep_file import add_file, fetch_file, remove_file
from acquit.console import typed
from acquit.console.place import own_place, page
from acquit.console.visit import Download, Page, Redirect, Reply, Visit
from acquit.core.kept_file import ACCOUNT_BYTES_MAX, FILE_BYTES_MAX, BadFile
from acquit.store import kept_files

FORM_BYTES_MAX: Final = FILE_BYTES_MAX + 65_536
DEEDS: Final = ("send", "remove")


def list_files(visit: Visit) -> Page:
    """GET /manager/files: the newest first."""
    with visit.read() as tx:
        place = own_place(visit, tx)
        found = kept_files.of_account(tx, visit.account_id, visit.context.clock.now())
    used = sum(each.size_bytes for each in found)
    return page(
        "files.html", place, found=found, used=used, all_max=ACCOUNT_BYTES_MAX, file_max=FILE_BYTES_MAX
    )


def change_files(visit: Visit) -> Reply:
    """POST /manager/files: a file is kept, or kept no longer."""
    wanted = typed.one_of(visit.form.text("do"), DEEDS)
    if wanted == "remove":
        remove_file(visit.context, visit.account_id, visit.form.text("file"), by=visit.actor)
    else:
        file = visit.form.upload
        if file is None or not file.name:
            raise BadFile("Choose a file first.")
        name = file.name.replace("\\", "/").rpartition("/")[2]
        add_file(visit.context, visit.account_id, name, {}, by=visit.actor, content=file.content)
    return Redirect(f"/manager/files?done=files-{wanted}")


def download_file(visit: Visit) -> Reply:
    """GET /manager/files/{file_id}/file: its bytes, never shown here."""
    name, content = fetch_file(visit.context, visit.account_id, visit.path_values["file_id"])
    return Download(content, "application/octet-stream", name)
