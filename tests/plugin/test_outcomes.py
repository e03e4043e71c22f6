"""Every way a test can end: the same traced, and told in pytest's own words."""

from __future__ import annotations

from plugin_runs import Runner, Suite

ONES = "import dask.array as da\nimport pytest\n\ndef force():\n    da.ones(3, chunks=2).sum().compute()\n"


def test_functions(suite: Suite, compared: Runner) -> None:
    """Passed, failed, skipped and expected to fail, by marks and while they run."""
    lines = suite(
        common=ONES,
        test_it="""
        import pytest
        from common import da, force

        def test_passes():
            force()

        def test_fails():
            x = da.arange(6, chunks=3).sum()
            assert x == 3

        def test_raises():
            force()
            da.ones(3).reshape(2)

        def test_is_failed():
            force()
            pytest.fail("as it is")

        @pytest.mark.skip(reason="mark")
        def test_skipped():
            force()

        @pytest.mark.skipif("True", reason="condition")
        def test_skipped_if():
            force()

        def test_skips():
            force()
            pytest.skip("runtime")

        def test_imports():
            force()
            pytest.importorskip("no_such_module")

        @pytest.mark.xfail(reason="known")
        def test_xfails():
            force()
            raise ValueError("known")

        @pytest.mark.xfail(raises=KeyError)
        def test_fails_otherwise():
            force()
            raise ValueError("not that")

        @pytest.mark.xfail(run=False)
        def test_not_run():
            force()

        def test_says_xfail():
            force()
            pytest.xfail("runtime")

        @pytest.mark.xfail
        def test_xpasses():
            force()

        @pytest.mark.xfail(strict=True)
        def test_xpasses_strictly():
            force()

        @pytest.mark.parametrize("n", range(4))
        def test_each(n):
            for _ in range(n):
                force()
            assert n != 2

        def test_exits():
            force()
            raise SystemExit(3)
        """,
    )["test_it"]
    traced = compared()
    assert traced.outcomes() == {
        "test_passes": "passed",
        "test_fails": "failed",
        "test_raises": "failed",
        "test_is_failed": "failed",
        "test_skipped": "skipped",
        "test_skipped_if": "skipped",
        "test_skips": "skipped",
        "test_imports": "skipped",
        "test_xfails": "xfailed",
        "test_fails_otherwise": "failed",
        "test_not_run": "xfailed",
        "test_says_xfail": "xfailed",
        "test_xpasses": "xpassed",
        "test_xpasses_strictly": "failed",
        "test_each[0]": "passed",
        "test_each[1]": "passed",
        "test_each[2]": "failed",
        "test_each[3]": "passed",
        "test_exits": "failed",
    }
    line = lines.index("    assert x == 3") + 1
    # The second time pytest asks for the value to explain why the assertion failed.
    assert traced.forces("test_it.py::test_fails") == 2 * [("call", "__bool__", line)]
    assert traced.test("test_it.py::test_fails")["forces"][0]["site"]["expression"] == "x == 3"
    assert [len(traced.forces(f"test_it.py::test_each[{n}]")) for n in range(4)] == [0, 1, 2, 3]
    failures = {
        test["nodeid"].partition("::")[2]: [(f["type"], f["escaped"], f["site"]["code"]) for f in found]
        for test in traced.tests
        if (found := test["failures"])
    }
    assert failures == {
        "test_fails": [("AssertionError", True, "assert x == 3")],
        "test_raises": [("ValueError", True, "da.ones(3).reshape(2)")],
        "test_is_failed": [("Failed", True, 'pytest.fail("as it is")')],
        "test_xfails": [("ValueError", True, 'raise ValueError("known")')],
        "test_fails_otherwise": [("ValueError", True, 'raise ValueError("not that")')],
        "test_each[2]": [("AssertionError", True, "assert n != 2")],
        "test_exits": [("SystemExit", True, "raise SystemExit(3)")],
    }


def test_fixtures_that_end_a_test(suite: Suite, compared: Runner) -> None:
    """Errors in setup and teardown, skips and expected failures in fixtures."""
    suite(
        common=ONES,
        test_it="""
        import pytest
        from common import force

        @pytest.fixture
        def raises():
            force()
            raise ValueError("setup")

        @pytest.fixture
        def raises_after():
            yield
            force()
            raise ValueError("teardown")

        @pytest.fixture
        def skips():
            force()
            pytest.skip("fixture")

        @pytest.fixture
        def xfails():
            force()
            pytest.xfail("fixture")

        def test_setup(raises):
            pass

        def test_teardown(raises_after):
            force()

        def test_fails_and_teardown(raises_after):
            assert False

        def test_skips(skips):
            pass

        def test_xfails(xfails):
            pass

        @pytest.mark.xfail
        def test_setup_xfails(raises):
            pass

        @pytest.mark.usefixtures("absent")
        def test_absent():
            pass
        """,
    )
    traced = compared()
    assert traced.outcomes() == {
        "test_setup": "error",
        "test_teardown": "error",
        "test_fails_and_teardown": "error",
        "test_skips": "skipped",
        "test_xfails": "xfailed",
        "test_setup_xfails": "xfailed",
        "test_absent": "error",
    }
    assert traced.forces("test_it.py::test_setup") == [("setup", "compute", 5)]
    assert traced.forces("test_it.py::test_teardown") == [("call", "compute", 5), ("teardown", "compute", 5)]
    assert traced.forces("test_it.py::test_skips") == [("setup", "compute", 5)]
    both = [failure["type"] for failure in traced.test("test_it.py::test_fails_and_teardown")["failures"]]
    assert both == ["AssertionError", "ValueError"]
