"""`python -m app.cli` is `ulak`."""

from app.cli import main

main()
