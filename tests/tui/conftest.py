"""Where the explorer is compared with pictures of it, and where it is not."""

from __future__ import annotations

import pytest

try:
    import pytest_textual_snapshot
except ImportError:
    pytest_textual_snapshot = None

    @pytest.fixture
    def snap_compare() -> None:
        """Instead of the plugin's."""
        pytest.skip("pictures of the explorer are compared in an environment with lazyscope[looks]")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Name the tests that compare pictures."""
    for item in items:
        if "snap_compare" in getattr(item, "fixturenames", ()):
            item.add_marker("looks")
