"""Files and functions stay small enough to hold in the head."""

from tests.architecture import source


def test_no_python_file_is_longer_than_400_lines() -> None:
    too_long = {source.name(file): count for file in source.python_files() if (count := len(file.read_text().splitlines())) > 400}
    assert too_long == {}


def test_no_template_is_longer_than_200_lines() -> None:
    too_long = {source.name(file): count for file in source.templates() if (count := len(file.read_text().splitlines())) > 200}
    assert too_long == {}


def test_no_function_is_longer_than_50_lines_and_19_of_20_have_25_at_most() -> None:
    sizes = {f"{source.name(file)}:{node.name}": source.lines_of(node) for file in source.python_files() for node in source.functions(file)}
    assert {place: size for place, size in sizes.items() if size > 50} == {}
    assert sorted(sizes.values())[int(len(sizes) * 0.95)] <= 25
