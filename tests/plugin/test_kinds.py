"""Tests that are no plain functions, and what other plugins make of tests."""

from __future__ import annotations

from plugin_runs import Runner, Suite

ONES = "import dask.array as da\nimport pytest\n\ndef force():\n    da.ones(3, chunks=2).sum().compute()\n"


def test_unittest(suite: Suite, compared: Runner) -> None:
    """Classes of the standard library: what they set up belongs to the test that set it up."""
    suite(
        common=ONES,
        test_it="""
        import unittest
        from common import force

        def tearDownModule():
            force()

        class TestAll(unittest.TestCase):
            @classmethod
            def setUpClass(cls):
                force()

            @classmethod
            def tearDownClass(cls):
                force()

            def setUp(self):
                force()
                self.addCleanup(force)

            def test_a(self):
                force()

            def test_b_fails(self):
                force()
                self.assertEqual(1, 2)

            @unittest.skip("decorator")
            def test_c_skipped(self):
                force()

            def test_d_skips(self):
                self.skipTest("runtime")

            @unittest.expectedFailure
            def test_e_xfails(self):
                force()
                raise ValueError

            def test_f_subtests(self):
                for n in range(3):
                    with self.subTest(n=n):
                        force()
                        self.assertNotEqual(n, 1)

        class TestSetUpClass(unittest.TestCase):
            @classmethod
            def setUpClass(cls):
                force()
                raise ValueError

            def test_g(self):
                pass

        class TestSetUp(unittest.TestCase):
            def setUp(self):
                force()
                raise ValueError

            def test_h(self):
                pass
        """,
    )
    traced = compared()
    assert traced.outcomes() == {
        "TestAll::test_a": "passed",
        "TestAll::test_b_fails": "failed",
        "TestAll::test_c_skipped": "skipped",
        "TestAll::test_d_skips": "skipped",
        "TestAll::test_e_xfails": "xfailed",
        "TestAll::test_f_subtests": "failed",
        "TestSetUpClass::test_g": "error",
        "TestSetUp::test_h": "failed",
    }
    phases = {
        test["nodeid"].rpartition("::")[2]: "".join(force["phase"][0] for force in test["forces"])
        for test in traced.tests
    }
    # pytest runs setUp, the test and its cleanups as one call.
    assert phases == {
        "test_a": "sccc",
        "test_b_fails": "ccc",
        "test_c_skipped": "",
        "test_d_skips": "cc",
        "test_e_xfails": "ccc",
        "test_f_subtests": "ccccct",
        "test_g": "s",
        "test_h": "ct",
    }


def test_subtests(suite: Suite, compared: Runner) -> None:
    """A test is what its subtests make of it, and its own trace holds them all."""
    suite(
        common=ONES,
        test_it="""
        import pytest
        from common import force

        def test_passes(subtests):
            for n in range(3):
                with subtests.test(n=n):
                    force()

        def test_one_fails(subtests):
            for n in range(3):
                with subtests.test(n=n):
                    force()
                    assert n != 1
            force()

        def test_one_skips(subtests):
            with subtests.test("skipped"):
                force()
                pytest.skip("part")
            force()
        """,
    )
    traced = compared()
    assert [(test["outcome"], len(test["forces"])) for test in traced.tests] == [
        ("passed", 3), ("failed", 4), ("passed", 2),
    ]  # fmt: skip


def test_a_test_that_is_run_twice_has_two_entries(suite: Suite, compared: Runner) -> None:
    """Whether a plugin tells of each run, or of the last one alone."""
    suite(
        common=ONES,
        conftest="""
        from _pytest.runner import runtestprotocol

        def pytest_runtest_protocol(item, nextitem):
            for log in item.name == "test_told", True:
                reports = runtestprotocol(item, nextitem=nextitem, log=log)
            return True
        """,
        test_it="""
        from common import force

        runs = []

        def test_told():
            force()

        def test_untold():
            runs.append(None)
            for _ in runs:
                force()
            assert len(runs) == 2
        """,
    )
    traced = compared()
    assert [(test["nodeid"], test["outcome"], len(test["forces"])) for test in traced.tests] == [
        ("test_it.py::test_told", "passed", 1),
        ("test_it.py::test_told", "passed", 1),
        ("test_it.py::test_untold", "failed", 1),
        ("test_it.py::test_untold", "passed", 2),
    ]


def test_another_plugins_outcome_is_taken_over(suite: Suite, compared: Runner) -> None:
    """What a conftest makes of a report, however early it takes hold of it, and as plugins that rerun say."""
    suite(
        common=ONES,
        conftest="""
        import pytest

        @pytest.hookimpl(wrapper=True, tryfirst=True)
        def pytest_runtest_makereport(item, call):
            report = yield
            if call.when == "call" and item.name == "test_changed":
                report.outcome = "skipped"
                report.longrepr = (__file__, 1, "changed")
            return report
        """,
        test_it="""
        from common import force

        def test_changed():
            force()
            assert False
        """,
    )
    assert compared().outcomes() == {"test_changed": "skipped"}


def test_items_that_are_no_functions(suite: Suite, compared: Runner) -> None:
    """Doctests in modules and in texts, and items that other plugins make of files."""
    suite(
        conftest="""
        import pytest

        def pytest_collect_file(file_path, parent):
            if file_path.suffix == ".sum":
                return SumFile.from_parent(parent, path=file_path)

        class SumFile(pytest.File):
            def collect(self):
                yield SumItem.from_parent(self, name="sum")

        class SumItem(pytest.Item):
            def runtest(self):
                import dask.array as da
                assert da.ones(3).sum() == int(self.path.read_text())

            def repr_failure(self, excinfo):
                return "another sum"
        """,
        calc='''
        """Adds.

        >>> import dask.array as da
        >>> x = da.arange(4, chunks=2).sum()
        >>> int(x)
        6
        """
        ''',
    )
    for name, text in (("three", "3"), ("four", "4")):
        with open(f"{name}.sum", "w") as file:
            file.write(text)
    with open("test_text.txt", "w") as file:
        file.write(">>> import dask.array as da\n>>> bool(da.ones(2).any())\nFalse\n")
    traced = compared("--doctest-modules", "--ignore=conftest.py")
    assert {test["nodeid"]: test["outcome"] for test in traced.tests} == {
        "calc.py::calc": "passed",
        "four.sum::sum": "failed",
        "three.sum::sum": "passed",
        "test_text.txt::test_text.txt": "failed",
    }
    (force,) = traced.test("calc.py::calc")["forces"]
    assert (force["trigger"], force["site"]["file"], force["site"]["line"], force["site"]["code"]) == (
        "__int__", "<doctest calc[2]>", 1, "int(x)",
    )  # fmt: skip
    (force,) = traced.test("three.sum::sum")["forces"]
    assert (force["trigger"], force["site"]["file"], force["site"]["line"]) == ("__bool__", "conftest.py", 14)
