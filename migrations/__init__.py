"""Alembic's migrations; `ulak migrate` runs them."""
