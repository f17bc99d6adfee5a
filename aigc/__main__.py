"""`python -m aigc` is the `aigc` command."""

from config.cli import main

main()
