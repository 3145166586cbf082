"""`acquit account set-vip`, `set-partner`, `set-developer-mode`: what an account is, and may make."""

from dataclasses import replace
from typing import Annotated, Literal

from cyclopts import Parameter

from acquit.actions.developer_mode import set_developer_mode
from acquit.actions.set_standing import set_standing
from acquit.cli.program import Given
from acquit.cli.terms import Operator, actor
from acquit.core.identifiers import AccountId
from acquit.core.standing import PartnerLevel, PartnerRequirement, Standing, Universe


def set_vip(account: str, *universes: Universe, operator: Operator = None, program: Given) -> None:
    """Say of which parts of the offer an account is a VIP; none takes it away."""
    with program.open() as context:
        made = set_standing(
            context, AccountId(account), lambda was: replace(was, vip_in=frozenset(universes)),
            by=actor(operator),
        )  # fmt: skip
    told = ", ".join(sorted(made.vip_in)) or "nothing"
    program.screen.answer(_document(account, made), f"{account} is a VIP of {told}.")


def set_partner(
    account: str,
    level: PartnerLevel,
    /,
    *,
    requirement: Annotated[
        PartnerRequirement, Parameter(help="Which support the rank asks for.")
    ] = PartnerRequirement.NONE,
    signed: Annotated[bool, Parameter(negative="", help="The master agreement is signed.")] = False,
    operator: Operator = None,
    program: Given,
) -> None:
    """Say which rank an account has among the partners; none takes it away."""
    with program.open() as context:
        made = set_standing(
            context, AccountId(account), by=actor(operator),
            change=lambda was: replace(
                was, partner_level=level, partner_requirement=requirement, partner_signed=signed
            ),
        )  # fmt: skip
    program.screen.answer(_document(account, made), f"{account} has the partner level {level.value}.")


def set_mode(account: str, state: Literal["on", "off"], /, *, program: Given) -> None:
    """Say whether programs, keys and tokens may be made for an account; those that exist go on working."""
    with program.open() as context:
        set_developer_mode(context, AccountId(account), state == "on", by="cli")
    document = {"account": account, "developer_mode": state == "on"}
    program.screen.answer(document, f"Developer mode of {account} is {state}.")


def _document(account: str, made: Standing) -> dict[str, object]:
    return {
        "account": account, "vip_in": sorted(made.vip_in), "partner_level": made.partner_level.value,
        "partner_requirement": made.partner_requirement.value, "partner_signed": made.partner_signed,
    }  # fmt: skip
