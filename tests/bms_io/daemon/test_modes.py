"""Into auto only with everything, out of it at once."""

import itertools

import pytest

from bms_io.daemon.ladder import Ladder, Rung
from bms_io.daemon.modes import ARMED_FOR_S, Grant, Mode, ModeKeeper

FREE = Grant("", "", "")


@pytest.mark.parametrize("armed", [True, False])
@pytest.mark.parametrize("against", list(itertools.product(["", "no"], repeat=4)))
def test_auto_needs_all_five(against, armed):
    keeper = ModeKeeper(Mode.AUTO)
    assert keeper.mode is Mode.SHADOW
    if armed:
        keeper.arm("ann", 0.0)
    keeper.settle(Grant(*against), 0.0)
    assert (keeper.mode is Mode.AUTO) == (armed and not any(against))


@pytest.mark.parametrize("against", [("no", "", ""), ("", "no", ""), ("", "", "no")])
def test_whatever_goes_ends_auto_and_the_arming(against):
    keeper = ModeKeeper(Mode.AUTO)
    keeper.arm("ann", 0.0)
    keeper.settle(FREE, 0.0)
    change = keeper.settle(Grant(*against), 300.0)
    assert (change.old, change.new, keeper.armed_by) == (Mode.AUTO, Mode.SHADOW, "")
    assert keeper.settle(FREE, 600.0) is None  # not by itself
    assert keeper.mode is Mode.SHADOW


def test_an_arming_that_is_not_used_lapses():
    keeper = ModeKeeper(Mode.AUTO)
    keeper.arm("ann", 0.0)
    keeper.settle(Grant("no", "", ""), 0.0)
    keeper.settle(FREE, ARMED_FOR_S + 1.0)
    assert keeper.mode is Mode.SHADOW


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.SHADOW, Mode.ADVISE])
def test_other_modes_need_nothing(mode):
    keeper = ModeKeeper(mode)
    keeper.settle(Grant("no", "no", "no"), 0.0)
    assert keeper.mode is mode


def test_the_ladder_holds_then_follows_the_rules_then_lets_go():
    rules, none = Ladder(), Ladder()
    H, R, E = Rung.HOLD, Rung.RULES, Rung.RELEASE
    assert [rules.step(True, True) for _ in range(5)] == [H, H, R, R, R]
    assert [none.step(True, False) for _ in range(5)] == [H, H, H, H, E]
    assert rules.step(False, True) is Rung.OPTIMIZE
    assert rules.step(True, True) is H
