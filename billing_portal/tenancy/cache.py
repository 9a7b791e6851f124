"""The cache in Redis, which may be away at any time: then nothing is found, nothing is kept, and nothing fails (reliability 42)."""

import logging
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

from billing_portal.kernel.silence import Silence

log = logging.getLogger(__name__)


class TolerantCache(RedisCache):
    """Redis while it answers; otherwise a cache that is empty and forgets, without a wait for each question."""

    silence = Silence(5)  # of this process, after Redis did not answer

    def _or(self, missed: Any, ask: Callable[[], Any]) -> Any:
        if self.silence.holds:
            return missed
        try:
            return ask()
        except (RedisError, OSError) as problem:
            self.silence.begin()
            log.warning("The cache does not answer, and is taken as empty: %s", problem)
            return missed

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self._or(True, lambda: super(TolerantCache, self).add(*args, **kwargs))

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return self._or(default, lambda: super(TolerantCache, self).get(key, default, version))

    def set(self, *args: Any, **kwargs: Any) -> Any:
        return self._or(None, lambda: super(TolerantCache, self).set(*args, **kwargs))

    def touch(self, *args: Any, **kwargs: Any) -> Any:
        return self._or(False, lambda: super(TolerantCache, self).touch(*args, **kwargs))

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self._or(False, lambda: super(TolerantCache, self).delete(*args, **kwargs))

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._or({}, lambda: super(TolerantCache, self).get_many(*args, **kwargs))

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._or([], lambda: super(TolerantCache, self).set_many(*args, **kwargs))

    def delete_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._or(None, lambda: super(TolerantCache, self).delete_many(*args, **kwargs))

    def has_key(self, *args: Any, **kwargs: Any) -> Any:
        return self._or(False, lambda: super(TolerantCache, self).has_key(*args, **kwargs))

    def incr(self, key: Any, delta: int = 1, version: Any = None) -> Any:
        return self._or(delta, lambda: super(TolerantCache, self).incr(key, delta, version))

    def clear(self) -> Any:
        return self._or(False, lambda: super(TolerantCache, self).clear())
