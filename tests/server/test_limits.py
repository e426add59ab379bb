"""Pages open in turns."""

from __future__ import annotations

import asyncio

from workbench.server.limits import Turns


def test_a_few_have_their_turn_at_a_time_in_the_order_they_came(own_loop) -> None:
    inside, order, most = 0, [], 0

    async def come(turns: Turns, number: int) -> None:
        nonlocal inside, most
        async with turns.turn():
            inside += 1
            most = max(most, inside)
            order.append(number)
            await asyncio.sleep(0.01)
            inside -= 1

    async def story() -> None:
        turns = Turns(2, 60.0)
        await asyncio.gather(*(come(turns, number) for number in range(7)))

    own_loop(story())
    assert (most, inside, order) == (2, 0, list(range(7)))


def test_whoever_waits_for_long_goes_anyway_and_takes_nobodys_turn(own_loop) -> None:
    done = []

    async def story() -> None:
        turns, stuck = Turns(1, 0.05), asyncio.Event()

        async def hang() -> None:
            async with turns.turn():
                await stuck.wait()
            done.append("hung")

        hanging = asyncio.create_task(hang())
        await asyncio.sleep(0)
        for name in ("second", "third"):
            async with turns.turn():
                done.append(name)
        stuck.set()
        await hanging
        async with turns.turn():  # the one turn there is came back once
            assert turns._free.locked()

    own_loop(story())
    assert done == ["second", "third", "hung"]


def test_a_page_that_breaks_gives_its_turn_back(own_loop) -> None:
    async def story() -> None:
        turns = Turns(1, 60.0)
        for _ in range(2):
            try:
                async with turns.turn():
                    raise OSError
            except OSError:
                pass
        async with turns.turn():
            pass

    own_loop(asyncio.wait_for(story(), 10))
