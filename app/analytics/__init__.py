"""Figures: how many messages arrived, what they brought and what they cost, counted by the hour and never sampled."""
