"""A problem: a value that says what is wrong; many are collected and told at once."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: `code` is kebab-case and stable, `where` names what has to be mended."""

    code: str
    message: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.message} ({self.where})" if self.where else self.message
