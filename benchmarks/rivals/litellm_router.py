"""LiteLLM's Router beside the `openai` SDK that it calls, told what to do in JSON, a line each.

`{"do": "call", "base_url": …, "messages": […], "times": n}` answers
`{"bare": [seconds…], "router": [seconds…]}`, by turns one call of each; `"do": "fail"` with the same makes n
calls of the Router, whatever becomes of them. It knows nothing of Botsite, and runs under an interpreter that
has LiteLLM: see benchmarks/rival.py.
"""

import json
import logging
import sys
import time
from collections.abc import Callable
from typing import Any

MODEL = "gpt-5.4-mini"
KEY = "a-key"
TIMEOUT = 30


def call(base_url: str, messages: Any, times: int) -> dict[str, list[float]]:
    import openai

    client = openai.OpenAI(api_key=KEY, base_url=base_url, timeout=TIMEOUT, max_retries=0)
    router = _router(base_url)
    bare, routed = [], []
    for _ in range(times):
        bare.append(_seconds(lambda: client.chat.completions.create(model=MODEL, messages=messages)))
        routed.append(_seconds(lambda: router.completion(model=MODEL, messages=messages)))
    return {"bare": bare, "router": routed}


def fail(base_url: str, messages: Any, times: int) -> dict[str, int]:
    router = _router(base_url)
    failed = 0
    for _ in range(times):
        try:
            router.completion(model=MODEL, messages=messages)
        except Exception:
            failed += 1
    return {"failed": failed}


def _router(base_url: str) -> Any:
    from litellm import Router

    parameters = {"model": f"openai/{MODEL}", "api_base": base_url, "api_key": KEY, "timeout": TIMEOUT}
    return Router(model_list=[{"model_name": MODEL, "litellm_params": parameters}])


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    logging.disable(logging.CRITICAL)
    commands: dict[str, Callable[..., dict[str, Any]]] = {"call": call, "fail": fail}
    for line in sys.stdin:
        words = json.loads(line)
        answer = commands[words.pop("do")](**words)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
