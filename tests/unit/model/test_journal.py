"""The trace file: what is appended can be read back, whatever became of the rest."""

from __future__ import annotations

import errno
import json
import os
import pickle
import signal
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lazyscope
from lazyscope.errors import TraceFileError
from lazyscope.model import events, journal, journal_file
from lazyscope.model.trace import assemble
from lazyscope.model.trace import load as load_trace

HEADER = events.Header(
    version=journal.FORMAT_VERSION,
    lazyscope="0.1.0",
    started=1_700_000_000.25,
    argv=["kmeans.py", "--token", "***"],
    versions={"python": "3.13.0", "dask": "2026.8.0"},
)

FRAMES: list[list[Any]] = [
    [HEADER],
    [
        events.Text("MainThread"),
        events.File("kmeans.py", "user", None, zlib.compress(b"import dask\n")),
        events.Code(0, "<module>", 1),
        events.Position(0, 3, 3, 0, 9, "CALL", (3, 3, 4, 8)),
        events.Stack([0]),
    ],
    [
        events.Layer(name=0, operation=0, tasks=4, reads=[], blocks=[4], chunk=[2, None], chunk_bytes=16),
        events.Layout([8, None], [4, 1], [2, None]),
        events.Call(0.5, 0, 0, None, [0], [(0, 0, 0)], 0),
    ],
    [
        events.ForceBegin(
            id=1, parent=None, at=0.75, trigger="__array__", site=0, user_site=0, inherited=False, entry=None,
            stack=0, scheduler="threads", thread=0, wanted=[events.Wanted(0, 4, 1, b"\x0f", 1)], tasks=4,
            tasks_repeated=1, tasks_exact=True, results=[0], expected_bytes=80 * 10**12,
        )
    ],
    [events.ForceEnd(id=1, completed=True, seconds=0.25, bytes=64)],
    [events.BlindSpot("something", 3), events.End(seconds=1.5, ended="ok", status=0)],
]  # fmt: skip
"""A small journal, frame by frame."""

ENCODED = [journal_file.encode_frame(frame) for frame in FRAMES]
WHOLE = journal.MAGIC + b"".join(ENCODED)
ENDS = [len(journal.MAGIC) + sum(map(len, ENCODED[: number + 1])) for number in range(len(ENCODED))]
"""Where each frame of `WHOLE` ends."""


def records(count: int) -> list[Any]:
    """The records of the first frames of the small journal."""
    return [record for frame in FRAMES[:count] for record in frame]


def whole_frames(length: int) -> int:
    """How many frames lie within the first bytes of the small journal."""
    return sum(end <= length for end in ENDS)


def frame_of(payload: bytes) -> bytes:
    """A frame with a correct checksum around any payload."""
    return len(payload).to_bytes(4, "little") + zlib.crc32(payload).to_bytes(4, "little") + payload


def packed(*rows: list[Any]) -> bytes:
    """A frame of plain rows, such as another version of lazyscope would write."""
    return frame_of(msgspec.msgpack.encode(rows))


