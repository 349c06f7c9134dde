"""How tests by properties run: what takes long on a busy machine is no failure of what is tested."""

from hypothesis import HealthCheck, settings

settings.register_profile("timetrack", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("timetrack")
