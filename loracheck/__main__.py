"""`python -m loracheck`, as torchrun wants it."""

from loracheck.cli import main

main()