RECORD_CLASSES = get_args(events.AnyRecord)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Values that a field of this type may have."""
    plain: dict[Any, st.SearchStrategy[Any]] = {
        int: st.integers(-(2**63), 2**64 - 1),
        float: st.floats(allow_nan=False),
        str: TEXTS,
        bool: st.booleans(),
        bytes: st.binary(max_size=20),
        type(None): st.none(),
    }
    if kind in plain:
        return plain[kind]
    arguments = get_args(kind)
    origin = getattr(kind, "__origin__", None)
    if origin is list:
        return st.lists(values_of(arguments[0]), max_size=3)
    if origin is tuple:
        return st.tuples(*map(values_of, arguments))
    if origin is dict:
        return st.dictionaries(*map(values_of, arguments), max_size=3)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return instances_of(kind)
    return st.one_of(map(values_of, arguments))


def instances_of(kind: type[Any]) -> st.SearchStrategy[Any]:
    fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
    return st.builds(kind, **{name: values_of(type_) for name, type_ in fields.items()})


class TestRoundTrip:
    """What was appended is what is read."""

    @pytest.mark.parametrize("kind", RECORD_CLASSES, ids=lambda kind: kind.__name__)
    @given(data=st.data())
    @settings(max_examples=25, deadline=None)
    def test_every_record_is_read_as_it_was_written(self, kind: type[Any], data: st.DataObject) -> None:
        """Whatever values its fields have."""
        written = data.draw(st.lists(instances_of(kind), min_size=1, max_size=3))
        reading = journal.read_records(WHOLE[: ENDS[0]] + journal_file.encode_frame(written))
        assert reading == ([HEADER, *written], 0)

    def test_a_file_holds_what_memory_holds(self, tmp_path: Path) -> None:
        """The same frames, byte for byte."""
        on_disk, in_memory = journal_file.JournalFile(tmp_path / "t.lazy"), journal_file.JournalMemory()
        for frame in ENCODED:
            on_disk.append(frame)
            in_memory.append(frame)
        on_disk.close()
        in_memory.close()
        assert (tmp_path / "t.lazy").read_bytes() == in_memory.content() == WHOLE
        assert journal.read_file(tmp_path / "t.lazy") == (records(6), 0)

    def test_records_may_come_from_any_iterable(self) -> None:
        """A generator makes the same frame as a list."""
        assert journal_file.encode_frame(iter(FRAMES[1])) == ENCODED[1]

    def test_names_that_cannot_be_encoded_are_spelled_out(self) -> None:
        """Undecodable file names and arguments hold lone surrogates, which UTF-8 lacks; bytes stay."""
        written = [events.Text("dir/\udcff.py"), events.File("\udc80", "user", None, b"\xff\x00")]
        reading = journal.read_records(WHOLE[: ENDS[0]] + journal_file.encode_frame(written))
        assert reading.records[1:] == [
            events.Text("dir/\\udcff.py"), events.File("\\udc80", "user", None, b"\xff\x00"),
        ]  # fmt: skip


class TestDamage:
    """What is left of a damaged journal."""

    def test_every_cut_leaves_the_whole_frames_before_it(self) -> None:
        """At each byte: never another error than `TraceFileError`, never a record too many or too few."""
        for length in range(len(WHOLE) + 1):
            kept = whole_frames(length)
            if kept == 0:
                with pytest.raises(TraceFileError):
                    journal.read_records(WHOLE[:length])
            else:
                lost = length - ENDS[kept - 1]
                assert journal.read_records(WHOLE[:length]) == (records(kept), lost), length

    def test_every_flipped_byte_loses_its_frame_and_what_follows(self) -> None:
        """Nothing before it, and nothing wrong is read."""
        for place in range(len(WHOLE)):
            for flip in (0x01, 0x80, 0xFF):
                damaged = bytearray(WHOLE)
                damaged[place] ^= flip
                kept = whole_frames(place)
                if kept == 0:
                    with pytest.raises(TraceFileError):
                        journal.read_records(bytes(damaged))
                else:
                    expected = (records(kept), len(WHOLE) - ENDS[kept - 1])
                    assert journal.read_records(bytes(damaged)) == expected, place

    @pytest.mark.parametrize("count", range(1, len(FRAMES) + 1))
    def test_every_prefix_can_be_assembled(self, count: int) -> None:
        """Numbers refer backwards only, so a killed program's trace is whole as far as it goes."""
        trace = assemble(journal.read_records(WHOLE[: ENDS[count - 1]]))
        assert [len(trace.positions), len(trace.calls), len(trace.forces)] == [
            int(count >= 2), int(count >= 3), int(count >= 4),
        ]  # fmt: skip
        assert trace.ended == ("ok" if count == 6 else "killed")
        assert (trace.running is not None) is (count == 4)

    @pytest.mark.parametrize(
        "payload",
        [
            b"", b"\xc1", b"\xc0", b"\x90" * 3, b"\xdd\xff\xff\xff\xff", b"\x91\xdd\xff\xff\xff\xff",
            b"\x91" * 200_000, b"\x91\x92\xa1T\xdb\xff\xff\xff\xff", b"\x91\x92\xa1T\xa2\xff\xfe",
            b"\x91\x92\xa1T\x07", b"\x91\x91\xa1T",
            b"\x91\x92\xa2??\x07", b"\x91\x81\xa1a\xa1b", b"\x91\xd4\x01\x00", b"\x05",
        ],
    )  # fmt: skip
    def test_bytes_that_are_no_records_end_the_reading(self, payload: bytes) -> None:
        """Even with a correct checksum: lengths that lie, nesting without end, wrong types, no UTF-8."""
        frame = frame_of(payload)
        assert journal.read_records(WHOLE[: ENDS[1]] + frame + ENCODED[2]) == (
            records(2), len(frame) + len(ENCODED[2]),
        )  # fmt: skip
        with pytest.raises(TraceFileError, match="holds no whole record"):
            journal.read_records(journal.MAGIC + frame)

    @given(st.binary(max_size=200))
    @settings(max_examples=300, deadline=None)
    def test_any_bytes_behind_the_magic_are_harmless(self, content: bytes) -> None:
        """A reading or one clear error."""
        for start in (journal.MAGIC, WHOLE[: ENDS[0]]):
            try:
                reading = journal.read_records(start + content)
            except TraceFileError:
                assert start == journal.MAGIC
            else:
                assert reading.records[0] == HEADER

    def test_an_end_whose_begin_is_not_there_is_passed_over(self) -> None:
        """No journal of ours has one; a file made by somebody else must not end in a traceback."""
        content = WHOLE[: ENDS[0]] + journal_file.encode_frame(FRAMES[4])
        assert assemble(journal.read_records(content)).forces == []


