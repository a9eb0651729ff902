"""Several processes and one Redis: what one invalidates no other finds, whoever is reading just then."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from botsite.caching.models import PendingInvalidation
from tests.botsite.caching.conftest import USER, answers
from tests.botsite.caching.peer import MISSING, Peer
from tests.faults.proxy import TcpProxy
from tests.faults.stores import RedisServer
from tests.processes import wait_until

SESSION = {"channel": "shop", "session": "s1"}


def test_what_one_process_loaded_another_finds(peer: Peer, other: Peer) -> None:
    peer.ask("load", parts=USER, value={"name": "Ana"})

    assert other.ask("load", parts=USER, value="unused") == {"value": {"name": "Ana"}, "loads": 0}


def test_an_invalidation_reaches_the_memory_of_other_processes(peer: Peer, other: Peer) -> None:
    peer.ask("load", parts=USER, value="old")
    assert other.ask("get", parts=USER) == "old"

    peer.ask("invalidate", parts=USER)

    wait_until(lambda: other.ask("get", parts=USER) == MISSING)


def test_a_newly_put_value_reaches_other_processes(peer: Peer, other: Peer) -> None:
    peer.ask("load", parts=USER, value="old")
    assert other.ask("get", parts=USER) == "old"

    peer.ask("put", parts=USER, value="new")

    assert peer.ask("get", parts=USER) == "new"
    wait_until(lambda: other.ask("get", parts=USER) == "new")


ALL_WAYS = ["invalidate", "invalidate_matching", "invalidate_on_commit", "invalidate_all_on_commit"]


@pytest.mark.parametrize("command", ALL_WAYS)
def test_a_load_begun_before_an_invalidation_elsewhere_is_never_stored(
    peer: Peer, other: Peer, command: str
) -> None:
    assert peer.ask("begin_load", parts=USER, value="old")

    other.ask(command, parts={"channel": "shop"} if command == "invalidate_matching" else USER)

    assert peer.ask("end_load") == "old"
    assert peer.ask("get", parts=USER) == MISSING
    assert other.ask("load", parts=USER, value="new") == {"value": "new", "loads": 1}
    assert peer.ask("get", parts=USER) == "new"


def test_a_load_begun_before_a_put_elsewhere_does_not_replace_it(peer: Peer, other: Peer) -> None:
    assert peer.ask("begin_load", parts=USER, value="old")

    other.ask("put", parts=USER, value="new")

    peer.ask("end_load")
    assert peer.ask("get", parts=USER) == "new"


def test_who_misses_while_another_process_loads_waits_for_its_value(peer: Peer, other: Peer) -> None:
    assert peer.ask("begin_load", parts=USER, value="first")

    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(other.ask, "load", parts=USER, value="second")
        assert peer.ask("end_load") == "first"

    assert waiting.result() == {"value": "first", "loads": 0}


def test_who_waits_too_long_for_another_process_loads_without_storing(peer: Peer, other: Peer) -> None:
    assert peer.ask("begin_load", parts=USER, value="first")

    assert other.ask("load", parts=USER, value="second") == {"value": "second", "loads": 1}

    assert peer.ask("end_load") == "first"
    assert other.ask("get", parts=USER) == "first"


def test_a_models_answer_is_waited_for_as_long_as_it_takes(peer: Peer, other: Peer) -> None:
    answer = {"channel": "shop", "digest": "d"}
    assert peer.ask("begin_load", "ai_response", parts=answer, value="first")

    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(other.ask, "load", "ai_response", parts=answer, value="second")
        with pytest.raises(TimeoutError):
            waiting.result(timeout=2)  # others of its layer's neighbours would have loaded by now
        assert peer.ask("end_load") == "first"

    assert waiting.result() == {"value": "first", "loads": 0}
    peer.ask("invalidate", "ai_response", parts=answer)


def test_wildcards_reach_every_process_and_nothing_else(peer: Peer, other: Peer) -> None:
    calls = [{"channel": "shop", "function": name, "digest": "d"} for name in ("stock", "price*", "pri:ce")]
    abroad = {"channel": "shop2", "function": "stock", "digest": "d"}
    for parts in (*calls, abroad):
        peer.ask("load", "function_result", parts=parts, value=1)
        assert other.ask("get", "function_result", parts=parts) == 1

    peer.ask("invalidate_matching", "function_result", parts={"channel": "shop", "function": "price*"})
    wait_until(lambda: other.ask("get", "function_result", parts=calls[1]) == MISSING)
    assert [other.ask("get", "function_result", parts=parts) for parts in calls] == [1, MISSING, 1]

    peer.ask("invalidate_matching", "function_result", parts={"channel": "shop"})
    wait_until(lambda: other.ask("get", "function_result", parts=calls[0]) == MISSING)
    assert other.ask("get", "function_result", parts=calls[2]) == MISSING
    assert other.ask("get", "function_result", parts=abroad) == 1


def test_a_forked_child_hears_for_itself_and_inherits_no_entry(peer: Peer) -> None:
    peer.ask("load", parts=USER, value="parent's")

    child = peer.ask("load_in_fork", parts=USER, value="unused")

    assert child == {
        "found": {"value": "parent's", "loads": 0},
        "hears": True,
        "threads": ["MainThread", "caching"],
    }
    assert peer.ask("hears")


def test_without_redis_every_look_up_is_a_miss_and_the_flow_goes_on(peer: Peer, way: TcpProxy) -> None:
    peer.ask("load", parts=USER, value="old")
    errors = peer.ask("errors")
    way.set_mode("refuse")
    wait_until(lambda: not peer.ask("hears"))

    assert peer.ask("load", parts=USER, value="new") == {"value": "new", "loads": 1}
    assert peer.ask("get", parts=USER) == MISSING
    peer.ask("put", parts=USER, value="newest")
    assert peer.ask("errors") > errors


def test_with_a_redis_that_hangs_the_memory_is_not_trusted_either(peer: Peer, way: TcpProxy) -> None:
    peer.ask("load", parts=USER, value="old")
    way.set_mode("hang")

    wait_until(lambda: peer.ask("get", parts=USER) == MISSING)
    assert peer.ask("load", parts=USER, value="new") == {"value": "new", "loads": 1}


def test_a_subscriber_that_was_cut_off_hears_again_and_finds_nothing_out_of_date(
    peer: Peer, other: Peer, way: TcpProxy
) -> None:
    peer.ask("load", parts=USER, value="old")
    way.set_mode("refuse")
    wait_until(lambda: not peer.ask("hears"))
    other.ask("invalidate", parts=USER)

    way.set_mode("pass")

    wait_until(lambda: peer.ask("hears"))
    assert peer.ask("load", parts=USER, value="new") == {"value": "new", "loads": 1}


@pytest.mark.parametrize("command", [*ALL_WAYS, "put"])
def test_what_redis_could_not_be_told_is_done_before_it_is_read_again(
    peer: Peer, way: TcpProxy, command: str
) -> None:
    peer.ask("load", parts=USER, value="old")
    way.set_mode("hang")

    peer.ask(command, parts=USER, **({"value": "new"} if command == "put" else {}))

    assert PendingInvalidation.objects.filter(layer="client_data").exists()
    assert peer.ask("get", parts=USER) == MISSING
    way.set_mode("pass")
    wait_until(lambda: peer.ask("hears"))
    assert peer.ask("get", parts=USER) == MISSING
    assert not PendingInvalidation.objects.exists()


def test_what_one_process_could_not_tell_redis_another_tells_it(
    peer: Peer, other: Peer, way: TcpProxy
) -> None:
    other.ask("load", parts=USER, value="old")
    other.ask("replay_every", seconds=0, settling=0)
    way.set_mode("refuse")
    peer.ask("invalidate", parts=USER)

    wait_until(lambda: other.ask("get", parts=USER) == MISSING)
    wait_until(lambda: not PendingInvalidation.objects.exists())


def test_what_a_process_killed_after_its_commit_left_behind_is_done(other: Peer) -> None:
    other.ask("load", parts=USER, value="old")
    other.ask("replay_every", seconds=0, settling=0)

    PendingInvalidation.objects.create(layer="client_data", key="shop:*")

    wait_until(lambda: other.ask("get", parts=USER) == MISSING)
    wait_until(lambda: not PendingInvalidation.objects.exists())


def test_with_redis_and_postgres_away_an_invalidation_raises_nothing(
    peer: Peer, way: TcpProxy, database_way: TcpProxy
) -> None:
    peer.ask("load", parts=USER, value="old")
    way.set_mode("refuse")
    database_way.set_mode("refuse")

    peer.ask("invalidate", parts=USER)

    assert peer.ask("get", parts=USER) == MISSING


def test_while_pending_invalidations_cannot_be_read_redis_is_not_either(
    peer: Peer, way: TcpProxy, database_way: TcpProxy
) -> None:
    peer.ask("load", parts=USER, value="old")
    way.set_mode("refuse")
    wait_until(lambda: not peer.ask("hears"))
    PendingInvalidation.objects.create(layer="client_data", key="shop:573003913251")
    database_way.set_mode("refuse")
    way.set_mode("pass")

    assert peer.ask("get", parts=USER) == MISSING
    assert PendingInvalidation.objects.exists()
    database_way.set_mode("pass")
    wait_until(lambda: peer.ask("hears"))
    assert peer.ask("get", parts=USER) == MISSING
    assert not PendingInvalidation.objects.exists()


def test_a_flushed_redis_is_filled_anew(peer: Peer, other: Peer, server: RedisServer) -> None:
    peer.ask("load", parts=USER, value="old")

    server.flush()

    assert other.ask("load", parts=USER, value="new") == {"value": "new", "loads": 1}
    peer.ask("invalidate", parts=USER)
    assert peer.ask("hears")


def test_news_that_cannot_be_understood_may_have_been_about_anything(peer: Peer, server: RedisServer) -> None:
    peer.ask("load", "status", parts=SESSION, value="active")

    with redis.Redis(port=server.port) as client:
        client.publish("botsite:cache:news:0", b'["a newer version", "says more"]')

    wait_until(lambda: not peer.ask("hears"))
    wait_until(lambda: peer.ask("hears"))
    assert peer.ask("get", "status", parts=SESSION) == "active"


def test_a_redis_that_is_full_is_read_all_the_same(peer: Peer, server: RedisServer) -> None:
    peer.ask("load", parts=USER, value="old")
    with redis.Redis(port=server.port) as client:
        client.config_set("maxmemory", 1)
        try:
            for user in ("1", "2"):
                assert peer.ask("load", parts=USER | {"user": user}, value=user)["value"] == user
                peer.ask("put", parts=USER | {"user": user}, value="newer")
                assert peer.ask("get", parts=USER) == "old"
            peer.ask("invalidate", parts=USER)
            assert peer.ask("get", parts=USER) == MISSING
        finally:
            client.config_set("maxmemory", 0)


def test_a_restarted_redis_brings_no_old_snapshot_back(peer: Peer, server: RedisServer) -> None:
    peer.ask("load", parts=USER, value="old")
    with redis.Redis(port=server.port) as client:
        client.save()
    peer.ask("invalidate", parts=USER)

    server.kill(restart_after=0)
    wait_until(lambda: not peer.ask("hears"))
    server.supervise()
    wait_until(lambda: answers(server))
    wait_until(lambda: peer.ask("hears"))

    with redis.Redis(port=server.port) as client:
        assert any(key.endswith(b"shop:573003913251") for key in client.scan_iter())
    assert peer.ask("get", parts=USER) == MISSING


def test_a_listener_that_is_held_up_is_not_trusted(peer: Peer, database_way: TcpProxy) -> None:
    peer.ask("load", parts=USER, value="old")
    peer.ask("replay_every", seconds=0, settling=0)

    database_way.set_mode("hang")

    wait_until(lambda: peer.ask("get", parts=USER) == MISSING)
