"""Runs what a client can do against one address and prints what each step saw, a JSON object a line."""

import json
import sys

ORDER = ["list", "chat", "stream", "tool", "json", "embed", "error", "cancel"]

CITY_SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string", "enum": ["Paris", "Rome"]}},
    "required": ["city"],
    "additionalProperties": False,
}

WEATHER_TOOL = {
    "name": "get_weather",
    "description": "Tells the weather of a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string", "enum": ["Paris", "Rome"]}},
        "required": ["city"],
    },
}

FUNCTION = {"type": "function", "function": WEATHER_TOOL}

UNKNOWN_MODEL = "no-such-model"


def asked(text):
    return [{"role": "user", "content": text}]


def error_of(call):
    """The error that a call ends with, as the library types it."""
    try:
        call()
    except Exception as error:
        return {"error": {"type": type(error).__name__, "status": getattr(error, "status_code", None), "message": str(error)}}
    raise AssertionError("There was no error.")


def run(steps):
    """`steps`: a function of the target for each capability that the client has."""
    target = json.loads(sys.argv[1])
    for capability in ORDER:
        if capability not in steps or (capability == "tool" and "tool" not in target["models"]):
            continue
        try:
            line = {"capability": capability, "found": steps[capability](target)}
        except Exception as error:
            line = {"capability": capability, "failed": f"{type(error).__name__}: {error}"}
        print(json.dumps(line, default=str), flush=True)
    # Its connections are looked at before it ends.
    sys.stdin.read()
