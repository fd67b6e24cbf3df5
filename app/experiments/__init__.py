"""Variants of a template, tried on a share of the contacts: who gets which, what came of it, and what follows."""
