"""What can keep a shop from being connected."""

from app.core.problems import Conflict


class IntegrationExists(Conflict):
    code, title = "integration_exists", "The shop is connected already"


class TooManyIntegrations(Conflict):
    code, title = "too_many_integrations", "The business has as many integrations as it may have"
