"""The one error of these modules."""

from __future__ import annotations


class Refusal(Exception):
    """Something that does not fit, in one line; it ends the run."""
