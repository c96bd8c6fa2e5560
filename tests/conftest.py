"""One hypothesis profile for all: no deadlines; `HYPOTHESIS_PROFILE=soak` tries harder."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "short", deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "soak", deadline=None, max_examples=2_000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))
