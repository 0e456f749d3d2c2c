"""The two loops that carry out the driver's effects; they differ in the await alone."""

import asyncio
from typing import Any, TypeVar

from jackfield.driver.steps import Await, Call, Clock, Pause, Send, Step, Steps
from jackfield.driver.transport import AsyncTransport, SyncTransport
from jackfield.errors import NotSent

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
        case Call(function):
            return function()
        case Await(future, seconds):
            try:
                return future.result(seconds)
            except TimeoutError:
                raise _late(seconds) from None


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
        case Call(function):
            return await _to_its_end(asyncio.ensure_future(asyncio.to_thread(function)))
        case Await(future, seconds):
            # Shielded: a cancelled task must not cancel the token that others wait for.
            waiting = asyncio.shield(asyncio.wrap_future(future))
            try:
                return await asyncio.wait_for(waiting, seconds)
            except TimeoutError:
                raise _late(seconds) from None


async def _to_its_end(call: "asyncio.Future[Any]") -> Any:
    """Wait for a thread also when the task is cancelled: half a file is worse than a late end."""
    try:
        return await asyncio.shield(call)
    except asyncio.CancelledError:
        await asyncio.wait([call])
        raise


def _late(seconds: float) -> NotSent:
    return NotSent(f"another caller has been getting a token for more than {seconds:.0f} seconds")
