"""Arithmetic on pictures: pages, faces, codes, print. No camera, no screen, nothing stored."""
