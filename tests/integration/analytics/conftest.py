from tests.support.fixtures import dispatcher, driver

__all__ = ["dispatcher", "driver"]