FOREIGN = "is not a lazyscope trace: give a .lazy file that `lazyscope run` wrote"


class TestForeignFiles:
    """Files that are no traces give one clear line."""

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "is empty: record a trace with `lazyscope run SCRIPT`"),
            (b"lazyscope tra", "is cut off before its first record: run the program again"),
            (journal.MAGIC,
             "holds no whole record: the program ended before anything was written; run it again"),
            (b"\x89PNG\r\n\x1a\n" + bytes(100), FOREIGN),
            (pickle.dumps([1, 2]), FOREIGN),
            (b"import dask\n", FOREIGN),
            (b"lazyscope trace\r\n", FOREIGN),
            (json.dumps({"schema_version": 1}).encode(), FOREIGN),
            (journal.MAGIC + packed(["H", 2, "9.0", 0.0, [], {}]),
             "was written by a newer lazyscope (format 2, this one reads 1): upgrade with "
             "`pip install -U lazyscope`"),
            (journal.MAGIC + packed(["H", 3, {"new": "fields"}], ["?", 1]),
             "was written by a newer lazyscope (format 3, this one reads 1): upgrade with "
             "`pip install -U lazyscope`"),
        ],
    )  # fmt: skip
    def test_one_line_says_what_it_is(self, tmp_path: Path, content: bytes, message: str) -> None:
        """And what to do; every way of reading says the same."""
        file = tmp_path / "x.lazy"
        file.write_bytes(content)
        for read in (journal.read_file, load_trace, lazyscope.load):
            with pytest.raises(TraceFileError) as raised:
                read(file)
            assert str(raised.value) == f"{file} {message}"
            assert raised.value.__suppress_context__ or raised.value.__context__ is None

    def test_a_missing_file_and_a_directory(self, tmp_path: Path) -> None:
        """As clear as the others."""
        with pytest.raises(
            TraceFileError, match=r"^no trace at .*none\.lazy: record one with `lazyscope run"
        ):
            journal.read_file(tmp_path / "none.lazy")
        with pytest.raises(TraceFileError, match=r"^cannot read .*: Is a directory$"):
            journal.read_file(tmp_path)

    def test_nothing_in_a_file_is_executed(self, tmp_path: Path) -> None:
        """A pickle that would leave a mark leaves none, and reading does not even import `pickle`."""
        mark = tmp_path / "mark"
        payload = pickle.dumps(_Touch(mark))
        (tmp_path / "plain.lazy").write_bytes(payload)
        (tmp_path / "framed.lazy").write_bytes(journal.MAGIC + frame_of(payload))
        (tmp_path / "inside.lazy").write_bytes(
            WHOLE[: ENDS[0]] + journal_file.encode_frame([events.File("x.py", "user", None, payload)])
        )
        program = (
            "import sys; from pathlib import Path; from lazyscope.model import journal\n"
            "from lazyscope.errors import TraceFileError\n"
            "for name in sys.argv[1:]:\n"
            "    try: print(len(journal.read_file(Path(name)).records))\n"
            "    except TraceFileError: print('refused')\n"
            "print({'pickle', 'marshal_', 'shelve', 'dask'} & set(sys.modules))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, "plain.lazy", "framed.lazy", "inside.lazy"],
            cwd=tmp_path, capture_output=True, check=False, text=True,
            env={**os.environ, "PYTHONPATH": str(Path(lazyscope.__file__).parents[1])},
        )  # fmt: skip
        assert (done.stdout, done.stderr) == ("refused\nrefused\n2\nset()\n", "")
        assert not mark.exists()


