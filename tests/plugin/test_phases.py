"""Fixtures that compute: in which phase of which test."""

from __future__ import annotations

from plugin_runs import Runner, Suite


def test_fixtures_of_every_scope(suite: Suite, compared: Runner) -> None:
    """What a fixture computes belongs to the test it is set up for, or torn down after."""
    lines = suite(
        conftest="""
        import dask.array as da
        import pytest

        def fixture_of(scope, size):
            @pytest.fixture(scope=scope)
            def fixture():
                x = da.ones(size, chunks=2)
                x.sum().compute()
                yield x
                float(x.max())
            return fixture

        of_session = fixture_of("session", 4)
        of_package = fixture_of("package", 5)
        of_module = fixture_of("module", 6)
        of_class = fixture_of("class", 7)
        of_function = fixture_of("function", 8)

        @pytest.fixture(autouse=True)
        def always():
            bool(da.ones(2).all())
        """,
        test_a="""
        import pytest

        class TestOne:
            def test_a(self, of_class, of_module, of_session):
                of_class.sum().compute()

            def test_b(self, of_class, of_function):
                pass

        def test_c(of_module, of_package):
            bool(of_module.any())
        """,
        test_b="""
        def test_d(of_session):
            pass

        def test_e(request):
            request.getfixturevalue("of_function")
        """,
    )
    traced = compared()
    setup, teardown, always = (
        lines["conftest"].index(line) + 1
        for line in (
            "        x.sum().compute()",
            "        float(x.max())",
            "    bool(da.ones(2).all())",
        )
    )
    began, ended = ("setup", "compute", setup), ("teardown", "__float__", teardown)
    auto = ("setup", "__bool__", always)
    in_the_test = ("call", "compute", 5)
    assert traced.forces("test_a.py::TestOne::test_a") == [began, began, began, auto, in_the_test]
    assert traced.forces("test_a.py::TestOne::test_b") == [auto, began, ended, ended]
    assert traced.forces("test_a.py::test_c") == [began, auto, ("call", "__bool__", 11), ended]
    assert traced.forces("test_b.py::test_d") == [auto]
    # Of a fixture that the test itself asks for the setup is part of the call.
    assert traced.forces("test_b.py::test_e") == [auto, ("call", "compute", setup), ended, ended, ended]


def test_a_trace_is_the_tests_own(suite: Suite, compared: Runner) -> None:
    """What one test has computed is no repetition for the next; within a test it is."""
    suite(
        test_it="""
        import dask.array as da

        x = da.ones(6, chunks=2) + 1

        def test_first():
            x.sum().compute()

        def test_second():
            x.sum().compute()
            x.max().compute()
        """
    )
    traced = compared()
    first, second = (traced.test(f"test_it.py::test_{name}") for name in ("first", "second"))
    assert [force["tasks_repeated"] for force in first["forces"]] == [0]
    assert [force["tasks_repeated"] for force in second["forces"]] == [0, 6]
    repeats = second["forces"][1]["repeats"]
    assert [(repeat["operation"], repeat["tasks"], repeat["force"]) for repeat in repeats] == [
        ("ones_like", 3, 1), ("add", 3, 1),
    ]  # fmt: skip
    assert [test["totals"]["forces"] for test in (first, second)] == [1, 2]
    assert second["totals"]["tasks"] == sum(force["tasks"] for force in second["forces"])
    assert (first["forces"][0]["id"], second["forces"][0]["id"]) == (1, 1)


def test_hooks_around_a_test_are_part_of_it(suite: Suite, compared: Runner) -> None:
    """What a conftest computes before the setup and in reports."""
    suite(
        conftest="""
        import dask.array as da
        import pytest

        def force():
            da.ones(2).compute()

        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_setup(item):
            force()
            return (yield)

        def pytest_runtest_logstart(nodeid):
            force()

        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_call(item):
            force()
            return (yield)

        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_teardown(item):
            force()
            return (yield)
        """,
        test_it="""
        def test_it():
            pass
        """,
    )
    phases = [phase for phase, _, _ in compared().forces("test_it.py::test_it")]
    # Another wrapper of a phase begins it before we hear of it.
    assert phases == ["setup", "setup", "setup", "call"]
