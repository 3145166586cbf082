"""From where an account may be reached: a rule per block of addresses, and one for all the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from acquit.core.access import Block, read_address
from acquit.core.errors import Conflict, NotFound

RULES_MAX: Final = 100


class NoSuchAddressRule(NotFound):
    """The account has no such rule."""

    code = "no-such-address-rule"

    def __init__(self, address_rule_id: int) -> None:
        super().__init__(f"The requested object ({address_rule_id}) does not exist")


class AddressRuleTaken(Conflict):
    """The account has a rule for this block, or as many rules as one may have."""

    code = "address-rule-taken"


class ShutsOut(Conflict):
    """The change would shut out the one who makes it."""

    code = "shuts-out"

    def __init__(self, address: str) -> None:
        super().__init__(
            f"This would shut out the address that you call from ({address}): accept it by a rule first",
            address=address,
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an address is accepted, and whether a sign-in from it is told by letter."""

    accepts: bool = True
    warns: bool = False


@dataclass(frozen=True, slots=True)
class AddressRule:
    """What holds for one block of addresses."""

    address_rule_id: int
    block: Block
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class AddressRules:
    """All rules of an account; the narrowest block that holds an address decides, else `others`."""

    rules: Sequence[AddressRule] = ()
    others: Verdict = Verdict()

    def decide(self, address: str) -> Verdict:
        """Return what holds for the address; one that cannot be read is in no block."""
        if not self.rules:
            return self.others
        read = read_address(address)
        holding = [rule for rule in self.rules if read is not None and read in rule.block]
        narrowest = max(holding, key=lambda rule: rule.block.prefixlen, default=None)
        return self.others if narrowest is None else narrowest.verdict

    def refuse_shutting_out(self, address: str | None) -> None:
        """Pass when the address is accepted, or none is given. Raises ShutsOut."""
        if address is not None and not self.decide(address).accepts:
            raise ShutsOut(address)


UNRESTRICTED: Final = AddressRules()
