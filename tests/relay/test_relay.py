"""Tunnels, by a real relay process and real connections."""

import asyncio
import os
import signal
import socket
import struct

import pytest

from nexsock.model.tunnel import LOCAL

LIMIT_S = 60.0


async def begun(port, words=b""):
    """A connection on which something was said already."""
    async with asyncio.timeout(LIMIT_S):
        reader, writer = await asyncio.open_connection(LOCAL, port)
        writer.write(words)
        await writer.drain()
        return reader, writer


async def ended(reader, writer):
    """What comes back until the end, once our side has ended."""
    writer.write_eof()
    return await answered(reader, writer)


async def answered(reader, writer):
    """What comes back until the end."""
    try:
        async with asyncio.timeout(LIMIT_S):
            return await reader.read()
    finally:
        writer.close()


async def test_each_side_may_end_before_the_other(world, port, target, say):
    world.lead(port, (LOCAL, await target.begin()))
    assert await say(port, b"hello ") == b"hello goodbye"


async def test_who_comes_before_the_target_may_be_passed_to_is_served_when_it_may(world, port, target):
    world.lead(port, (LOCAL, await target.begin()), passes=False)
    early = await begun(port, b"early ")
    await world.shows(port, waiting=1, connections=0)
    world.lead(port, (LOCAL, target.port))
    assert await ended(*early) == b"early goodbye"


async def test_who_comes_before_the_target_listens_is_served_when_it_does(world, port, target):
    with socket.socket() as probing:
        probing.bind((LOCAL, 0))
        later = probing.getsockname()[1]
    world.lead(port, (LOCAL, later))
    early = [await begun(port, b"%d " % number) for number in range(20)]
    await world.shows(port, waiting=20, error=os.strerror(111))
    await target.begin(later)
    assert [await ended(*one) for one in early] == [b"%d goodbye" % number for number in range(20)]


async def test_who_waits_follows_a_target_that_moves(world, port, target):
    world.lead(port)
    early = await begun(port, b"early ")
    await world.shows(port, waiting=1)
    world.lead(port, (LOCAL, await target.begin()))
    assert await ended(*early) == b"early goodbye"


async def test_a_target_is_looked_for_at_each_of_its_addresses(world, port, target, say):
    world.lead(port, ("::1", 1), (LOCAL, await target.begin()))
    assert await say(port, b"hello ") == b"hello goodbye"


async def test_a_target_may_have_a_name(world, port, target, say):
    world.lead(port, ("localhost", await target.begin()))
    assert await say(port, b"hello ") == b"hello goodbye"


async def test_a_name_that_leads_nowhere_is_told(world, port):
    world.lead(port, ("no.such.host.invalid", 1))
    _, writer = await begun(port)
    async with asyncio.timeout(LIMIT_S):
        while not (error := (await world.figures(port)).get("error")):
            await asyncio.sleep(0.01)
    assert "no.such.host.invalid" in error
    writer.close()


async def test_more_than_may_wait_are_reset_and_told(world, port):
    world.lead(port, passes=False)
    waiting = [await begun(port) for _ in range(world.limit)]
    await world.shows(port, waiting=world.limit)
    with pytest.raises(ConnectionResetError):
        await answered(*await begun(port))
    await world.until(lambda: world.told, "it is told")
    assert world.told == [{"event": "dropped", "listen": port, "reason": "too_many", "count": 1, "error": ""}]
    for _, writer in waiting:
        writer.close()


async def test_who_waits_too_long_is_reset_and_told(world, port):
    world.relay = world.brain(patience_s=0.05)
    world.lead(port, passes=False)
    one_more = await begun(port)
    with pytest.raises(ConnectionResetError):
        await answered(*one_more)
    await world.until(lambda: world.told, "it is told")
    assert world.told == [{"event": "dropped", "listen": port, "reason": "too_long", "count": 1, "error": ""}]


async def test_a_waiting_client_that_is_gone_makes_room(world, port):
    world.lead(port, passes=False)
    _, writer = await begun(port)
    await world.shows(port, waiting=1)
    reset = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
    writer.close()
    await world.shows(port, waiting=0)


async def test_a_slow_reader_holds_its_writer(world, port):
    """Nothing is read for a side that takes nothing, so what is under way is bounded by the buffers of sockets."""
    with socket.create_server((LOCAL, 0)) as listener:
        world.lead(port, (LOCAL, listener.getsockname()[1]))
        _, writer = await begun(port)
        silent, _ = await asyncio.to_thread(listener.accept)
        writer.transport.set_write_buffer_limits(high=0)
        chunk, sent = bytes(1 << 20), 0
        try:
            async with asyncio.timeout(1.0):
                while sent < 64 << 20:
                    writer.write(chunk)
                    sent += len(chunk)
                    await writer.drain()
        except TimeoutError:
            pass
        moved = (await world.figures(port))["bytes_out"]
        assert moved < sent < 64 << 20
        writer.transport.abort()
        silent.close()


