"""The one error of these scripts."""

from __future__ import annotations


class Failure(Exception):
    """Something that the user can read in one line, and that ends the run."""
