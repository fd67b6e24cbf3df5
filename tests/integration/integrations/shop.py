"""A connected shop, as the platform and the business see it."""

from typing import Any

import httpx

from tests.support.driving import Driver
from tests.support.shops import SECRET, SHOPIFY_SHOP, WOOCOMMERCE_SHOP, Webhook

BOX = "Sipariş bilgilerimi Demo Mağaza'dan WhatsApp ile almak istiyorum."
"""What stands beside the box at the checkout."""

LINKS = {
    "order": "https://shop.example/siparis/{order_number}",
    "tracking": "https://shop.example/kargo/{tracking_number}",
}


class ShopDriver:
    """One connected shop: the business's requests about it, and the platform's webhooks."""

    def __init__(self, driver: Driver, integration: dict[str, Any]) -> None:
        self.driver = driver
        self.integration = integration
        self.id: str = integration["id"]
        self.path = httpx.URL(integration["url"]).path

    async def send(self, webhook: Webhook, *, path: str | None = None) -> httpx.Response:
        return await self.driver.request("POST", path or self.path, content=webhook.body, headers=webhook.headers)

    async def took(self, webhook: Webhook) -> dict[str, Any]:
        """What the door answers to a webhook with the right signature."""
        answer = await self.send(webhook)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def told(self, webhook: Webhook) -> dict[str, Any]:
        """The one message that it made."""
        answer = await self.took(webhook)
        assert answer["outcome"] == "told", await self.deliveries()
        (message,) = answer["messages"]
        return await self.driver.story(message)

    async def deliveries(self) -> list[dict[str, Any]]:
        """Newest first."""
        answer = await self.driver.request("GET", f"/v1/integrations/{self.id}/deliveries")
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["deliveries"]
        return found

    async def change(self, **changes: Any) -> httpx.Response:
        return await self.driver.request("PATCH", f"/v1/integrations/{self.id}", json=changes)


def wanted(platform: str, **more: Any) -> dict[str, Any]:
    shop = SHOPIFY_SHOP if platform == "shopify" else WOOCOMMERCE_SHOP
    return {"platform": platform, "shop": shop, "secret": SECRET, **more}


async def connect(driver: Driver, platform: str, **more: Any) -> ShopDriver:
    answer = await driver.request("POST", "/v1/integrations", json=wanted(platform, **more))
    assert answer.status_code == 201, answer.text
    return ShopDriver(driver, answer.json())
