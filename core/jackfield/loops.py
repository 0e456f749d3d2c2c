"""The two loops that carry out the driver's effects; they differ in the await alone."""

import asyncio
from typing import Any, TypeVar

from jackfield.driver import Await, Clock, Pause, Send, Step, Steps
from jackfield.transport import AsyncTransport, SyncTransport

T = TypeVar("T")


def run(steps: Steps[T], transport: SyncTransport, clock: Clock) -> T:
    """Run to the result in this thread."""
    result: Any = None
    failure: BaseException | None = None
    while True:
        try:
            step = steps.throw(failure) if failure else steps.send(result)
        except StopIteration as done:
            value: T = done.value
            return value
        result, failure = None, None
        try:
            result = _perform(step, transport, clock)
        except BaseException as error:  # noqa: BLE001 - handed to the driver, which decides
            failure = error


def _perform(step: Step, transport: SyncTransport, clock: Clock) -> Any:
    match step:
        case Send(wire):
            return transport.send(wire)
        case Pause(seconds):
            return clock.sleep(seconds)
        case Await(future):
            return future.result()


async def run_async(steps: Steps[T], transport: AsyncTransport, clock: Clock) -> T:
    """Run to the result in this task."""
    result: Any = None
    failure: BaseException | None = None
    while True:
        try:
            step = steps.throw(failure) if failure else steps.send(result)
        except StopIteration as done:
            value: T = done.value
            return value
        result, failure = None, None
        try:
            result = await _perform_async(step, transport, clock)
        except BaseException as error:  # noqa: BLE001 - handed to the driver, which decides
            failure = error


async def _perform_async(step: Step, transport: AsyncTransport, clock: Clock) -> Any:
    match step:
        case Send(wire):
            return await transport.send(wire)
        case Pause(seconds):
            return await clock.sleep_async(seconds)
        case Await(future):
            # Shielded: a cancelled task must not cancel the token that others wait for.
            return await asyncio.shield(asyncio.wrap_future(future))
