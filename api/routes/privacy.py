"""What a person may ask for: all that is held, and that nothing is any more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Depends

from api.schemas.privacy import ErasedCustomer
from api.schemas.problem import problem_responses
from api.server.admin import require_admin
from api.server.parameters import CustomerInPath
from api.server.problems import Problem
from api.server.services import Served
from engine.flow.customers.erase_customer import StillInHand, erase_customer
from engine.flow.customers.export_customer import export_customer
from engine.flow.customers.find_customer import NobodyThere

router = APIRouter(
    prefix="/api",
    tags=["privacy"],
    dependencies=[Depends(require_admin)],
    responses=problem_responses(400, 401, 403, 404, 405, 422, 503),
)

#: The next request goes on where this one gave up.
_PATIENCE = timedelta(seconds=2)


@router.get("/customers/{key}/export")
async def export(services: Served, key: CustomerInPath) -> dict[str, list[dict[str, Any]]]:
    """All that is held of a person, table by table (GDPR, articles 15 and 20)."""
    try:
        async with services.runtime.database.transaction() as connection:
            return await export_customer(connection, key, partitions=services.runtime.partitions)
    except NobodyThere:
        raise _unknown(key) from None


@router.delete("/customers/{key}")
async def delete_customer(services: Served, key: CustomerInPath) -> ErasedCustomer:
    """Erase a person (GDPR, article 17). There is no way back.

    503 `still_in_hand`: a message is being handed over. Nothing will follow it; ask again a little later.
    """
    try:
        erased = await erase_customer(services.runtime, key, patience=_PATIENCE)
    except NobodyThere:
        raise _unknown(key) from None
    except StillInHand as error:
        raise Problem(503, "still_in_hand", str(error), headers={"retry-after": "60"}) from None
    return ErasedCustomer(customers=erased.customers, rows={table: n for table, n in erased.rows.items() if n})


def _unknown(key: str) -> Problem:
    return Problem(404, "unknown_customer", f"there is no customer `{key}`")
