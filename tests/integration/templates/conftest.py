import asyncpg
import pytest
import respx

from app.templates.service import Account
from app.whatsapp.client import GraphAccess
from tests.support.fixtures import dispatcher, driver
from tests.support.graph_templates import GraphTemplates
from tests.support.world import BASES, World

__all__ = ["dispatcher", "driver"]


@pytest.fixture
async def account(world: World, connection: asyncpg.Connection) -> Account:
    """Of a business of whose templates nothing is known yet."""
    await connection.execute("DELETE FROM templates")
    access = GraphAccess("http://sandbox.test", "access-token")
    return Account(world.business_id, world.waba_id, BASES, access, world.mode)


@pytest.fixture
def at_meta(graph: respx.MockRouter, account: Account) -> GraphTemplates:
    return GraphTemplates(graph, account.waba_id)
