"""The HTML report as PDF, with WeasyPrint."""

from pathlib import Path

import weasyprint


def write(html: str, path: Path) -> None:
    """Print a page on A4."""
    paper = weasyprint.CSS(string="@page { size: A4; margin: 14mm }")
    weasyprint.HTML(string=html).write_pdf(path, stylesheets=[paper])
