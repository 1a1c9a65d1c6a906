from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import BadInput
from newsletter.readers.csv_file import (
    BadLine,
    CsvFile,
    ReaderRow,
    guarded,
    read_list,
    unguarded,
    write_list,
)


def written(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "readers.csv"
    path.write_bytes(text.encode(encoding))
    return path


def rows(tmp_path: Path, text: str, encoding: str = "utf-8") -> list[ReaderRow | BadLine]:
    return list(CsvFile(written(tmp_path, text, encoding)).rows())


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_each_usual_delimiter_is_understood(tmp_path: Path, delimiter: str) -> None:
    text = delimiter.join(["Email", "Full Name", "Consent source"]) + "\n"
    text += delimiter.join(["ada@example.org", "Ada", "form"]) + "\n"
    assert rows(tmp_path, text) == [ReaderRow(2, address="ada@example.org", name="Ada", consent="form")]


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "^"])
@pytest.mark.parametrize("line", ["sep={}\r\n", '"sep={}"\n', "SEP={}\n"])
def test_a_spreadsheets_line_that_names_the_delimiter_is_understood(
    tmp_path: Path, line: str, delimiter: str
) -> None:
    text = line.format(delimiter) + delimiter.join(["email", "name"]) + "\r\n"
    text += delimiter.join(["ada@example.org", "Ada"]) + "\r\n"
    assert rows(tmp_path, text, "utf-8-sig") == [ReaderRow(3, address="ada@example.org", name="Ada")]
    with pytest.raises(
        BadInput, match=r"readers\.csv:2: the first line must name the columns, and it is empty"
    ):
        CsvFile(written(tmp_path, "sep=;\n"))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1), max_size=5))
def test_a_list_in_a_cell_is_read_as_it_was_written(texts: list[str]) -> None:
    assert read_list(write_list(texts)) == texts


@pytest.mark.parametrize(
    ("cell", "texts"),
    [
        ('"Editors","GTM - 11/20"', ["Editors", "GTM - 11/20"]),
        ('["a, b", "c"]', ["a, b", "c"]),
        ("weekly, tools", ["weekly", "tools"]),
        ("coding; vision;coding", ["coding", "vision", "coding"]),
        ('5" disk, a|b', ['5" disk', "a", "b"]),
        ("[]", []),
        (" ; ,", []),
    ],
)
def test_lists_are_read_as_other_programs_write_them(cell: str, texts: list[str]) -> None:
    assert read_list(cell) == texts


@given(st.text())
def test_a_guarded_cell_is_read_as_it_was(cell: str) -> None:
    assert unguarded(guarded(cell)) == cell


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_utf_8_and_marked_utf_16_are_read(tmp_path: Path, encoding: str) -> None:
    assert rows(tmp_path, "email,name\r\nada@example.org,Adå\r\n", encoding) == [
        ReaderRow(2, address="ada@example.org", name="Adå")
    ]


def test_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, "email,name\nbob@example.org,Bob\nada@example.org,Adå\n", "latin-1")
    with pytest.raises(BadInput, match=r"readers\.csv:3: this is not UTF-8"):
        CsvFile(path)


def test_another_encoding_far_down_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    text = "email,name\n" + "bob@example.org,Bob\n" * 9_998 + "ada@example.org,Adå\n"
    file = CsvFile(written(tmp_path, text, "latin-1"))
    with pytest.raises(BadInput, match=r"readers\.csv:10000: this is not UTF-8"):
        _ = file.row_count


def test_another_encoding_in_the_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"readers\.csv:1: this is not UTF-8"):
        CsvFile(written(tmp_path, "adresse électronique\n", "latin-1"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"PK\x03\x04\x14\0\x06\0", "a spreadsheet's own file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "a spreadsheet's own file"),
        (b"\x1f\x8b\x08\0", "a compressed file"),
        (b"%PDF-1.7", "a PDF"),
        ("email\nada@example.org\n".encode("utf-16-le"), "UTF-16 without its byte order mark"),
        (b"SQLite format 3\0" + b"x" * 100, "no text file"),
    ],
)
def test_what_is_no_csv_file_is_named(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "readers.csv"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=sentence) as raised:
        CsvFile(path)
    assert str(raised.value).isprintable()


