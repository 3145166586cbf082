"""Points in a real browser: no barrier for anybody, wide and narrow, in both languages."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page

from acquit.actions.add_operator import add_operator
from acquit.actions.context import Context
from acquit.actions.give_points import give_points
from acquit.actions.order_points import order_points
from acquit.actions.set_points_programme import set_points_programme
from acquit.actions.use_points import use_points
from acquit.core.operator import Role
from acquit.store.transaction import Database
from e2e.people import LOOKS, barriers, sign_in
from e2e.trading import trading
from e2e.world import PASSWORD, World
from founding import PETIT
from pointing import PROGRAMME


@pytest.fixture(scope="module")
def context(module_database: Database, data: Path) -> Context:
    made = trading(module_database, data / "papers")
    set_points_programme(made, replace(PROGRAMME, is_sold=True), by="cli")
    give_points(made, PETIT, 1_250, "ten years with us", by="cli")
    use_points(made, PETIT, 200, by="cli")
    order_points(made, PETIT, 500, by="cli")
    add_operator(made, "ada", "Ada", Role.ADMINISTRATOR, PASSWORD, by="system")
    return made


@pytest.fixture(scope="module")
def world(context: Context) -> World:
    return World()


@pytest.mark.parametrize("look", LOOKS)
def test_the_pages_of_points_are_free_of_barriers(
    visitor: Callable[..., Page], world: World, look: str
) -> None:
    found = []
    for door, name, path in (
        ("manager", PETIT, "/manager/points"),
        ("manager", PETIT, "/manager/credit"),
        ("office", "ada", f"/office/accounts/{PETIT}/points"),
    ):
        page = visitor(**LOOKS[look])
        sign_in(page, door, name)
        page.wait_for_url(f"**/{door}")
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        found += barriers(page, path)
    assert not found, "\n".join(found)
