"""What the account can do about its bills: capacities, paper by post, means of automatic payment."""

from acquit.api.payment_methods import of_caller
from acquit.api.request import Request
from acquit.core.errors import Forbidden
from acquit.core.payment_method import MethodStatus
from acquit.store import creditors


class NothingByPost(Forbidden):
    """Bills are not printed and posted."""

    code = "nothing-by-post"


def get_capacities(request: Request) -> object:
    """GET /me/billing/capacities: bills become debts, come as files alone, and need no method beforehand."""
    return {
        "canUseDebtSystem": True,
        "canUsePostalMailForInvoices": False,
        "requiredPaymentMethod": "notMandatory",
    }


def get_postal_mail(request: Request) -> bool:
    """GET /me/billing/invoicesByPostalMail: whether bills are posted; they never are."""
    return False


def set_postal_mail(request: Request) -> None:
    """POST /me/billing/invoicesByPostalMail: off is what it is; on is refused."""
    if request.body["enable"]:
        raise NothingByPost(
            "[enable] Bills are not sent by post: each is a file that GET /me/bill/{billId} links to"
        )


def get_automatic_means(request: Request) -> object:
    """GET /me/availableAutomaticPaymentMeans: how bills can be paid without anyone doing anything."""
    with request.read() as tx:
        methods = of_caller(tx, request)
        takes_debits = creditors.find(tx, request.caller.legal_entity_id) is not None
    return {
        "bankAccount": takes_debits,
        "creditCard": False,
        "deferredPaymentAccount": any(
            method.is_granted and method.status is MethodStatus.VALID for method in methods
        ),
        "paypal": False,
    }
