"""PDF by Typst, without a browser, in the fonts that it carries: it looks alike anywhere and has no date of its own."""

import typst
from markupsafe import Markup

FONT = "Libertinus Serif"


def compiled(source: str) -> bytes:
    """A document in Typst's markup as PDF: equal sources are equal files."""
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
    made = typst.compile(source.encode(), format="pdf", font_paths=fonts)
    if not isinstance(made, bytes):
        raise TypeError("Typst gave one file a page instead of one document")
    return made


def string(text: str) -> str:
    """People's words as a string literal of Typst, in which nothing is markup."""
    plain = " ".join(text.split()).replace(" %", "\N{NO-BREAK SPACE}%")
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def picture(drawing: Markup, style: str, width: str) -> str:
    """A drawing as an image of Typst, with the style that a page of HTML would bring; nothing where it is empty.

    Args:
        drawing: SVG without a namespace, as it stands in HTML.
        style: CSS for its classes.
        width: as Typst writes it, such as 15mm.
    """
    if not drawing:
        return "[]"
    head, _, rest = str(drawing).partition(">")
    document = head.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1) + f"><style>{style}</style>" + rest
    return f'image(bytes({string(document)}), format: "svg", width: {width})'
