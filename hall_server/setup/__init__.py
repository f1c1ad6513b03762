"""Describing the hall from pages: drafts, versions, the description as TOML and as a workbook."""
