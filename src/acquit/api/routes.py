"""The map of the wire: which function answers which route of the contract.

A key must be a route of the contract, spelt as it is there. A route of the contract that is not in
this table answers 501.
"""

from collections.abc import Mapping
from typing import Final

from acquit.api import applications, auth, credentials
from acquit.api.request import Batched, Handler

ROUTES: Final[Mapping[tuple[str, str], Handler | Batched]] = {
    ("POST", "/auth/credential"): auth.ask_credential,
    ("GET", "/auth/currentCredential"): auth.get_current_credential,
    ("GET", "/auth/details"): auth.get_details,
    ("POST", "/auth/logout"): auth.log_out,
    ("GET", "/auth/time"): auth.get_time,
    ("GET", "/me/api/application"): applications.list_applications,
    ("GET", "/me/api/application/{applicationId}"): Batched(
        applications.get_application, applications.get_applications
    ),
    ("DELETE", "/me/api/application/{applicationId}"): applications.delete_application,
    ("GET", "/me/api/credential"): credentials.list_credentials,
    ("GET", "/me/api/credential/{credentialId}"): Batched(
        credentials.get_credential, credentials.get_credentials
    ),
    ("PUT", "/me/api/credential/{credentialId}"): credentials.put_credential,
    ("DELETE", "/me/api/credential/{credentialId}"): credentials.delete_credential,
    ("GET", "/me/api/credential/{credentialId}/application"): credentials.get_application,
}
