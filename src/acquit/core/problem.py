"""A problem: a value that says what is wrong; many are collected and told at once."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: `code` is kebab-case and stable, `where` names what has to be mended.

    `rule` is the rule of a standard that it breaks, as that calls it; `french` says the message in French.
    """

    code: str
    message: str
    where: str = ""
    rule: str = ""
    french: str = ""

    def __str__(self) -> str:
        told = "; ".join(part for part in (self.where, self.rule) if part)
        return f"{self.message} ({told})" if told else self.message

    def said(self, language: str) -> str:
        """Return the message in a language, such as `fr_FR`: French where it is there, else English."""
        return self.french if self.french and language.startswith("fr") else self.message
