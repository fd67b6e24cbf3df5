"""The page of figures: what is asked by its address, and a view of each kind of figures."""
