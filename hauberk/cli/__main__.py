"""`python -m hauberk.cli` is `hauberk`."""

from hauberk.cli.main import main

main()