def test_half_a_utf_16_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "readers.csv"
    path.write_bytes("email\nada@example.org\n".encode("utf-16")[:-1])
    with pytest.raises(BadInput, match="this is not UTF-8"):
        _ = CsvFile(path).row_count


@pytest.mark.parametrize("header", ["address", "E-Mail", "EMAIL_ADDRESS", "  e-mail   address ", '"Mail"'])
def test_the_address_column_goes_by_many_names(tmp_path: Path, header: str) -> None:
    assert rows(tmp_path, f"{header}\nada@example.org\n") == [ReaderRow(2, address="ada@example.org")]


def test_a_column_of_any_name_can_be_mapped(tmp_path: Path) -> None:
    path = written(tmp_path, "Adresse;email;Herkunft\nada@example.org;old@example.org;Messe\n")
    file = CsvFile(path, {"adresse": "address", "Herkunft": "consent"})
    assert list(file.rows()) == [ReaderRow(2, address="ada@example.org", consent="Messe")]
    assert file.ignored == ("email",)


def test_a_mapped_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no column 'mail2' among: email, name"):
        CsvFile(written(tmp_path, "email,name\n"), {"Mail2": "address"})


def test_two_columns_of_one_meaning_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="the columns 'Email' and 'Address' both mean address"):
        CsvFile(written(tmp_path, "Email,Address\n"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the first line must name the columns, and it is empty"),
        ("\n\nemail\n", "the first line must name the columns, and it is empty"),
        ("ada@example.org\nbob@example.org\n", "and it holds an address"),
        ("email" * 30_000, "and it has over 100,000 characters"),
        ("name,telephone\n", "no column is called address or email, only: name, telephone"),
    ],
)
def test_a_file_without_a_usable_header_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=f"readers.csv:1: .*{sentence}"):
        CsvFile(written(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nobody\.csv: this file cannot be read: No such file"):
        CsvFile(tmp_path / "nobody.csv")


def test_lines_are_counted_through_quoted_line_breaks_and_blank_lines(tmp_path: Path) -> None:
    text = 'email,name\nada@example.org,"Ada\nLovelace"\n\n,\nbob@example.org\n'
    assert rows(tmp_path, text) == [
        ReaderRow(2, address="ada@example.org", name="Ada\nLovelace"),
        ReaderRow(6, address="bob@example.org"),
    ]


def test_a_row_with_too_many_cells_is_a_bad_line(tmp_path: Path) -> None:
    assert rows(tmp_path, "email,name\nada@example.org,Lovelace, Ada\nbob@example.org,Bob\n") == [
        BadLine(2, "has 3 cells, and the header has 2: a cell may need quotes"),
        ReaderRow(3, address="bob@example.org", name="Bob"),
    ]


@pytest.mark.parametrize("cell", ['"Ada', '"Ada" Lovelace', '"Ada" "Byron" Lovelace'])
def test_quotes_that_do_not_match_refuse_the_file_before_anything_is_read(tmp_path: Path, cell: str) -> None:
    file = CsvFile(written(tmp_path, f"email,name\nbob@example.org,Bob\nada@example.org,{cell}\n"))
    with pytest.raises(BadInput, match=r"readers\.csv:3: the quotes do not match here"):
        _ = file.row_count


def test_line_endings_of_every_system_are_read(tmp_path: Path) -> None:
    assert rows(tmp_path, "email\rada@example.org\rbob@example.org\r") == rows(
        tmp_path, "email\r\nada@example.org\r\nbob@example.org\r\n"
    )


def test_a_cell_beyond_all_measure_is_said_to_be_too_long(tmp_path: Path) -> None:
    file = tmp_path / "readers.csv"
    file.write_text(f"address,name\nada@example.org,{'x' * 140_000}\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"readers\.csv:2: a cell here has more than 131,072 characters"):
        list(CsvFile(file).rows())
