from collections.abc import Iterator

import pytest

from collector.provider import Provider, serving


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serving(Provider()) as served:
        yield served
