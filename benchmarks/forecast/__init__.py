"""The labelled templates that the forecast of categories learns from, its training, and its figures."""