class _Touch:
    """Pickles as an instruction to make a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self._path,)


class TestCompatibility:
    """Files of other versions with the same format number."""

    @pytest.mark.parametrize("kind", RECORD_CLASSES, ids=lambda kind: kind.__name__)
    @given(data=st.data())
    @settings(max_examples=5, deadline=None)
    def test_fields_that_a_later_version_appended_are_ignored(
        self, kind: type[Any], data: st.DataObject
    ) -> None:
        """Of whatever type they are."""
        written = data.draw(instances_of(kind))
        longer = [*msgspec.msgpack.decode(msgspec.msgpack.encode(written)), "new", 7, [None, {"a": 1}]]
        assert journal.read_records(WHOLE[: ENDS[0]] + packed(longer)) == ([HEADER, written], 0)

    def test_fields_appended_to_what_a_force_wants_are_ignored(self) -> None:
        """A record inside a record may grow too."""
        row = msgspec.msgpack.decode(msgspec.msgpack.encode(FRAMES[3][0]))
        place = next(number for number, value in enumerate(row) if value == [[0, 4, 1, b"\x0f", 1]])
        row[place] = [[0, 4, 1, b"\x0f", 1, "new"]]
        assert journal.read_records(WHOLE[: ENDS[2]] + packed(row)) == (records(4), 0)

    @pytest.mark.parametrize("kind", RECORD_CLASSES, ids=lambda kind: kind.__name__)
    @given(data=st.data())
    @settings(max_examples=5, deadline=None)
    def test_fields_that_an_earlier_version_lacked_have_their_default(
        self, kind: type[Any], data: st.DataObject
    ) -> None:
        """So traces made before a field was appended are read."""
        written = data.draw(instances_of(kind))
        fields = msgspec.structs.fields(kind)
        required = [field.name for field in fields if field.required]
        shorter = msgspec.msgpack.decode(msgspec.msgpack.encode(written))[: 1 + len(required)]
        expected = kind(**{name: getattr(written, name) for name in required})
        assert fields[: len(required)] == tuple(field for field in fields if field.required)
        assert journal.read_records(WHOLE[: ENDS[0]] + packed(shorter)) == ([HEADER, expected], 0)


class TestWriting:
    """How a journal comes to lie on disk."""

    def test_each_frame_is_on_disk_when_append_returns(self, tmp_path: Path) -> None:
        """At the end of what was there before, so that a reader may look at any time."""
        path = tmp_path / "t.lazy"
        file = journal_file.JournalFile(path)
        assert path.read_bytes() == journal.MAGIC
        for number, frame in enumerate(ENCODED):
            file.append(frame)
            assert path.read_bytes() == WHOLE[: ENDS[number]]
            assert journal.read_file(path) == (records(number + 1), 0)
        file.close()

    @pytest.mark.parametrize(
        "change",
        [lambda path: os.truncate(path, 0), lambda path: path.write_bytes(WHOLE)],
        ids=["cut", "written over"],
    )
    def test_it_writes_no_more_where_somebody_else_has_changed_the_file(
        self, tmp_path: Path, change: Callable[[Path], object]
    ) -> None:
        """Another run with --overwrite: what both write could not be read."""
        path = tmp_path / "t.lazy"
        file = journal_file.JournalFile(path)
        file.append(ENCODED[0])
        change(path)
        left = path.read_bytes()
        with pytest.raises(OSError, match="changed by another program"):
            file.append(ENCODED[1])
        file.close()
        assert path.read_bytes() == left

    @pytest.mark.skipif(os.name == "nt", reason="descriptors as POSIX numbers them")
    def test_a_file_of_the_program_that_has_its_number_is_not_written_to(self, tmp_path: Path) -> None:
        """As daemons do: all descriptors are closed, and the next file that is opened gets the number."""
        path = tmp_path / "t.lazy"
        file = journal_file.JournalFile(path)
        os.close(file._descriptor)
        mine = os.open(tmp_path / "mine", os.O_RDWR | os.O_CREAT)
        assert mine == file._descriptor
        file.append(ENCODED[0])
        file.append(ENCODED[1])
        file.close()
        os.write(mine, b"still open")
        os.close(mine)
        assert (tmp_path / "mine").read_bytes() == b"still open"
        assert path.read_bytes() == journal.MAGIC + ENCODED[0] + ENCODED[1]

    def test_a_file_without_room_whose_number_is_the_programs_is_not_cut(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The descriptor is looked at before the file is cut, too."""
        path = tmp_path / "t.lazy"
        file = journal_file.JournalFile(path)
        write = os.write

        def fails(descriptor: int, data: Any) -> int:
            write(descriptor, data[:5])
            os.close(descriptor)
            assert os.open(tmp_path / "mine", os.O_RDWR | os.O_CREAT) == descriptor
            write(descriptor, b"the program's own and longer than the journal is")
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "write", fails)
        with pytest.raises(OSError, match="No space left"):
            file.append(ENCODED[0])
        assert (tmp_path / "mine").read_bytes() == b"the program's own and longer than the journal is"
        assert path.read_bytes() == journal.MAGIC

    @pytest.mark.parametrize("replaced", [False, True])
    def test_what_was_written_can_be_read_when_the_program_removes_the_file(
        self, tmp_path: Path, replaced: bool
    ) -> None:
        """The descriptor still leads to it, and what stands in its place is left alone."""
        path = tmp_path / "t.lazy"
        file = journal_file.JournalFile(path)
        file.append(ENCODED[0])
        path.unlink()
        if replaced:
            path.write_bytes(b"mine")
        file.append(ENCODED[1])
        assert (file.exists, file.content()) == (False, journal.MAGIC + ENCODED[0] + ENCODED[1])
        file.close()
        assert file.content() == journal.MAGIC + ENCODED[0] + ENCODED[1]
        assert path.exists() == replaced
        assert not replaced or path.read_bytes() == b"mine"

    def test_a_file_removed_and_its_descriptor_closed_cannot_be_written(self, tmp_path: Path) -> None:
        """And no other file is made in its place."""
        path = tmp_path / "t.lazy"
        file = journal_file.JournalFile(path)
        os.close(file._descriptor)
        path.unlink()
        with pytest.raises(OSError, match="No such file"):
            file.append(ENCODED[0])
        file.close()
        assert not path.exists()

    def test_an_interrupt_in_the_middle_of_a_frame_leaves_whole_frames(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It may come after all was written and before that is known."""
        path = tmp_path / "t.lazy"
        file = journal_file.JournalFile(path)
        write = os.write

        def interrupted(descriptor: int, data: Any) -> int:
            write(descriptor, data)
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(os, "write", interrupted)
            with pytest.raises(KeyboardInterrupt):
                file.append(ENCODED[0])
        file.append(ENCODED[0])
        file.close()
        assert path.read_bytes() == journal.MAGIC + ENCODED[0]

    def test_numbers_that_no_reader_knows_are_the_largest_one(self) -> None:
        """A graph can have more tasks than 64 bits count; the records around it keep their places."""
        written = [events.Text("a"), events.Layer(0, 0, 10**30, [0, -(10**30)]), events.Text("b")]
        frame = WHOLE[: ENDS[0]] + journal_file.encode_frame(written)
        read = journal.read_records(frame).records[1:]
        assert read == [events.Text("a"), events.Layer(0, 0, 2**63 - 1, [0, 1 - 2**63]), events.Text("b")]

    def test_an_existing_file_is_refused(self, tmp_path: Path) -> None:
        """It stays as it was, also where it is a link to nowhere or a directory."""
        path = tmp_path / "t.lazy"
        path.write_bytes(b"mine")
        (tmp_path / "link.lazy").symlink_to(tmp_path / "nowhere")
        (tmp_path / "folder.lazy").mkdir()
        for name in ("t.lazy", "link.lazy", "folder.lazy"):
            with pytest.raises(TraceFileError) as raised:
                journal_file.JournalFile(tmp_path / name)
            assert str(raised.value) == (
                f"{tmp_path / name} exists and would be lost: give another name with -o, or --overwrite"
            )
        assert path.read_bytes() == b"mine"
        assert not (tmp_path / "nowhere").exists()

    def test_overwriting_leaves_nothing_of_the_old_file(self, tmp_path: Path) -> None:
        """Also where the old one was longer."""
        path = tmp_path / "t.lazy"
        path.write_bytes(b"x" * 10_000)
        journal_file.JournalFile(path, overwrite=True).close()
        assert path.read_bytes() == journal.MAGIC

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("none/t.lazy", "No such file or directory"),
            ("file/t.lazy", "Not a directory"),
            (".", "Is a directory"),
        ],
    )
    def test_a_place_that_cannot_be_written_is_one_clear_error(
        self, tmp_path: Path, name: str, reason: str
    ) -> None:
        """It names the place and the reason."""
        (tmp_path / "file").touch()
        path = tmp_path / name
        with pytest.raises(TraceFileError) as raised:
            journal_file.JournalFile(path, overwrite=True)
        assert str(raised.value) == f"cannot write {path}: {reason}; give another name with -o"

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    def test_a_full_disk_is_one_clear_error(self) -> None:
        """Where not even the first bytes have room."""
        with pytest.raises(TraceFileError, match=r"^cannot write /dev/full: No space left on device; "):
            journal_file.JournalFile(Path("/dev/full"), overwrite=True)

    @pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="needs limits on the size of files")
    def test_a_frame_without_room_leaves_no_half_behind(self, tmp_path: Path) -> None:
        """What was written before can be read, and the header says with which error it ends."""
        program = (
            "import resource, sys; from pathlib import Path\n"
            "from lazyscope.model import events, journal_file\n"
            "file = journal_file.JournalFile(Path('t.lazy'))\n"
            "file.append(bytes.fromhex(sys.argv[1]))\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))\n"
            "try: file.append(journal_file.encode_frame([events.Text('long' * 1000)]))\n"
            "except OSError as error: file.mark_ended(error); print(error.strerror)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, ENCODED[0].hex()], cwd=tmp_path, capture_output=True, check=False,
            text=True, env={**os.environ, "PYTHONPATH": str(Path(lazyscope.__file__).parents[1])},
        )  # fmt: skip
        assert (done.stdout, done.stderr) == ("File too large\n", "")
        marked = msgspec.structs.replace(HEADER, write_error=errno.EFBIG)
        assert journal.read_file(tmp_path / "t.lazy") == ([marked], 0)

    def test_the_path_stays_right_when_the_program_changes_directory(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A relative path is one relative to where the journal was opened."""
        monkeypatch.chdir(tmp_path)
        file = journal_file.JournalFile(Path("t.lazy"))
        file.close()
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir("elsewhere")
        assert file.path == tmp_path / "t.lazy"
        assert file.path.read_bytes() == journal.MAGIC

    def test_a_closed_journal_never_writes_again(self, tmp_path: Path) -> None:
        """Least of all into the program's file that was opened next and has its number now."""
        file = journal_file.JournalFile(tmp_path / "t.lazy")
        file.close()
        with (tmp_path / "other").open("wb"):
            file.append(ENCODED[0])
        assert (tmp_path / "t.lazy").read_bytes() == journal.MAGIC
        assert (tmp_path / "other").read_bytes() == b""

    def test_a_deferred_journal_is_created_with_its_first_frame(self, tmp_path: Path) -> None:
        """One that nothing was written to leaves no file."""
        path = tmp_path / "t.lazy"
        unused = journal_file.DeferredJournal(path)
        unused.close()
        assert (path.exists(), unused.begun) == (False, False)
        used = journal_file.DeferredJournal(path)
        used.append(ENCODED[0])
        used.close()
        assert (path.read_bytes(), used.begun) == (WHOLE[: ENDS[0]], True)
        journal_file.DeferredJournal(None).append(ENCODED[0])
