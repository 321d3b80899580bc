"""Several processes on PostgreSQL and Redis: whoever is forgotten through one is nobody to the others."""

import time
from contextlib import closing

import pytest
from redis import Redis
from servers import create_database
from service_world import headers, make_client, make_gateway

from memory import Memory

ANA = headers("ana", name="ana")


@pytest.fixture
def two(postgres, redis_url, clock):
    """Two clients of two processes, on one PostgreSQL and one Redis."""
    address = create_database(postgres)
    with closing(Memory.open(address)) as one, closing(Memory.open(address)) as other:
        gateways = [make_gateway(memory, clock, redis=redis_url) for memory in (one, other)]
        clients = [make_client(gateway, memory, clock) for gateway, memory in zip(gateways, (one, other), strict=True)]
        with clients[0], clients[1]:
            yield clients


@pytest.mark.postgres
@pytest.mark.redis
def test_an_erasure_over_http_reaches_every_process_and_store(two, redis_url):
    """The receipt is done and every probe empty, also when asked of the other process; Redis knows nothing of them."""
    here, there = two
    said = here.post("/api/chat", json={"text": "a large latte"}, headers=ANA).json()
    customer = here.get("/api/me", headers=ANA).json()["customer"]
    assert there.get("/api/chat/history", headers=ANA).json()["messages"][0]["text"] == "a large latte"
    receipt = there.delete("/api/me", headers=ANA).json()["receipt"]
    for client in two:
        done = _done(client, receipt)
        assert (done["state"], set(done["probes"].values())) == ("done", {0})
        assert done["deleted"]["messages"] == 2
        assert client.post("/api/chat", json={"text": "hello?"}, headers=ANA).status_code == 401
    keys = [key.decode() for key in Redis.from_url(redis_url).scan_iter()]
    assert [key for key in keys if customer in key or said["conversation"] in key] == []


def _done(client, receipt):
    deadline = time.monotonic() + 30
    while (found := client.get(f"/api/receipts/{receipt}").json())["state"] != "done":
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found
