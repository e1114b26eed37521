"""Event names as rules write them: snake_case, whatever the client calls them."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MAX_NAME = 128  # characters

_HUMP = re.compile(r"(?<=[^\W_A-ZА-ЯЁ])(?=[A-ZА-ЯЁ])|(?<=[A-ZА-ЯЁ])(?=[A-ZА-ЯЁ][a-zа-яё])")
_GAP = re.compile(r"[\W_]+")

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
    words = _HUMP.sub("_", unicodedata.normalize("NFC", sent))
    name = _GAP.sub("_", words).strip("_").lower()
    return _OLD_NAMES.get(name, name)
