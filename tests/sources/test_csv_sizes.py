"""Files that are larger than any list of people: refused before they fill the memory."""

import tracemalloc

import pytest

from jackfield.errors import ConfigurationError
from jackfield.sources.csv import CsvSettings, CsvSource
from jackfield.sources.csv_file import LARGEST_FILE, LONGEST_LINE

HEADER = b"id,userPrincipalName,accountEnabled\n"
ANA = b"1,ana@example.com,True\n"


def read(folder):
    return CsvSource().read(CsvSettings(path="people.csv"), folder)


def test_file_larger_than_any_list_of_people_is_not_read(tmp_path):
    with (tmp_path / "people.csv").open("wb") as file:
        file.write(HEADER)
        file.truncate(LARGEST_FILE + 1)
    tracemalloc.start()

    with pytest.raises(ConfigurationError, match=f"has {LARGEST_FILE + 1} bytes, over"):
        read(tmp_path)

    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 2**20


@pytest.mark.parametrize("before", [b"", HEADER, HEADER + ANA * 3], ids=["none", "header", "rows"])
def test_line_without_an_end_is_refused_before_it_is_taken_apart(tmp_path, before):
    (tmp_path / "people.csv").write_bytes(before + b"x," * (LONGEST_LINE // 2 + 1))

    with pytest.raises(ConfigurationError, match=r"^people\.csv: a line is over"):
        read(tmp_path)


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"], ids=ascii)
def test_many_lines_are_longer_than_one_may_be(tmp_path, end):
    people = b"".join(b"%d,p%d@example.com,True\n" % (n, n) for n in range(50))
    padding = (b" " * 999_999 + b"\n") * 17
    (tmp_path / "people.csv").write_bytes((HEADER + padding + people).replace(b"\n", end))

    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path)

    assert "a line is over" not in str(caught.value)
