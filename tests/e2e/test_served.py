"""The assistant as a process of its own, without a browser: it talks, and it is small."""

import subprocess

import httpx

# Measured at 340; what is loaded by mistake (scikit-learn, a software kit of Rasa's) is found before it adds up.
MOST_MEGABYTES = 390


def test_the_served_process_talks_and_is_small(served: str, served_process: subprocess.Popen):
    """An order is begun, a refusal is heard, something is suggested."""
    with httpx.Client(base_url=served, timeout=60) as client:
        client.headers["Authorization"] = f"Bearer {client.post('/api/visitors').json()['token']}"
        said = [client.post("/api/chat", json={"text": text}).json()["messages"] for text in TEXTS]
    assert "milk" in said[0][-1]["text"]
    assert "no more marketing" in said[1][0]["text"]
    assert said[2][-1]["choices"]
    with open(f"/proc/{served_process.pid}/statm") as pages:
        assert int(pages.read().split()[1]) * 4096 / 1e6 < MOST_MEGABYTES


TEXTS = ("a large latte please", "no more emails please", "cancel that, and recommend something")
