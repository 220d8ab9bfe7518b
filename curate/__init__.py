"""Select a small, good, diverse subset of instruction data and say why each row was kept or dropped."""

from loracheck.stages import callable_package

callable_package(__name__)
