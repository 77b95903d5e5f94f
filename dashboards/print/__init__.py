"""Results on paper and in spreadsheets; needs the extra ``report``."""
