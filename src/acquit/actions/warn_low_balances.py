"""Tell payers, once each time, that their prepaid account or their points are below what they set."""

from acquit.actions.context import Context
from acquit.core.identifiers import LegalEntityId
from acquit.core.money import plain
from acquit.store import acts, points_lists, prepayments
from acquit.store.points_lists import LowPoints
from acquit.store.prepayments import Low


def warn_low_balances(context: Context, legal_entity_id: LegalEntityId) -> int:
    """Whose balance fell below its threshold has a letter; return how many were written.

    Nobody has a second letter before the balance was back above.
    """
    with context.database.write() as tx:
        told = [
            each for each in prepayments.low(tx, legal_entity_id) if prepayments.warn(tx, each.account_id)
        ]
        for each in told:
            acts.record(
                tx, "system", "warn_low_balance", each.account_id, balance_minor=each.balance_minor,
                threshold_minor=each.threshold_minor,
            )  # fmt: skip
    for each in told:
        if each.email:
            context.mailer.send(each.email, *_letter(each))
    return len(told)


def warn_low_points(context: Context, legal_entity_id: LegalEntityId) -> int:
    """Who has fewer points than it wanted to be told at has a letter; return how many were written.

    Nobody has a second letter before the points were back.
    """
    with context.database.write() as tx:
        told = [
            each for each in points_lists.low(tx, legal_entity_id) if points_lists.warn(tx, each.account_id)
        ]
        for each in told:
            acts.record(
                tx, "system", "warn_low_points", each.account_id, balance=each.balance,
                threshold=each.threshold,
            )  # fmt: skip
    for each in told:
        if each.email:
            context.mailer.send(each.email, *_points_letter(each))
    return len(told)


def _points_letter(low: LowPoints) -> tuple[str, str]:
    if low.language.startswith("fr"):
        return (
            f"Points de fidélité de {low.account_id} : {low.balance}",
            f"Il reste {low.balance} points de fidélité à {low.account_id}, moins que le seuil de "
            f"{low.threshold} que vous avez fixé.\n",
        )
    return (
        f"Points of {low.account_id}: {low.balance}",
        f"{low.account_id} has {low.balance} points left, fewer than the {low.threshold} that you wanted to "
        "be told at.\n",
    )


def _letter(low: Low) -> tuple[str, str]:
    balance, threshold = plain(low.balance_minor, low.currency), plain(low.threshold_minor, low.currency)
    if low.language.startswith("fr"):
        return (
            f"Compte prépayé de {low.account_id} : {balance} {low.currency}",
            f"Il reste {balance} {low.currency} sur le compte prépayé de {low.account_id}, moins que le "
            f"seuil de {threshold} {low.currency} que vous avez fixé.\n\n"
            "Commandez du crédit pour l'approvisionner ; sans crédit, les factures suivent votre moyen de "
            "paiement.\n",
        )
    return (
        f"Prepaid account of {low.account_id}: {balance} {low.currency}",
        f"{balance} {low.currency} are left on the prepaid account of {low.account_id}, less than the "
        f"{threshold} {low.currency} that you wanted to be told at.\n\n"
        "Order credit to fill it; without credit, bills follow your payment method.\n",
    )
