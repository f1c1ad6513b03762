"""Reads the print of a straightened page, in a process of its own; the extra ``ocr`` may be absent."""