async def test_all_bytes_come_through_in_order(world, port, target):
    world.lead(port, (LOCAL, await target.begin()))
    content = os.urandom(1 << 20) * 8
    reader, writer = await begun(port)

    async def send():
        writer.write(content)
        await writer.drain()
        writer.write_eof()

    _, answer = await asyncio.gather(send(), answered(reader, writer))
    assert answer == content + b"goodbye"
    assert (await world.figures(port)).items() >= {"bytes_out": len(content), "bytes_in": len(answer)}.items()


async def test_a_thousand_connections_at_once(world, port, target):
    world.lead(port, (LOCAL, await target.begin()))
    clients = [await begun(port, b"%d " % number) for number in range(1000)]
    await world.shows(port, connections=1000)
    assert [await ended(*one) for one in clients] == [b"%d goodbye" % number for number in range(1000)]
    await world.shows(port, connections=0, accepted=1000, dropped=0)


async def test_a_reset_is_passed_on_as_a_reset(world, port):
    with socket.create_server((LOCAL, 0)) as listener:
        world.lead(port, (LOCAL, listener.getsockname()[1]))
        here = await begun(port, b"hello")
        there, _ = await asyncio.to_thread(listener.accept)
        assert await asyncio.to_thread(there.recv, 5) == b"hello"
        there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        there.close()
        with pytest.raises(ConnectionResetError):
            await answered(*here)


async def test_a_closed_tunnel_refuses_and_lets_its_connections_end(world, port, target):
    world.lead(port, (LOCAL, await target.begin()))
    inside = await begun(port, b"inside ")
    await world.shows(port, connections=1)
    pid = world.relay.pid
    world.relay.close(port)
    await world.until(lambda: not listens(port), "nobody listens")
    assert await ended(*inside) == b"inside goodbye"
    await world.until(lambda: world.relay.pid != pid, "with its last connection the relay ends")


def listens(port):
    with socket.socket() as probing:
        return probing.connect_ex((LOCAL, port)) == 0


async def test_the_next_brain_finds_everything_as_it_was(world, port, target, say):
    world.lead(port, (LOCAL, await target.begin()))
    inside = await begun(port, b"inside ")
    await world.shows(port, connections=1)
    pid = world.relay.pid
    await world.relay.let_go()
    assert await say(port, b"while there is none ") == b"while there is none goodbye"
    world.relay = world.brain()
    await world.relay.take_up()
    world.lead(port, (LOCAL, target.port))
    await world.shows(port, connections=1, accepted=2)
    assert (world.relay.pid, await ended(*inside)) == (pid, b"inside goodbye")


async def test_a_relay_alone_gives_its_addresses_to_the_next_keeper(world, port, target, say):
    """Keeper and brain were both killed: nobody else has the listening sockets."""
    world.lead(port, (LOCAL, await target.begin()))
    await world.shows(port, connections=0)
    await world.relay.let_go()
    await world.vault.drop(f"tunnel shop-1 {port}")
    world.relay = world.brain()
    await world.relay.take_up()
    assert await world.vault.stored() == [f"tunnel shop-1 {port}"]
    world.lead(port, (LOCAL, target.port))
    assert await say(port, b"hello ") == b"hello goodbye"


async def test_an_address_outlives_its_relay(world, port, target, say):
    world.lead(port, (LOCAL, await target.begin()))
    await world.shows(port, connections=0)
    pid = world.relay.pid
    os.kill(pid, signal.SIGKILL)
    assert await say(port, b"hello ") == b"hello goodbye"
    await world.until(lambda: world.relay.pid not in (0, pid), "another relay has taken its place")


async def test_an_address_outlives_brain_and_relay(world, port, target, say):
    world.lead(port, (LOCAL, await target.begin()))
    await world.shows(port, connections=0)
    pid = world.relay.pid
    await world.relay.let_go()
    os.kill(pid, signal.SIGKILL)
    early = await begun(port, b"early ")
    world.relay = world.brain()
    await world.relay.take_up()
    world.lead(port, (LOCAL, target.port))
    assert await ended(*early) == b"early goodbye"


async def test_a_relay_whose_name_was_removed_is_found_by_the_next_brain(world, port, target):
    world.lead(port, (LOCAL, await target.begin()))
    await world.shows(port, connections=0)
    pid = world.relay.pid
    (world.folder / "relay.sock").unlink()
    await world.relay.let_go()
    await world.until((world.folder / "relay.sock").exists, "the relay has a name again")
    world.relay = world.brain()
    await world.relay.take_up()
    assert world.relay.pid == pid
    world.lead(port, (LOCAL, target.port))


async def test_what_nobody_wants_any_more_is_given_up(world, port, target):
    world.lead(port, (LOCAL, await target.begin()))
    await world.shows(port, connections=0)
    await world.relay.let_go()
    world.relay = world.brain()
    await world.relay.take_up()
    world.relay.settle({"shop-1"})
    await world.until(lambda: not listens(port), "nobody listens")


async def test_a_port_of_somebody_else_is_refused(world, port):
    with socket.create_server((LOCAL, port)), pytest.raises(OSError, match="in use"):
        world.lead(port, (LOCAL, 1))
