"""What `kogda doctor` looks at: a function in a file here and a line in a tuple, whose order is the report's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from api.doctor.clock import check_clock
from api.doctor.database import check_database
from api.doctor.dkim import check_dkim
from api.doctor.failpoints import check_failpoints
from api.doctor.finding import Finding
from api.doctor.mail_domain import check_mail_domain
from api.doctor.outside import check_outside
from api.doctor.providers import check_providers
from api.doctor.python import check_python
from api.doctor.redis import check_redis
from api.doctor.replica import check_replica
from api.doctor.smtp import check_smtp
from api.doctor.variables import check_variables
from engine.config import Settings

OwnCheck: TypeAlias = Callable[[Mapping[str, str]], list[Finding]]
ServiceCheck: TypeAlias = Callable[[Settings], Awaitable[list[Finding]]]

#: Of this machine and its environment: nothing has to run.
OWN_CHECKS: tuple[OwnCheck, ...] = (check_python, check_variables, check_failpoints)

#: Of what this process talks to. The settings name the services' addresses.
SERVICE_CHECKS: tuple[ServiceCheck, ...] = (
    check_database,
    check_replica,
    check_clock,
    check_redis,
    check_mail_domain,
    check_dkim,
    check_smtp,
    check_providers,
    check_outside,
)

__all__ = ["OWN_CHECKS", "SERVICE_CHECKS", "Finding"]
