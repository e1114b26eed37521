"""Does Redis answer, and does it keep what it is given?"""

from __future__ import annotations

from redis.exceptions import RedisError

from api.doctor.finding import Finding
from dsl.messages import say
from engine.config import Settings
from engine.waker import connect_redis


async def check_redis(settings: Settings) -> list[Finding]:
    if settings.redis_url is None:
        return [Finding("unknown", "Redis", say("no KOGDA_REDIS_URL; the sweep alone wakes workers"))]
    client = connect_redis(settings.redis_url.get_secret_value(), timeout_s=3)
    try:
        version = str((await client.info("server"))["redis_version"])
        policy = (await client.config_get("maxmemory-policy")).get("maxmemory-policy", "")
    except (RedisError, OSError, ValueError, TimeoutError) as error:
        advice = say("is it running, and is KOGDA_REDIS_URL right? Until then the sweep does its work, a second later")
        return [Finding("problem", "Redis", say("does not answer: {error}", error=str(error)), advice)]
    finally:
        await client.aclose(close_connection_pool=True)
    return [Finding("good", "Redis", say("version {version}", version=version)), _judge_policy(policy)]


def _judge_policy(policy: str) -> Finding:
    if policy == "noeviction":
        return Finding("good", "Redis memory", "maxmemory-policy noeviction")
    text = say(
        "maxmemory-policy is {policy}: wake-ups may be dropped when memory is short",
        policy=policy or say("not shown to us"),
    )
    return Finding("warning", "Redis memory", text, "CONFIG SET maxmemory-policy noeviction")
