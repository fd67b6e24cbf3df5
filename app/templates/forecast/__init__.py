"""Forecasts the category that Meta files a template under, and says by which words."""
