"""Hypothesis here: no time limits, since a busy machine is no fault of the code, and nothing kept between runs."""

from hypothesis import HealthCheck, settings

settings.register_profile("ulak", deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ulak")
