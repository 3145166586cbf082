"""Who sends a paper: its name, logo and colours, the same on all of them."""

from dataclasses import dataclass

from acquit.core.snapshot import Seller
from acquit.documents import logo
from acquit.documents.palette import Palette, palette


@dataclass(frozen=True, slots=True)
class Letterhead:
    """The seller as printed, and its logo: a PNG, JPEG or SVG file, or nothing."""

    seller: Seller
    logo: bytes = b""

    @property
    def name(self) -> str:
        """The seller's name."""
        return self.seller.name

    @property
    def drawing(self) -> str:
        """The logo as SVG; nothing where there is none that can be drawn."""
        return logo.drawing(self.logo) or ""

    @property
    def palette(self) -> Palette:
        """The colours."""
        return palette(self.seller.brand_colour)
