"""The demo of the whole loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.demo import Demo, RolloutDemo
from fleet.model import RolloutState

if TYPE_CHECKING:
    from pathlib import Path


async def test_the_demo_rolls_out_stops_and_takes_back(tmp_path: Path) -> None:
    demo = RolloutDemo(demo=Demo(folder=tmp_path / "demo", phones=2), deadline=4)
    app = demo.prepare()
    said: list[str] = []
    try:
        await demo.run(app, said.append, lambda _app: lambda *_: None)
        states = [rollout.state for rollout in app.store.rollouts.load()]
    finally:
        app.close()
    assert states == [RolloutState.DONE, RolloutState.ROLLED_BACK, RolloutState.DONE]
    assert any("rejects the inventory's user and password" in each for each in said)
