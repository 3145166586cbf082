"""An XML document as a small tree of local names; one with a document type is refused."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

DEPTH_MAX: Final = 64


class NoTree(ValueError):
    """The bytes are no XML that we read: broken, too deep, or with a document type."""


@dataclass(slots=True)
class Node:
    """One element: its local name, its attributes, its own text, what stands below it."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    below: list["Node"] = field(default_factory=list)

    def all(self, path: str) -> Iterator["Node"]:
        """Yield every element at a path of local names such as `A/B`, in document order."""
        name, _, rest = path.partition("/")
        for node in self.below:
            if node.name == name:
                yield from node.all(rest) if rest else (node,)

    def find(self, path: str) -> "Node | None":
        """Return the first element at the path, or None."""
        return next(self.all(path), None)

    def said(self, path: str) -> str:
        """Return the text of the first element at the path that has one, else an empty text."""
        return next((node.text for node in self.all(path) if node.text), "")


def tree(xml: bytes) -> Node:
    """Return the document's root element. Raises NoTree."""
    top = Node("")
    open_nodes, texts = [top], [""]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(open_nodes) > DEPTH_MAX:
            raise NoTree("the document is deeper than any that is exchanged")
        node = Node(
            name.rpartition(" ")[2], {key.rpartition(" ")[2]: text for key, text in attributes.items()}
        )
        open_nodes[-1].below.append(node)
        open_nodes.append(node)
        texts.append("")

    def end(_name: str) -> None:
        open_nodes.pop().text = texts.pop().strip()

    def add(text: str) -> None:
        texts[-1] += text

    def refuse(*_: object) -> None:
        raise NoTree("a document type has no place in it")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = add, refuse
    try:
        parser.Parse(xml, True)
    except (expat.ExpatError, LookupError) as error:
        raise NoTree(str(error)) from None
    return top.below[0]
