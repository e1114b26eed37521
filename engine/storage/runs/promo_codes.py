"""Pools of promo codes: filled by people, emptied by rules. A code belongs to one customer, for ever."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from engine.core.effects import PromoIssue
from engine.core.model import PromoCode
from engine.storage.database import Connection
from engine.storage.rules.published import LIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSize:
    pool: str
    free: int
    issued: int
    expired: int  # free ones past their own end, and issued ones past theirs


async def hold_codes(
    connection: Connection, wanted: Mapping[str, int], held: Collection[str]
) -> dict[str, list[PromoCode]]:
    """So many free codes of each pool, or as many as there are, locked until the transaction ends. `held` are locked by
    this very transaction already; what other transactions hold is passed over. Nothing is written: a code that is not
    issued after all is free again."""
    rows = await connection.fetch(
        """
        SELECT w.pool, c.code, c.until FROM unnest($1::text[], $2::int[]) AS w (pool, number)
        CROSS JOIN LATERAL (
            SELECT code, until FROM promo_code
            WHERE promo_code.pool = w.pool AND customer IS NULL AND (until IS NULL OR until > now())
              AND code <> ALL ($3::text[])
            ORDER BY place LIMIT w.number FOR UPDATE SKIP LOCKED
        ) c
        """,
        list(wanted),
        list(wanted.values()),
        list(held),
    )
    found: dict[str, list[PromoCode]] = {pool: [] for pool in wanted}
    for row in rows:
        found[row["pool"]].append(PromoCode(code=row["code"], until=row["until"]))
    return found


async def issue_codes(connection: Connection, issues: Sequence[tuple[int, UUID, PromoIssue]]) -> None:
    """Given with partition and customer. Held codes become theirs; a code that the same step gave before gets a new
    end."""
    newest = {issue.code: (partition, customer, issue) for partition, customer, issue in issues}
    chosen = list(newest.values())
    await connection.execute(
        """
        UPDATE promo_code c
        SET partition = n.partition, customer = n.customer, run = n.run, rule = n.rule, step = n.step,
            issued_at = n.at, expires_at = n.expires_at
        FROM unnest($1::text[], $2::smallint[], $3::uuid[], $4::uuid[], $5::text[], $6::int[], $7::timestamptz[],
                    $8::timestamptz[]) AS n (code, partition, customer, run, rule, step, at, expires_at)
        WHERE c.code = n.code AND (c.customer IS NULL OR c.run = n.run AND c.step = n.step)
        """,
        [issue.code for _, _, issue in chosen],
        [partition for partition, _, _ in chosen],
        [customer for _, customer, _ in chosen],
        [issue.run for _, _, issue in chosen],
        [issue.rule for _, _, issue in chosen],
        [issue.step for _, _, issue in chosen],
        [issue.at for _, _, issue in chosen],
        [issue.expires_at for _, _, issue in chosen],
    )


async def add_codes(connection: Connection, pool: str, codes: Sequence[tuple[str, datetime | None]]) -> int:
    """Codes, each with its own end, put into a pool in this order. How many were new: those that exist anywhere, in any
    case of letters, are left where they are."""
    status: str = await connection.execute(
        """
        INSERT INTO promo_code (pool, code, until)
        SELECT $1, code, until FROM unnest($2::text[], $3::timestamptz[]) WITH ORDINALITY AS n (code, until, place)
        ORDER BY n.place
        ON CONFLICT DO NOTHING
        """,
        pool,
        [code for code, _ in codes],
        [until for _, until in codes],
    )
    return int(status.rpartition(" ")[2])


async def pool_sizes(connection: Connection) -> list[PoolSize]:
    """Of pools that have or had any code, by name."""
    rows = await connection.fetch(
        """
        SELECT pool,
            count(*) FILTER (WHERE customer IS NULL AND (until IS NULL OR until > now())) AS free,
            count(*) FILTER (WHERE customer IS NOT NULL) AS issued,
            count(*) FILTER (WHERE CASE WHEN customer IS NULL THEN until ELSE expires_at END <= now()) AS expired
        FROM promo_code GROUP BY pool ORDER BY pool
        """
    )
    return [PoolSize(**row) for row in rows]


async def codes_of_pool(connection: Connection, pool: str) -> list[str]:
    """All of them, in the order in which they came."""
    rows = await connection.fetch("SELECT code FROM promo_code WHERE pool = $1 ORDER BY place", pool)
    return [row["code"] for row in rows]


async def live_pools(connection: Connection) -> dict[str, int]:
    """The pools of the live workspace, each with the number of free codes that it should have at least."""
    rows = await connection.fetch(
        f"""
        SELECT p.key AS pool, coalesce((p.value->>'low')::bigint, 0) AS low
        FROM rule_set, jsonb_each(CASE jsonb_typeof(settings->'promos') WHEN 'object' THEN settings->'promos'
                                  ELSE '{{}}' END) p
        WHERE rule_set.id = ({LIVE})
        """  # noqa: S608
    )
    return {row["pool"]: row["low"] for row in rows}


async def issued_pools(connection: Connection) -> dict[str, int]:
    """Those of `live_pools` whose codes some live rule gives. Nobody misses the codes of the others."""
    issued = await connection.fetch(
        f"""
        SELECT DISTINCT pool #>> '{{}}' FROM rule_set,
            jsonb_path_query(plan, '$.rules[*].steps[*] ? (@."$" == "IssuePromo").pool') AS pool
        WHERE rule_set.id = ({LIVE})
        """  # noqa: S608
    )
    names = {row[0] for row in issued}
    return {pool: low for pool, low in (await live_pools(connection)).items() if pool in names}


async def free_codes(connection: Connection, pools: Mapping[str, int]) -> dict[str, int]:
    """How many codes of each pool are free, counted up to the number given with it: cheap, however large the pool."""
    rows = await connection.fetch(
        """
        SELECT w.pool, (SELECT count(*) FROM (
            SELECT FROM promo_code c
            WHERE c.pool = w.pool AND customer IS NULL AND (until IS NULL OR until > now()) LIMIT w.most
        ) f) AS free
        FROM unnest($1::text[], $2::bigint[]) AS w (pool, most)
        """,
        list(pools),
        list(pools.values()),
    )
    return {row["pool"]: row["free"] for row in rows}
