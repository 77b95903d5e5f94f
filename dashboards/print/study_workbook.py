"""Every table of a layout study as one Excel file."""

from pathlib import Path

import numpy as np
import pandas as pd


def write(tables: dict[str, pd.DataFrame], path: Path) -> None:
    """One sheet per table; infinities as words."""
    with pd.ExcelWriter(path, engine="xlsxwriter") as book:
        for name, table in tables.items():
            told = table.astype(object).replace(
                {np.inf: "infinite", -np.inf: "-infinite"}
            )
            told.to_excel(book, sheet_name=name[:31], index=False)
