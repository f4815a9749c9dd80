import json
import os
import sys
import tempfile

# Where the plugin looks for its server, and where llm keeps its settings.
os.environ["OLLAMA_HOST"] = json.loads(sys.argv[1])["url"]
os.environ["LLM_USER_PATH"] = tempfile.mkdtemp()

import llm

from steps import CITY_SCHEMA, UNKNOWN_MODEL, error_of, run


def model_of(target, name):
    return llm.get_model(f"ollama/{target['models'][name]}")


def list_models(target):
    return {"models": [model.ollama_name for model in llm.get_models() if type(model).__name__ == "OllamaChatModel"]}


def chat(target):
    return {"text": model_of(target, "chat").prompt(target["prompts"]["chat"], temperature=0).text()}


def stream(target):
    pieces = list(model_of(target, "chat").prompt(target["prompts"]["chat"], temperature=0))
    return {"text": "".join(pieces), "pieces": len(pieces)}


def tool(target):
    called = []

    def get_weather(city: str) -> str:
        """Tells the weather of a city."""
        called.append({"city": city})
        return "Sunny."

    answer = model_of(target, "tool").prompt(target["prompts"]["tool"], tools=[get_weather])
    [call] = answer.tool_calls()
    return {"tool": {"name": call.name, "arguments": call.arguments}}


def by_schema(target):
    answer = model_of(target, "chat").prompt(target["prompts"]["json"], schema=CITY_SCHEMA)
    return {"value": json.loads(answer.text())}


def embed(target):
    vectors = llm.get_embedding_model(f"ollama/{target['models']['embed']}").embed_multi(["a cat", "a dog"])
    return {"dimensions": [len(vector) for vector in vectors]}


def cancel(target):
    pieces = iter(model_of(target, "chat").prompt(target["prompts"]["long"]))
    next(pieces)
    pieces.close()
    return {}


run(
    {
        "list": list_models,
        "chat": chat,
        "stream": stream,
        "tool": tool,
        "json": by_schema,
        "embed": embed,
        "error": lambda target: error_of(lambda: llm.get_model(UNKNOWN_MODEL)),
        "cancel": cancel,
    }
)
