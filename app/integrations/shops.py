"""How a shop is named: by Shopify's own domain of it, or by the address of a WooCommerce shop. Pure."""

import re
from typing import Literal
from urllib.parse import urlsplit

Platform = Literal["shopify", "woocommerce"]

_SHOPIFY = re.compile(r"[a-z0-9][a-z0-9-]{0,98}\.myshopify\.com")
_HOST = re.compile(r"[a-z0-9.-]+(:[0-9]{1,5})?")
_PATH = re.compile(r"(/[A-Za-z0-9._~%-]+)*")
_MOST = 300


def shop_named(platform: Platform, text: str) -> str | None:
    """In the one form that is kept and compared; nothing for what names no shop."""
    text = text.strip()
    if len(text) > _MOST:
        return None
    if platform == "shopify":
        domain = text.lower().removeprefix("https://").removesuffix("/")
        return domain if _SHOPIFY.fullmatch(domain) else None
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
    except ValueError:
        return None
    host, path = parts.netloc.lower(), parts.path.rstrip("/")
    if parts.scheme not in ("http", "https") or parts.query or parts.fragment or "." not in host:
        return None
    return host + path if _HOST.fullmatch(host) and _PATH.fullmatch(path) else None


def address_of(platform: Platform, shop: str) -> str:
    """As people write it."""
    return shop if platform == "shopify" else f"https://{shop}"
