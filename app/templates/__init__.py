"""Templates: how they are written, what Meta made of them, and filling them."""
