"""Shipped files are found by name, own files by path, and neither by luck."""

import pytest

from twin.errors import ConfigError
from twin.resources import available, data_path, resolve

GOLDEN = "USA_CO_Golden-NREL.724666_TMY3"


def test_bare_name_finds_the_shipped_file():
    assert resolve(GOLDEN, "weather", ".epw") == data_path("weather", f"{GOLDEN}.epw")


def test_name_with_suffix_finds_the_same_file():
    with_suffix = resolve(f"{GOLDEN}.epw", "weather", ".epw")
    assert with_suffix == resolve(GOLDEN, "weather", ".epw")


def test_own_file_comes_before_a_shipped_one(tmp_path, monkeypatch):
    own = tmp_path / f"{GOLDEN}.epw"
    own.write_text("mine")
    monkeypatch.chdir(tmp_path)
    assert resolve(f"{GOLDEN}.epw", "weather", ".epw").read_text() == "mine"


def test_missing_name_says_where_what_and_what_else():
    with pytest.raises(ConfigError) as caught:
        resolve("Goldn", "weather", ".epw")
    message = str(caught.value)
    assert "Goldn: no such file" in message
    assert str(data_path("weather")) in message
    assert GOLDEN in message
    assert "path of an own .epw file" in message


def test_a_path_never_falls_back_to_a_shipped_file(tmp_path):
    missing = tmp_path / f"{GOLDEN}.epw"
    with pytest.raises(ConfigError, match="no such file"):
        resolve(missing, "weather", ".epw")


def test_available_names_have_no_suffix():
    assert GOLDEN in available("weather", ".epw")
