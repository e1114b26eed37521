"""Names of events and traits as rules write them: snake_case, whatever the client calls them."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

from api.ingest.limits import MAX_DEPTH

MAX_NAME = 128  # characters

_HUMP = re.compile(r"(?<=[^\W_A-ZА-ЯЁ])(?=[A-ZА-ЯЁ])|(?<=[A-ZА-ЯЁ])(?=[A-ZА-ЯЁ][a-zа-яё])")
_GAP = re.compile(r"[\W_]+")
_SNAKE = re.compile(r"[a-z0-9_]*")

#: Names of the first e-commerce specification, which older apps still send, and what they are called since.
_OLD_NAMES = {
    "added_product": "product_added",
    "added_product_to_wishlist": "product_added_to_wishlist",
    "applied_coupon": "coupon_applied",
    "cancelled_order": "order_cancelled",
    "clicked_product": "product_clicked",
    "clicked_promotion": "promotion_clicked",
    "completed_checkout_step": "checkout_step_completed",
    "completed_order": "order_completed",
    "denied_coupon": "coupon_denied",
    "entered_coupon": "coupon_entered",
    "entered_payment_info": "payment_info_entered",
    "filtered_product_list": "product_list_filtered",
    "refunded_order": "order_refunded",
    "removed_coupon": "coupon_removed",
    "removed_product": "product_removed",
    "reviewed_product": "product_reviewed",
    "searched_products": "products_searched",
    "shared_cart": "cart_shared",
    "shared_product": "product_shared",
    "started_checkout": "checkout_started",
    "updated_order": "order_updated",
    "viewed_cart": "cart_viewed",
    "viewed_checkout_step": "checkout_step_viewed",
    "viewed_product": "product_viewed",
    "viewed_product_category": "product_list_viewed",
    "viewed_product_list": "product_list_viewed",
    "viewed_promotion": "promotion_viewed",
}


@lru_cache(maxsize=4096)
def event_name(sent: str) -> str:
    """`Order Completed`, `orderCompleted`, `order-completed` and `Completed Order` are all `order_completed`.

    Letters of any alphabet and digits stay; everything else parts words. "" when nothing stays.
    """
    name = _snake(sent)
    return _OLD_NAMES.get(name, name)


@lru_cache(maxsize=4096)
def _snake(sent: str) -> str:
    words = _HUMP.sub("_", unicodedata.normalize("NFC", sent))
    return _GAP.sub("_", words).strip("_").lower()


def trait_names(traits: dict[str, Any]) -> dict[str, Any]:
    """The same traits under the names that schemas and rules use: `firstName` is `first_name`, at every level.

    A key that is written so already wins over one that only becomes it. The keys of `consent` are channels and topics
    and stay as they are.
    """
    if all(
        _SNAKE.fullmatch(key) and type(value) is not dict and type(value) is not list for key, value in traits.items()
    ):
        return traits
    renamed: dict[str, Any] = _renamed(traits, depth=1)
    return renamed


def _renamed(value: Any, *, depth: int) -> Any:
    if depth > MAX_DEPTH:
        return value  # is refused for its depth
    if type(value) is list:
        return [_renamed(element, depth=depth + 1) for element in value]
    if type(value) is not dict:
        return value
    found: dict[str, Any] = {}
    for key, inner in value.items():
        name = _trait_name(key)
        if name == key or (name not in found and name not in value):
            found[name] = inner if name == "consent" and depth == 1 else _renamed(inner, depth=depth + 1)
    return found


def _trait_name(sent: str) -> str:
    """As it is when it could not be a name: it may be faulty, and the fault must be found."""
    if _SNAKE.fullmatch(sent) or len(sent) > MAX_NAME or not sent.isprintable():
        return sent
    return _snake(sent) or sent
